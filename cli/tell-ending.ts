/** An error on the terminal, in a pipe, or as a record. */
import type { Arguments } from './arguments.ts';
import type { Ending } from './exit.ts';
import type { Output } from './output.ts';

/** @param isJson  errors are a record on standard output, too */
export async function tellEnding(output: Output, ending: Ending, args: Arguments, isJson: boolean): Promise<void> {
  if (isJson && ending.errors.length > 0) {
    try {
      output.json({ errors: ending.errors, ...ending.record });
    } catch {
      // The error may be just that: whoever reads standard error is told all the same.
    }
  }
  if (ending.text === '') return;
  if (args.value('log-format') !== 'internal-json') return output.talk(ending.text.trimEnd());
  const { errorLine } = await import('./progress/nix-json.ts');
  const { interceptTalk } = output;
  const sentence = ending.errors.map(({ message }) => message).join('\n');
  output.interceptTalk = (text) => output.write(2, Buffer.from(`${errorLine(text, sentence)}\n`));
  output.talk(ending.text.trimEnd());
  output.interceptTalk = interceptTalk;
}
