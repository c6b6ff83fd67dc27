/** Progress as lines: for pipes, logs and dumb terminals. One line when something starts to matter, none to animate. */
import type { Output } from '../output.ts';
import { formatDuration, type Progress } from './model.ts';

export function plainProgress(out: Output): Progress {
  const running = new Map<string, { title: string; startedMs: number }>();
  let total = 0;
  let done = 0;
  const count = (): string => (total > 0 ? `[${done}/${total}] ` : '');
  return {
    total(value) {
      total = value;
    },
    start(id, title) {
      running.set(id, { title, startedMs: performance.now() });
      out.talk(`${count()}${title}`);
    },
    detail() {
      // a line a phase would be noise in a log
    },
    finish(id, outcome, note) {
      const activity = running.get(id);
      running.delete(id);
      done += 1;
      if (!activity) return;
      const took = formatDuration(performance.now() - activity.startedMs);
      const suffix = note === undefined ? '' : `, ${note}`;
      out.talk(`${count()}${activity.title}: ${outcome === 'failed' ? 'failed' : 'done'} in ${took}${suffix}`);
    },
    note(text) {
      out.talk(text);
    },
    stop() {
      running.clear();
    },
  };
}

export const silentProgress: Progress = {
  total() {},
  start() {},
  detail() {},
  finish() {},
  note() {},
  stop() {},
};
