/** Writes that fail, one after the other, in one store. */
import assert from 'node:assert/strict';
import type { Operation } from './operations.ts';
import { type Ending, type Fate, runIgos } from './program.ts';
import type { World } from './world.ts';

export interface FaultTally {
  nFailed: number;
  /** Runs that came to their end all the same: what failed was not needed, or something else took its place. */
  nUnimpressed: number;
  readonly nByOperation: Record<string, number>;
}

const REASON = { EIO: /input\/output error/i, ENOSPC: /no space left on device/i, EDQUOT: /disk quota exceeded/i };

/**
 * Every operation meets `nEach` failures of its writes, at random ones. Each ends with a message that names the reason, or reaches its
 * goal; the store is whole, and the same work can be done once the disk is well.
 */
export async function meetFaults(
  world: World,
  operations: readonly Operation[],
  mode: 'EIO' | 'ENOSPC',
  nEach: number,
): Promise<FaultTally> {
  await world.keep(world.use((store) => store.addPath('kept', world.tree('kept', 20))));
  const tally: FaultTally = { nFailed: 0, nUnimpressed: 0, nByOperation: {} };
  let n = 0;
  for (const { name, prepare } of operations) {
    const counted = await runIgos(world.home, (await prepare(world, n++)).words, { steps: { mode: 'count', at: 0 } });
    assert.equal(counted.status, 0, `${name}: ${counted.stderr}`);
    for (let i = 0; i < nEach; i++) {
      const work = await prepare(world, n++);
      const at = 1 + world.random.below(counted.nSteps!);
      const where = `${name} ${n}, ${mode} at write ${at} of some ${counted.nSteps}`;
      const ending = await suffer(world, work.words, { steps: { mode, at } }, REASON[mode], where);
      if (ending.status === 0) tally.nUnimpressed++;
      else {
        tally.nFailed++;
        tally.nByOperation[name] = (tally.nByOperation[name] ?? 0) + 1;
      }
      await world.check(where, ({ path }) => path === work.damaged);
      const again = await runIgos(world.home, work.words);
      assert.equal(again.status, 0, `${where}, again: ${again.stderr}`);
      await world.check(`${where}, again`);
      world.use((store) => {
        for (const path of work.paths) assert.ok(store.isValid(path), `${where}, again: ${path} is not valid`);
      });
    }
    await world.settle(`after ${name}`);
  }
  return tally;
}

/** A system call, what it fails with, and which time: `7+` from the seventh on. */
type Failing = readonly [call: string, error: keyof typeof REASON, when: number | string];

/** Of LMDB and of `syncfs`, which Node's own functions do not see, with what fails of them. */
const CALLS: readonly Failing[] = [
  ['fdatasync', 'EIO', 1],
  ['fdatasync', 'ENOSPC', 2],
  ['pwrite64', 'ENOSPC', 1],
  ['pwrite64', 'EIO', 2],
  ['pwrite64', 'ENOSPC', 4],
  ['syncfs', 'EIO', 1],
  // Node syncs standard output when it ends, and waits forever if that fails.
  ['fsync', 'EIO', 1],
];

/** Of threads that copy a large tree. */
export const CALLS_OF_COPYING: readonly Failing[] = [
  ['pwrite64', 'EIO', 1],
  ['pwrite64', 'ENOSPC', '300+'],
  ['pwrite64', 'EDQUOT', '200+'],
  ['utimensat', 'EIO', 700],
  ['ftruncate', 'ENOSPC', 1],
];

/** Every operation meets a failure of the first, second, … of some system calls. Needs `strace`. */
export async function meetSystemFaults(world: World, operations: readonly Operation[], calls = CALLS): Promise<FaultTally> {
  await world.keep(world.use((store) => store.addPath('kept', world.tree('kept', 20))));
  const tally: FaultTally = { nFailed: 0, nUnimpressed: 0, nByOperation: {} };
  let n = 0;
  for (const { name, prepare } of operations) {
    for (const [call, error, when] of calls) {
      const work = await prepare(world, n++);
      const where = `${name} ${n}, ${error} in ${call} number ${when}`;
      const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${when}`];
      // Only the call that is to fail stops the process: half of its time.
      const under = ['strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', ...inject];
      // LMDB may end the process where a write fails in the middle of a transaction, as the power may do too.
      const { status } = await suffer(world, work.words, { under, mayAbort: call === 'pwrite64' }, REASON[error], where);
      if (status === 0) tally.nUnimpressed++;
      else {
        tally.nFailed++;
        tally.nByOperation[name] = (tally.nByOperation[name] ?? 0) + 1;
      }
      await world.check(where, ({ path }) => path === work.damaged);
      const again = await runIgos(world.home, work.words);
      assert.equal(again.status, 0, `${where}, again: ${again.stderr}`);
    }
    await world.settle(`after ${name}`);
  }
  return tally;
}

/** Runs a command that meets a failure: it says why it fails, if it does, and never dies of it. */
export async function suffer(
  world: World,
  words: readonly string[],
  { mayAbort = false, ...fate }: Fate & { readonly mayAbort?: boolean },
  reason: RegExp,
  where: string,
): Promise<Ending> {
  const ending = await runIgos(world.home, words, fate);
  const shown = `${where}: ${ending.failed.join(', ')}: ${ending.signal ?? ending.status}: ${ending.stdout}${ending.stderr}`;
  if (mayAbort && (ending.signal === 'SIGABRT' || ending.signal === 'SIGSEGV')) return ending;
  assert.equal(ending.signal, null, shown);
  assert.ok(ending.status === 0 || ending.status === 1, shown);
  if (ending.status === 1) assert.match(ending.stdout + ending.stderr, reason, shown);
  return ending;
}
