import { textToBytes } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { interruptible, uninterrupted } from '../repl/interrupt.ts';
import { Repl } from '../repl/repl.ts';
import { version } from '../version.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const isColored = args.value('color') === 'always' || (isTerminal && context.out.isColored);
  using repl = new Repl(context, args, { run: isTerminal ? interruptible : uninterrupted, isTerminal, isColored });
  repl.say(`igos ${version()} · ':?' lists the commands, Ctrl-D ends`);
  for (const operand of args.operands) load(repl, () => repl.load({ kind: 'operand', operand }));
  for (const [text] of args.all('expr')) {
    load(repl, () => {
      const expression = repl.readArgument(textToBytes(text!), true);
      if (expression !== 'more') repl.load({ kind: 'attributes', text: expression });
    });
  }
  if (isTerminal) return await (await import('../repl/terminal.ts')).runTerminal(repl);
  return await (await import('../repl/pipe.ts')).runPipe(repl);
}

/** What cannot be loaded is reported; the session begins without it. */
function load(repl: Repl, run: () => void): void {
  try {
    run();
  } catch (error) {
    repl.report(error);
  }
}
