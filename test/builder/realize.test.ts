import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, Faults, SystemFault } from '../../base/index.ts';
import {
  type BuildEvent,
  BuildFault,
  checkBuild,
  type Goal,
  planBuild,
  readLog,
  realize,
  repairByBuild,
} from '../../builder/index.ts';
import { type ObjectStore, openStore, type StorePath, storePathName } from '../../store/index.ts';
import { failing } from '../failing-call.ts';
import {
  addDerivation,
  needsSandbox,
  outputOf,
  rootOf,
  storeDir,
  temporaryFolder,
  temporaryStore,
  toolsLayer,
} from './support.ts';

const all = (...drvPaths: StorePath[]): Goal[] => drvPaths.map((drvPath) => ({ drvPath, outputs: [] }));

async function events(store: ObjectStore, goals: Goal[], options = {}): Promise<string[]> {
  const seen: string[] = [];
  await realize(store, goals, {
    ...options,
    onEvent: (event) => seen.push('drvPath' in event ? `${event.kind} ${store.readDerivation(event.drvPath).name}` : event.kind),
  });
  return seen.filter((event) => event !== 'plan' && !event.startsWith('log'));
}

test('builds that say that they need much memory wait for each other', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const MiB = 2 ** 20;
  const layer = toolsLayer(store, 'sleep');
  // Long enough not to be registered with others: a quick build gives its place up before it is told to be finished.
  const add = (name: string, igosMemory: string) =>
    addDerivation(store, {
      name,
      env: { igosMemory, igosRoot: rootOf({ name: 'host', path: layer }) },
      sources: [layer],
      script: `sleep 0.4; echo ${name} > $out`,
    });
  const goals = all(add('a', `${800 * MiB}`), add('b', `${700 * MiB}`), add('c', `${100 * MiB}`));
  const seen = await events(store, goals, { jobs: 3, memoryBytes: 1024 * MiB });
  const at = (event: string): number => seen.indexOf(event);
  assert.ok(at('started c') < at('finished a') && at('started c') < at('finished b'), seen.join(', '));
  assert.ok(at('started b') > at('finished a') || at('started a') > at('finished b'), seen.join(', '));
});

test('a hint for the scheduler is no part of what is built', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const add = (igosMemory?: string): Goal[] => {
    const env = igosMemory === undefined ? {} : { igosMemory };
    const lower = addDerivation(store, { name: 'lower', env, script: 'echo "<$igosMemory>" > $out' });
    const upper = addDerivation(store, {
      name: 'upper',
      inputs: [{ drvPath: lower }],
      env: { ...env, lower: outputOf(lower) },
      script: 'read x < $lower; echo "$x $igosMemory" > $out',
    });
    return all(lower, upper);
  };
  const first = await realize(store, add('1000'));
  assert.equal(first.nBuilt, 2);
  for (const other of [add('2000'), add()]) {
    const { nBuilt, nCutoff, outputs } = await realize(store, other);
    // Both are known by what their builds see; without a hint the lower one is that derivation itself.
    assert.equal(nBuilt, 0);
    assert.ok(nCutoff <= 2);
    assert.deepEqual(
      [...outputs.values()].map((each) => each.get('out')),
      [...first.outputs.values()].map((each) => each.get('out')),
    );
  }
  const path = first.outputs.get(add('1000')[1]!.drvPath)!.get('out')!;
  assert.equal(readFileSync(store.toReal(path), 'utf8'), '<> \n');
  assert.equal((await checkBuild(store, add('3000')[1]!.drvPath)).differences.length, 0);
});

test('dependents come after their inputs and find them', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const a = addDerivation(store, { name: 'a', script: 'echo content-of-a > $out' });
  const b = addDerivation(store, {
    name: 'b',
    inputs: [{ drvPath: a }],
    env: { a: outputOf(a) },
    script: 'read x < $a; echo "b of $x" > $out',
  });
  const plan = planBuild(store, all(b));
  assert.deepEqual(
    plan.steps.map(({ drv, reason, dependsOn }) => [drv.name, reason, dependsOn]),
    [
      ['a', 'new', []],
      ['b', 'depends', [a]],
    ],
  );
  assert.deepEqual(await events(store, all(b)), ['started a', 'finished a', 'started b', 'finished b']);
  const path = store.realisation(b, 'out')!;
  assert.equal(readFileSync(store.toReal(path), 'utf8'), 'b of content-of-a\n');
  assert.deepEqual(await events(store, all(b)), []);
  assert.equal(planBuild(store, all(b)).nValid, 1);
});

test('equal bytes of an input stop the rebuild there', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const make = (comment: string, text: string) => {
    const a = addDerivation(store, { name: 'a', script: `: ${comment}; echo ${text} > $out` });
    const b = addDerivation(store, {
      name: 'b',
      inputs: [{ drvPath: a }],
      env: { a: outputOf(a) },
      script: 'read x < $a; echo "b of $x" > $out',
    });
    return addDerivation(store, {
      name: 'c',
      inputs: [{ drvPath: b }],
      env: { b: outputOf(b) },
      script: 'read x < $b; echo "c of $x" > $out',
    });
  };
  await realize(store, all(make('first', 'one')));
  const second = make('second', 'one');
  const plan = planBuild(store, all(second));
  assert.deepEqual([plan.nBuild, plan.nUncertain], [3, 2]);
  assert.deepEqual(await events(store, all(second)), ['started a', 'finished a', 'cutoff b', 'cutoff c']);
  assert.deepEqual(await events(store, all(make('third', 'two'))), [
    'started a',
    'finished a',
    'started b',
    'finished b',
    'started c',
    'finished c',
  ]);
  assert.deepEqual(await events(store, all(second)), []);
});

/** The derivations of one store, not yet in another. */
function later(from: ObjectStore, store: ObjectStore, ...drvPaths: StorePath[]) {
  const texts = drvPaths.map((path) => ({
    name: storePathName(path),
    text: readFileSync(from.toReal(path), 'latin1'),
    references: from.info(path)!.references,
  }));
  return store.addTextsLater(texts);
}

test('derivations are registered while the first of them are built, also where that fails', async (t) => {
  if (!needsSandbox(t)) return;
  const from = temporaryStore(t);
  const a = addDerivation(from, { name: 'a', script: 'echo a > $out' });
  const b = addDerivation(from, {
    name: 'b',
    inputs: [{ drvPath: a }],
    env: { a: outputOf(a) },
    script: 'read x < $a; echo "b of $x" > $out',
  });
  const bad = addDerivation(from, { name: 'bad', inputs: [{ drvPath: b }], script: 'exit 3' });
  const store = temporaryStore(t);
  let wasValid: boolean | undefined;
  const result = await realize(store, all(b), {
    later: later(from, store, a, b),
    onEvent: (event) => {
      if (event.kind === 'started') wasValid ??= store.isValid(a);
    },
  });
  assert.equal(readFileSync(store.toReal(result.outputs.get(b)!.get('out')!), 'utf8'), 'b of a\n');
  assert.deepEqual([wasValid, store.isValid(a), store.isValid(b)], [false, true, true]);
  await assert.rejects(realize(store, all(bad), { later: later(from, store, bad) }), BuildFault);
  assert.equal(store.isValid(bad), true);
  // Nothing to build, and nothing to wait for.
  const other = addDerivation(from, { name: 'b', inputs: [{ drvPath: a }], env: { a: outputOf(a), z: '1' } });
  store.addRealisations([{ drvPath: other, output: 'out', path: result.outputs.get(b)!.get('out')! }]);
  assert.deepEqual(await events(store, all(other), { later: later(from, store, other) }), []);
  assert.equal(store.isValid(other), true);
});

test('a derivation that is a source of another is there when that is built', async (t) => {
  if (!needsSandbox(t)) return;
  const from = temporaryStore(t);
  const a = addDerivation(from, { name: 'a', script: 'echo a > $out' });
  const reader = addDerivation(from, { name: 'reader', sources: [a], script: `read x < ${a} || :; echo "$x" > $out` });
  const store = temporaryStore(t);
  const result = await realize(store, all(reader), { later: later(from, store, a, reader) });
  const path = result.outputs.get(reader)!.get('out')!;
  assert.match(readFileSync(store.toReal(path), 'utf8'), /^Derive\(/);
});

test('derivations that cannot be registered fail the run', async (t) => {
  if (!needsSandbox(t)) return;
  const from = temporaryStore(t);
  const source = from.addTexts([{ name: 'source', text: 'x', references: [] }])[0]!;
  const a = addDerivation(from, { name: 'a', script: 'echo a > $out' });
  const b = addDerivation(from, { name: 'b', sources: [source] });
  const store = temporaryStore(t);
  await assert.rejects(
    realize(store, all(a), { later: later(from, store, a, b) }),
    (error) => error instanceof Fault && error.code === 'E-STORE-015',
  );
  assert.equal(store.isValid(a), false);
});

test('several outputs may refer to each other', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const drvPath = addDerivation(store, {
    name: 'many',
    outputs: ['out', 'dev'],
    script: 'echo lib > $out; echo "needs $out" > $dev',
  });
  const result = await realize(store, all(drvPath));
  const [out, dev] = ['out', 'dev'].map((name) => result.outputs.get(drvPath)!.get(name)!);
  assert.equal(readFileSync(store.toReal(dev!), 'utf8'), `needs ${out}\n`);
  assert.deepEqual(store.info(dev!)!.references, [out]);
});

test('outputs that refer to each other in a circle are refused, as by Nix', async (t) => {
  if (!needsSandbox(t)) return;
  for (const kind of ['floating', 'input-addressed'] as const) {
    const store = temporaryStore(t);
    const drvPath = addDerivation(store, {
      name: 'ring',
      outputs: ['out', 'dev'],
      kind,
      script: 'echo $dev > $out; echo $out > $dev',
    });
    await assert.rejects(
      realize(store, all(drvPath)),
      (error) => error instanceof BuildFault && error.code === 'E-STORE-017',
      kind,
    );
    assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
  }
});

test('a build that makes paths too long to be read fails alone, and leaves nothing', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const tools = toolsLayer(store, 'sh', 'mkdir');
  const layer = { sources: [tools], env: { igosRoot: rootOf({ name: 'tools', path: tools }) } };
  const script = `d=${'d'.repeat(200)}; mkdir -p $out/usr; cd $out/usr; for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2; do mkdir $d; cd -P $d; done`;
  const deep = addDerivation(store, { name: 'deep', script, ...layer });
  const good = addDerivation(store, { name: 'good' });
  await assert.rejects(
    realize(store, all(deep, good), { keepGoing: true }),
    (error) => error instanceof BuildFault && error.code === 'E-BUILD-019' && error.message.length < 300,
  );
  assert.notEqual(store.realisation(good, 'out'), undefined);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});

test('builds run at once, as many as allowed', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const drvs = ['1', '2', '3', '4'].map((n) =>
    addDerivation(store, {
      name: `nap-${n}`,
      script: `sleep 0.4; echo ${n} > $out`,
      env: { igosRoot: rootOf({ name: 'host', path: layer }) },
      sources: [layer],
    }),
  );
  let nRunning = 0;
  let most = 0;
  const onEvent = (event: BuildEvent) => {
    if (event.kind === 'started') most = Math.max(most, ++nRunning);
    if (event.kind === 'finished') nRunning--;
  };
  await realize(store, all(...drvs), { jobs: 2, onEvent });
  assert.equal(most, 2);
});

test('a failure stops the run, with keepGoing only what needs it', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const bad = addDerivation(store, { name: 'bad', script: 'echo why; exit 7' });
  const worse = addDerivation(store, { name: 'worse', script: 'kill -SEGV $$' });
  const above = addDerivation(store, { name: 'above', inputs: [{ drvPath: bad }], env: { bad: outputOf(bad) } });
  const good = addDerivation(store, { name: 'good' });
  const seen: BuildEvent[] = [];
  const error = await realize(store, all(above, worse, good), { keepGoing: true, onEvent: (event) => seen.push(event) }).catch(
    (e: unknown) => e,
  );
  assert.ok(error instanceof Faults);
  assert.deepEqual(
    error.faults.map((fault) => fault.message).sort((a, b) => (a < b ? -1 : 1)),
    ["the build of 'bad' failed with exit status 7", "the build of 'worse' was killed by signal 11 (invalid memory access)"],
  );
  assert.ok(error.faults.every((fault) => fault instanceof BuildFault));
  assert.ok(seen.some((event) => event.kind === 'skipped' && event.drvPath === above && event.because === bad));
  assert.notEqual(store.realisation(good, 'out'), undefined);
  assert.equal(readLog(store, bad).toString(), 'why\n');
  await assert.rejects(realize(store, all(above)), /'bad' failed/);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});

test('keepFailed leaves the build folder', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const bad = addDerivation(store, { name: 'bad', script: 'echo trace > evidence; exit 1' });
  let keptAt: string | undefined;
  const onEvent = (event: BuildEvent) => {
    if (event.kind === 'failed') keptAt = event.keptAt;
  };
  await assert.rejects(
    realize(store, all(bad), { keepFailed: true, onEvent }),
    (error) => error instanceof Fault && error.hints.some((hint) => hint.includes('was kept')),
  );
  assert.equal(readFileSync(`${keptAt}/evidence`, 'utf8'), 'trace\n');
});

test('stopped from outside, it kills what runs and leaves nothing', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const drvPath = addDerivation(store, {
    name: 'long',
    script: `echo up; sleep ${stoppedSeconds}`,
    env: { igosRoot: rootOf({ name: 'host', path: layer }) },
    sources: [layer],
  });
  const above = addDerivation(store, { name: 'above', inputs: [{ drvPath }], env: { long: outputOf(drvPath) } });
  const controller = new AbortController();
  const seen: BuildEvent[] = [];
  const onEvent = (event: BuildEvent) => {
    seen.push(event);
    if (event.kind === 'log') controller.abort();
  };
  await assert.rejects(
    realize(store, all(above), { signal: controller.signal, onEvent }),
    (error) => error instanceof Fault && error.code === 'E-BUILD-015',
  );
  assert.ok(!seen.some(({ kind }) => kind === 'skipped'), 'what was stopped has not failed: nothing was left out because of it');
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
  assert.deepEqual(readdirSync(`${store.home}/var/lock`), []);
  assert.deepEqual(sleepers(stoppedSeconds), []);
});

/** Not those of another run of this file at the same time. */
const daemonSeconds = String(2_000_000 + process.pid);
const builderSeconds = String(8_000_000 + process.pid);
const stoppedSeconds = String(14_000_000 + process.pid);

/** Processes that sleep this long: by /proc, as pgrep need not be there. */
const sleepers = (seconds: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });

const CHILD = `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
import { realize } from ${JSON.stringify(join(import.meta.dirname, '../../builder/index.ts'))};
const [home, ...drvPaths] = process.argv.slice(2);
const store = openStore({ home, storeDir: '/igos/store' });
await realize(store, drvPaths.map((drvPath) => ({ drvPath, outputs: [] })), { jobs: 2, onEvent: (event) => console.log(event.kind) });
store.close();
`;

/** Another process that realizes; `seen` collects what it prints. */
function realizeElsewhere(home: string, script: string, drvPath: StorePath): { child: ChildProcess; seen: () => string } {
  writeFileSync(script, CHILD);
  const child = spawn(process.execPath, [script, home, drvPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, seen: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  for (let ms = 0; !condition(); ms += 20) {
    assert.ok(ms < 120_000, 'it did not happen within two minutes');
    await sleep(20);
  }
}

test('killed in the middle of a build, its processes go and the next run takes over', async (t) => {
  if (!needsSandbox(t)) return;
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  using store = openStore({ home, storeDir });
  const layer = toolsLayer(store, 'sleep');
  const env = { igosRoot: rootOf({ name: 'host', path: layer }) };
  const first = addDerivation(store, { name: 'first', script: 'echo first > $out' });
  const drvPath = addDerivation(store, {
    name: 'long',
    inputs: [{ drvPath: first }],
    env: { ...env, first: outputOf(first) },
    sources: [layer],
    script: `(sleep ${daemonSeconds} &); echo begun; sleep ${builderSeconds}`,
  });
  const { child, seen } = realizeElsewhere(home, join(folder, 'child.ts'), drvPath);
  // Where something above fails, nothing is left to run for an hour.
  t.after(() => child.kill('SIGKILL'));
  await until(() => seen().includes('log') && store.realisation(first, 'out') !== undefined);
  assert.deepEqual([sleepers(daemonSeconds).length, sleepers(builderSeconds).length], [1, 1]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => sleepers(daemonSeconds).length + sleepers(builderSeconds).length === 0);
  assert.equal(readdirSync(`${home}/var/lock`).length, 1);
  assert.equal(store.realisation(drvPath, 'out'), undefined);

  // A process that comes later clears away what the dead one left.
  using later = openStore({ home, storeDir });
  const controller = new AbortController();
  const kinds: string[] = [];
  const onEvent = (event: BuildEvent) => {
    kinds.push(event.kind);
    if (event.kind === 'log') controller.abort();
  };
  await assert.rejects(realize(later, all(drvPath), { signal: controller.signal, onEvent }), /stopped/);
  assert.deepEqual(kinds, ['plan', 'started', 'log']);
  assert.deepEqual([readdirSync(`${home}/var/lock`), readdirSync(`${home}/tmp`)], [[], []]);
  assert.deepEqual(later.verify({ contents: true }), []);
});

test('two processes build a derivation once', async (t) => {
  if (!needsSandbox(t)) return;
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  using store = openStore({ home, storeDir });
  const layer = toolsLayer(store, 'sleep');
  const drvPath = addDerivation(store, {
    name: 'slow',
    script: 'echo begun; sleep 1; echo end > $out',
    env: { igosRoot: rootOf({ name: 'host', path: layer }) },
    sources: [layer],
  });
  const { child, seen } = realizeElsewhere(home, join(folder, 'child.ts'), drvPath);
  const ended = once(child, 'exit');
  await until(() => seen().includes('log'));
  const kinds: string[] = [];
  await realize(store, all(drvPath), { onEvent: (event) => kinds.push(event.kind) });
  await ended;
  assert.deepEqual(kinds, ['plan', 'waiting', 'elsewhere']);
  assert.match(seen(), /finished/);
});

test('two processes share a graph: each derivation is built by one of them', async (t) => {
  if (!needsSandbox(t)) return;
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  using store = openStore({ home, storeDir });
  const leaves = Array.from({ length: 12 }, (_, n) =>
    addDerivation(store, { name: `leaf-${n}`, script: `i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo ${n} > $out` }),
  );
  const top = addDerivation(store, {
    name: 'top',
    inputs: leaves.map((drvPath) => ({ drvPath })),
    env: { inputs: leaves.map((drvPath) => outputOf(drvPath)).join(' ') },
    script: 'echo $inputs > $out',
  });
  const others = ['one', 'two'].map((name) => realizeElsewhere(home, join(folder, `${name}.ts`), top));
  await Promise.all(others.map(async ({ child }) => assert.deepEqual(await once(child, 'exit'), [0, null])));
  const kinds = others.map(({ seen }) => seen().split('\n'));
  const nStarted = kinds.flat().filter((kind) => kind === 'started').length;
  assert.equal(nStarted, 13, kinds.map((all) => all.join(' ')).join('\n'));
  assert.notEqual(store.realisation(top, 'out'), undefined);
  assert.deepEqual(readdirSync(`${home}/var/lock`), []);
});

test('archives are made neutral, and a second build compared', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'ar', 'mkdir', 'date', 'cat');
  const igosRoot = rootOf({ name: 'host', path: layer });
  const stable = addDerivation(store, {
    name: 'stable',
    env: { igosRoot },
    sources: [layer],
    script: 'mkdir -p $out/usr/lib; echo x > m.o; ar rcU $out/usr/lib/libm.a m.o; echo $out > $out/usr/self',
  });
  const unstable = addDerivation(store, {
    name: 'unstable',
    env: { igosRoot },
    sources: [layer],
    script: 'mkdir $out; : > $out/same; cat /proc/sys/kernel/random/uuid > $out/when',
  });
  assert.deepEqual(await checkBuild(store, stable), { isEqual: true, differences: [] });
  assert.deepEqual(await checkBuild(store, unstable), {
    isEqual: false,
    differences: [{ output: 'out', path: 'when', kind: 'content' }],
  });
  const archive = readFileSync(`${store.toReal(store.realisation(stable, 'out')!)}/usr/lib/libm.a`, 'latin1');
  assert.match(archive, /^!<arch>\n(?:\/ .{58}|)m\.o\/ {12}0 {11}0 {5}0 {5}644 {5}/s);
});

test('a damaged output is built again and comes back as it was recorded; one that differs changes nothing', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'cat', 'mkdir');
  const igosRoot = rootOf({ name: 'host', path: layer });
  const spec = { env: { igosRoot }, sources: [layer] };
  const stable = addDerivation(store, {
    ...spec,
    name: 'stable',
    script: 'mkdir $out; echo $out > $out/self; echo text > $out/f',
  });
  const unstable = addDerivation(store, { ...spec, name: 'unstable', script: 'cat /proc/sys/kernel/random/uuid > $out' });
  const made = await realize(store, all(stable, unstable));
  const [good, other] = [stable, unstable].map((drvPath) => made.outputs.get(drvPath)!.get('out')!);
  for (const file of [`${store.toReal(good!)}/f`, store.toReal(other!)]) {
    chmodSync(file, 0o644);
    writeFileSync(file, 'rot');
  }
  assert.equal(store.repair(good!), false);
  assert.deepEqual(await repairByBuild(store, stable), [good]);
  assert.deepEqual(await repairByBuild(store, unstable), []);
  assert.deepEqual(new Set(store.verify({ contents: true }).map(({ path }) => path)), new Set([other]));
});

test('composed roots lay packages over each other', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'mkdir', 'cat', 'ls');
  const host = { name: 'host', path: layer as string };
  const library = addDerivation(store, {
    name: 'zlib-1',
    env: { igosRoot: rootOf(host) },
    sources: [layer],
    script: 'mkdir -p $out/usr/include; echo ZLIB > $out/usr/include/zlib.h',
  });
  const igosRoot = rootOf(host, { name: 'zlib', path: outputOf(library) });
  const user = addDerivation(store, {
    name: 'user-1',
    env: { igosRoot },
    sources: [layer],
    inputs: [{ drvPath: library }],
    script: 'mkdir -p $out/usr; { cat /usr/include/zlib.h; ls /igos/store; } > $out/usr/found',
  });
  const result = await realize(store, all(user));
  const path = result.outputs.get(user)!.get('out')!;
  // Of the store folder it sees what it makes itself, and no layer.
  assert.match(readFileSync(`${store.toReal(path)}/usr/found`, 'utf8'), /^ZLIB\n\w{32}-user-1\n$/);
  assert.ok(statSync(store.toReal(path)).isDirectory());
  assert.ok(existsSync(store.logPath(user)));
});

test('a log that cannot be written ends the run, and says so', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const drvPath = addDerivation(store, { name: 'lost', script: 'echo a line that is lost; echo lost > $out' });
  const restore = failing(t, 'writeSync', 'EIO', (_, data) => String(data) === 'a line that is lost\n');
  try {
    await assert.rejects(
      realize(store, all(drvPath)),
      (error) => error instanceof SystemFault && error.operation === 'write the log',
    );
  } finally {
    restore();
  }
  for (const folder of ['tmp', 'var/lock', 'var/log/running'])
    assert.deepEqual(readdirSync(join(store.home, folder)), [], folder);
  assert.equal((await realize(store, all(drvPath))).nBuilt, 1);
});

for (const [who, prefix] of [
  ['without root', []],
  ['as the root of a container that another user has started', ['unshare', '--map-root-user', '--mount']],
] as const)
  test(`works ${who}`, async (t) => {
    if (process.getuid?.() !== 0) return t.skip('these tests are not run by root: all others show it');
    if (!needsSandbox(t)) return;
    const folder = temporaryFolder(t);
    const script = join(folder, 'user.ts');
    writeFileSync(
      script,
      `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
import { probeSandbox, realize } from ${JSON.stringify(join(import.meta.dirname, '../../builder/index.ts'))};
import { addDerivation, rootOf, toolsLayer } from ${JSON.stringify(join(import.meta.dirname, 'support.ts'))};
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
const { fault } = probeSandbox();
if (fault !== undefined) { console.log('SKIP ' + fault.message); process.exit(0); }
const store = openStore({ home: process.argv[2] + '/home', storeDir: '/igos/store' });
const layer = toolsLayer(store, 'id', 'cat', 'chmod', 'mkdir');
const igosRoot = rootOf({ name: 'host', path: layer });
const plain = addDerivation(store, { name: 'plain', script: 'echo plain > $out' });
const composed = addDerivation(store, { name: 'composed', env: { igosRoot }, sources: [layer], script: 'mkdir locked; : > locked/x; chmod 000 locked; { id; cat /proc/sys/kernel/hostname; cd /proc/1/root || echo closed; (echo x > /usr/bin/id) 2>&1 || echo refused; } > $out' });
const result = await realize(store, [plain, composed].map((drvPath) => ({ drvPath, outputs: [] })));
for (const drvPath of [plain, composed]) process.stdout.write(readFileSync(store.toReal(result.outputs.get(drvPath).get('out')), 'utf8'));
console.log(readdirSync(process.argv[2] + '/home/tmp').length, store.verify({ contents: true }).length);
store.close();
`,
    );
    const { chmodSync, chownSync } = await import('node:fs');
    chownSync(folder, 65534, 65534);
    chmodSync(folder, 0o755);
    const [program, ...words] = [...prefix, process.execPath, script, folder];
    const child = spawn(program!, words, {
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    if (text.startsWith('SKIP')) return t.skip(text.slice(5));
    assert.match(
      text,
      /^plain\nuid=1000\(builder\) gid=100\(users\) groups=100\(users\)\nbuild\n(?:.*\n)?closed\n.*cannot create \/usr\/bin\/id.*\nrefused\n0 0\n$/,
    );
  });

test('an input that was changed after it was built is not built with', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const a = addDerivation(store, { name: 'a', script: 'echo right > $out' });
  const built = (await realize(store, all(a))).outputs.get(a)!.get('out')!;
  const real = store.toReal(built);
  chmodSync(real, 0o644);
  writeFileSync(real, 'wrong');
  chmodSync(real, 0o444);
  const b = addDerivation(store, {
    name: 'b',
    inputs: [{ drvPath: a }],
    env: { a: outputOf(a) },
    script: 'read x < $a; echo "$x" > $out',
  });
  await assert.rejects(realize(store, all(b)), { code: 'E-STORE-041' });
});
