/** Run by test/slow/pkm-crash.test.ts: acts out a scenario, and kills itself before the write of the given number. */
import { scenarios, watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

const [name, base, step] = process.argv.slice(2);
const scenario = scenarios.find((candidate) => candidate.name === name)!;
await scenario.act(
  new Sandbox(undefined, base!),
  watchIo((n) => {
    if (n === Number(step)) process.kill(process.pid, 'SIGKILL');
  }),
);
