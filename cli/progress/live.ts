/**
 * Progress on a terminal, drawn by ink on stderr: what runs, what it says, how far the whole is. No JSX: Node runs our
 * TypeScript directly, and strips types only.
 */
import { Box, render, Static, Text } from 'ink';
import { createElement as h, type ReactElement, useEffect, useState } from 'react';
import type { Output } from '../output.ts';
import { type Activity, formatBytes, formatDuration, type Progress, type ProgressState } from './model.ts';

const FRAME_MS = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

interface Shown extends ProgressState {
  readonly notes: readonly string[];
}

export function liveProgress(out: Output): Progress {
  const running = new Map<string, Activity>();
  const notes: string[] = [];
  let total = 0;
  let done = 0;
  let reused = 0;
  let failed = 0;
  const snapshot = (): Shown => ({ running: [...running.values()], notes: [...notes], total, done, reused, failed });
  const app = render(h(Display, { snapshot }), {
    stdout: process.stderr as NodeJS.WriteStream,
    patchConsole: false,
    exitOnCtrlC: false,
  });
  out.interceptTalk = (line) => notes.push(line);
  return {
    total(value) {
      total = value;
    },
    start(id, title) {
      running.set(id, { id, title, startedMs: performance.now(), detail: '' });
    },
    detail(id, text, bytes) {
      const activity = running.get(id);
      if (!activity) return;
      activity.detail = text;
      if (bytes) {
        activity.doneBytes = bytes.done;
        if (bytes.total !== undefined) activity.totalBytes = bytes.total;
      }
    },
    finish(id, outcome, note) {
      const activity = running.get(id);
      running.delete(id);
      done += 1;
      if (outcome === 'reused') reused += 1;
      if (outcome === 'failed') failed += 1;
      if (!activity) return;
      const took = formatDuration(performance.now() - activity.startedMs);
      notes.push(`${outcome === 'failed' ? '✗' : '✓'} ${activity.title} ${took}${note === undefined ? '' : ` (${note})`}`);
    },
    note(text) {
      notes.push(text);
    },
    stop() {
      out.interceptTalk = undefined;
      running.clear();
      app.rerender(h(Display, { snapshot }));
      app.unmount();
    },
  };
}

function Display({ snapshot }: { readonly snapshot: () => Shown }): ReactElement {
  const [frame, setFrame] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setFrame((count) => count + 1), FRAME_MS);
    return () => clearInterval(timer);
  }, []);
  const { running, notes, done, total, failed } = snapshot();
  const kept = { items: [...notes], children: (note: string, index: number) => h(Text, { key: index }, note) };
  return h(
    Box,
    { flexDirection: 'column' },
    h(Static<string>, kept),
    ...running.map((activity) => h(ActivityLine, { key: activity.id, activity, spinner: SPINNER[frame % SPINNER.length]! })),
    running.length > 0 && total > 0
      ? h(Text, { dimColor: true }, `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}`)
      : null,
  );
}

function ActivityLine({ activity, spinner }: { readonly activity: Activity; readonly spinner: string }): ReactElement {
  const bytes =
    activity.doneBytes === undefined
      ? ''
      : `${formatBytes(activity.doneBytes)}${activity.totalBytes === undefined ? '' : ` of ${formatBytes(activity.totalBytes)}`} `;
  return h(
    Box,
    null,
    h(Text, { color: 'cyan' }, `${spinner} `),
    h(Text, null, `${activity.title} `),
    h(Text, { dimColor: true }, `${formatDuration(performance.now() - activity.startedMs)} `),
    h(Text, { dimColor: true, wrap: 'truncate' }, `${bytes}${activity.detail}`),
  );
}
