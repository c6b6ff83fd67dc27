/**
 * Every write of every scenario fails once: as if the process had died (nothing more is written), and as a disk error (the
 * program goes on, and must leave nothing behind or a journal). Then the root is opened again, and must be exactly N or N+1.
 * The same with real processes and SIGKILL is in
 * test/slow/pkm-crash.test.ts.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { node } from '../node.ts';
import { type Scenario, watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

class Died extends Error {}

export type FailureMode = 'death' | 'ENOSPC' | 'EIO';

/** @param stride  every how many writes one fails; 1 is all of them */
export async function failEveryWrite(t: Context, scenario: Scenario, mode: FailureMode, stride: number): Promise<void> {
  const prepared = await prepare(t, scenario);
  const seen = new Set<number>();
  for (let step = 0; ; step += stride) {
    const box = copySandbox(t, prepared.template);
    let isDead = false;
    let reached = false;
    const io = watchIo((n, name) => {
      if (n !== step && !isDead) return;
      reached = true;
      isDead = mode === 'death';
      if (mode === 'death') throw new Died();
      throw Object.assign(new Error(`${mode}: injected, ${name}`), { code: mode, syscall: name });
    });
    let failed = true;
    try {
      await scenario.act(box, io);
      failed = false;
    } catch (error) {
      if (!reached) throw error;
    }
    if (!reached) {
      assert.ok(step > 10, `only ${step} writes seen`);
      break;
    }
    if (failed && mode === 'death') dieInRecovery(box, step % 7);
    if (failed) checkRecovered(box, `${scenario.name}, ${mode} at write ${step}`, { ...prepared, seen });
    box.remove();
  }
  checkBothSeen(prepared, seen);
}

/** Power that comes back only to fail again. */
function dieInRecovery(box: Sandbox, step: number): void {
  let isDead = false;
  const io = watchIo((n) => {
    if (n >= step) isDead = true;
    if (isDead) throw new Died();
  });
  try {
    box.do(() => {}, { io });
  } catch (error) {
    if (!isDead) throw error;
  }
}

/** A loop that never saw generation N, or never N+1, did not fail the right writes. */
export function checkBothSeen({ before, after }: Prepared, seen: Set<number>): void {
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [...new Set([before.generation, after.generation])],
  );
}

interface Context {
  after(work: () => void): void;
}

export interface Prepared {
  readonly template: string;
  readonly before: State;
  readonly after: State;
}

interface State {
  readonly generation: number;
  readonly files: Record<string, string>;
  readonly packages: string;
}

export async function prepare(t: Context, scenario: Scenario): Promise<Prepared> {
  const box = new Sandbox(t);
  await scenario.setUp(box);
  const before = stateOf(box);
  const done = copySandbox(t, box.base);
  await scenario.act(
    done,
    watchIo(() => {}),
  );
  return { template: box.base, before, after: stateOf(done) };
}

/**
 * What starts `crash-child.ts`. Once for nothing: who is killed leaves nothing compiled for the next, and what Node does at its start is
 * to be the same each time.
 */
export function childWords(): [string, ...string[]] {
  const words: [string, ...string[]] = [...node, join(import.meta.dirname, 'crash-child.ts')];
  const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return words;
}

export function copySandbox(t: Context, base: string): Sandbox {
  const box = new Sandbox(t);
  execFileSync('cp', ['-a', `${base}/.`, box.base]);
  return box;
}

const stateOf = (box: Sandbox): State => ({
  files: box.snapshot(),
  ...box.do((root) => ({
    generation: root.generation,
    packages: JSON.stringify(root.list({ all: true }).map((record) => [record.name, record.version, record.supersededBy])),
  })),
});

export function checkRecovered(box: Sandbox, where: string, { before, after, seen }: Prepared & { seen: Set<number> }): void {
  const problems = box.do((root) => {
    const report = root.verify();
    const isExpected = (path: string): boolean =>
      before.generation === after.generation && before.files[path] !== after.files[path];
    return [
      ...report.problems.filter((problem) => !isExpected(problem.path)).map((problem) => `${problem.path} ${problem.kind}`),
      ...report.manifests.map((divergence) => divergence.name),
      ...root.checkInvariants(),
    ];
  });
  assert.deepEqual(problems, [], where);
  const now = stateOf(box);
  seen.add(now.generation);
  const isAfter = now.generation === after.generation && JSON.stringify(now.files) !== JSON.stringify(before.files);
  assert.deepEqual(now, isAfter ? after : before, where);
  assert.equal(existsSync(join(box.root, 'var/lib/igos/staging')), false, `${where}: staging is left`);
}
