/**
 * Progress on a terminal, drawn by ink on stderr: what runs, what it says, what is next, how far the whole is. No JSX: Node runs our
 * TypeScript directly, and strips types only.
 */
import { Box, render, Text, useStdout } from 'ink';
import { createElement as h, type ReactElement, useEffect, useLayoutEffect, useState } from 'react';
import { ENDING, printable, printableInColour } from '../../base/index.ts';
import type { Output } from '../output.ts';
import { activityLines } from './activity-lines.ts';
import { buildLines, type ShownLine } from './build-lines.ts';
import type { BuildState } from './build-state.ts';
import { type Activity, formatDuration, type Progress } from './model.ts';
import { logLine, remarker, titleOf } from './plain.ts';

const FRAME_MS = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface LiveOptions {
  /** Builds at the same time, for what is said of the time that is left. */
  readonly jobs: number;
  /** What builds write stays on the screen. */
  readonly hasLogs: boolean;
}

/** One frame. */
interface Shown {
  readonly activities: readonly ShownLine[];
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  readonly builds: readonly ShownLine[];
}

export function liveProgress(out: Output, { jobs, hasLogs }: LiveOptions): Progress {
  const terminal = process.stderr;
  const running = new Map<string, Activity>();
  const notes: string[] = [];
  const note = (...lines: readonly string[]): void => void notes.push(...lines.map(printableInColour));
  const remarksOn = remarker();
  let state: BuildState | undefined;
  let total = 0;
  let done = 0;
  let failed = 0;
  const snapshot = (): Shown => {
    // Asked for at each frame: the window may have another size by now. A terminal that was told of none says 0.
    const room = { columns: terminal.columns || 80, rows: terminal.rows || 24 };
    return {
      activities: activityLines([...running.values()], performance.now(), room),
      ...{ done, total, failed },
      builds: state === undefined ? [] : buildLines(state, jobs, room),
    };
  };
  const takeNotes = (): string =>
    notes
      .splice(0)
      .map((line) => `${line}\n`)
      .join('');
  const { isColored } = out;
  const app = withoutSignals(() =>
    render(h(Display, { snapshot, takeNotes, isColored }), {
      stdout: terminal as NodeJS.WriteStream,
      patchConsole: false,
      exitOnCtrlC: false,
    }),
  );
  out.interceptTalk = note;
  const ended = (title: string, isGood: boolean, ms: number, remark?: string): void => {
    note(`${isGood ? '✓' : '✗'} ${title} ${formatDuration(ms)}${remark === undefined ? '' : ` (${remark})`}`);
  };
  return {
    total(value) {
      total = value;
    },
    start(id, title) {
      running.set(id, { id, title: printable(title), startedMs: performance.now(), detail: '' });
    },
    detail(id, text, bytes) {
      const activity = running.get(id);
      if (!activity) return;
      activity.detail = printable(text);
      if (bytes) {
        activity.doneBytes = bytes.done;
        if (bytes.total !== undefined) activity.totalBytes = bytes.total;
      }
    },
    finish(id, outcome, remark) {
      const activity = running.get(id);
      running.delete(id);
      done += 1;
      if (outcome === 'failed') failed += 1;
      if (activity) ended(activity.title, outcome !== 'failed', performance.now() - activity.startedMs, remark);
    },
    note,
    build(event, current) {
      state = current;
      note(...remarksOn(event));
      if (event.kind === 'log' && hasLogs) note(logLine(event));
      if (event.kind === 'finished') ended(titleOf(event), true, event.durationMs);
      if (event.kind === 'failed') {
        const { phase = '', durationMs = 0 } = state.failed.get(event.drvPath) ?? {};
        ended(titleOf(event), false, durationMs, phase === '' ? undefined : `in ${phase}`);
      }
    },
    stop() {
      out.interceptTalk = undefined;
      running.clear();
      state = undefined;
      app.rerender(h(Display, { snapshot, takeNotes, isColored }));
      app.unmount();
    },
  };
}

/**
 * Takes away the listeners for signals that ink adds: each who listens leaves the end of the process to the others (`base/ending.ts`), and
 * ink's leave it to all others in turn, so that nothing would end it.
 */
function withoutSignals<T>(run: () => T): T {
  const before = new Map(ENDING.map((signal) => [signal, process.listeners(signal)]));
  const result = run();
  for (const [signal, listeners] of before)
    for (const listener of process.listeners(signal)) if (!listeners.includes(listener)) process.off(signal, listener);
  return result;
}

interface DisplayProperties {
  readonly snapshot: () => Shown;
  /** Lines that stay, since the last frame. */
  readonly takeNotes: () => string;
  readonly isColored: boolean;
}

/** What ink is told of a text's looks. */
interface Looks {
  readonly color?: string;
  readonly dimColor?: boolean;
}

function Display({ snapshot, takeNotes, isColored }: DisplayProperties): ReactElement {
  const [frame, setFrame] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setFrame((count) => count + 1), FRAME_MS);
    return () => clearInterval(timer);
  }, []);
  const { write } = useStdout();
  // Not drawn, which would break them where the terminal ends now: it does so itself, and they can be copied as they are.
  useLayoutEffect(() => {
    const text = takeNotes();
    if (text !== '') write(text);
  });
  const { activities, builds, done, total, failed } = snapshot();
  const dim: Looks = isColored ? { dimColor: true } : {};
  const mark = h(Text, isColored ? { color: 'cyan' } : {}, `${SPINNER[frame % SPINNER.length]!} `);
  return h(
    Box,
    { flexDirection: 'column' },
    ...activities.map((line, index) => h(RunningLine, { key: `activity ${index}`, line, mark, dim })),
    activities.length > 0 && total > 0
      ? h(Text, { ...dim, wrap: 'truncate' }, `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}`)
      : null,
    ...builds.map((line, index) => h(RunningLine, { key: `line ${index}`, line, mark, dim })),
  );
}

interface LineProperties {
  /** What moves. */
  readonly mark: ReactElement;
  readonly dim: Looks;
}

function RunningLine({ line, mark, dim }: LineProperties & { readonly line: ShownLine }): ReactElement {
  if (line.kind !== 'running') return h(Text, { ...dim, wrap: 'truncate' }, line.rest);
  return h(Text, { wrap: 'truncate' }, mark, `${line.title}  `, h(Text, { ...dim }, line.rest));
}
