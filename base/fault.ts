import { errnoName } from './errno.ts';
import type { Span } from './source.ts';

/** Stable name of an error; never renumbered. Each folder owns a table of its codes (`defineCodes`). */
export type FaultCode = `E-${string}-${string}`;

/** A place in a source and what it has to do with the error. Text may be empty: then only the underline shows. */
export interface Label extends Span {
  readonly text: string;
}

export interface FaultDetails {
  /** `labels[0]` is the primary place; the others tell the story. */
  readonly labels?: readonly Label[];
  readonly notes?: readonly string[];
  /** Imperative, most likely first. */
  readonly hints?: readonly string[];
  /** User-level steps that led here, outermost first: "while building the source of package 'zlib'". */
  readonly trace?: readonly TraceStep[];
  readonly cause?: unknown;
}

export interface TraceStep {
  readonly text: string;
  readonly span?: Span | undefined;
  /** Shown also where the trace is cut short: what the user wrote to be seen. */
  readonly isKey?: boolean;
  /** How often it happened in a row; once, unless said. */
  readonly times?: number;
}

/** What the user can fix. Data only: `render.ts` makes the text. Message: lower case, no full stop, what failed first. */
export class Fault extends Error {
  override readonly name: string = 'Fault';
  readonly code: FaultCode;
  labels: readonly Label[];
  notes: readonly string[];
  hints: readonly string[];
  trace: readonly TraceStep[];

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    // A stack trace of ours says nothing about the user's mistake, and costs microseconds in hot evaluation.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.labels = details.labels ?? [];
    this.notes = details.notes ?? [];
    this.hints = details.hints ?? [];
    this.trace = details.trace ?? [];
  }
}

/** Several faults of one run (a parser reports all it found). `faults` is not empty. */
export class Faults extends Error {
  override readonly name = 'Faults';
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => fault.message).join('; '));
    this.faults = faults;
  }
}

/** The system refused an operation: disk full, permission denied, … Names the operation, the path and the errno. */
export class SystemFault extends Error {
  override readonly name = 'SystemFault';
  readonly operation: string;
  readonly path: string;
  readonly errno: string;
  readonly hints: readonly string[];
  constructor(operation: string, path: string, cause: unknown, hints: readonly string[] = []) {
    const errno = errorCode(cause) ?? 'unknown error';
    super(`cannot ${operation} '${path}': ${errnoText(errno)}`, { cause });
    this.operation = operation;
    this.path = path;
    this.errno = errno;
    this.hints = hints;
  }
}

/** A broken invariant of ours. Asks for a report; never for the user to fix. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Ends a switch over a union: a missing case is a type error, and a Bug at run time. */
export function never(value: never): never {
  throw new Bug(`unexpected ${JSON.stringify(value)}`);
}

const ERRNO: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EEXIST: 'file exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left on device',
  EBADF: 'not open for that',
  EIO: 'input/output error',
  EROFS: 'read-only file system',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files in the whole system',
  ENOMEM: 'not enough memory',
  EFBIG: 'file too large',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  EXDEV: 'not on the same file system',
  EDQUOT: 'disk quota exceeded',
  ESTALE: 'stale file handle',
  EBUSY: 'in use',
  ETXTBSY: 'text file busy',
  ERR_FS_FILE_TOO_LARGE: 'file too large',
  ERR_STRING_TOO_LONG: 'file too large',
};

/** What the machine refuses whoever asks; others (`ENOENT`, `EINVAL`, …) can be a mistake of ours where nobody expected them. */
const OF_THE_MACHINE = new Set([
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EACCES',
  'EPERM',
  'ESTALE',
  'ENODEV',
]);

/** The failure of a system call that nobody took as one: where the machine is to blame, and not who called. */
export function systemFaultOf(error: unknown): SystemFault | undefined {
  if (error instanceof SystemFault) return error;
  const { syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall === undefined || !OF_THE_MACHINE.has(errorCode(error) ?? '')) return undefined;
  return new SystemFault(syscall, path === undefined ? 'a file' : String(path), error);
}

/** Whether there is no room left on the disk, or none for this user (a quota). */
export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemFaultOf(error)?.errno ?? '');

/** What Node says instead of a name that it does not know (`base/errno.ts`). */
const NAMELESS = /^(UNKNOWN$|Unknown system error )/;

/** `ENOSPC`, `ERR_INVALID_ARG_TYPE`. */
export function errorCode(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return errno !== undefined && NAMELESS.test(code ?? '') ? errnoName(-errno) : code;
}

/** What Node calls a file that fits into no buffer or string; no system call fails then. */
const TOO_LARGE = new Set(['ERR_FS_FILE_TOO_LARGE', 'ERR_STRING_TOO_LONG']);

const errnoText = (errno: string): string => ERRNO[errno] ?? errno;

/** Runs a system call; turns its failure into a SystemFault that names operation and path. */
export function sys<T>(operation: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const known = error as NodeJS.ErrnoException | undefined;
    if (known?.syscall === undefined && !TOO_LARGE.has(known?.code ?? '')) throw error;
    throw new SystemFault(operation, path, error);
  }
}
