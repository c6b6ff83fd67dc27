import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { offerLines, unlessSynced } from './offers.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const words = args.operands.map((word) => word.toLowerCase());
  const installed = root.list();
  const versions = new Map(installed.map((record) => [record.name, record.version]));
  const found = [];
  const seen = new Set<string>();
  for (const offer of [...root.available(), ...installed]) {
    if (seen.has(offer.name)) continue;
    seen.add(offer.name);
    const text = [offer.name, offer.summary, ...offer.provides].join('\n').toLowerCase();
    if (words.every((word) => text.includes(word))) found.push(offer);
  }
  // a name that is what was asked for, or begins with it, is what was meant
  const rank = (name: string): number =>
    name === words[0] ? 0 : name.startsWith(words[0]!) ? 1 : name.includes(words[0]!) ? 2 : 3;
  found.sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  if (context.isJson) {
    context.out.json({
      packages: found.map(({ name, version, release, summary }) => ({
        name,
        version,
        release,
        summary,
        installed: versions.get(name) ?? null,
      })),
    });
  } else if (found.length === 0) context.out.talk(`nothing is called or described so${unlessSynced(root)}`);
  else for (const line of offerLines(found, installed)) context.out.line(line);
  return found.length > 0 ? 0 : 1;
}
