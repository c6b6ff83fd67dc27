/**
 * Every system call by which any kind of transaction changes the disk: killed there, or failing with ENOSPC or EIO. About half
 * an hour; IGOS_STRIDE=n takes every n-th call.
 */
import { test } from 'node:test';
import { scenarios } from '../pkm/crash-scenarios.ts';
import { type Harm, harmCalls } from '../pkm/syscall-harness.ts';
import { noStrace } from '../pkm/syscalls.ts';

const stride = Number(process.env['IGOS_STRIDE'] ?? 1);
const skip = noStrace();
const harms: readonly Harm[] = ['SIGKILL', 'ENOSPC', 'EIO'];

for (const scenario of scenarios) {
  for (const harm of harms) {
    test(`${harm}: ${scenario.name}, at every system call`, { skip }, async (t) => {
      t.diagnostic(`${await harmCalls(t, scenario, harm, stride)} calls`);
    });
  }
}
