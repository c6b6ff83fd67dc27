/** What two builds of one output have differently, by the program that knows most formats, where the machine has it. */
import { spawnSync } from 'node:child_process';
import { boundWords, printable } from '../base/index.ts';
import type { DifferentOutput } from '../builder/index.ts';
import type { Context } from './context.ts';

/** It may take as long as it likes on large outputs; after this, what is listed must do. */
const TIMEOUT_MS = 300_000;

const MAX_LINES = 400;

/** Says it line by line; nothing where diffoscope is not installed. */
export function showDifference(context: Context, { output, before, now }: DifferentOutput, say: (line: string) => void): void {
  if (context.isQuiet) return;
  const [program, args] = boundWords('diffoscope', ['--text', '-', before, now]);
  const { status, stdout, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: context.environment,
    maxBuffer: 1 << 26,
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status === 127 || (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return;
  // Its status is 1 where it found something.
  if (error !== undefined || status !== 1) {
    say(`diffoscope could not compare the output '${output}'${error === undefined ? '' : `: ${error.message}`}`);
    return;
  }
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines.slice(0, MAX_LINES)) say(printable(line));
  if (lines.length > MAX_LINES) say(`… and ${lines.length - MAX_LINES} lines more`);
}
