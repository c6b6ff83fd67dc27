/** Chains, splits and merges of ten thousands: no walk of the planning is deeper than the stack, or takes the square of the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageRecord } from '../../pkm/index.ts';
import { dependantsOf, unmetDependencies } from '../../pkm/plan/dependencies.ts';
import { Draft } from '../../pkm/plan/draft.ts';
import { orphans } from '../../pkm/plan/marks.ts';
import type { Candidate } from '../../pkm/plan/offers.ts';
import { removePackages } from '../../pkm/plan/remove.ts';
import { resolvePackages } from '../../pkm/plan/resolve.ts';
import { outdatedPackages } from '../../pkm/repository/available.ts';
import { after, pack, stateOf } from './packages-without-files.ts';

const N = 10_000;
const many = (make: (n: number) => Candidate): Candidate[] => Array.from({ length: N }, (_, n) => make(n));
const last = `p${N - 1}`;

/** Each supersedes the one before it. */
const chain = many((n) => pack(`p${n}`, { supersedes: n === 0 ? [] : [`p${n - 1}`] }));
/** Each needs the one before it. */
const needs = many((n) => pack(`p${n}`, { runtime: n === 0 ? [] : [`p${n - 1}`] }));
const users = many((n) => pack(`u${n}`, { runtime: [`p${n}`] }));
const parts = many((n) => pack(`s${n}`, { supersedes: ['whole'] }));
const whole = pack('whole 2', { supersedes: parts.map(({ name }) => name) });
const plain = parts.map((item) => ({ ...item, supersedes: [] }));
const provided = many((n) => pack(`p${n}`, { provides: ['v'], runtime: ['v'] }));
const circle = chain.with(0, pack('p0', { supersedes: [last] }));

const resolve = (offered: readonly Candidate[], installed: readonly PackageRecord[], wanted?: readonly string[]): number =>
  resolvePackages({ offered, installed, wanted: wanted ?? [], upgrade: wanted === undefined }).length;
const first = after([], [chain[0]!]);
const superseded = after([], chain);
const needy = after([], needs);

const removed = (records: readonly PackageRecord[], name: string): number =>
  removePackages(new Draft(stateOf(records)), [name], { cascade: true }).length;

const works: Record<string, readonly [expected: number, work: () => number]> = {
  'a chain of successors is upgraded': [N - 1, () => resolve(chain, first)],
  'the last of a chain of successors is installed': [N - 1, () => resolve(chain, first, [last])],
  'the end of a chain of successors is offered': [1, () => outdatedPackages(chain as never, first).length],
  'a chain of successors that is there is installed again': [N, () => after(superseded, chain).length],
  'a chain of successors of which each is needed': [2 * N, () => after(superseded, users).length],
  'what needs each of a chain of successors is resolved': [
    N,
    () =>
      resolve(
        users,
        superseded,
        users.map(({ name }) => name),
      ),
  ],
  'orphans: a chain of successors': [N, () => orphans(superseded, new Set()).length],
  'a circle of successors': [0, () => resolve(circle, first)],
  'a chain of requirements is resolved': [N, () => resolve(needs, [], [last])],
  'a chain of requirements is upgraded': [
    N,
    () =>
      resolve(
        needs.map((item) => ({ ...item, version: '2' })),
        needy,
      ),
  ],
  'orphans: a chain of requirements': [N, () => orphans(needy, new Set()).length],
  'a chain of requirements is removed': [N, () => removed(needy, 'p0')],
  'all need what all provide': [
    N,
    () =>
      resolve(
        provided,
        [],
        provided.map(({ name }) => name),
      ),
  ],
  'all need what all provide, and are there': [0, () => unmetDependencies(after([], provided)).length],
  'all need what all provide: who needs one': [N, () => dependantsOf(after([], provided), after([], provided)[0]!).length],
  'all need what all provide: orphans': [
    0,
    () =>
      orphans(
        after([], provided).map((record) => ({ ...record, reason: 'explicit' })),
        new Set(),
      ).length,
  ],
  'a split': [N, () => resolve(parts, after([], [pack('whole')]))],
  'a split, installed': [N + 1, () => after(after([], [pack('whole')]), parts).length],
  'a merge': [1, () => resolve([whole], after([], plain))],
  'a merge, installed': [N + 1, () => after(after([], plain), [whole]).length],
};

for (const [what, [expected, work]] of Object.entries(works)) {
  test(`${N} of them: ${what}`, () => {
    const start = process.cpuUsage().user;
    assert.equal(work(), expected);
    // Less than a second each; what took the square of the time took ten and more.
    assert.ok(process.cpuUsage().user - start < 5_000_000);
  });
}
