import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Fault,
  Faults,
  isDiskFull,
  SourceFile,
  SystemFault,
  sys,
  systemFaultOf,
  writeFileAtomic,
} from '../../base/index.ts';
import { format } from '../../lang/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type Ending, endingOf } from '../exit.ts';

export function run(context: Context, args: Arguments): number {
  const isCheck = args.has('check');
  if (context.isJson && !isCheck && args.operands.includes('-'))
    throw new UsageError('what is formatted from - goes to standard output: there is no --json of it', ['--check has one']);
  const faults: Fault[] = [];
  const failures: SystemFault[] = [];
  const changed: string[] = [];
  const take = (path: string): void => {
    const isStdin = path === '-';
    const found = isStdin ? { before: context.readInput(), stat: undefined } : readOrdinary(path);
    const { text, diagnostics } = format(
      new SourceFile(isStdin ? '«stdin»' : path, found.before),
      path.endsWith('.igos') || isStdin ? 'igos' : 'nix',
    );
    faults.push(...diagnostics);
    if (diagnostics.length > 0) return;
    if (isStdin && !isCheck) context.out.foreign(text);
    else if (text !== found.before) {
      if (!isCheck && found.stat !== undefined) replaceFile(path, found.stat, Buffer.from(text, 'latin1'));
      changed.push(path);
    }
  };
  // of all operands before anything is written: a mistyped one is no half of the work
  const paths = args.operands.flatMap((operand) => (operand === '-' ? ['-'] : filesBelow(operand, failures)));
  for (const path of paths) {
    if (failures.some(isDiskFull)) break;
    unlessRefused(failures, () => take(path));
  }
  const errors = [...(faults.length > 0 ? [new Faults(faults)] : []), ...failures];
  if (context.isJson) return printRecord(context, args, changed, errors);
  if (isCheck) for (const path of changed) context.out.line(path);
  else if (!context.isQuiet) for (const path of changed) context.out.talk(`formatted ${path}`);
  const last = errors.pop();
  for (const error of errors) context.out.talk(endingHere(context, args, error).text.trimEnd());
  if (last !== undefined) throw last;
  return isCheck && changed.length > 0 ? 1 : 0;
}

const endingHere = (context: Context, args: Arguments, error: Error): Ending =>
  endingOf(error, { color: context.out.isColored, fullTrace: args.has('show-trace'), program: context.program });

/** One record, with what was formatted and what could not be. @returns the exit status */
function printRecord(context: Context, args: Arguments, changed: readonly string[], thrown: readonly Error[]): number {
  if (thrown.length === 0) {
    context.out.json({ changed });
    return args.has('check') && changed.length > 0 ? 1 : 0;
  }
  const endings = thrown.map((error) => endingHere(context, args, error));
  context.out.json({ changed, errors: endings.flatMap(({ errors }) => errors) });
  for (const { text } of endings) context.out.talk(text.trimEnd());
  return endings[0]!.status;
}

/** What the system refuses for one file says nothing about the others. */
function unlessRefused<T>(failures: SystemFault[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    const failure = systemFaultOf(error);
    if (failure === undefined) throw error;
    failures.push(failure);
    return undefined;
  }
}

/** A pipe would wait for a writer, and some devices never end. */
function readOrdinary(path: string): { readonly before: string; readonly stat: BigIntStats } {
  const stat = sys('examine', path, () => statSync(path, { bigint: true }));
  if (!stat.isFile()) throw new UsageError(`'${path}' is no ordinary file`, ['- formats standard input']);
  return { before: sys('read', path, () => readFileSync(path, 'latin1')), stat };
}

/** A symlink stays one, and the file that it leads to is formatted. What an editor saved meanwhile is not undone. */
function replaceFile(path: string, read: BigIntStats, data: Buffer): void {
  const real = sys('examine', path, () => realpathSync(path));
  const now = sys('examine', real, () => statSync(real, { bigint: true }));
  const isSame = (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every((key) => now[key] === read[key]);
  if (!isSame) {
    throw new SystemFault('format', path, { code: 'EBUSY' }, ['it was changed meanwhile and is left as it is: run it again']);
  }
  writeFileAtomic(real, data, { replaced: { mode: Number(read.mode), uid: Number(read.uid), gid: Number(read.gid) } });
}

/** @throws SystemFault there is no such file; what is refused below a folder is among the `failures` */
function filesBelow(path: string, failures: SystemFault[]): string[] {
  if (!sys('examine', path, () => statSync(path)).isDirectory()) return [path];
  return (unlessRefused(failures, () => sys('list', path, () => readdirSync(path, { withFileTypes: true }))) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const below = join(path, entry.name);
      if (entry.isDirectory())
        return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesBelow(below, failures);
      return entry.isFile() && /\.(igos|nix)$/.test(entry.name) ? [below] : [];
    });
}
