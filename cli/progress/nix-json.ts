/**
 * Progress as lines of JSON, in the form of `nix --log-format internal-json`: what tools that watch Nix builds read. An activity has
 * a start, results and a stop; messages stand by themselves. Names of outputs, logs and phases are in `fields`.
 *
 * @source the lines that Nix 2.8 prints; logging.hh and logging.cc of Nix 2.36 for the numbers, and for `parent`
 */
import type { BuildEvent } from '../../builder/index.ts';
import type { StorePath } from '../../store/index.ts';
import type { Output } from '../output.ts';
import { BuildState } from './build-state.ts';
import type { Progress } from './model.ts';

const ACTIVITY = { unknown: 0, copyPath: 100, fileTransfer: 101, realise: 102, copyPaths: 103, builds: 104, build: 105 } as const;
const RESULT = { buildLogLine: 101, setPhase: 104, progress: 105, setExpected: 106 } as const;

const LEVEL = { error: 0, warning: 1, info: 3 } as const;

const lineOf = (record: object): string => `@nix ${JSON.stringify(record)}`;

const levelOf = (text: string): number =>
  text.startsWith('error') ? LEVEL.error : text.startsWith('warning') ? LEVEL.warning : LEVEL.info;

const messageLine = (text: string): string => lineOf({ action: 'msg', level: levelOf(text), msg: text });

/** An error as a line, in full and in a sentence. The place that it is about stands in the text. */
export const errorLine = (text: string, sentence: string): string =>
  lineOf({ action: 'msg', column: null, file: null, level: LEVEL.error, line: null, msg: text, raw_msg: sentence });

/** Everything that is said while it is open is said as a message. */
export function nixJsonProgress(out: Output): Progress {
  let nActivities = 0;
  const tell = (record: object): void => out.write(2, Buffer.from(`${lineOf(record)}\n`, 'utf8'));
  const message = (text: string): void => out.write(2, Buffer.from(`${messageLine(text)}\n`, 'utf8'));
  const begin = (type: number, level: number, text: string, fields?: readonly unknown[], parent: number = 0): number => {
    // As Nix makes them: unique among processes whose lines are mixed.
    const id = (process.pid % 2 ** 20) * 2 ** 32 + nActivities++;
    tell({ action: 'start', ...(fields === undefined ? {} : { fields }), id, level, parent, text, type });
    return id;
  };
  const result = (id: number, type: number, fields: readonly unknown[]): void => tell({ action: 'result', fields, id, type });
  const end = (id: number): void => tell({ action: 'stop', id });

  const builds = new Map<StorePath, number>();
  const transfers = new Map<StorePath, number>();
  const others = new Map<string, number>();
  let run: { readonly realise: number; readonly builds: number; readonly copies: number } | undefined;
  out.interceptTalk = message;

  // Of its own, as the caller's may be ahead of the events.
  let state = new BuildState();
  const count = (): void => {
    if (run === undefined) return;
    const nGood = state.nDone - state.failed.size - state.nSkipped;
    result(run.builds, RESULT.progress, [
      nGood,
      state.nAll - state.failed.size - state.nSkipped,
      state.running.size,
      state.failed.size,
    ]);
    result(run.copies, RESULT.progress, [0, 0, 0, 0]);
    result(run.realise, RESULT.setExpected, [ACTIVITY.fileTransfer, 0]);
    result(run.realise, RESULT.setExpected, [ACTIVITY.copyPath, 0]);
  };
  const closeBuild = (drvPath: StorePath): void => {
    for (const activities of [transfers, builds]) {
      const id = activities.get(drvPath);
      if (id !== undefined) end(id);
      activities.delete(drvPath);
    }
  };
  const closeRun = (): void => {
    for (const drvPath of [...builds.keys()]) closeBuild(drvPath);
    if (run !== undefined) for (const id of [run.copies, run.builds, run.realise]) end(id);
    run = undefined;
  };
  const build = (event: BuildEvent): void => {
    if (event.kind === 'plan') state = new BuildState();
    state.apply(event);
    if (event.kind === 'plan') {
      closeRun();
      const { steps } = event.plan;
      message(steps.length === 1 ? 'this derivation will be built:' : `these ${steps.length} derivations will be built:`);
      for (const { drvPath } of steps) message(`  ${drvPath}`);
      run = {
        realise: begin(ACTIVITY.realise, 0, ''),
        builds: begin(ACTIVITY.builds, 0, ''),
        copies: begin(ACTIVITY.copyPaths, 0, ''),
      };
    }
    switch (event.kind) {
      case 'plan':
        count();
        return;
      case 'started':
        builds.set(event.drvPath, begin(ACTIVITY.build, LEVEL.info, `building '${event.drvPath}'`, [event.drvPath, '', 1, 1]));
        count();
        return;
      case 'log':
        result(builds.get(event.drvPath)!, RESULT.buildLogLine, [event.line]);
        return;
      case 'phase':
        result(builds.get(event.drvPath)!, RESULT.setPhase, [event.phase]);
        return;
      case 'fetched': {
        let id = transfers.get(event.drvPath);
        if (id === undefined) {
          id = begin(ACTIVITY.fileTransfer, LEVEL.info, `downloading '${event.url}'`, [event.url], builds.get(event.drvPath));
          transfers.set(event.drvPath, id);
        }
        result(id, RESULT.progress, [event.doneBytes, event.totalBytes ?? 0, 0, 0]);
        return;
      }
      case 'finished':
      case 'cutoff':
      case 'elsewhere':
      case 'failed':
      case 'skipped':
        count();
        closeBuild(event.drvPath);
        return;
      case 'mirror-failed':
        message(`warning: '${event.url}': ${event.reason}`);
        return;
      case 'remark':
        message(`warning: '${event.drvPath}': ${event.lines.join('\n')}`);
        return;
      case 'lacking':
        message(`warning: ${event.text}`);
        return;
      case 'waiting':
        message(`waiting for process ${event.pid}, which builds '${event.drvPath}'`);
    }
  };
  return {
    total() {},
    start(id, title, copyOf) {
      const activity =
        copyOf === undefined
          ? begin(ACTIVITY.unknown, LEVEL.info, title)
          : begin(ACTIVITY.copyPath, LEVEL.info, `copying path '${id}' from '${copyOf}'`, [id, copyOf, 'local']);
      others.set(id, activity);
    },
    detail(id, _text, bytes) {
      const activity = others.get(id);
      if (activity !== undefined && bytes !== undefined) result(activity, RESULT.progress, [bytes.done, bytes.total ?? 0, 0, 0]);
    },
    finish(id) {
      const activity = others.get(id);
      others.delete(id);
      if (activity !== undefined) end(activity);
    },
    note: message,
    build,
    stop() {
      closeRun();
      for (const id of others.values()) end(id);
      others.clear();
    },
  };
}
