/** Limits on a build: each ends it whole and is named. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasMemoryGroups, makeCgroup, placesOfVersion2, removeDeadCgroups } from '../../builder/cgroup.ts';
import { BuildFault, type BuildLimits, readLog, realize } from '../../builder/index.ts';
import { addDerivation, needsSandbox, rootOf, temporaryFolder, temporaryStore, toolsLayer } from './support.ts';

/** Say in the list of processes whose they are: no other test, and no other run of this one, sleeps for so long. */
const daemonSeconds = 32_000_000 + process.pid;
const builderSeconds = 38_000_000 + process.pid;

const CASES: readonly (readonly [string, BuildLimits, string, string, RegExp])[] = [
  // Each goes on by itself for ever, with a process of its own beside it.
  ['time', { timeoutMs: 1500 }, 'while :; do echo again; sleep 0.05; done', 'E-BUILD-030', /longer than 1\.5 s/],
  [
    'silence',
    { maxSilentMs: 1200, timeoutMs: 60_000 },
    `echo begun; sleep ${builderSeconds}`,
    'E-BUILD-031',
    /printed nothing for 1\.2 s/,
  ],
  ['log', { maxLogBytes: 1000, timeoutMs: 60_000 }, 'while :; do echo 0123456789; done', 'E-BUILD-032', /more than 1000 B/],
];

for (const [name, limits, script, code, message] of CASES) {
  test(`a limit on ${name} ends the whole build`, async (t) => {
    if (!needsSandbox(t)) return;
    const store = temporaryStore(t);
    const layer = toolsLayer(store, 'sleep');
    const drvPath = addDerivation(store, {
      name,
      env: { igosRoot: rootOf({ name: 'host', path: layer }) },
      sources: [layer],
      script: `(sleep ${daemonSeconds} > /dev/null 2>&1 &); echo '@igos phase build'; ${script}`,
    });
    await assert.rejects(realize(store, [{ drvPath, outputs: [] }], { limits }), (error) => {
      assert.ok(error instanceof BuildFault);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.message, /in phase 'build'/);
      return true;
    });
    if (name === 'log') assert.equal(readLog(store, drvPath).length, 1000);
    assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
    const left = readdirSync('/proc').filter((pid) => {
      try {
        const [program, seconds] = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0') : [];
        return program === 'sleep' && [daemonSeconds, builderSeconds].includes(Number(seconds));
      } catch {
        return false;
      }
    });
    assert.deepEqual(left, []);
  });
}

test('what ran in a build that was ended is gone when that is told', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const seconds = 40_000 + process.pid;
  const drvPath = addDerivation(store, {
    name: 'many',
    env: { igosRoot: rootOf({ name: 'host', path: layer }) },
    sources: [layer],
    script: `i=0; while [ $i -lt 300 ]; do sleep ${seconds} > /dev/null 2>&1 & i=$((i + 1)); done; echo all; wait`,
  });
  const stop = new AbortController();
  const onEvent = (event: { readonly kind: string }): void => {
    if (event.kind === 'log') stop.abort();
  };
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }], { signal: stop.signal, onEvent }));
  const left = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });
  assert.deepEqual(left, []);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});

test('a build within its limits knows nothing of them, and is not silent while it prints', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const drvPath = addDerivation(store, {
    name: 'quiet',
    env: { igosRoot: rootOf({ name: 'host', path: layer }) },
    sources: [layer],
    script: 'for i in 1 2 3 4 5 6; do sleep 0.5; echo $i; done; : > $out',
  });
  const limits = { timeoutMs: 60_000, maxSilentMs: 2000, maxLogBytes: 12, maxMemoryBytes: 1 << 30, maxTasks: 20 };
  const kinds: string[] = [];
  await realize(store, [{ drvPath, outputs: [] }], { limits, onEvent: (event) => kinds.push(event.kind) });
  assert.equal(kinds.at(-1), 'finished');
});

test('groups of dead processes are removed, those of the living stay', async (t) => {
  if (!hasMemoryGroups()) return t.diagnostic('no cgroup for memory can be made here');
  const group = makeCgroup({ maxMemoryBytes: 1 << 26 })!;
  const [folder] = group.joinedBy.map((file) => file.replace(/\/cgroup\.procs$/, ''));
  const dead = folder!.replace(/igos-\d+-\d+-/, 'igos-999999-1-');
  mkdirSync(dead);
  removeDeadCgroups();
  assert.deepEqual([existsSync(dead), existsSync(folder!)], [false, true]);
  assert.equal(group.wasOutOfMemory(), false);
  await group.remove();
  assert.equal(existsSync(folder!), false);
});

test('with version 2, groups are made in the next folder above that hands memory down and is ours', (t) => {
  const top = temporaryFolder(t);
  // As a user's session looks: a service has handed its part of the tree over, and runs its programs in leaves.
  const handed = join(top, 'user.slice/user@1000.service/app.slice');
  const own = join(handed, 'shell.scope');
  mkdirSync(own, { recursive: true });
  const hand = (folder: string, controllers: string) => writeFileSync(join(folder, 'cgroup.subtree_control'), `${controllers}\n`);
  hand(own, '');
  hand(handed, 'memory pids');
  hand(top, 'cpu memory pids');
  assert.deepEqual(placesOfVersion2(new Map([['', own]]), top), { version: 2, memory: handed, tasks: handed });
  hand(handed, 'cpu memory');
  assert.deepEqual(placesOfVersion2(new Map([['', own]]), top), { version: 2, memory: handed, tasks: undefined });
  hand(handed, 'cpu pids');
  assert.equal(placesOfVersion2(new Map([['', own]]), top)?.memory, top);
  hand(top, 'cpu');
  assert.equal(placesOfVersion2(new Map([['', own]]), top), undefined);
  assert.equal(placesOfVersion2(new Map(), top), undefined);
  if (process.getuid?.() === 0) return;
  hand(handed, 'memory');
  chmodSync(handed, 0o555);
  assert.equal(placesOfVersion2(new Map([['', own]]), top), undefined);
  chmodSync(handed, 0o755);
});
