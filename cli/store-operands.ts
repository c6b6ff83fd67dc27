/** What `igos store path` and `igos store add` share: operands to names and options. */
import { basename, resolve } from 'node:path';
import { type Bytes, Fault, textToBytes } from '../base/index.ts';
import { type AddOptions, type ObjectStore, parseStoreName, splitStorePath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { wordToBytes } from './words.ts';

export function storeOperands(
  context: Context,
  args: Arguments,
): { operand: string; name: string; source: Bytes; options: AddOptions }[] {
  return args.operands.map((operand) => {
    const path = resolve(context.workingDirectory, operand);
    const options: AddOptions = args.has('flat') ? { method: 'flat' } : {};
    return { operand, name: args.value('name') ?? ownName(path), source: wordToBytes(path), options };
  });
}

/** The last part of a path. @throws Fault E-STORE-002, with the option that gives another */
function ownName(path: string): string {
  const name = basename(path);
  try {
    parseStoreName(name);
  } catch (error) {
    if (error instanceof Fault) error.hints = [...error.hints, 'give it one with --name NAME'];
    throw error;
  }
  return name;
}

/** Rows to stdout: paths one a line, or one JSON record. */
export function printPaths(context: Context, rows: readonly { operand: string; path: string }[]): void {
  if (context.isJson) context.out.json({ paths: rows.map(({ operand, path }) => ({ source: operand, path })) });
  else for (const { path } of rows) context.out.line(path);
}

/** Where an absolute path is on this machine: those below the store folder are logical. */
export function realOperand(store: ObjectStore, path: Bytes): Bytes {
  const split = splitStorePath(path, store.storeDir);
  return split === undefined ? path : textToBytes(store.toReal(split.path)) + split.rest;
}
