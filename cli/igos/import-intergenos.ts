import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import { loadIntergenos, TOOLCHAIN_LOCK, type Toolchain } from '../../import/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { finishImport } from '../finish-import.ts';
import { splitOperand } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const [from] = args.operands as [string];
  const path = resolve(context.workingDirectory, from);
  const { importIntergenos } = await loadIntergenos();
  const toolchain = toolchainOf(context, args);
  await finishImport(context, args, { of: 'InterGenOS', from: path, read: () => importIntergenos(path, from, toolchain) });
  const isLocked = toolchain.kind === 'tree' || toolchain.lock !== undefined;
  if (!isLocked && !context.isQuiet && !context.isJson)
    context.out.talk(`the toolchain has no lock yet; before that: igos seed lock ${args.value('output')}`);
}

function toolchainOf(context: Context, args: Arguments): Toolchain {
  const named = args.value('toolchain');
  const seed = args.value('seed');
  const output = resolve(context.workingDirectory, args.value('output') ?? '.');
  if (named !== undefined) {
    if (seed !== undefined) throw new UsageError('--toolchain and --seed say two toolchains', ['leave one of them out']);
    const { path, name } = splitOperand(named);
    if (name === undefined)
      throw new UsageError(`--toolchain takes a package of a tree, not '${named}'`, ['write --toolchain TREE#NAME']);
    const way = relative(output, resolve(context.workingDirectory, path));
    return { kind: 'tree', path: way.startsWith('.') ? way : `./${way}`, name };
  }
  // The lock of an earlier import stays.
  const file = seed === undefined ? join(output, TOOLCHAIN_LOCK) : resolve(context.workingDirectory, seed);
  if (seed === undefined && !existsSync(file)) return { kind: 'seed' };
  return { kind: 'seed', lock: sys('read', file, () => readFileSync(file)) };
}
