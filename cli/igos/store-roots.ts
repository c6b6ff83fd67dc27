import { resolve } from 'node:path';
import { compareBytes } from '../../base/index.ts';
import { addRoot, isThere, type Root, removeRoot } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { rootJson } from '../root-json.ts';
import { notInStore, validPaths } from '../valid-paths.ts';
import { bytesToWord } from '../words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const [verb = 'list', ...operands] = args.operands;
  switch (verb) {
    case 'list':
      if (operands.length > 0) throw new UsageError(`igos store roots list: unexpected operand '${operands[0]}'`);
      list(context);
      return;
    case 'add':
      await add(context, operands);
      return;
    case 'remove':
      if (operands.length === 0) throw new UsageError('igos store roots remove needs a link');
      for (const link of operands) removeRoot(context, resolve(context.workingDirectory, link));
      return;
    default:
      throw new UsageError(`igos store roots: unknown verb '${verb}'`, ['there are: list, add LINK PATH, remove LINK…']);
  }
}

function list(context: Context): void {
  using store = openContextStore(context);
  const roots = store
    .roots()
    .filter(({ path }) => store.isValid(path))
    .sort((a, b) => compareBytes(a.kind, b.kind) || compareBytes(a.from, b.from) || compareBytes(a.path, b.path));
  if (context.isJson) context.out.json({ roots: roots.map(rootJson) });
  else for (const root of roots) context.out.line(rootLine(root));
}

const rootLine = ({ kind, from, owner, path }: Root): string =>
  owner === undefined
    ? `${kind.padEnd(9)} ${bytesToWord(from)} -> ${path}`
    : `${'pkm'.padEnd(9)} ${bytesToWord(owner)} -> ${path}${isThere(owner) ? '' : ' (its root is not there)'}`;

async function add(context: Context, operands: readonly string[]): Promise<void> {
  if (operands.length !== 2)
    throw new UsageError('igos store roots add needs a link and a path', ['igos store roots add LINK PATH']);
  using store = openContextStore(context);
  const [path, other] = await validPaths(context, store, [operands[1]!]);
  if (other !== undefined) throw new UsageError(`'${operands[1]}' is more than one path`);
  if (!store.hold(path!)) throw notInStore(path!);
  addRoot(store, resolve(context.workingDirectory, operands[0]!), path!);
}
