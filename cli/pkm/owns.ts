import { isAbsolute, relative, resolve } from 'node:path';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading, rootOf } from '../root-reading.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const rows = args.operands.map((operand) => ({
    path: operand,
    owners: root.owns(inRoot(context, args, operand)).map((row) => row.owner),
  }));
  if (context.isJson) context.out.json({ paths: rows });
  else
    for (const { path, owners } of rows) context.out.line(`${path}: ${owners.length === 0 ? 'no package' : owners.join(', ')}`);
  return rows.every((row) => row.owners.length > 0) ? 0 : 1;
}

/** A path as pkm knows it: what lies below the root on this machine counts as inside of it. */
function inRoot(context: Context, args: Arguments, operand: string): string {
  const below = relative(rootOf(args), resolve(context.workingDirectory, operand));
  const isBelow = below !== '' && !below.startsWith('..') && !isAbsolute(below);
  return rootOf(args) !== '/' && isBelow ? below : operand.replace(/^\/+/, '');
}
