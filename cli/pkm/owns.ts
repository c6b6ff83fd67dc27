import { isAbsolute, relative, resolve } from 'node:path';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading, rootOf } from '../root-reading.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const rows = args.operands.map((operand) => {
    const meant = pathsMeant(rootOf(args), context.workingDirectory, operand).map((path) => root.owns(path));
    return { path: operand, owners: (meant.find((owners) => owners.length > 0) ?? []).map((row) => row.owner) };
  });
  if (context.isJson) context.out.json({ paths: rows });
  else
    for (const { path, owners } of rows) context.out.line(`${path}: ${owners.length === 0 ? 'no package' : owners.join(', ')}`);
  return rows.every((row) => row.owners.length > 0) ? 0 : 1;
}

/** Paths as pkm knows them, the likeliest first: a name on this machine, below the root, or one that is seen from inside of it. */
export function pathsMeant(root: string, workingDirectory: string, operand: string): string[] {
  const below = relative(root, resolve(workingDirectory, operand));
  const isBelow = below !== '' && below !== '..' && !below.startsWith('../') && !isAbsolute(below);
  return [...new Set([...(isBelow ? [below] : []), operand.replace(/^\/+/, '')])];
}
