/** Collecting: what roots keep stays, all else goes, and whoever uses a path at the time keeps it. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, renderFault } from '../../base/index.ts';
import { addRoot, type ObjectStore, openStore, removeRoot, type StorePath, whyLive } from '../../store/index.ts';
import { diskSteps } from '../disk-steps.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryFolder, temporaryStore } from './fixture.ts';

const text = (store: ObjectStore, name: string, references: readonly StorePath[] = [], content = ''): StorePath =>
  store.addTexts([{ name, text: content, references }])[0]!;

/** What a process that is gone by now has added. */
function left<T>(home: string, add: (store: ObjectStore) => T): T {
  using store = openStore({ home, storeDir });
  return add(store);
}

const names = (paths: Iterable<{ path: StorePath } | StorePath>): string[] =>
  Array.from(paths, (each) => (typeof each === 'string' ? each : each.path).slice(storeDir.length + 34));

test('what no root keeps goes, referrers first; the closure of a root stays', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const { b } = left(home, (store) => {
    const a = text(store, 'a');
    const b = text(store, 'b', [a]);
    const c = text(store, 'c', [a, b], 'x'.repeat(100));
    text(store, 'd', [c]);
    store.addPath('tree', makeTree(join(folder, 'tree'), { 'x/y*': '1', z: 'two', l: '-> z', 'empty/folder': null }));
    return { b };
  });
  addRoot(store, join(folder, 'result'), b);
  const dry = store.collect({ dryRun: true });
  assert.deepEqual(names(dry.removed).sort(compareBytes), ['c', 'd', 'tree']);
  assert.ok(names(dry.removed).indexOf('d') < names(dry.removed).indexOf('c'));
  assert.equal(names(store.allPaths()).length, 5);
  const report = store.collect();
  assert.deepEqual(report.removed, dry.removed);
  assert.equal(report.nKept, 2);
  assert.ok(report.freedBytes > 0);
  assert.deepEqual(names(store.allPaths()).sort(compareBytes), ['a', 'b']);
  assert.equal(readdirSync(join(home, 'store')).length, 2);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.deepEqual(store.verify({ contents: true }), []);
  rmSync(join(folder, 'result'));
  const last = store.collect();
  assert.deepEqual(names(last.removed), ['b', 'a']);
  assert.equal(last.droppedRoots.length, 1);
  assert.deepEqual(readdirSync(join(home, 'var/gcroots/auto')), []);
  assert.equal(store.collect().removed.length, 0);
});

test('that they are gone is durable before the first of the dead leaves its place', (t) => {
  const { store, folder, home } = temporaryStore(t);
  left(home, (store) => {
    text(store, 'a');
    store.addPath('tree', makeTree(join(folder, 'tree'), { x: '1' }));
  });
  const steps = diskSteps(t, () => assert.equal(store.collect().removed.length, 2));
  const taken = steps.findIndex((step) => step.startsWith(`move ${home}/store/`) || step.startsWith(`delete ${home}/store/`));
  assert.ok(steps.slice(0, taken).includes(`sync ${home}/var/index/data.mdb`), steps.join('\n'));
});

test('every kind of root', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [direct, real, inside, named, profile, other, dead] = left(home, (store) =>
    ['direct', 'real', 'inside', 'named', 'profile', 'other', 'dead'].map((name) => text(store, name)),
  ) as [StorePath, StorePath, StorePath, StorePath, StorePath, StorePath, StorePath];
  mkdirSync(join(home, 'var/gcroots/deep/er'), { recursive: true });
  mkdirSync(join(home, 'var/profiles'), { recursive: true });
  symlinkSync(direct, join(home, 'var/gcroots/deep/er/x'));
  symlinkSync(store.toReal(real), join(home, 'var/gcroots/y'));
  symlinkSync(`${inside}/bin/x`, join(home, 'var/gcroots/z'));
  writeFileSync(join(home, 'var/gcroots', named.slice(storeDir.length + 1)), '');
  symlinkSync(profile, join(home, 'var/profiles/system-1-link'));
  symlinkSync('system-1-link', join(home, 'var/profiles/system'));
  symlinkSync(store.toReal(other), join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(home, 'var/gcroots/indirect'));
  // What leads nowhere or elsewhere is no root, and no error.
  symlinkSync(join(folder, 'gone'), join(home, 'var/gcroots/dangling'));
  symlinkSync(join(folder, 'x', 'y'), join(home, 'var/gcroots/dangling2'));
  symlinkSync(`${storeDir}/nonsense`, join(home, 'var/gcroots/nonsense'));
  assert.deepEqual(names(store.collect().removed), ['dead']);
  assert.equal(store.isValid(dead), false);
  assert.deepEqual(
    store
      .roots()
      .map(({ kind, path }) => `${kind} ${names([path])}`)
      .filter((row) => !row.startsWith('process'))
      .sort(compareBytes),
    ['link direct', 'link inside', 'link named', 'link real', 'profile profile', 'profile profile', 'result other'],
  );
});

test('what this process added or asked for stays until the store is closed', (t) => {
  const { store: other, home } = temporaryStore(t);
  const [old, asked] = left(home, (store) => [text(store, 'old'), text(store, 'asked')]) as [StorePath, StorePath];
  const user = openStore({ home, storeDir });
  const added = text(user, 'added');
  assert.equal(user.hold(asked), true);
  assert.deepEqual(names(other.collect().removed), ['old']);
  assert.equal(user.hold(old), false);
  assert.equal(user.hold(added), true);
  user.close();
  assert.deepEqual(readdirSync(join(home, 'var/temproots')), []);
  assert.deepEqual(names(other.collect().removed).sort(compareBytes), ['added', 'asked']);
});

test('holding sees at once what another process collected, and does not hold it', (t) => {
  const { store: other, home } = temporaryStore(t);
  const path = left(home, (store) => text(store, 'a'));
  using user = openStore({ home, storeDir });
  assert.equal(user.isValid(path), true);
  other.collect();
  // No turn of the event loop in between: LMDB would answer from the state it had.
  assert.equal(user.hold(path), false);
});

test('roots that came after marking keep what was dead then, and so does what was added since', (t) => {
  const { store, home } = temporaryStore(t);
  const [a, b, c] = left(home, (store) => {
    const a = text(store, 'a');
    return [a, text(store, 'b', [a]), text(store, 'c')];
  }) as [StorePath, StorePath, StorePath];
  const user = openStore({ home, storeDir });
  t.after(() => user.close());
  const report = store.collect({
    onProgress: (step, done) => {
      if (step !== 'removing' || done > 0) return;
      user.hold(b);
      left(home, (store) => text(store, 'd', [c]));
    },
  });
  // d itself was added after marking: its turn is next time, with c.
  assert.deepEqual(report.removed, []);
  assert.ok([a, b, c].every((path) => store.isValid(path)));
  assert.deepEqual(names(store.collect().removed), ['d', 'c']);
});

test('what is added anew while the dead are removed stays', (t) => {
  const { store, home } = temporaryStore(t);
  const wanted = Array.from({ length: 100 }, (_, n) => ({ name: `x${n}`, text: '', references: [] }));
  left(home, (other) => other.addTexts(wanted));
  using other = openStore({ home, storeDir });
  // So slow that the collector lets others write between.
  let milliseconds = 0;
  t.mock.method(performance, 'now', () => (milliseconds += 5));
  let nBefore = 0;
  store.collect({
    onProgress: (step, done, total) => {
      if (step !== 'removing' || nBefore > 0 || done === 0) return;
      assert.ok(done < total);
      nBefore = done;
      other.addTexts(wanted);
    },
  });
  assert.ok(nBefore > 0);
  assert.equal([...store.allPaths()].length, wanted.length);
  assert.equal(readdirSync(join(home, 'store')).length, wanted.length);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('the mark of a collector that was killed stops nobody', (t) => {
  const { store, home } = temporaryStore(t);
  const path = left(home, (store) => text(store, 'a'));
  writeFileSync(join(home, 'var/temproots/collecting'), '');
  writeFileSync(join(home, 'var/temproots/1-1-0'), `${path.slice(storeDir.length + 1)}\n`);
  assert.equal(store.hold(path), true);
  assert.deepEqual(
    readdirSync(join(home, 'var/temproots')).filter((name) => !name.startsWith(`${process.pid}-`)),
    ['1-1-0'],
  );
  store.close();
  assert.deepEqual(names(store.collect().removed), ['a']);
  assert.deepEqual(readdirSync(join(home, 'var/temproots')), []);
});

test('names that no index knows are removed, hidden ones are not', (t) => {
  const { store, home } = temporaryStore(t);
  left(home, (store) => text(store, 'a'));
  const left1 = '0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-half';
  makeTree(join(home, 'store', left1), { 'x/y': '1' });
  writeFileSync(join(home, 'store', Buffer.from([0xff, 0x41]).toString('latin1')), 'strange');
  makeTree(join(home, 'store/.pool'), { x: '1' });
  assert.equal(store.collect({ dryRun: true }).leftovers.length, 2);
  assert.ok(existsSync(join(home, 'store', left1)));
  assert.equal(store.collect().leftovers.length, 2);
  assert.deepEqual(readdirSync(join(home, 'store')), ['.pool']);
});

test('enough is enough with a limit, the oldest first', (t) => {
  const { store, home } = temporaryStore(t);
  left(home, (store) => {
    const a = text(store, 'a', [], 'a'.repeat(1000));
    text(store, 'b', [a], 'b'.repeat(1000));
  });
  assert.deepEqual(names(store.collect({ maxFreedBytes: 0 }).removed), []);
  const report = store.collect({ maxFreedBytes: 500 });
  assert.deepEqual(names(report.removed), ['b']);
  assert.ok(report.narBytes > 1000);
  assert.deepEqual(names(store.collect({ maxFreedBytes: 1e9 }).removed), ['a']);
});

test('derivations and outputs keep each other by setting', (t) => {
  const { store, home } = temporaryStore(t);
  const make = (): { drv: StorePath; out: StorePath } =>
    left(home, (store) => {
      const drv = text(store, 'x.drv');
      const scratch = store.makeScratch();
      writeFileSync(join(scratch, 'x'), 'made');
      const out = store
        .addOutputs(
          new Map([
            [
              'out',
              {
                realPath: join(scratch, 'x'),
                name: 'x',
                output: { kind: 'floating', method: 'nar', algorithm: 'sha256' },
                scratchPath: `${storeDir}/0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-x` as StorePath,
                candidates: [],
                deriver: drv,
              },
            ],
          ]),
        )
        .get('out')!;
      rmSync(scratch, { recursive: true });
      store.addRealisations([{ drvPath: drv, output: 'out', path: out }]);
      return { drv, out };
    });
  const { drv, out } = make();
  mkdirSync(join(home, 'var/gcroots'), { recursive: true });
  symlinkSync(out, join(home, 'var/gcroots/out'));
  assert.deepEqual(names(store.collect({ dryRun: true }).removed), []);
  assert.deepEqual(names(store.collect({ keepDerivations: false }).removed), ['x.drv']);
  make();
  assert.deepEqual(
    whyLive(store, drv)[0]?.chain.map(({ by }) => by),
    [undefined, 'deriver'],
  );
  rmSync(join(home, 'var/gcroots/out'));
  symlinkSync(drv, join(home, 'var/gcroots/drv'));
  assert.equal(store.realisation(drv, 'out'), out);
  assert.deepEqual(names(store.collect().removed), ['x']);
  assert.equal(store.realisation(drv, 'out'), undefined);
});

test('old result links and superseded generations count no longer, when that is asked for', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [a, b, c, d] = left(home, (store) => ['a', 'b', 'c', 'd'].map((name) => text(store, name))) as StorePath[];
  addRoot(store, join(folder, 'old'), a!);
  addRoot(store, join(folder, 'new'), b!);
  mkdirSync(join(home, 'var/profiles'));
  symlinkSync(c!, join(home, 'var/profiles/p-1-link'));
  symlinkSync(d!, join(home, 'var/profiles/p-2-link'));
  symlinkSync('p-2-link', join(home, 'var/profiles/p'));
  const future = Date.now() / 1000 + 3600;
  assert.deepEqual(names(store.collect({ dryRun: true, olderThan: future }).removed).sort(compareBytes), ['a', 'b', 'c']);
  const report = store.collect({ olderThan: future });
  assert.deepEqual(names(report.removed).sort(compareBytes), ['a', 'b', 'c']);
  // The link is its owner's; the generation is ours.
  assert.equal(readlinkSync(join(folder, 'old')), store.toReal(a!));
  assert.deepEqual(readdirSync(join(home, 'var/profiles')).sort(compareBytes), ['p', 'p-2-link']);
  assert.equal(store.isValid(d!), true);
});

test('what is remembered of sources is forgotten with them, and found out again', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { x: '1' });
  utimesSync(join(source, 'x'), 1, 1);
  const path = left(home, (store) => store.addPath('src', source));
  left(home, (store) =>
    store.cachePut([
      ['stays', 'x'],
      ['goes', `a\0${path}\0b`],
    ]),
  );
  store.collect();
  assert.equal(store.cacheGet('stays'), 'x');
  assert.equal(store.cacheGet('goes'), undefined);
  assert.equal(store.addPath('src', source), path);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('a running program keeps what it has open', { skip: !existsSync('/proc/self/environ') && 'no /proc here' }, async (t) => {
  const { spawn } = await import('node:child_process');
  const { store, home } = temporaryStore(t);
  const path = left(home, (store) => text(store, 'opened'));
  const child = spawn('sh', ['-c', 'exec 3<"$0"; unset X; echo; read line', store.toReal(path)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  assert.deepEqual(names(store.collect().removed), []);
  assert.deepEqual(
    whyLive(store, path).map(({ root }) => root.from),
    [`process ${child.pid}`],
  );
  child.stdin.end('\n');
  await new Promise((resolve) => child.once('close', resolve));
  assert.deepEqual(names(store.collect().removed), ['opened']);
});

test('property: what is kept is exactly what can be reached from the roots', (t) => {
  const folder = temporaryFolder(t);
  let round = 0;
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), { minLength: 1, maxLength: 15 }),
      fc.array(fc.nat({ max: 14 }), { maxLength: 4 }),
      (edges, rootNumbers) => {
        const home = join(folder, String(round++));
        const paths: StorePath[] = [];
        left(home, (store) => {
          edges.forEach((targets, i) => {
            paths.push(
              text(
                store,
                `n${i}`,
                targets.filter((target) => target < i).map((target) => paths[target]!),
              ),
            );
          });
        });
        using store = openStore({ home, storeDir });
        mkdirSync(join(home, 'var/gcroots'));
        const live = new Set<number>();
        const visit = (node: number): void => {
          if (node >= edges.length || live.has(node)) return;
          live.add(node);
          for (const target of edges[node]!) if (target < node) visit(target);
        };
        for (const node of new Set(rootNumbers)) {
          if (node < edges.length) symlinkSync(paths[node]!, join(home, 'var/gcroots', String(node)));
          visit(node);
        }
        const { removed } = store.collect();
        assert.deepEqual([...store.allPaths()].sort(compareBytes), [...live].map((node) => paths[node]!).sort(compareBytes));
        removed.forEach(({ path }, at) => {
          assert.ok(
            !removed
              .slice(at)
              .some(
                (later) =>
                  later.path !== path &&
                  paths.indexOf(later.path) > paths.indexOf(path) &&
                  edges[paths.indexOf(later.path)]!.includes(paths.indexOf(path)),
              ),
          );
        });
        assert.deepEqual(store.verify({ contents: true }), []);
      },
    ),
    { numRuns: 15 },
  );
});

test('files that objects shared are freed with the last of them', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const kept = left(home, (store) => {
    const kept = store.addPath('one', makeTree(join(folder, 'one'), { a: 'x'.repeat(9000), b: 'y'.repeat(9000) }));
    store.addPath('two', makeTree(join(folder, 'two'), { a: 'x'.repeat(9000), c: 'z'.repeat(9000) }));
    store.optimise();
    return kept;
  });
  addRoot(store, join(folder, 'result'), kept);
  const nPooled = () =>
    readdirSync(join(home, 'pool'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;
  assert.equal(nPooled(), 3);
  assert.ok(store.collect().freedBytes > 0);
  assert.equal(nPooled(), 2);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('the log of registrations forgets what was collected, once that is most of it', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const kept = left(home, (store) => {
    const kept = text(store, 'kept');
    store.addRealisations([{ drvPath: kept, output: 'out', path: kept }]);
    store.addTexts(Array.from({ length: 900 }, (_, i) => ({ name: `n${i}`, text: 'x', references: [kept] })));
    return kept;
  });
  addRoot(store, join(folder, 'result'), kept);
  const log = join(home, 'var/registrations');
  const before = statSync(log).size;
  assert.ok(before > 1 << 18, `only ${before} bytes`);
  assert.equal(store.collect().removed.length, 900);
  assert.ok(statSync(log).size < 2000);
  store.close();
  rmSync(join(home, 'var/index'), { recursive: true });
  using again = openStore({ home, storeDir });
  assert.equal(again.rebuildIndex().nPaths, 1);
  assert.equal(again.realisation(kept, 'out'), kept);
});

test('refusals', (t) => {
  const { store, folder } = temporaryStore(t);
  const path = text(store, 'a');
  const place = { home: store.home, storeDir };
  const relative = (fault: Parameters<typeof renderFault>[0]) => renderFault(fault).replaceAll(folder, '<folder>');
  writeFileSync(join(folder, 'mine'), '');
  golden(t, 'errors/store-root-clash.txt', relative(faultOf(() => addRoot(place, join(folder, 'mine'), path))));
  assert.equal(existsSync(join(store.home, 'var/gcroots')), false);
  symlinkSync('mine', join(folder, 'link'));
  assert.equal(faultOf(() => addRoot(place, join(folder, 'link'), path)).code, 'E-STORE-060');
  golden(t, 'errors/store-no-root.txt', relative(faultOf(() => removeRoot(place, join(folder, 'mine')))));
  assert.equal(faultOf(() => removeRoot(place, join(folder, 'link'))).code, 'E-STORE-061');
  addRoot(place, join(folder, 'result'), path);
  addRoot(place, join(folder, 'result'), path);
  removeRoot(place, join(folder, 'result'));
  assert.deepEqual(readdirSync(join(store.home, 'var/gcroots/auto')), []);
  assert.equal(existsSync(join(folder, 'result')), false);
});
