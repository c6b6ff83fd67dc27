import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, Faults, SourceFile, sys, writeFileAtomic } from '../../base/index.ts';
import { format } from '../../lang/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';

export function run(context: Context, args: Arguments): number {
  const faults: Fault[] = [];
  const changed: string[] = [];
  const isCheck = args.has('check');
  for (const path of args.operands.flatMap((operand) => (operand === '-' ? ['-'] : filesBelow(operand)))) {
    const isStdin = path === '-';
    const before = isStdin ? readFileSync(0, 'latin1') : sys('read', path, () => readFileSync(path, 'latin1'));
    const { text, diagnostics } = format(
      new SourceFile(isStdin ? '«stdin»' : path, before),
      path.endsWith('.igos') || isStdin ? 'igos' : 'nix',
    );
    faults.push(...diagnostics);
    if (diagnostics.length > 0) continue;
    if (isStdin && !isCheck) context.out.bytes(text);
    else if (text !== before) {
      changed.push(path);
      // A symlink stays one, and the file that it leads to is formatted.
      if (!isCheck) writeFileAtomic(realpathSync(path), Buffer.from(text, 'latin1'), { mode: statSync(path).mode & 0o777 });
    }
  }
  if (context.isJson) context.out.json({ changed });
  else if (isCheck) for (const path of changed) context.out.line(path);
  else if (!context.isQuiet) for (const path of changed) context.out.talk(`formatted ${path}`);
  if (faults.length > 0) throw new Faults(faults);
  return isCheck && changed.length > 0 ? 1 : 0;
}

function filesBelow(path: string): string[] {
  if (!sys('examine', path, () => statSync(path)).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const below = join(path, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesBelow(below);
      return entry.isFile() && /\.(igos|nix)$/.test(entry.name) ? [below] : [];
    });
}
