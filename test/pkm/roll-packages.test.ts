/** Some packages go back to what they were, the others stay. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, Fault } from '../../base/index.ts';
import type { PackageImage } from '../../pkm/index.ts';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { Publisher } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';

const install = (box: Sandbox, ...images: PackageImage[]) => box.do((root) => root.install(images));
const versions = (box: Sandbox) => box.do((root) => root.list().map((record) => `${record.name} ${record.version}`));
const isClean = (box: Sandbox) => box.do((root) => root.verify().isClean);

/** Two packages with two versions each, one of which was there first: generations 1 to 4. */
function twoPackages(box: Sandbox): void {
  install(box, box.image('p 1', { 'usr/p': 'p1', 'etc/p.conf': 'one\n' }));
  install(box, box.image('q 1', { 'usr/q': 'q1' }));
  install(box, box.image('p 2', { 'usr/p': 'p2', 'usr/p-new': 'p2', 'etc/p.conf': 'two\n' }));
  install(box, box.image('q 2', { 'usr/q': 'q2' }));
}

test('one package goes back over its last change, the others stay as they are; and forward again', async (t) => {
  const box = new Sandbox(t);
  twoPackages(box);
  const after = box.snapshot();
  const report = await box.do((root) => root.rollbackPackages(['p']));
  assert.deepEqual(report.packages, [{ name: 'p', action: 'restore', from: '2', to: '1' }]);
  assert.deepEqual(versions(box), ['p 1', 'q 2']);
  assert.deepEqual(
    ['usr/p', 'usr/p-new', 'etc/p.conf', 'usr/q'].map((path) => box.read(path)),
    ['p1', undefined, 'one\n', 'q2'],
  );
  assert.equal(isClean(box), true);
  assert.equal(
    box.do((root) => root.history()[1]!.operation),
    'rollback',
  );
  await box.do((root) => root.rollbackPackages(['p']));
  assert.deepEqual(box.snapshot(), after);
});

test('all packages taken back are the whole root taken back', async (t) => {
  for (const isAtomic of [false, true]) {
    const [one, whole] = [new Sandbox(t), new Sandbox(t)];
    for (const box of [one, whole]) {
      if (isAtomic) box.do((root) => root.initAtomic());
      twoPackages(box);
      install(box, box.image('r 1', { 'usr/q': 'r1' }, { supersedes: ['q'] }));
    }
    for (const generation of [3, 5, 2, 1]) {
      await one.do((root) => root.rollbackPackages(generation === 1 ? ['p', 'q'] : ['p', 'q', 'r'], { generation }));
      await whole.do((root) => root.rollback(generation));
      assert.deepEqual(versions(one), versions(whole), `${generation}`);
      for (const path of ['usr/p', 'usr/p-new', 'etc/p.conf', 'usr/q']) assert.equal(one.read(path), whole.read(path));
      assert.equal(isClean(one), true);
    }
  }
});

test('what was not installed then goes, what went since comes back, and what was no different stays', async (t) => {
  const box = new Sandbox(t);
  twoPackages(box);
  box.do((root) => root.remove(['p']));
  await box.do((root) => root.rollbackPackages(['q'], { generation: 1 }));
  assert.deepEqual([versions(box), box.read('usr/q')], [[], undefined]);
  await box.do((root) => root.rollbackPackages(['p'], { generation: 4 }));
  assert.deepEqual([versions(box), box.read('usr/p')], [['p 2'], 'p2']);
  const again = await box.do((root) => root.rollbackPackages(['p'], { generation: 3 }));
  assert.equal(again.nFilesPlaced, 0);
  assert.equal(isClean(box), true);
});

test('a split is undone whole, whichever of its packages is named', async (t) => {
  for (const name of ['tools', 'tools-core', 'tools-extra']) {
    const box = new Sandbox(t);
    install(box, box.image('tools 1', { 'usr/x': 'x', 'usr/y': 'y', 'usr/z': 'z' }), box.image('other 1', { 'usr/o': '1' }));
    install(
      box,
      box.image('tools-core 2', { 'usr/x': 'x2' }, { supersedes: ['tools'] }),
      box.image('tools-extra 2', { 'usr/y': 'y2' }, { supersedes: ['tools'] }),
    );
    install(box, box.image('other 2', { 'usr/o': '2' }));
    await box.do((root) => root.rollbackPackages([name], { generation: 1 }));
    assert.deepEqual(versions(box), ['other 2', 'tools 1']);
    assert.deepEqual(
      ['usr/x', 'usr/y', 'usr/z', 'usr/o'].map((path) => box.read(path)),
      ['x', 'y', 'z', '2'],
    );
    assert.equal(isClean(box), true);
  }
});

test('configuration is treated as on upgrade', async (t) => {
  const box = new Sandbox(t);
  twoPackages(box);
  box.write('etc/p.conf', 'mine\n');
  await box.do((root) => root.rollbackPackages(['p']));
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], ['mine\n', 'one\n']);
});

test('archives are unpacked again', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  for (const version of ['1', '2']) {
    const file = await publisher.add(`p ${version}`, { 'usr/p': version });
    await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  }
  await box.do((root) => root.rollbackPackages(['p']));
  assert.deepEqual([box.read('usr/p'), isClean(box)], ['1', true]);
});

test('what does not fit with the others is refused, and nothing is changed', async (t) => {
  const box = new Sandbox(t);
  install(
    box,
    box.image('lib 1', { 'usr/lib1': '1', 'usr/moved': '1' }),
    box.image('app 1', { 'usr/app': '1' }, { runtime: ['lib'] }),
  );
  install(
    box,
    box.image('lib 2', { 'usr/lib2': '2' }),
    box.image('app 2', { 'usr/app': '2' }, { runtime: ['lib>=2'] }),
    box.image('old 1', { 'usr/old': '1' }, { runtime: ['lib>=2'] }),
  );
  const before = box.snapshot();
  const texts: string[] = [];
  const refused = async (about: string, names: string[], generation: number) => {
    const text = await faultText(box, () => box.do((root) => root.rollbackPackages(names, { generation })));
    texts.push(`--- ${about}\n${text}`);
  };
  await refused('others need the version that is there', ['lib'], 1);
  await refused('it is still needed', ['lib'], 0);
  await refused('a name that neither has', ['lip'], 1);
  await refused('a generation that is not there', ['lib'], 9);
  assert.deepEqual(box.snapshot(), before);
  install(box, box.image('mover 1', { 'usr/moved': '2' }));
  await refused('a path that went to another package', ['lib', 'app', 'old'], 1);
  box.do((root) => root.remove(['mover', 'old']));
  box.do((root) => root.remove(['app']));
  box.do((root) => root.remove(['lib']));
  await refused('its needs went', ['app'], 2);
  await box.do((root) => root.rollbackPackages(['app', 'lib'], { generation: 1 }));
  assert.deepEqual([versions(box), box.read('usr/moved'), isClean(box)], [['app 1', 'lib 1'], '1', true]);
  golden(t, 'errors/pkm-roll-packages.txt', texts.join('\n'));
});

/** What may be installed at random: names that share paths over versions, need each other, and supersede each other. */
const pool = (box: Sandbox): PackageImage[][] => [
  [box.image('a 1', { 'usr/a': 'a1', 'usr/s': 'a1', 'etc/a': 'one\n' })],
  [box.image('a 2', { 'usr/a': 'a2', 'etc/a': 'two\n', 'usr/d/x': '2' })],
  [box.image('a 3', { 'usr/a/below': 'a3', 'etc/a': 'three\n', 'usr/d': '-> e' })],
  [box.image('b 1', { 'usr/b': 'b1' }, { runtime: ['a'] })],
  [box.image('b 2', { 'usr/b': 'b2', 'usr/d/b': 'b2' }, { runtime: ['a>=2'] })],
  [box.image('c 1', { 'usr/s': 'c1', 'usr/c': 'c1' })],
  [box.image('a-new 4', { 'usr/a': 'n4' }, { supersedes: ['a'] })],
  [
    box.image('a-one 5', { 'usr/a': 'o5' }, { supersedes: ['a'] }),
    box.image('a-two 5', { 'usr/s': 't5' }, { supersedes: ['a'] }),
  ],
];

test('random histories: what goes back is as it was, the others as they are, and the way back leads to where it began', async (t) => {
  const counts = { back: 0, refused: 0 };
  const step = fc.record({ pick: fc.nat(), drop: fc.nat(), isRemoval: fc.boolean(), edit: fc.boolean() });
  const wish = fc.record({ name: fc.nat(), generation: fc.nat() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 8 }),
      fc.array(wish, { minLength: 3, maxLength: 3 }),
      async (steps, wishes) => {
        const box = new Sandbox(undefined);
        try {
          const choices = pool(box);
          for (const { pick, drop, isRemoval, edit } of steps) {
            const installed = box.do((root) => root.list().map((record) => record.name));
            attempt(() =>
              isRemoval && installed.length > 2
                ? box.do((root) => root.remove([installed[drop % installed.length]!]))
                : install(box, ...choices[pick % choices.length]!),
            );
            if (edit && box.read('etc/a') !== undefined) box.write('etc/a', 'mine\n');
          }
          for (const wish of wishes) {
            const number = box.do((root) => root.generation);
            const before = rows(box, number);
            const snapshot = box.snapshot();
            const target = wish.generation % (number + 1);
            const known = [...new Set([...before, ...rows(box, target)].map((row) => row.split(' ')[0]!))].sort(compareBytes);
            const name = known[wish.name % Math.max(1, known.length)];
            if (name === undefined) continue;
            try {
              const { generation } = await box.do((root) => root.rollbackPackages([name], { generation: target }));
              const after = rows(box, generation);
              const of = (all: string[], isOurs: boolean) => all.filter((row) => kin(name).has(row.split(' ')[0]!) === isOurs);
              assert.deepEqual(
                after.filter((row) => row.startsWith(`${name} `)),
                rows(box, target).filter((row) => row.startsWith(`${name} `)),
              );
              assert.deepEqual(of(after, false), of(before, false));
              assert.equal(isClean(box), true);
              counts.back++;
              await box.do((root) => root.rollback(number));
              assert.deepEqual(
                rows(
                  box,
                  box.do((root) => root.generation),
                ),
                before,
              );
              assert.equal(isClean(box), true);
            } catch (error) {
              if (!(error instanceof Fault)) throw error;
              assert.ok(['E-PKM-003', 'E-PKM-004', 'E-PKM-013'].includes(error.code), `${error.code} ${error.message}`);
              assert.deepEqual(box.snapshot(), snapshot);
              counts.refused++;
            }
          }
        } finally {
          box.remove();
        }
      },
    ),
    { numRuns: 40 },
  );
  t.diagnostic(`${counts.back} went back, ${counts.refused} were refused`);
  assert.ok(counts.back > 20, JSON.stringify(counts));
});

/** Those that may come along. */
const kin = (name: string): ReadonlySet<string> => new Set(name.startsWith('a') ? ['a', 'a-new', 'a-one', 'a-two'] : [name]);

/** Packages and paths of a generation, a line each, the owner first; folders apart, which packages share. */
function rows(box: Sandbox, generation: number): string[] {
  const records = box.do((root) => root.packagesAt(generation));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const line = "SELECT package || ' ' || path || ' ' || coalesce(sha256, '') || coalesce(target, '') AS line";
  const isThen = "kind <> 'directory' AND from_generation <= ?1";
  const files = database
    .prepare(`${line} FROM files WHERE ${isThen} UNION ALL ${line} FROM files_past WHERE ${isThen} AND to_generation > ?1`)
    .all(generation);
  database.close();
  return [
    ...records.map((record) => `${record.name} ${record.version} ${record.supersededBy.join()}`),
    ...files.map((row) => String(row['line'])),
  ].sort(compareBytes);
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // a step that the root refuses is no step
  }
}

test('pkm rollback --package, with and without a generation, and as a dry run', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const pkm = async (...words: string[]) => {
    const run = await runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);
    return [run.status, versions(box)];
  };
  for (const about of ['p 1', 'q 1', 'p 2', 'q 2'])
    await pkm('install', '--archive', await publisher.add(about, { [`usr/${about[0]}`]: about }), '--archive-trust', 'loose');
  assert.deepEqual(await pkm('rollback', '--package', 'p', '--dry-run'), [0, ['p 2', 'q 2']]);
  assert.deepEqual(await pkm('rollback', '--package', 'p'), [0, ['p 1', 'q 2']]);
  assert.deepEqual(await pkm('rollback', '1', '-p', 'p', '-p', 'q'), [0, ['p 1']]);
  assert.deepEqual(await pkm('rollback', '-p', 'nobody'), [1, ['p 1']]);
});
