/**
 * Acts out a scenario in a process of its own, which is then killed: by itself before the write of the given number
 * (test/slow/pkm-crash.test.ts), or from outside where no number is given (test/slow/pkm-syscalls.test.ts). Without a scenario it does
 * nothing.
 */
import { scenarios, watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

const [name, base, step] = process.argv.slice(2);
const scenario = scenarios.find((candidate) => candidate.name === name);
await scenario?.act(
  new Sandbox(undefined, base!),
  watchIo((n) => {
    if (n === Number(step ?? -1)) process.kill(process.pid, 'SIGKILL');
  }),
);
