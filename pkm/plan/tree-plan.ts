/** In the atomic layout: which part of a plan makes a new tree, and which is done in place. */
import type { RootLayout } from '../layout.ts';
import { currentLink, isInTree, type TreeBuild } from '../trees.ts';
import type { DiskPlan, Operation, StageItem } from './operations.ts';

export interface TreeSplit {
  /** What is staged and journalled, the switch of the tree among it. */
  readonly plan: DiskPlan;
  /** The tree to be made before the commit; `undefined` where an existing one does. */
  readonly build: TreeBuild | undefined;
  /** The tree of the new generation. */
  readonly tree: number;
}

/**
 * @param reusable  an existing tree that has what the new generation shall have: nothing is staged for it
 * @param fresh     number for a new one
 */
export function splitPlan(
  layout: RootLayout,
  plan: DiskPlan,
  trees: { readonly current: number; readonly reusable: number | undefined; readonly fresh: number },
): TreeSplit {
  const isTree = (operation: Operation): boolean => isInTree(layout, trees.current, operation.path);
  const inTree = plan.operations.filter(isTree);
  if (inTree.length === 0) return { plan, build: undefined, tree: trees.current };
  const live = plan.operations.filter((operation) => !isTree(operation));
  if (trees.reusable !== undefined) {
    return { plan: withSwitch(layout, withOperations(plan, live), trees.reusable), build: undefined, tree: trees.reusable };
  }
  const switched = withSwitch(layout, { ...plan, operations: live }, trees.fresh);
  return { plan: switched, build: { from: trees.current, to: trees.fresh, operations: inTree }, tree: trees.fresh };
}

/** Only these operations, and of the staged items those that they place. */
function withOperations(plan: DiskPlan, operations: readonly Operation[]): DiskPlan {
  const stage: StageItem[] = [];
  const renumbered = operations.map((operation): Operation => {
    if (operation.kind !== 'place') return operation;
    stage.push(plan.stage[operation.stage]!);
    return { ...operation, stage: stage.length - 1 };
  });
  return { ...plan, stage, operations: renumbered, space: stage.length === 0 ? new Map() : plan.space };
}

/** Old files go, in place, only after the new tree is shown. */
function withSwitch(layout: RootLayout, plan: DiskPlan, tree: number): DiskPlan {
  const path = currentLink(layout);
  const stage = [
    ...plan.stage,
    { kind: 'symlink' as const, target: String(tree), path, mode: 0o777, uid: 0, gid: 0, near: undefined },
  ];
  const place: Operation = { kind: 'place', path, stage: stage.length - 1 };
  // Folders that were open for removals are closed behind them.
  const isLate = ({ kind }: Operation): boolean => kind === 'unlink' || kind === 'rmdir' || kind === 'metadata';
  const at = plan.operations.findLastIndex((operation) => !isLate(operation)) + 1;
  return { ...plan, stage, operations: [...plan.operations.slice(0, at), place, ...plan.operations.slice(at)] };
}
