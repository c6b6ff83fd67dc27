import assert from 'node:assert/strict';
import { Fault } from '../../base/index.ts';

/** The Fault that `run` throws; anything else fails the test. */
export function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  assert.fail('expected a Fault');
}
