/** A few system calls of one transaction; test/slow/pkm-syscalls.test.ts has all of all. */
import { test } from 'node:test';
import { scenarios } from './crash-scenarios.ts';
import { harmCalls } from './syscall-harness.ts';
import { noStrace } from './syscalls.ts';

const skip = noStrace();
const scenario = scenarios.find(({ name }) => name === 'install')!;

for (const harm of ['SIGKILL', 'EIO'] as const) {
  test(`${harm}: install, at some of its system calls`, { skip }, async (t) => {
    await harmCalls(t, scenario, harm, 37);
  });
}
