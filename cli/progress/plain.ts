/** Progress as lines: for pipes, logs and dumb terminals. One line when something starts to matter, none to animate. */
import { told, uptimeMs } from '../../base/index.ts';
import type { BuildEvent } from '../../builder/index.ts';
import { derivationName } from '../../store/index.ts';
import type { Output } from '../output.ts';
import { formatDuration, type Progress } from './model.ts';

/** @param hasLogs  also what builds write, behind their names */
export function plainProgress(out: Output, hasLogs: boolean = false): Progress {
  const running = new Map<string, { title: string; startedMs: number }>();
  let total = 0;
  let done = 0;
  const remarksOn = remarker();
  const count = (): string => (total > 0 ? `[${done}/${total}] ` : '');
  const start = (id: string, title: string): void => {
    running.set(id, { title, startedMs: uptimeMs() });
    out.talk(`${count()}${title}`);
  };
  const finish = (id: string, outcome: 'done' | 'reused' | 'failed', note?: string): void => {
    const activity = running.get(id);
    running.delete(id);
    done += 1;
    if (!activity) return;
    const took = formatDuration(uptimeMs() - activity.startedMs);
    const suffix = note === undefined ? '' : `, ${note}`;
    out.talk(`${count()}${activity.title}: ${outcome === 'failed' ? 'failed' : 'done'} in ${took}${suffix}`);
  };
  return {
    total(value) {
      total = value;
    },
    start,
    detail() {
      // a line a phase would be noise in a log
    },
    finish,
    note(text) {
      out.talk(text);
    },
    build(event, state) {
      for (const line of remarksOn(event)) out.talk(line);
      switch (event.kind) {
        case 'plan':
          total = event.plan.steps.length;
          done = 0;
          return;
        case 'started':
          out.talk(`${count()}${titleOf(event)}`);
          return;
        case 'log':
          if (hasLogs) out.talk(logLine(event));
          return;
        case 'finished':
          done++;
          out.talk(`${count()}${titleOf(event)}: done in ${formatDuration(event.durationMs)}`);
          return;
        case 'failed': {
          done++;
          const { phase = '', durationMs = 0 } = state.failed.get(event.drvPath) ?? {};
          out.talk(
            `${count()}${titleOf(event)}: failed${phase === '' ? '' : ` in ${phase}`} after ${formatDuration(durationMs)}`,
          );
          return;
        }
        case 'cutoff':
        case 'elsewhere':
        case 'skipped':
          done++;
      }
    },
    stop() {
      running.clear();
    },
  };
}

/** What is done, by the event that begins or ends it. */
export const titleOf = (event: Extract<BuildEvent, { kind: 'started' | 'finished' | 'failed' }>): string =>
  `${event.action === 'fetch' ? 'fetching' : 'building'} ${event.name}`;

/** A line that a build wrote, as `nix -L` shows it. */
export const logLine = (event: Extract<BuildEvent, { kind: 'log' }>): string =>
  `${derivationName(event.drvPath)}> ${told(event.line, false)}`;

/** Of hundreds that need one thing that failed, the first tell as much as all; the summary counts them. */
const SKIPPED_SHOWN = 10;

/** What is worth lines of their own, whatever the display; to be asked of each event of a run. */
export function remarker(): (event: BuildEvent) => string[] {
  let nSkipped = 0;
  return (event) => {
    if (event.kind === 'plan') nSkipped = 0;
    if (event.kind !== 'skipped' || ++nSkipped <= SKIPPED_SHOWN) return remarks(event);
    return nSkipped === SKIPPED_SHOWN + 1 ? ['and others, which need what failed, are not tried'] : [];
  };
}

function remarks(event: BuildEvent): string[] {
  switch (event.kind) {
    case 'remark': {
      const more = event.lines.length > 1 ? `, and more: igos log ${event.drvPath}` : '';
      return [`${derivationName(event.drvPath)}: ${told(event.lines[0]!, false)}${more}`];
    }
    case 'lacking':
      return [event.text];
    case 'mirror-failed':
      return [`${derivationName(event.drvPath)}: ${event.url}: ${event.reason}`];
    case 'waiting':
      return [`${derivationName(event.drvPath)}: process ${event.pid} is building it; waiting`];
    case 'cutoff':
      return [`${derivationName(event.drvPath)}: its inputs came out as before, nothing to build`];
    case 'elsewhere':
      return [`${derivationName(event.drvPath)}: another process has built it`];
    case 'skipped':
      return [`${derivationName(event.drvPath)}: not tried, because ${derivationName(event.because)} failed`];
    default:
      return [];
  }
}

export const silentProgress: Progress = {
  total() {},
  start() {},
  detail() {},
  finish() {},
  note() {},
  build() {},
  stop() {},
};
