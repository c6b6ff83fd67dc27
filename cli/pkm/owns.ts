import { isAbsolute, relative, resolve } from 'node:path';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading, rootOf } from '../root-reading.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  // Folders may have hundreds of owners: all records at once.
  const records = new Map(root.list({ all: true }).map((record) => [record.name, record]));
  const rows = args.operands.map((operand) => {
    const meant = pathsMeant(rootOf(args), context.workingDirectory, operand).map((path) => root.owns(path));
    const owners = (meant.find((owners) => owners.length > 0) ?? []).map((row) => row.owner);
    // What only a superseded package had stays with its record: whoever wonders why a file is there asks whose it is.
    const superseded = owners.flatMap((name) => {
      const by = records.get(name)?.supersededBy ?? [];
      return by.length === 0 ? [] : [{ name, by }];
    });
    return { path: operand, owners, superseded };
  });
  if (context.isJson) context.out.json({ paths: rows });
  else
    for (const { path, owners, superseded } of rows) {
      const by = new Map(superseded.map((one) => [one.name, one.by]));
      const shown = owners.map((name) => (by.has(name) ? `${name} (superseded by ${by.get(name)!.join(', ')})` : name));
      context.out.line(`${path}: ${shown.length === 0 ? 'no package' : shown.join(', ')}`);
    }
  return rows.every((row) => row.owners.length > 0) ? 0 : 1;
}

/** Paths as pkm knows them, the likeliest first: a name on this machine, below the root, or one that is seen from inside of it. */
export function pathsMeant(root: string, workingDirectory: string, operand: string): string[] {
  const below = relative(root, resolve(workingDirectory, operand));
  const isBelow = below !== '' && below !== '..' && !below.startsWith('../') && !isAbsolute(below);
  return [...new Set([...(isBelow ? [below] : []), operand.replace(/^\/+/, '')])];
}
