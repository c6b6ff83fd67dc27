/** Deaths by SIGKILL, one after the other, in one store. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation } from './operations.ts';
import { type Ending, runIgos } from './program.ts';
import type { World } from './world.ts';

export interface Tally {
  nDeaths: number;
  /** Runs that were over before they were to die. */
  nSurvived: number;
  nByTime: number;
  nByStep: number;
  /** Objects without a record and scratch folders that deaths left. */
  nLeftovers: number;
  /** Of undisturbed runs, by operation: milliseconds and counted writes. */
  readonly measured: Record<string, { ms: number; nSteps: number }>;
}

/** Everything is collected after so many deaths; until then what they leave stays in the way of the next. */
const SETTLE_EVERY = 10;

/** Lets the operations die in turn until `nDeaths` processes did. Each work is then run once more, to its end. */
export async function liveThrough(world: World, operations: readonly Operation[], nDeaths: number): Promise<Tally> {
  const tally: Tally = { nDeaths: 0, nSurvived: 0, nByTime: 0, nByStep: 0, nLeftovers: 0, measured: {} };
  for (let i = 0; i < 3; i++) await world.keep(world.use((store) => store.addPath(`kept-${i}`, world.tree(`kept-${i}`, 20))));
  let n = 0;
  for (const { name, prepare } of operations) {
    const { words } = await prepare(world, n++);
    const timed = succeeded(name, await runIgos(world.home, words));
    const again = await prepare(world, n++);
    const counted = succeeded(name, await runIgos(world.home, again.words, { steps: { mode: 'count', at: 0 } }));
    assert.ok(counted.nSteps! >= 5, `${name}: only ${counted.nSteps} writes were seen`);
    tally.measured[name] = { ms: Math.round(timed.elapsedMs), nSteps: counted.nSteps! };
  }
  while (tally.nDeaths < nDeaths) {
    const { name, prepare } = operations[n % operations.length]!;
    const work = await prepare(world, n++);
    const { ms, nSteps } = tally.measured[name]!;
    const isByTime = world.random.below(2) === 0;
    // Starting takes about half of the time, and there is nothing to be broken.
    const killAfterMs = ms * (0.35 + 0.75 * world.random.next());
    const at = 1 + world.random.below(nSteps);
    const fate = isByTime ? { killAfterMs } : { steps: { mode: 'kill', at } as const };
    const where = `${name} ${n}, to be killed ${isByTime ? `after ${killAfterMs.toFixed(1)} ms` : `before write ${at}`}`;
    const ending = await runIgos(world.home, work.words, fate);
    if (ending.signal === 'SIGKILL') {
      tally.nDeaths++;
      tally[isByTime ? 'nByTime' : 'nByStep']++;
    } else {
      succeeded(where, ending);
      tally.nSurvived++;
    }
    const unregistered = await world.check(where, ({ path }) => path === work.damaged);
    tally.nLeftovers += unregistered.length + readdirSync(join(world.home, 'tmp')).length;
    succeeded(`${where}, again`, await runIgos(world.home, work.words));
    await world.check(`${where}, again`);
    world.use((store) => {
      for (const path of work.paths) assert.ok(store.isValid(path), `${where}, again: ${path} is not valid`);
    });
    if (n % 7 === 0 && work.paths.length > 0) await world.keep(work.paths.at(-1)!);
    if (tally.nDeaths % SETTLE_EVERY === 0) await world.settle(where);
  }
  await world.settle('at the end');
  return tally;
}

/** The four that the promise is about. */
export const isDeadly: ReadonlySet<string> = new Set(['add', 'gc', 'optimise', 'pull']);

function succeeded(where: string, ending: Ending): Ending {
  assert.equal(ending.status, 0, `${where}: ${ending.signal ?? ending.status}: ${ending.stderr}`);
  return ending;
}
