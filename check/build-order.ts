/** Gate 4: what a package is built with is built before it. */
import { compareBytes, count } from '../base/index.ts';
import type { PackageFacts, TierFacts, TreeFacts } from './facts.ts';
import type { Finding, Inspection } from './report.ts';

/** Where a package is built: its tier, and its place in the tier's sequence if it has one. */
interface Slot {
  readonly tier: TierFacts;
  readonly at: number | undefined;
}

export function inspectBuildOrder(tree: TreeFacts): Inspection {
  const findings: Finding[] = [];
  const slots = slotsOf(tree, findings);
  const packages = [...tree.packages.values()].sort((a, b) => compareBytes(a.name, b.name));
  for (const problem of tree.problems) {
    if (problem.kind === 'missing')
      findings.push({
        kind: 'DEP-NOT-FOUND',
        package: problem.package,
        text: `${problem.field}: ${problem.message}`,
        place: problem.place,
      });
  }
  let edges = 0;
  for (const each of packages) {
    for (const kind of ['build', 'host'] as const) {
      for (const name of new Set(each[kind])) {
        edges++;
        compare(each, name, `needs ${name} (${kind})`);
      }
    }
    for (const name of each.lacks) {
      const text = tree.packages.has(name)
        ? `lacks ${name}, which the tree has now: declare it`
        : `lacks ${name}, which the tree does not have`;
      findings.push({ kind: 'DEP-NOT-FOUND', package: each.name, text, place: each.place });
    }
    for (const name of each.supersedes) if (tree.packages.has(name)) compare(each, name, `supersedes ${name}`);
  }
  for (const circle of circlesOf(tree)) {
    const text = `dependency cycle: ${circle.join(' -> ')} -> ${circle[0]}`;
    findings.push({ kind: 'CYCLE', package: circle[0], text, place: tree.packages.get(circle[0]!)?.place });
  }
  const sequenced = tree.tiers.filter((tier) => tier.sequence !== undefined).map((tier) => tier.name);
  return {
    notes: [
      `${count(packages.length, 'package')}, ${count(edges, 'edge')} of build and host`,
      sequenced.length === 0 ? 'no tier has a sequence of its own' : `sequences of: ${sequenced.join(', ')}`,
    ],
    findings,
  };

  function compare(each: PackageFacts, name: string, what: string): void {
    const [own, other] = [slots.get(each.name), slots.get(name)];
    if (own === undefined || other === undefined || each.name === name) return;
    const where = ({ tier, at }: Slot): string => (at === undefined ? tier.name : `${tier.name}:${at + 1}`);
    const report = (kind: string, why: string): void => {
      findings.push({
        kind,
        package: each.name,
        text: `[${where(own)}] ${each.name} ${what} @ ${where(other)} (${why})`,
        place: each.place,
      });
    };
    if (own.tier === other.tier) {
      if (own.at !== undefined && other.at !== undefined && other.at > own.at)
        report('SAME-SEQUENCE-VIOLATION', 'later in the same sequence');
    } else if (tree.tierProblem === undefined && !own.tier.before.has(other.tier.name)) {
      report('CROSS-PHASE-VIOLATION', `${other.tier.name} is not built before ${own.tier.name}`);
    }
  }
}

function slotsOf(tree: TreeFacts, findings: Finding[]): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  const tiers = new Map(tree.tiers.map((tier) => [tier.name, tier]));
  const problem = (kind: string, name: string, text: string): void => {
    findings.push({ kind, package: name, text, place: tree.packages.get(name)?.place });
  };
  for (const tier of tree.tiers) {
    for (const [at, name] of (tier.sequence ?? []).entries()) {
      const known = slots.get(name);
      if (known !== undefined)
        problem('SEQUENCED-TWICE', name, `stands at ${known.tier.name}:${known.at! + 1} and again at ${tier.name}:${at + 1}`);
      else if (tree.packages.has(name)) slots.set(name, { tier, at });
      else problem('NOT-DECLARED', name, `stands at ${tier.name}:${at + 1} of the sequence, and no package has that name`);
    }
  }
  for (const each of tree.packages.values()) {
    const tier = each.tier === undefined ? undefined : tiers.get(each.tier);
    if (tier !== undefined && !slots.has(each.name)) slots.set(each.name, { tier, at: undefined });
  }
  return slots;
}

/** One circle of each knot of packages that need each other (Tarjan's components, with a stack of our own). Cost: linear. */
function circlesOf(tree: TreeFacts): string[][] {
  const circles: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const needs = (name: string): string[] => {
    const { build, host } = tree.packages.get(name)!;
    return [...build, ...host].filter((each) => tree.packages.has(each));
  };
  for (const root of [...tree.packages.keys()].sort(compareBytes)) {
    if (index.has(root)) continue;
    const frames: { name: string; needs: string[]; next: number }[] = [];
    const enter = (name: string): void => {
      index.set(name, index.size);
      low.set(name, index.get(name)!);
      stack.push(name);
      onStack.add(name);
      frames.push({ name, needs: needs(name), next: 0 });
    };
    enter(root);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const next = frame.needs[frame.next++];
      if (next !== undefined) {
        if (!index.has(next)) enter(next);
        else if (onStack.has(next)) low.set(frame.name, Math.min(low.get(frame.name)!, index.get(next)!));
        continue;
      }
      frames.pop();
      const above = frames.at(-1);
      if (above !== undefined) low.set(above.name, Math.min(low.get(above.name)!, low.get(frame.name)!));
      if (low.get(frame.name) !== index.get(frame.name)) continue;
      const knot = new Set(stack.splice(stack.lastIndexOf(frame.name)));
      for (const name of knot) onStack.delete(name);
      if (knot.size > 1 || needs(frame.name).includes(frame.name)) circles.push(circleIn(knot, needs));
    }
  }
  return circles;
}

/** The shortest way from the first name of a knot back to it. */
function circleIn(knot: ReadonlySet<string>, needs: (name: string) => string[]): string[] {
  const start = [...knot].sort(compareBytes)[0]!;
  const from = new Map<string, string>();
  const open = [start];
  for (const name of open) {
    for (const next of needs(name)) {
      if (next === start) {
        const circle = [name];
        for (let at = name; at !== start; ) {
          at = from.get(at)!;
          circle.push(at);
        }
        return circle.reverse();
      }
      if (!knot.has(next) || from.has(next)) continue;
      from.set(next, name);
      open.push(next);
    }
  }
  return [...knot];
}
