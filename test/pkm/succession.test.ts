/** Chains, splits, merges and circles of successors: by examples, and on random roots, where the install takes what the resolver offers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../../pkm/index.ts';
import { declaredUpgrades } from '../../pkm/plan/declared-upgrades.ts';
import { Satisfaction } from '../../pkm/plan/dependencies.ts';
import { Draft } from '../../pkm/plan/draft.ts';
import { installOrder } from '../../pkm/plan/install-order.ts';
import type { Candidate } from '../../pkm/plan/offers.ts';
import { removePackages } from '../../pkm/plan/remove.ts';
import { type ResolveRequest, resolvePackages } from '../../pkm/plan/resolve.ts';
import { Roster } from '../../pkm/plan/roster.ts';
import { outdatedPackages } from '../../pkm/repository/available.ts';
import { after, pack, stateOf } from './packages-without-files.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';

type Records = readonly PackageRecord[];

const resolve = (request: ResolveRequest<Candidate>): readonly Candidate[] => resolvePackages(request);
const named = (items: readonly { readonly name: string; readonly version: string }[]): string[] =>
  items.map(({ name, version }) => `${name} ${version}`);
const outdated = (offered: readonly Candidate[], records: Records): string[] =>
  outdatedPackages(offered as never, records).map(({ record, offer }) => `${record.name} -> ${offer.name} ${offer.version}`);

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
};

/** `a`, followed by `b`, followed by `c`. */
const CHAIN = [pack('a'), pack('b 2', { supersedes: ['a'] }), pack('c 3', { supersedes: ['b'] })];

test('the last of a chain stands for its first, in its own version, in one transaction or in several', () => {
  const atOnce = after([], CHAIN);
  const stepwise = CHAIN.reduce<Records>((records, item) => after(records, [item]), []);
  assert.deepEqual(atOnce, stepwise);
  const satisfied = new Satisfaction(atOnce);
  assert.deepEqual(satisfied.by('a>=3'), ['c']);
  assert.deepEqual(satisfied.by('a<3'), []);
  assert.deepEqual(named(after(atOnce, [pack('app', { runtime: ['a', 'b'] })])), ['a 1', 'app 1', 'b 2', 'c 3']);
  assert.throws(() => after(atOnce, [pack('rival', { conflicts: ['a'] })]), /'rival' cannot be installed together with 'c'/);
});

test('what a successor is gone with stands for nothing any more; what comes for it does again', () => {
  const records = after([], CHAIN);
  const draft = new Draft(stateOf(records));
  removePackages(draft, ['c'], {});
  assert.deepEqual(new Satisfaction(draft.records()).by('a'), []);
  assert.deepEqual(new Satisfaction(after(draft.records(), [pack('d', { supersedes: ['c'] })])).by('a'), ['d']);
});

test('the first of a chain cannot come back while the last is there, unless it supersedes that', () => {
  const records = after([], CHAIN);
  assert.throws(() => after(records, [pack('a 9')]), /package 'a' was superseded by 'c'/);
  const back = after(records, [pack('a 9', { supersedes: ['c'] })]);
  assert.deepEqual(new Satisfaction(back).by('c'), ['a']);
  const alone = after([], [CHAIN[2]!]);
  assert.throws(() => after(alone, [pack('b')]), /package 'b' was superseded by 'c'/, 'it was never here');
});

test('a declared system may name all of a chain each time, or its ends', () => {
  const records = after([], CHAIN);
  assert.deepEqual(named(after(records, CHAIN)), named(records));
  const ends = after(records, [pack('a 2'), pack('c 4', { supersedes: ['b'] })]);
  assert.deepEqual(
    ends.map(({ name, version, supersededBy }) => [name, version, supersededBy.join()]),
    [
      ['a', '2', 'b'],
      ['b', '2', 'c'],
      ['c', '4', ''],
    ],
  );
});

test('an upgrade goes to the end of a chain, or as far along it as can be had; outdated says so', () => {
  const installed = after([], [pack('a'), pack('user', { runtime: ['a'] })]);
  for (const wanted of [[], ['a']]) {
    assert.deepEqual(named(resolve({ offered: CHAIN, installed, wanted, upgrade: true })), ['b 2', 'c 3']);
    const offered = [...CHAIN.slice(0, 2), pack('c 3', { supersedes: ['b'], runtime: ['nowhere'] })];
    assert.deepEqual(named(resolve({ offered, installed, wanted, upgrade: true })), ['b 2']);
  }
  assert.deepEqual(outdated(CHAIN, installed), ['a -> c 3']);
  const upgraded = after(installed, resolve({ offered: CHAIN, installed, wanted: [], upgrade: true }));
  assert.deepEqual(outdated(CHAIN, upgraded), []);
});

test('of a tree an upgrade takes what it takes of repositories, and of installed names whatever is declared', () => {
  const records = after([], [pack('a'), pack('kept 2'), pack('round', {}), pack('old', {})]);
  const circle = [pack('round 2', { supersedes: ['other'] }), pack('other', { supersedes: ['round'] })];
  const declared = [
    CHAIN[2]!,
    CHAIN[1]!,
    pack('kept 1'),
    ...circle,
    pack('stranger'),
    pack('later', { supersedes: ['stranger'] }),
  ];
  const upgrades = (name: string | undefined, holds: readonly string[] = []): string => {
    const { chosen, keptBack } = declaredUpgrades(declared, records, { name, holds: new Set(holds) });
    const left = keptBack.map((one) => `${one.name} ${one.version} stays, not ${one.offered.name} ${one.offered.version}`);
    return [...named(chosen), ...left].join(', ');
  };
  assert.equal(upgrades(undefined), 'b 2, c 3, kept 1, round 2');
  assert.equal(upgrades('a'), 'b 2, c 3');
  assert.equal(upgrades('b'), 'b 2', 'as far as that');
  assert.equal(upgrades('c'), 'b 2, c 3');
  for (const name of ['later', 'stranger', 'other']) assert.equal(upgrades(name), '', name);
  assert.equal(upgrades(undefined, ['a', 'kept']), 'round 2, a 1 stays, not c 3');
  assert.equal(upgrades('a', ['a']), 'b 2, c 3', 'the install says that it is held');
});

test('what is newer of a package meets a requirement as the end of its chain', () => {
  const installed = after([], [pack('a')]);
  const offered = [...CHAIN, pack('app', { runtime: ['a>=3'] })];
  assert.deepEqual(named(resolve({ offered, installed, wanted: ['app'] })), ['b 2', 'c 3', 'app 1']);
  const longer = [
    ...CHAIN,
    pack('d 4', { supersedes: ['c'] }),
    pack('e 5', { supersedes: ['d'] }),
    pack('app', { runtime: ['a>=5'] }),
  ];
  assert.deepEqual(named(resolve({ offered: longer, installed, wanted: ['app'] })), ['b 2', 'c 3', 'd 4', 'e 5', 'app 1']);
});

test('a split is upgraded to all of its successors, each at the end of its chain, or to none', () => {
  const offered = [
    pack('core 2', { supersedes: ['util'] }),
    pack('extra 2', { supersedes: ['util'] }),
    pack('more 3', { supersedes: ['extra'] }),
  ];
  const installed = after([], [pack('util')]);
  assert.deepEqual(named(resolve({ offered, installed, wanted: [], upgrade: true })), ['core 2', 'extra 2', 'more 3']);
  const broken = [...offered, pack('rest', { supersedes: ['util'], runtime: ['nowhere'] })];
  assert.deepEqual(resolve({ offered: broken, installed, wanted: [], upgrade: true }), []);
  assert.throws(() => resolve({ offered: broken, installed, wanted: ['util'], upgrade: true }), /'rest 1' needs 'nowhere'/);
});

test('a merge: one transaction, and the requirements of both are met', () => {
  const offered = [pack('all 2', { supersedes: ['one', 'two'] })];
  const installed = after([], [pack('one'), pack('two'), pack('user', { runtime: ['one', 'two'] })]);
  const found = resolve({ offered, installed, wanted: [], upgrade: true });
  assert.deepEqual(named(found), ['all 2']);
  assert.deepEqual(outdated(offered, after(installed, found)), []);
});

test('of packages that supersede each other in a circle none is the successor; the name of old comes back', () => {
  const circle = [pack('a 3', { supersedes: ['b'] }), pack('b 2', { supersedes: ['a'] })];
  for (const installed of [after([], [circle[0]!]), after([], [circle[1]!])]) {
    assert.deepEqual(resolve({ offered: circle, installed, wanted: [], upgrade: true }), []);
    assert.deepEqual(outdated(circle, installed), []);
  }
  const installed = after(after([], [pack('a')]), [circle[1]!]);
  const renamed = [circle[0]!];
  const found = resolve({ offered: renamed, installed, wanted: [], upgrade: true });
  assert.deepEqual(named(found), ['a 3']);
  const now = after(installed, found);
  assert.deepEqual(new Satisfaction(now).by('b'), ['a']);
  assert.deepEqual(outdated(renamed, now), []);
});

test('one that was chosen and gives way hands on what it took over', () => {
  const installed = after([], [pack('a'), pack('user', { runtime: ['a'] })]);
  assert.deepEqual(named(resolve({ offered: CHAIN, installed, wanted: ['b', 'c'] })), ['b 2', 'c 3']);
});

test('files: what a chain left with its first goes to its last', (t) => {
  const box = new Sandbox(t);
  const link = (about: string, files: string[], supersedes: string[] = []) =>
    box.image(about, Object.fromEntries(files.map((file) => [file, about])), { supersedes });
  const chain = [link('a 1', ['usr/x', 'usr/y']), link('b 2', ['usr/y'], ['a']), link('c 3', ['usr/x', 'usr/y'], ['b'])];
  for (const one of chain) box.do((root) => root.install([one]));
  const owners = (): string[] => ['usr/x', 'usr/y'].map((path) => box.do((root) => root.owns(path)[0]!.owner));
  assert.deepEqual(owners(), ['c', 'c']);
  box.do((root) => root.switchTo(chain));
  assert.deepEqual(owners(), ['c', 'c'], 'a system that declares all of them');
  box.do((root) => root.switchTo([chain[2]!]));
  assert.deepEqual(
    box.do((root) => root.list({ all: true }).map(({ name, supersededBy }) => [name, ...supersededBy])),
    [['a', 'b'], ['b', 'c'], ['c']],
    'their records stay with the last',
  );
  assert.equal(box.read('usr/x'), 'c 3');
  assert.ok(box.do((root) => root.verify().isClean));
});

test('files: a predecessor that is declared later, and never was here, leaves those of its successor alone', (t) => {
  const box = new Sandbox(t);
  const old = box.image('old 1', { 'usr/x': 'old', 'usr/left': 'old' });
  const next = box.image('new 2', { 'usr/x': 'new' }, { supersedes: ['old'] });
  box.do((root) => root.install([next], { declared: ['old'] }));
  assert.throws(() => box.do((root) => root.install([old])), /E-PKM-011|'old' was superseded by 'new'/);
  box.do((root) => root.switchTo([old, next]));
  assert.deepEqual([box.read('usr/x'), box.read('usr/left')], ['new', 'old']);
  assert.deepEqual(
    box.do((root) => root.list().map(({ name }) => name)),
    ['new'],
  );
});

test('files: what only comes along is left out where successors stand for it; what is asked for by name is refused', (t) => {
  const box = new Sandbox(t);
  const old = box.image('old 1', { 'usr/x': 'old' });
  const next = box.image('new 2', { 'usr/x': 'new' }, { supersedes: ['old'] });
  const user = box.image('user 1', { 'usr/user': '' }, { runtime: ['old'] });
  for (const isHere of [true, false]) {
    const other = new Sandbox(t);
    if (isHere) other.do((root) => root.install([old]));
    other.do((root) => root.install([next], { declared: ['old'] }));
    const before = JSON.stringify(other.do((root) => root.list({ all: true })));
    for (const explicit of [['old', 'user'], ['old']])
      assert.throws(() => other.do((root) => root.install([old, user], { explicit })), /'old' was superseded by 'new'/);
    other.do((root) => root.install([old, user], { explicit: ['user'] }));
    assert.equal(other.read('usr/user'), '');
    const after = other.do((root) => root.list({ all: true })).filter(({ name }) => name !== 'user');
    assert.equal(JSON.stringify(after), before, 'as they were, the record of the predecessor too');
    assert.equal(other.read('usr/x'), 'new');
    const picky = box.image('picky 1', { 'usr/picky': '' }, { runtime: ['old<2'] });
    assert.throws(() => other.do((root) => root.install([old, picky], { explicit: ['picky'] })), /'picky' needs 'old<2'/);
    // One that would take the place back does so.
    const back = box.image('old 3', { 'usr/x': 'back' }, { supersedes: ['new'] });
    other.do((root) => root.install([back, user], { explicit: ['user'] }));
    assert.equal(other.read('usr/x'), 'back');
  }
});

test('files: what comes along with a successor of it comes as it is now, and leaves what that does not take', (t) => {
  const old = (box: Sandbox, n: number) => box.image(`old ${n}`, { 'usr/x': 'old', 'usr/y': 'old', 'usr/only-old': `${n}` });
  const core = (box: Sandbox, n: number) => box.image(`core ${n}`, { 'usr/x': `core ${n}` }, { supersedes: ['old'] });
  for (const isSplit of [false, true]) {
    const box = new Sandbox(t);
    const extra = isSplit ? [box.image('extra 2', { 'usr/y': 'extra' }, { supersedes: ['old'] })] : [];
    box.do((root) => root.install([core(box, 2), ...extra], { declared: ['old'] }));
    box.do((root) => root.install([old(box, 3), core(box, 3)], { explicit: ['core'] }));
    assert.deepEqual(
      ['x', 'y', 'only-old'].map((name) => box.read(`usr/${name}`)),
      ['core 3', isSplit ? 'extra' : 'old', '3'],
    );
    assert.equal(box.do((root) => root.info('old').record.supersededBy)[0], 'core');
  }
});

test('a repository need not offer what its packages supersede', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('new 2', { 'usr/x': '2' }, { supersedes: ['old'] });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  await box.do(async (root) => {
    const [found] = root.resolve(['new']);
    root.install([await root.readArchive(await root.fetch(found!))], { archiveTrust: 'repo-only' });
  });
  assert.equal(box.read('usr/x'), '2');
});

// ---- random roots

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const need = fc
  .tuple(fc.constantFrom(...NAMES, 'v'), fc.constantFrom('', '', '', '>=2', '<2', '=1'))
  .map(([name, bound]) => name + bound);
const seldom = <T>(one: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T[]> =>
  fc.oneof({ weight, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: one.map((value) => [value]) });
const candidate = fc.record({
  name: fc.constantFrom(...NAMES),
  version: fc.constantFrom('1', '2', '3'),
  release: fc.constant(1),
  runtime: fc.oneof(
    { weight: 2, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.uniqueArray(need, { maxLength: 2 }) },
  ),
  provides: seldom(fc.constantFrom('v', 'v=2', 'a', 'b=1'), 4),
  conflicts: seldom(need, 8),
  supersedes: fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }) },
  ),
});
const step = fc.record({
  offered: fc.uniqueArray(candidate, { maxLength: 8, selector: ({ name, version }) => `${name} ${version}` }),
  kind: fc.constantFrom('install', 'upgrade', 'upgrade some', 'without asking'),
  wanted: fc.array(need, { minLength: 1, maxLength: 2 }),
  held: seldom(fc.constantFrom(...NAMES), 4),
  removed: seldom(fc.constantFrom(...NAMES), 4),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What repositories are like. */
interface Kind {
  readonly hasCircles: boolean;
  readonly hasConflicts: boolean;
  /** Of each package one version is offered. */
  readonly isSingle: boolean;
}

/** One release of a package says one thing, whoever offers it. */
function offersOf(steps: readonly Step[], { hasCircles, hasConflicts, isSingle }: Kind): Candidate[][] {
  const known = new Map<string, Candidate>();
  return steps.map(({ offered }) => {
    const items = isSingle ? [...new Map(offered.map((item) => [item.name, item])).values()] : offered;
    return items.map((item) => {
      const about = `${item.name} ${item.version}`;
      const supersedes = item.supersedes.filter((name) => (hasCircles ? name !== item.name : name < item.name));
      const same = known.get(about) ?? { ...item, supersedes, conflicts: hasConflicts ? item.conflicts : [] };
      known.set(about, same);
      return same;
    });
  });
}

const told = (items: readonly (Candidate & { readonly supersededBy?: readonly string[] })[]): string =>
  items
    .map(({ name, version, supersededBy = [], supersedes, runtime, provides, conflicts }) => {
      const more = Object.entries({ supersededBy, supersedes, runtime, provides, conflicts });
      return `${name} ${version} ${more.flatMap(([key, list]) => (list.length === 0 ? [] : [`${key} ${list.join(',')}`])).join('; ')}`;
    })
    .join('\n');

/**
 * Every way to install some of what is offered, but for tricks: what is superseded at once comes to hand on what is there, what is
 * known to be followed by something that comes is, and nothing is upgraded only to make room.
 */
function* ways(offered: readonly Candidate[], records: Records, holds: readonly string[]): Generator<Records> {
  const roster = Roster.ofRecords(records);
  const below = (supersedes: readonly string[]): Set<string> => {
    const names = new Set(supersedes);
    for (const name of names)
      for (const one of offered) if (one.name === name) for (const older of one.supersedes) names.add(older);
    return names;
  };
  for (let bits = 0; bits < 1 << offered.length; bits++) {
    const some = offered.filter((_, n) => (bits >> n) & 1);
    const isOlder = some.some(({ name, version }) => (roster.active(name)?.about.version ?? '') > version);
    if (isOlder || new Set(some.map(({ name }) => name)).size < some.length) continue;
    const done = attempt(() => after(records, installOrder(some), holds));
    if (done === undefined) continue;
    const then = Roster.ofRecords(done);
    const isTrick = some.some(({ name, supersedes }) => {
      const isLate = roster.active(name) === undefined && roster.heirsOf(name).some((heir) => !supersedes.includes(heir));
      if (isLate || then.active(name) === undefined)
        return isLate || !supersedes.some((older) => roster.entry(older) !== undefined);
      return [...below(supersedes)].some((older) => roster.active(older) !== undefined && then.active(older) !== undefined);
    });
    if (!isTrick) yield done;
  }
}

/** What came of the resolver's offers. */
interface Tally {
  nTaken: number;
  /** What an upgrade left, or a search did not find, though it was to be had: hardly ever, and never what is offered and refused. */
  readonly missed: string[];
}

function walk(steps: readonly Step[], kind: Kind, tally: Tally): void {
  let records: Records = [];
  const repositories = offersOf(steps, kind);
  steps.forEach(({ kind: what, wanted, held, removed }, n) => {
    const offered = repositories[n]!;
    const isThere = (name: string): boolean => records.some((record) => record.name === name);
    const holds = held.filter(isThere);
    const ask = (names: readonly string[], upgrade: boolean): readonly Candidate[] =>
      resolve({ offered, installed: records, wanted: names, upgrade, holds: new Set(holds) });
    const say = (problem: string): string =>
      `${problem}\n--- root\n${told(records)}\n--- offered\n${told(offered)}\n--- ${what} ${wanted.join(' ')} holding ${holds.join()}`;
    const take = (found: readonly Candidate[]): void => {
      try {
        records = after(records, found, holds);
      } catch (error) {
        assert.fail(say(`${named(found).join(', ')} is refused: ${String(error)}`));
      }
      if (found.length > 0) tally.nTaken += 1;
    };
    if (what === 'without asking') records = attempt(() => after(records, offered.slice(0, 3))) ?? records;
    else if (what === 'upgrade') {
      take(ask([], true));
      for (let again = 0, more = ask([], true); more.length > 0; more = ask([], true)) {
        assert.ok(again++ < 4, say(`upgrades without an end: ${named(more).join()}`));
        tally.missed.push(say(`a second upgrade brings ${named(more).join()}`));
        take(more);
      }
      for (const { record, offer } of outdatedPackages(offered as never, records)) {
        const found = holds.includes(record.name) ? undefined : attempt(() => ask([record.name], true));
        if (found !== undefined)
          tally.missed.push(say(`${record.name} is left, and ${offer.name} ${offer.version} could be had`));
      }
    } else {
      const isUpgrade = what === 'upgrade some';
      const names = isUpgrade ? wanted.map((text) => text[0]!).filter(isThere) : wanted;
      const found = names.length === 0 ? [] : attempt(() => ask(names, isUpgrade));
      if (found !== undefined) take(found);
      else if (!isUpgrade && kind.isSingle) {
        for (const done of ways(offered, records, holds)) {
          const satisfied = new Satisfaction(done);
          if (names.every((text) => satisfied.has(text))) tally.missed.push(say(`there is a way: ${named(done).join(', ')}`));
        }
      }
    }
    const draft = new Draft(stateOf(records));
    if (attempt(() => removePackages(draft, removed.filter(isThere), {})) !== undefined) records = draft.records();
  });
}

const RUNS = 1500;
for (const [what, kind] of Object.entries({
  'one version of each': { hasCircles: false, hasConflicts: false, isSingle: true },
  'several versions': { hasCircles: false, hasConflicts: false, isSingle: false },
  'circles and conflicts': { hasCircles: true, hasConflicts: true, isSingle: false },
} satisfies Record<string, Kind>)) {
  test(`random roots, ${what}: what is offered is taken, and hardly anything is left that could be had`, () => {
    const tally: Tally = { nTaken: 0, missed: [] };
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => walk(steps, kind, tally)),
      { numRuns: RUNS },
    );
    assert.ok(tally.nTaken > RUNS / 6, `${tally.nTaken} taken`);
    assert.ok(tally.missed.length <= RUNS / 300, tally.missed.join('\n\n'));
  });
}
