/** The program of a lane: works on slots until there are no more. */
import { workerData } from 'node:worker_threads';
import { Slots } from './slots.ts';
import { workOn } from './work.ts';

const { memory, lane } = workerData as { memory: SharedArrayBuffer; lane: number };
const slots = new Slots(memory);
if (lane === 0) slots.sayReady();
for (;;) {
  const slot = slots.nextClaimed(lane);
  if (slot === undefined) break;
  try {
    workOn(slots.bytes(slot));
  } finally {
    slots.finish(slot);
  }
}
