/** When what builds made is written down, and with what. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Finished } from '../../builder/build-one.ts';
import { Registrar } from '../../builder/registrar.ts';
import type { FinishedObject, ObjectStore, Realisation, StorePath } from '../../store/index.ts';
import { storeDir } from './support.ts';

const pathOf = (n: number) => `${storeDir}/${String(n).padStart(32, '0')}-x` as StorePath;
const realisation = (n: number): Realisation => ({ drvPath: pathOf(n), output: 'out', path: pathOf(n + 1) });

/** As much of a store as is asked, and what was asked of it. */
function storeOf(fails: () => boolean = () => false) {
  const calls: (readonly ['adopt' | 'write', readonly Realisation[]])[] = [];
  const store = {
    adopt: (_objects: readonly FinishedObject[], realisations: readonly Realisation[]) => {
      if (fails()) throw new Error('refused');
      calls.push(['adopt', [...realisations]]);
    },
    addRealisations: (realisations: readonly Realisation[]) => calls.push(['write', [...realisations]]),
  } as unknown as ObjectStore;
  return { store, calls };
}

const finished = (): Finished => ({
  outputs: { paths: new Map(), objects: [] },
  scratch: '/nowhere/igos-registrar-test',
  usage: undefined,
});

class Lock {
  isHeld = true;

  [Symbol.dispose](): void {
    this.isHeld = false;
  }
}

/** Time that passes when it is told to. */
function clockOf(context: TestContext): (milliseconds: number) => void {
  let now = 0;
  context.mock.timers.enable({ apis: ['setTimeout'] });
  context.mock.method(process, 'uptime', () => now / 1000);
  return (milliseconds) => {
    now += milliseconds;
    context.mock.timers.tick(milliseconds);
  };
}

test('realisations that have waited go with the outputs of the next build, and their locks with them', async (t) => {
  const pass = clockOf(t);
  const { store, calls } = storeOf();
  const registrar = new Registrar(store);
  const lock = new Lock();
  registrar.remember([realisation(1)], lock);
  const early = registrar.add(finished());
  registrar.registerNow();
  await early;
  assert.deepEqual(calls, [['adopt', []]], 'they have not waited yet');
  assert.ok(lock.isHeld);
  pass(60);
  const late = registrar.add(finished());
  registrar.registerNow();
  await late;
  assert.deepEqual(calls[1], ['adopt', [realisation(1)]]);
  assert.ok(!lock.isHeld);
  registrar.close([]);
  assert.deepEqual(calls[2], ['write', []], 'nothing is written twice');
});

test('realisations outlast a refusal of the outputs that they were to go with', async (t) => {
  const pass = clockOf(t);
  let isRefusing = true;
  const { store, calls } = storeOf(() => isRefusing);
  const registrar = new Registrar(store);
  const lock = new Lock();
  registrar.remember([realisation(1)], lock);
  pass(60);
  const refused = assert.rejects(registrar.add(finished()), /refused/);
  registrar.registerNow();
  await refused;
  assert.deepEqual(calls, []);
  assert.ok(lock.isHeld);
  isRefusing = false;
  registrar.close([]);
  assert.deepEqual(calls, [['write', [realisation(1)]]]);
  assert.ok(!lock.isHeld);
});

test('realisations that nothing follows are written after 100 ms', (t) => {
  const pass = clockOf(t);
  const { store, calls } = storeOf();
  const registrar = new Registrar(store);
  registrar.remember([realisation(1)]);
  pass(99);
  assert.deepEqual(calls, []);
  pass(1);
  assert.deepEqual(calls, [['write', [realisation(1)]]]);
  registrar.close([]);
});
