/** Limits on a build: each ends it whole and is named. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hasMemoryGroups, makeCgroup, removeDeadCgroups } from '../../builder/cgroup.ts';
import { BuildFault, type BuildLimits, readLog, realize } from '../../builder/index.ts';
import { addDerivation, needsSandbox, rootOf, temporaryStore, toolsLayer } from './support.ts';

const CASES: readonly (readonly [string, BuildLimits, string, string, RegExp])[] = [
  // Each goes on by itself for ever, with a process of its own beside it.
  ['time', { timeoutMs: 300 }, 'while :; do echo again; sleep 0.05; done', 'E-BUILD-030', /longer than 0\.3 s/],
  ['silence', { maxSilentMs: 200, timeoutMs: 20_000 }, 'echo begun; sleep 4714', 'E-BUILD-031', /printed nothing for 0\.2 s/],
  ['log', { maxLogBytes: 1000, timeoutMs: 20_000 }, 'while :; do echo 0123456789; done', 'E-BUILD-032', /more than 1000 B/],
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
      script: `(sleep 4713 > /dev/null 2>&1 &); echo '@igos phase build'; ${script}`,
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
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\x00471');
      } catch {
        return false;
      }
    });
    assert.deepEqual(left, []);
  });
}

test('a build within its limits knows nothing of them, and is not silent while it prints', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const drvPath = addDerivation(store, {
    name: 'quiet',
    env: { igosRoot: rootOf({ name: 'host', path: layer }) },
    sources: [layer],
    script: 'for i in 1 2 3 4 5 6; do sleep 0.2; echo $i; done; : > $out',
  });
  const limits = { timeoutMs: 60_000, maxSilentMs: 1000, maxLogBytes: 12, maxMemoryBytes: 1 << 30, maxTasks: 20 };
  const kinds: string[] = [];
  await realize(store, [{ drvPath, outputs: [] }], { limits, onEvent: (event) => kinds.push(event.kind) });
  assert.equal(kinds.at(-1), 'finished');
});

test('groups of dead processes are removed, those of the living stay', async (t) => {
  if (!hasMemoryGroups()) return t.diagnostic('no cgroup for memory can be made here');
  const group = makeCgroup({ maxMemoryBytes: 1 << 26 })!;
  const [folder] = group.joinedBy.map((file) => file.replace(/\/cgroup\.procs$/, ''));
  const { mkdirSync, existsSync } = await import('node:fs');
  const dead = folder!.replace(/igos-\d+-\d+-/, 'igos-999999-1-');
  mkdirSync(dead);
  removeDeadCgroups();
  assert.deepEqual([existsSync(dead), existsSync(folder!)], [false, true]);
  assert.equal(group.wasOutOfMemory(), false);
  await group.remove();
  assert.equal(existsSync(folder!), false);
});
