/** The one place that turns an error into text and an exit status. */
import { Bug, Fault, Faults, isDiskFull, renderFault, systemFaultOf } from '../base/index.ts';
import { UsageError } from './arguments.ts';
import { type FullDiskOptions, isBelow, OF_A_ROOT, roomHints } from './full-disk.ts';
import { BrokenPipe } from './output.ts';
import { isBuildFault, recordBeside } from './unfinished.ts';

export const EXIT = { ok: 0, fault: 1, usage: 2, brokenPipe: 3, buildFailed: 4, bug: 70, interrupted: 130 } as const;

/** A store fault inside a build (a hash that differs) is a failed build too. An interrupted run is told apart for scripts. */
function statusOf(faults: readonly Fault[]): number {
  if (faults.some((fault) => fault.code === 'E-BUILD-015')) return EXIT.interrupted;
  return faults.some(isBuildFault) ? EXIT.buildFailed : EXIT.fault;
}

export interface EndingError {
  readonly code: string;
  readonly message: string;
  readonly hints: readonly string[];
  /** Of a build that failed. */
  readonly drvPath?: string;
}

export interface Ending {
  readonly status: number;
  /** For stderr; may be empty. */
  readonly text: string;
  /** For `--json`: one entry an error. */
  readonly errors: readonly EndingError[];
  /** For `--json`: what was done nevertheless. */
  readonly record?: object;
}

const TOO_LARGE = "a limit on the size of files is in force: see 'ulimit -f'; some file systems (FAT) have one of their own";
const READ_ONLY = 'remount it for writing, or name a place on another file system';
const GONE = "'igos store verify' names what is recorded and not there; --repair gets it back";
const TOO_MANY = "a limit on open files is in force: 'ulimit -n' shows it, and 'ulimit -n 1024' may raise it";

const FORBIDDEN_ROOT = 'only the owner of a root changes it: run it as that user, mostly root (sudo)';

const FORBIDDEN_STORE =
  'only the owner of a store changes it: run this as that user, or choose a store of your own with --home or IGOS_HOME';

const CLOSED_STORE =
  'this store is closed to others: its owner opens it with chmod -R go+rX, or choose a store of your own with --home or IGOS_HOME';

/** What commands write in a store. */
const OF_A_STORE = /\/(tmp\/(add|build|optimise|trash)-\d+-|var\/(index|gcroots|temproots|registrations|cache|log)(\/|$))/;

/** What went wrong first: where closing down fails as well, that is a consequence. */
const firstOf = (error: unknown): unknown => (error instanceof SuppressedError ? firstOf(error.suppressed) : error);

function errorOf(fault: Fault): EndingError {
  const { code, message, hints } = fault;
  return { code, message, hints, ...('drvPath' in fault ? { drvPath: String(fault.drvPath) } : {}) };
}

export function endingOf(thrown: unknown, options: FullDiskOptions & { color: boolean; fullTrace: boolean }): Ending {
  const error = firstOf(thrown);
  const render = { color: options.color, fullTrace: options.fullTrace };
  const hintLines = (hints: readonly string[]): string => hints.map((hint) => `hint: ${hint}\n`).join('');
  const faults = error instanceof Faults ? error.faults : error instanceof Fault ? [error] : [];
  if (faults.length > 0) {
    const record = recordBeside(error);
    return {
      status: statusOf(faults),
      text: faults.map((fault) => renderFault(fault, render)).join('\n'),
      errors: faults.map(errorOf),
      ...(record === undefined ? {} : { record }),
    };
  }
  if (error instanceof UsageError) {
    const text = `${options.program}: ${error.message}\n${hintLines(error.hints)}`;
    return { status: EXIT.usage, text, errors: [{ code: 'usage', message: error.message, hints: error.hints }] };
  }
  const system = systemFaultOf(error);
  if (system !== undefined) {
    const { message, errno, operation } = system;
    // Where standard output goes is not for us to empty.
    const isFull = isDiskFull(system) && system.path.startsWith('/');
    const isOfRoot = OF_A_ROOT.test(system.path);
    const isForbidden = errno === 'EACCES' || errno === 'EPERM';
    const more = isFull
      ? roomHints(system.path, options)
      : isForbidden && isOfRoot
        ? [FORBIDDEN_ROOT]
        : isForbidden && (OF_A_STORE.test(system.path) || (options.home !== undefined && isBelow(system.path, options.home)))
          ? [/^(read|stat|open|list)\b/.test(operation) ? CLOSED_STORE : FORBIDDEN_STORE]
          : [];
    const isGone = errno === 'ENOENT' && options.home !== undefined && isBelow(system.path, `${options.home}/store`);
    const limit =
      errno === 'EROFS' ? [READ_ONLY] : errno === 'EFBIG' ? [TOO_LARGE] : errno === 'EMFILE' ? [TOO_MANY] : isGone ? [GONE] : [];
    const hints = [...system.hints, ...more, ...limit];
    return {
      status: EXIT.fault,
      text: `error: ${message}\n${hintLines(hints)}`,
      errors: [{ code: `system:${errno}`, message, hints }],
    };
  }
  if (error instanceof BrokenPipe) return { status: EXIT.brokenPipe, text: '', errors: [] };
  if (error instanceof Error && error.name === 'AbortError') {
    return {
      status: EXIT.interrupted,
      text: 'interrupted\n',
      errors: [{ code: 'interrupted', message: 'interrupted', hints: [] }],
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && error.stack ? error.stack : message;
  return {
    status: EXIT.bug,
    text: `bug: ${message}\n${stack}\nhint: this is a mistake in igos, not in your input; please report it with the command and the lines above\n`,
    errors: [{ code: error instanceof Bug ? 'bug' : 'unexpected', message, hints: [] }],
  };
}
