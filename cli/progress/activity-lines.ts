/** What is drawn of copies, downloads and other work that is no build: a line for each, however narrow the terminal is. */
import { formatBytes } from '../../base/index.ts';
import { NARROW, type Room, type ShownLine } from './build-lines.ts';
import { type Activity, formatDuration } from './model.ts';

/** The spinner before it, and what stands between title and rest. */
const MARGIN = 4;
/** Fewer letters of an address say nothing. */
const LEAST_DETAIL = 12;

/** @param nowMs  of `performance.now`. @returns never more than fit above the cursor */
export function activityLines(running: readonly Activity[], nowMs: number, { columns, rows }: Room): ShownLine[] {
  const nShown = running.length > rows - 3 ? Math.max(1, rows - 4) : running.length;
  const lines = running.slice(0, nShown).map((activity): ShownLine => {
    const facts = [formatDuration(nowMs - activity.startedMs), sizeOf(activity, columns < NARROW)]
      .filter((part) => part !== '')
      .join(' ');
    const left = columns - MARGIN - facts.length;
    const title = shortened(activity.title, Math.max(1, left));
    const rest = left - title.length > LEAST_DETAIL ? `${facts} ${activity.detail}`.trimEnd() : facts;
    return { kind: 'running', title, rest };
  });
  if (nShown < running.length) lines.push({ kind: 'running', title: `and ${running.length - nShown} more`, rest: '' });
  return lines;
}

function sizeOf({ doneBytes, totalBytes }: Activity, isNarrow: boolean): string {
  if (doneBytes === undefined) return '';
  if (totalBytes === undefined) return formatBytes(doneBytes);
  return isNarrow
    ? `${Math.floor((doneBytes / Math.max(1, totalBytes)) * 100)}%`
    : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}

/** Without its middle where it is too long: what is done stands at the beginning, and names of paths at the end. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const begin = Math.floor((width - 1) / 2);
  return `${text.slice(0, begin)}…${text.slice(text.length - (width - 1 - begin))}`;
}
