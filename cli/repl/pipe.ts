/** The repl in a script: inputs from a pipe or file, results on stdout, errors on stderr. */
import { createInterface } from 'node:readline';
import type { Repl } from './repl.ts';

/** @returns the exit status: 1 where any input failed */
export async function runPipe(repl: Repl): Promise<number> {
  // bytes, as source text is everywhere
  process.stdin.setEncoding('latin1');
  let pending = '';
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    pending += `${line}\n`;
    const outcome = await repl.process(pending);
    if (outcome === 'quit') return repl.hasFailed ? 1 : 0;
    if (outcome === 'done') pending = '';
  }
  if (pending !== '') await repl.process(pending, true);
  return repl.hasFailed ? 1 : 0;
}
