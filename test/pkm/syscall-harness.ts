/** Each changing system call of a scenario is killed or fails, and the root must be exactly N or N+1 when it is opened again. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { checkBothSeen, checkRecovered, childWords, copySandbox, prepare } from './crash-harness.ts';
import type { Scenario } from './crash-scenarios.ts';
import { changingCalls, failAt, killAt } from './syscalls.ts';

export type Harm = 'SIGKILL' | 'ENOSPC' | 'EIO';

interface Context {
  after(work: () => void): void;
}

/**
 * @param stride  every how many calls one is harmed; 1 is all of them
 * @param offset  the first one
 * @returns number of calls that were
 */
export async function harmCalls(t: Context, scenario: Scenario, harm: Harm, stride: number, offset = 0): Promise<number> {
  const prepared = await prepare(t, scenario);
  const words = childWords();
  const command = (base: string): string[] => [...words, scenario.name, base];
  const seen = new Set<number>();
  const counted = copySandbox(t, prepared.template);
  const calls = changingCalls(command(counted.base), counted.base, join(counted.base, 'strace'));
  counted.remove();
  assert.ok(calls.length > 50, `only ${calls.length} calls seen`);
  let nHarmed = 0;
  for (let index = offset; index < calls.length; index += stride) {
    const call = calls[index]!;
    let box = copySandbox(t, prepared.template);
    const where = `${scenario.name}, ${harm} at ${call.name} number ${call.ordinal}: ${call.text.replaceAll(box.base, '')}`;
    if (harm === 'SIGKILL') {
      for (let { ordinal } = call; !killAt(command(box.base), { ...call, ordinal }, box.base); ordinal >>= 1) {
        // This time no thread made as many: an earlier one then.
        assert.ok(call.isShared && ordinal > 1, `it was not killed: ${where}`);
        box.remove();
        box = copySandbox(t, prepared.template);
      }
    } else {
      const { status } = failAt(command(box.base), call, harm, box.base);
      // What the program took no harm from it has done.
      if (status === 0)
        assert.equal(
          box.do((root) => root.generation),
          prepared.after.generation,
          where,
        );
    }
    checkRecovered(box, where, { ...prepared, seen });
    box.remove();
    nHarmed += 1;
  }
  if (stride === 1) checkBothSeen(prepared, seen);
  return nHarmed;
}
