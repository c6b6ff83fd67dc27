/** The repl for a person: line editing, history, completion, Ctrl-C. */
import { createInterface } from 'node:readline';
import { textToBytes } from '../../base/index.ts';
import { complete } from './completion.ts';
import { addToHistory, historyFile, MAX_LINES, readHistory } from './history.ts';
import type { Repl } from './repl.ts';

const PROMPT = 'igos> ';
const CONTINUATION = '    > ';

/** Reads inputs until Ctrl-D or `:quit`. */
export async function runTerminal(repl: Repl): Promise<number> {
  const file = historyFile(repl.context.environment);
  const input = process.stdin;
  // a terminal that can do nothing but print lines (a shell inside an editor) edits them itself
  const canEdit = repl.context.environment['TERM'] !== 'dumb';
  const setRaw = (isRaw: boolean): void => {
    if (canEdit) input.setRawMode(isRaw);
  };
  const lines = createInterface({
    input,
    output: process.stdout,
    terminal: canEdit,
    prompt: PROMPT,
    history: readHistory(file).reverse(), // readline wants the newest first
    historySize: MAX_LINES,
    removeHistoryDuplicates: true,
    tabSize: 2,
    completer: (line: string) => {
      const { matches, word } = cooked(() => complete(repl, line, pending));
      return [matches, word];
    },
  });
  const waiting: string[] = [];
  let pending = '';
  let isBusy = false;
  let warned = false;
  const cancel = (): void => {
    pending = '';
    waiting.length = 0;
    process.stdout.write('\n');
    lines.setPrompt(PROMPT);
    if (canEdit) {
      // drops what stands on the line
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
    }
    lines.prompt();
  };
  // the engine takes the signal while something is evaluated, a build has a handler of its own; nothing else ends by it
  const onSignal = (): void => {
    if (!isBusy) cancel();
  };
  process.on('SIGINT', onSignal);

  return await new Promise<number>((resolve, reject) => {
    const next = async (): Promise<void> => {
      if (isBusy) return;
      isBusy = true;
      try {
        for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
          pending += `${line}\n`;
          const outcome = await repl.process(textToBytes(pending));
          if (outcome === 'quit') {
            lines.close();
            return;
          }
          if (outcome === 'done') pending = '';
        }
      } catch (error) {
        reject(error);
        return;
      } finally {
        isBusy = false;
      }
      setRaw(true);
      lines.setPrompt(pending === '' ? PROMPT : CONTINUATION);
      lines.prompt();
    };
    lines.on('line', (line) => {
      setRaw(false); // from here on Ctrl-C is a signal
      try {
        addToHistory(file, line);
      } catch (error) {
        if (!warned) repl.say(`cannot keep the history: ${(error as Error).message}`);
        warned = true;
      }
      waiting.push(line);
      void next();
    });
    lines.on('SIGINT', cancel);
    lines.on('close', () => {
      process.off('SIGINT', onSignal);
      if (!isBusy) process.stdout.write('\n');
      resolve(0);
    });
    lines.prompt();
  });

  /** While something is evaluated Ctrl-C is a signal, not a byte. */
  function cooked<T>(run: () => T): T {
    setRaw(false);
    try {
      return run();
    } finally {
      setRaw(true);
    }
  }
}
