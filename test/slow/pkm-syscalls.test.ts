/**
 * The system calls by which every kind of transaction changes the disk: killed there, or failing with ENOSPC or EIO. All of them
 * are some 5,000 runs, an hour on two cores: IGOS_STRIDE=1. Without it every 25th, from IGOS_OFFSET on.
 */
import { test } from 'node:test';
import { scenarios } from '../pkm/crash-scenarios.ts';
import { type Harm, harmCalls } from '../pkm/syscall-harness.ts';
import { noStrace } from '../pkm/syscalls.ts';

const stride = Number(process.env['IGOS_STRIDE'] ?? 25);
const offset = Number(process.env['IGOS_OFFSET'] ?? 0);
const skip = noStrace();
const harms: readonly Harm[] = ['SIGKILL', 'ENOSPC', 'EIO'];

for (const scenario of scenarios) {
  for (const harm of harms) {
    test(`${harm}: ${scenario.name}, at its system calls`, { skip }, async (t) => {
      t.diagnostic(`${await harmCalls(t, scenario, harm, stride, offset)} calls`);
    });
  }
}
