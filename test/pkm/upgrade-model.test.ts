/** `upgrade` of random roots from random repositories: what it leaves, what it says of that, and what may go afterwards. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/index.ts';
import { unmetDependencies } from '../../pkm/plan/dependencies.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';

/** Each is superseded by the next of its family, and by both of two in the last. */
const FAMILIES = [['a'], ['b'], ['old', 'mid', 'new'], ['one', 'two'], ['util', 'core'], ['util', 'extra']];
const NAMES = [...new Set(FAMILIES.flat())];
const predecessors = (name: string): string[] => FAMILIES.flatMap((family) => family[family.indexOf(name) - 1] ?? []);

const need = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('', '', '', '>=2', '<2')).map(([name, bound]) => name + bound);
const offer = fc.record({
  name: fc.constantFrom(...NAMES),
  version: fc.integer({ min: 1, max: 3 }),
  runtime: fc.uniqueArray(need, { maxLength: 2 }),
});
const world = fc.record({
  installed: fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'old', 'one', 'util'), { minLength: 1 }),
  needs: fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.constantFrom('', '', '<2')), { maxLength: 3 }),
  explicit: fc.subarray<string>(['a', 'b', 'old', 'one', 'util']),
  held: fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.constantFrom<string[]>(['a'], ['old'], ['util']) },
  ),
  offers: fc.uniqueArray(offer, { maxLength: 9, selector: ({ name, version }) => `${name} ${version}` }),
});

async function upgraded(t: Pick<TestContext, 'after'>, { installed, needs, explicit, held, offers }: Wish): Promise<boolean> {
  const box = new Sandbox(t as TestContext);
  const publisher = new Publisher(box);
  // What nobody ever offered cannot be superseded.
  const all = [...offers];
  for (const { name } of all) {
    for (const before of predecessors(name))
      if (!all.some((one) => one.name === before)) all.push({ name: before, version: 1, runtime: [] });
  }
  for (const { name, version, runtime } of all) {
    const files = { [`usr/bin/${name}`]: `${version}`, [`usr/share/${name}/${version}`]: '' };
    await publisher.add(`${name} ${version}`, files, { runtime, supersedes: predecessors(name) });
  }
  await publisher.publish();
  const images = installed.map((name, n) => {
    const runtime = needs.flatMap(([by, to, bound]) =>
      by === n && to !== n && to < installed.length ? [installed[to]! + bound] : [],
    );
    return box.image(`${name} 1`, { [`usr/bin/${name}`]: '1', [`usr/share/${name}/1`]: '' }, { runtime });
  });
  box.do((root) => root.install(images, { explicit: explicit.filter((name) => installed.includes(name)) }));
  const there = held.filter((name) => installed.includes(name));
  box.do((root) => root.hold(there, true));
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const upgrade = (): Promise<number> =>
    box.do(async (root) => {
      const archives = [];
      for (const item of root.resolve([], { upgrade: true })) archives.push(await root.readArchive(await root.fetch(item)));
      if (archives.length > 0) root.install(archives, { archiveTrust: 'repo-only' });
      return archives.length;
    });
  const found = await upgrade();
  // What was brought along by its name may be superseded in turn.
  if (found > 0) await upgrade();
  await box.do(async (root) => {
    const records = root.list({ all: true });
    assert.deepEqual(unmetDependencies(records), []);
    assert.deepEqual((await root.verify()).problems, []);
    for (const name of there) assert.equal(records.find((record) => record.name === name)?.version, '1', 'a hold');
    assert.deepEqual(root.resolve([], { upgrade: true }), [], 'nothing is left');
    for (const { record } of root.outdated()) {
      if (there.includes(record.name)) continue;
      assert.throws(
        () => root.resolve([record.name], { upgrade: true }),
        (error) => error instanceof Fault && error.code === 'E-PKM-013',
        `${record.name} is left, and could be upgraded`,
      );
    }
    const orphans = root.orphans();
    assert.ok(!orphans.some((name) => there.includes(name)));
    if (orphans.length > 0) root.remove(orphans);
    const left = root.list({ all: true });
    assert.deepEqual(unmetDependencies(left), []);
    for (const { name, reason } of records)
      if (reason === 'explicit')
        assert.ok(
          left.some((record) => record.name === name),
          name,
        );
  });
  assert.deepEqual((await box.do((root) => root.verify())).problems, []);
  return found > 0;
}

type Wish = typeof world extends fc.Arbitrary<infer T> ? T : never;

test('random roots and repositories: upgrade, outdated, verify, autoremove', async () => {
  let nUpgraded = 0;
  await fc.assert(
    fc.asyncProperty(world, async (wish) => {
      const after: (() => void)[] = [];
      try {
        if (await upgraded({ after: (run) => void after.push(run as () => void) }, wish)) nUpgraded += 1;
      } finally {
        for (const run of after.reverse()) run();
      }
    }),
    { numRuns: 40 },
  );
  assert.ok(nUpgraded > 10, `${nUpgraded} upgraded`);
});
