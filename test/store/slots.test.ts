/** Who claims a slot gets what it saw, and what must be done in order, in order, whatever happens between two of its looks. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MAIN_THREAD, N_SLOTS, Slots } from '../../store/lanes/slots.ts';

/** Does something after so many calls of a function of Atomics that the next call of `claim` makes. */
function after(t: TestContext, name: 'load' | 'compareExchange', nCalls: number, act: () => void): void {
  const original = Atomics[name] as (...words: unknown[]) => unknown;
  let nLeft = nCalls;
  const mocked = t.mock.method(Atomics, name, (...words: unknown[]) => {
    if (nLeft-- === 0) {
      mocked.mock.restore();
      act();
    }
    return original(...words);
  });
}

function workedOn(slots: Slots, lane: number): void {
  const slot = slots.claim(lane)!;
  slots.finish(slot);
  slots.free(slot);
}

test('a slot that was worked on, and queued again for the first lane, since another lane saw it', (t) => {
  const slots = new Slots();
  slots.queue(3, 3, false);
  after(t, 'compareExchange', 0, () => {
    workedOn(slots, MAIN_THREAD);
    slots.queue(3, 3 + N_SLOTS, true);
  });
  assert.equal(slots.claim(1), undefined);
  assert.equal(slots.claim(0), 3);
});

test('the same for the first lane, with what was queued before in another slot', (t) => {
  const slots = new Slots();
  slots.queue(3, 3, false);
  after(t, 'compareExchange', 0, () => {
    workedOn(slots, MAIN_THREAD);
    slots.queue(2, 2 + N_SLOTS, true);
    slots.queue(3, 3 + N_SLOTS, true);
  });
  assert.equal(slots.claim(0), 2);
  assert.equal(slots.claim(0), 3);
});

for (let nLoads = 0; nLoads <= N_SLOTS; nLoads++)
  test(`two slots queued after ${nLoads} of them were looked at`, (t) => {
    const slots = new Slots();
    after(t, 'load', nLoads, () => {
      slots.queue(7, 7, true);
      slots.queue(8, 8, true);
    });
    // Both come too late, or both are seen.
    const claimed = [slots.claim(0), slots.claim(0), slots.claim(0)].filter((slot) => slot !== undefined);
    assert.deepEqual(claimed, [7, 8]);
  });

test('order goes round', () => {
  const slots = new Slots();
  const orders = Array.from({ length: 8 }, (_, i) => 2 ** 28 - 4 + i);
  for (const [i, order] of orders.entries()) slots.queue((i * 5) % N_SLOTS, order, i % 2 === 0);
  const claimed = orders.map(() => slots.claim(0));
  assert.deepEqual(
    claimed,
    orders.map((_, i) => (i * 5) % N_SLOTS),
  );
  assert.equal(slots.nWaiting, orders.length);
});
