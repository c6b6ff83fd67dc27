/** The gates on an evaluated tree and a store: for `igos check`, and for whoever must know before it builds. */
import { type CheckResult, check, type GateName, readDatabase, readReference } from '../check/index.ts';
import type { Tree } from '../eval/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { findLogs, findSources, knownSources, today } from './check-inputs.ts';
import { treeFacts } from './tree-facts.ts';

export interface TreeToCheck {
  readonly tree: Tree;
  /** Opened only if a gate asks for it. */
  readonly store: () => ObjectStore;
  /** Where the audits are. */
  readonly audits: string;
  /** All gates, if none is named. */
  readonly only?: readonly GateName[];
}

/** Cost: the metadata of all packages, and what sources and logs have not been read before. @throws Fault E-CHECK-002, 004 */
export async function checkTree({ tree, store, audits, only = [] }: TreeToCheck): Promise<CheckResult> {
  const facts = treeFacts(tree);
  const wants = (gate: GateName): boolean => only.length === 0 || only.includes(gate);
  const reference = wants('silent-loss') ? readReference(audits) : undefined;
  const inputs = {
    tree: facts,
    audits: wants('audit-coverage') ? readDatabase(audits) : undefined,
    reference,
    // without a reference nobody compares them
    logs: reference === undefined ? new Map() : findLogs(facts, store()),
    sources: wants('undeclared-deps') ? knownSources(await findSources(tree, facts, store())) : new Map(),
    today: today(),
  };
  return check(inputs, ...only);
}
