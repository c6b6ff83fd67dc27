import { Fault } from '../../base/index.ts';
import { followLog, pourLog, readLog, requireLog } from '../../builder/index.ts';
import { derivationName, type ObjectStore, type StorePath } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openSession } from '../session.ts';
import { resolveTargets } from '../targets.ts';
import { asLogical, storePlace } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  if (context.isJson && args.has('follow'))
    throw new UsageError('--follow prints a log as it comes: there is no --json of it', ['without --follow there is']);
  const drvPaths = derivationsOf(context, args);
  using store = openContextStore(context);
  if (args.has('follow')) {
    for (const drvPath of drvPaths) {
      const pieces = new Pieces(context);
      const hasFollowed = await followLog(store, drvPath, { onBytes: pieces.onBytes });
      pieces.end();
      if (hasFollowed) continue;
      requireLog(store, drvPath);
      context.out.talk(`no build of ${derivationName(drvPath)} runs: this is the log of the last one`);
      print(context, store, drvPath);
    }
    return;
  }
  if (context.isJson) {
    const logs = [...drvPaths].map((drvPath) => ({ drvPath, log: readLog(store, drvPath).toString('utf8') }));
    context.out.json({ logs });
    return;
  }
  for (const drvPath of drvPaths) requireLog(store, drvPath);
  for (const drvPath of drvPaths) print(context, store, drvPath);
}

/** A character or a colour of which the rest has not been read yet. */
const BEGUN = /(?:[\xc0-\xff][\x80-\xbf]{0,2}|\x1b(?:\[[0-9;:]{0,40})?)$/;

function print(context: Context, store: ObjectStore, drvPath: StorePath): void {
  const pieces = new Pieces(context);
  pourLog(store, drvPath, pieces.onBytes);
  pieces.end();
}

/** Prints a log as it comes, wherever it is cut. */
class Pieces {
  readonly #context: Context;
  #held: string = '';

  constructor(context: Context) {
    this.#context = context;
  }

  readonly onBytes = (bytes: Buffer): void => {
    const text = this.#held + bytes.toString('latin1');
    this.#held = BEGUN.exec(text)?.[0] ?? '';
    this.#context.out.foreign(text.slice(0, text.length - this.#held.length));
  };

  end(): void {
    this.#context.out.foreign(this.#held);
  }
}

/** Of outputs it is the derivation that made them; the evaluator is only loaded for the others. */
function derivationsOf(context: Context, args: Arguments): ReadonlySet<StorePath> {
  const isPlace = (operand: string): boolean =>
    !operand.endsWith('.drv') && asLogical(context, operand).startsWith(`${context.storeDir}/`);
  const places = args.operands.filter(isPlace);
  const found = new Set<StorePath>();
  if (places.length > 0) {
    using store = openContextStore(context);
    for (const operand of places) {
      const { path } = storePlace(context, operand);
      const deriver = store.info(path)?.deriver;
      if (deriver === undefined) {
        throw new Fault('E-BUILD-016', `there is no log of '${path}': it is not known what built it`, {
          hints: ['sources and what came from elsewhere were not built here'],
        });
      }
      found.add(deriver);
    }
    return found;
  }
  using session = openSession(context, args, { isReadOnly: false });
  for (const { drvPath } of resolveTargets(context, args, session)) if (drvPath !== undefined) found.add(drvPath);
  if (found.size > 0) return found;
  throw new Fault('E-BUILD-016', `there is no log of '${args.operands[0]}': it is taken from this machine, and never built`, {
    hints: [`igos store ls ${args.operands[0]} lists what it has`],
  });
}
