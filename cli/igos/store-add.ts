import { lstatSync } from 'node:fs';
import { basename } from 'node:path';
import { type Bytes, Fault } from '../../base/index.ts';
import type { ObjectStore, StorePath } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withInputSource } from '../nar-input.ts';
import { openContextStore } from '../open-store.ts';
import { printPaths, storeOperands } from '../store-operands.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const rows = args.has('nar')
    ? args.operands.map((operand) => ({ operand, path: addNar(context, args, store, operand) }))
    : storeOperands(context, args).map(({ operand, name, source, options }) => {
        const path = store.addPath(name, source, options);
        repairIfAsked(context, args, store, path, () => store.repairFromTree(path, source));
        return { operand, path };
      });
  printPaths(context, rows);
}

function addNar(context: Context, args: Arguments, store: ObjectStore, operand: string): StorePath {
  const name = args.value('name') ?? (operand === '-' ? undefined : basename(operand, '.nar'));
  if (name === undefined) throw new UsageError('a NAR from standard input has no name of its own', ['say it with --name']);
  if (operand === '-' && args.has('repair')) throw new UsageError('--repair reads a NAR twice', ['give it as a file']);
  const { path } = withInputSource(context, operand, (source) => store.addNar(name, source));
  const again = (): boolean => operand !== '-' && withInputSource(context, operand, (source) => store.repair(path, source));
  repairIfAsked(context, args, store, path, again);
  return path;
}

/**
 * A path that is valid is not written again. Whether it still has its bytes is only looked at where that was asked for; whether it is
 * there at all costs nothing.
 *
 * @throws Fault E-STORE-041 it has not, and cannot get them from here
 */
function repairIfAsked(context: Context, args: Arguments, store: ObjectStore, path: StorePath, fromSource: () => boolean): void {
  const isThere = lstatSync(store.toReal(path), { throwIfNoEntry: false }) !== undefined;
  if (isThere && !args.has('repair')) return;
  const fault = damageOf(store, path);
  if (fault === undefined) return;
  if (!store.repair(path) && !fromSource()) throw fault;
  context.out.talk(`repaired ${path}`);
}

function damageOf(store: ObjectStore, path: StorePath): Fault | undefined {
  const problems = store.verify({ paths: [path], contents: true });
  if (problems.length === 0) return undefined;
  const [first] = problems;
  const file: Bytes = first!.file === undefined ? '' : `/${first!.file}`;
  return new Fault('E-STORE-041', `'${path}' is damaged, and what is added is not what was registered`, {
    notes: [`${path}${file}: ${first!.kind}: ${first!.detail}`],
    hints: ["'igos store verify --contents --repair' repairs from caches and by building again"],
  });
}
