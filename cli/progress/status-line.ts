/** One line on a terminal, for work that leaves no time in between. */
import { uptimeMs } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';

const FRAME_MS = 100;

/** Tells how far the work is; most calls draw nothing. */
export type Detail = (text: string) => void;

/**
 * Draws at once, which ink cannot while code runs on and on. It listens for no signal: whoever does is told after the work, so that Ctrl-C
 * would not end it. So only for work that bears an end at any moment.
 */
export function withStatusLine<T>({ out, isQuiet, environment }: Context, title: string, work: (detail: Detail) => T): T {
  if (isQuiet || !isTerminal(2) || environment['TERM'] === 'dumb' || environment['CI'] !== undefined) return work(() => {});
  let shownMs = uptimeMs();
  const draw = (text: string): void => out.write(2, Buffer.from(`\r\x1b[K${text}`));
  // What does not fit would begin a line that nothing takes away.
  const fitting = (text: string): string => text.slice(0, (process.stderr.columns || 80) - 1);
  draw(fitting(title));
  out.interceptTalk = (text) => draw(`${text}\n`);
  try {
    return work((text) => {
      if (uptimeMs() - shownMs < FRAME_MS) return;
      shownMs = uptimeMs();
      draw(fitting(`${title}  ${text}`));
    });
  } finally {
    out.interceptTalk = undefined;
    draw('');
  }
}
