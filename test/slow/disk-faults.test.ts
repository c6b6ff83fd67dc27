/**
 * Disks that fail: every operation of the store meets errors of the device and a full disk at random writes of Node's, at system calls
 * of LMDB's, and on a real file system that is full.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meetFaults } from '../store/ordeal/disk-faults.ts';
import { operations } from '../store/ordeal/operations.ts';
import { seedOfRun } from '../store/ordeal/random.ts';
import { World } from '../store/ordeal/world.ts';

const EACH = 8;

for (const mode of ['EIO', 'ENOSPC'] as const) {
  test(`${mode} in add, gc, optimise, pull, import and repair`, async (t) => {
    const tally = await meetFaults(new World(t, seedOfRun()), operations, mode, EACH);
    t.diagnostic(JSON.stringify(tally));
    for (const { name } of operations) {
      // What a collection writes itself is a mark of no bytes and a folder: it has to work where nothing else does.
      if (mode === 'EIO' || name !== 'gc') assert.ok((tally.nByOperation[name] ?? 0) > 0, `no ${name} ever failed`);
    }
  });
}
