/** The gates over a tree that is open, for those who ask: `igos check` and the phase `validate`. */
import { type CheckResult, check, type GateName, readDatabase, readReference } from '../check/index.ts';
import type { Tree } from '../eval/index.ts';
import type { ObjectStore } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import { auditsFolder, findLogs, findSources, knownSources, today } from './check-inputs.ts';
import type { Context } from './context.ts';
import { treeFacts } from './tree-facts.ts';

/**
 * Reads what the gates need and runs them.
 *
 * @param place  whose store is opened when it is first asked for
 * @param only   one gate; all, if not given
 */
export async function checkTree(
  context: Context,
  args: Arguments,
  tree: Tree,
  place: { readonly store: ObjectStore },
  only?: GateName,
): Promise<CheckResult> {
  const facts = treeFacts(tree);
  const wants = (gate: GateName): boolean => only === undefined || only === gate;
  const folder = auditsFolder(context, args, tree);
  const reference = wants('silent-loss') ? readReference(folder) : undefined;
  return check(
    {
      tree: facts,
      audits: wants('audit-coverage') ? readDatabase(folder) : undefined,
      reference,
      // without a reference nobody compares them
      logs: reference === undefined ? new Map() : findLogs(facts, place.store),
      sources: wants('undeclared-deps') ? knownSources(await findSources(tree, facts, place.store)) : new Map(),
      today: today(),
    },
    only,
  );
}
