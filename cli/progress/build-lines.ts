/** A run of builds in words: the lines of the live display, and the summary at the end. */
import { formatBytes, printable, withoutColour } from '../../base/index.ts';
import type { BuildState, RunningBuild } from './build-state.ts';
import { formatDuration } from './model.ts';

/** What is drawn of a run, top to bottom. `title` and `rest` are one line; the rest is dim, and cut where the terminal ends. */
export interface ShownLine {
  readonly kind: 'running' | 'next' | 'count';
  readonly title: string;
  readonly rest: string;
}

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** In fewer columns than these, what a build wrote is left out. */
export const NARROW = 60;

/** Lines for what runs, what is next and how far it is: never more than fit above the cursor. */
export function buildLines(state: BuildState, jobs: number, { columns, rows }: Room): ShownLine[] {
  if (state.running.size === 0 && state.nDone >= state.nAll) return [];
  const all = [...state.running.values()];
  const nShown = Math.max(1, rows - 4);
  // The oldest are those that one waits for.
  const shown = all.length > nShown ? all.slice(0, Math.max(1, nShown - 1)) : all;
  const names = Math.max(0, ...shown.map((build) => build.name.length));
  const width = Math.min(names, Math.max(8, Math.floor(columns / 3)));
  const lines = shown.map((build): ShownLine => ({ kind: 'running', ...runningLine(state, build, { columns, width }) }));
  if (shown.length < all.length) lines.push({ kind: 'running', title: `and ${all.length - shown.length} more`, rest: '' });
  const next = nextLine(state);
  if (next !== '' && columns >= NARROW) lines.push({ kind: 'next', title: '', rest: next });
  lines.push({ kind: 'count', title: '', rest: countLine(state, jobs) });
  return lines;
}

function runningLine(
  state: BuildState,
  build: RunningBuild,
  { columns, width }: { columns: number; width: number },
): { title: string; rest: string } {
  const usual = build.expectedMs === undefined || build.expectedMs < 1000 ? '' : ` of ~${formatDuration(build.expectedMs)}`;
  const time = `${formatDuration(state.elapsedOf(build))}${usual}`;
  const size =
    build.doneBytes === undefined
      ? ''
      : `${formatBytes(build.doneBytes)}${build.totalBytes === undefined ? '' : ` of ${formatBytes(build.totalBytes)}`}`;
  const parts = [time, printable(build.phase), size, columns < NARROW ? '' : printable(withoutColour(build.line))];
  return { title: fit(build.name, width), rest: parts.filter((part) => part !== '').join('  ') };
}

const fit = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text.padEnd(width);

function nextLine(state: BuildState): string {
  const next = state.next(3);
  if (next.length === 0) return '';
  const names = next.map(({ name, expectedMs }) =>
    expectedMs === undefined || expectedMs < 1000 ? name : `${name} (~${formatDuration(expectedMs)})`,
  );
  const nMore = state.nReady - next.length;
  return `next: ${names.join(', ')}${nMore > 0 ? ` and ${nMore} more` : ''}`;
}

function countLine(state: BuildState, jobs: number): string {
  const left = state.remainingMs(jobs);
  return [
    `${state.nDone} of ${state.nAll} done`,
    state.failed.size > 0 ? `${state.failed.size} failed` : '',
    state.nReused > 0 ? `${state.nReused} as before` : '',
    state.nElsewhere > 0 ? `${state.nElsewhere} by another process` : '',
    state.nSkipped > 0 ? `${state.nSkipped} not tried` : '',
    left === undefined || left < 2000 ? '' : `about ${formatDuration(left)} left`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Builds that took less are not worth naming. */
const SLOW_MS = 1000;

/** What a run came to; nothing for a single step, which has said all itself. */
export function summaryLines(state: BuildState, sizeBytes: number): string[] {
  if (state.nAll < 2) return [];
  const nBuilt = state.ended.filter(({ action }) => action === 'build').length;
  const nFetched = state.ended.length - nBuilt;
  const nBroken = state.running.size;
  const nOpen = state.nAll - state.nDone - nBroken;
  const counts = [
    nBuilt > 0 ? `${nBuilt} built` : '',
    nFetched > 0 ? `${nFetched} fetched` : '',
    state.nReused > 0 ? `${state.nReused} as before` : '',
    state.nElsewhere > 0 ? `${state.nElsewhere} by another process` : '',
    state.nThere > 0 ? `${state.nThere} there` : '',
    state.failed.size > 0 ? `${state.failed.size} failed` : '',
    nBroken > 0 ? `${nBroken} broken off` : '',
    state.nSkipped + nOpen > 0 ? `${state.nSkipped + nOpen} not tried` : '',
  ].filter((part) => part !== '');
  const size = state.ended.length > 0 ? `; ${formatBytes(sizeBytes)} new` : '';
  const slow = state.slowest(3).filter(({ durationMs }) => durationMs >= SLOW_MS);
  return [
    `${counts.join(', ')} in ${formatDuration(state.elapsedMs)}${size}`,
    ...(slow.length > 0 && state.ended.length > 1
      ? [`slowest: ${slow.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs)}`).join(', ')}`]
      : []),
  ];
}
