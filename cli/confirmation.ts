/** "Go on?", where somebody sits at a terminal. Scripts and pipes are not asked. */
import type { TransactionReport } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { planLines } from './report-lines.ts';
import { readWaiting } from './standard-input.ts';
import { isTerminal } from './terminal.ts';

/** To be handed to a transaction; `undefined` where nobody is to be asked: with --yes, --json, or without a terminal. */
export function confirmation(context: Context, args: Arguments): ((plan: TransactionReport) => boolean) | undefined {
  if (args.has('yes') || args.has('dry-run') || context.isJson || !isTerminal(0) || !isTerminal(2)) return undefined;
  let isAgain = false;
  return (plan) => {
    if (isAgain) context.out.talk('somebody changed something there meanwhile; the plan is now:');
    isAgain = true;
    for (const line of planLines(plan)) context.out.talk(line);
    context.out.write(2, Buffer.from('Go on? [Y/n] '));
    return /^\s*(y|yes|j|ja)?\s*$/i.test(readLine());
  };
}

/** One line of the terminal. Its end without an answer (Ctrl-D) is a no. */
function readLine(): string {
  const bytes: number[] = [];
  const one = Buffer.alloc(1);
  for (;;) {
    if (readWaiting(0, one, 0, 1) === 0) return bytes.length === 0 ? 'no' : Buffer.from(bytes).toString('utf8');
    if (one[0] === 10) return Buffer.from(bytes).toString('utf8');
    bytes.push(one[0]!);
  }
}
