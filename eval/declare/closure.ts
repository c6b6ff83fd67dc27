/** Which packages come along with others. Iterative throughout: a chain of ten thousand packages is no deeper than one. */
import { compareBytes } from '../../base/index.ts';
import type { Package } from './package.ts';

/**
 * The packages and all they need to run, each behind what it needs (where packages need each other, in the order they were met).
 * Cost: linear in packages and their `runtime` entries.
 */
export function runtimeClosure(roots: Iterable<Package>): Package[] {
  const done = new Set<Package>();
  const seen = new Set<Package>();
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    const open = [{ package: root, next: 0 }];
    while (open.length > 0) {
      const top = open.at(-1)!;
      const needed = top.package.runtime[top.next++];
      if (needed === undefined) {
        done.add(top.package);
        open.pop();
      } else if (!seen.has(needed)) {
        seen.add(needed);
        open.push({ package: needed, next: 0 });
      }
    }
  }
  return [...done];
}

/**
 * The order in which layers lie in a root: by name, but what is superseded under what supersedes it. By name and not by place in
 * the tree, so that moving a declaration to another file rebuilds nothing.
 */
export function layerOrder(packages: readonly Package[]): Package[] {
  const sorted = [...packages].sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.output, b.output));
  const byName = Map.groupBy(sorted, (each) => each.name);
  const ordered = new Set<Package>();
  const open = new Set<Package>();
  for (const each of sorted) visit(each);
  return [...ordered];

  function visit(each: Package): void {
    if (ordered.has(each)) return;
    if (open.has(each)) {
      each.checkSupersedes();
      return;
    }
    open.add(each);
    for (const name of each.supersedes) for (const before of byName.get(name) ?? []) visit(before);
    open.delete(each);
    ordered.add(each);
  }
}

/** A way from some of the `roots` over `runtime` to a package that `isGoal`, both ends included. */
export function runtimePath(roots: readonly Package[], isGoal: (each: Package) => boolean): Package[] {
  const from = new Map<Package, Package | undefined>(roots.map((root) => [root, undefined]));
  for (const each of from.keys()) {
    if (isGoal(each)) {
      const path = [each];
      for (let at = from.get(each); at !== undefined; at = from.get(at)) path.unshift(at);
      return path;
    }
    for (const next of each.runtime) if (!from.has(next)) from.set(next, each);
  }
  return [];
}
