/**
 * Starts the programs of sandboxes. Node's own `spawn` copies the page tables of the whole process first, which for one with a large
 * heap and an index mapped in takes five milliseconds of standing still a build; `posix_spawn` of the C library shares them until the
 * program begins. Where it cannot be had, Node's is used.
 */
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants as fileConstants, writeFileSync } from 'node:fs';
import { getPriority, constants as systemConstants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { loadKoffi } from '../base/index.ts';
import { coverDescriptors } from './descriptors.ts';
import { type Output, PipeEnd, type PollCall } from './pipe-ends.ts';

/** What a sandbox needs of a process. `close`: it has ended, and nothing of what it wrote is unread. `error`: it could not start. */
export interface Started {
  readonly pid?: number | undefined;
  /** By descriptor; for those that are `output` or `channel`. */
  readonly stdio: readonly (Output | undefined | null)[];
  /** Known when it has ended, where the system tells. */
  readonly usage?: Usage | undefined;
  kill(signal: NodeJS.Signals | 0): boolean;
  on(event: 'close', listener: (status: number | null, signal: NodeJS.Signals | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Of a process and all its descendants that were waited for. */
export interface Usage {
  readonly cpuMs: number;
  /** Of the largest of them; 0 where it is not larger than this process is, whose size the kernel counts in. */
  readonly peakBytes: number;
}

/**
 * `empty`: /dev/null. `output`: what is written to it is read here. `channel`: the same, and it ends when this process does. A number:
 * one of ours, lent.
 */
export type Descriptor = 'empty' | 'output' | 'channel' | number;

export interface StartOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it gets, from 0 on; it inherits no other. */
  readonly descriptors: readonly Descriptor[];
  /** It stays in our session, with our terminal. */
  readonly isInteractive?: boolean;
}

/** Starts a program, in a session of its own: Ctrl-C on the terminal reaches igos, which then stops its builds in order. */
export function startProgram(program: string, args: readonly string[], options: StartOptions): Started {
  if (quick === undefined) quick = bindQuick();
  return quick === null || options.isInteractive === true
    ? startByNode(program, args, options)
    : new QuickChild(quick, program, args, options);
}

function startByNode(program: string, args: readonly string[], { cwd, env, descriptors, isInteractive }: StartOptions): Started {
  const covered = coverDescriptors(descriptors.length);
  const own = descriptors.map((each) => (each === 'empty' ? 'ignore' : typeof each === 'number' ? each : 'pipe'));
  const child = spawn(program, args, { cwd, env, detached: isInteractive !== true, stdio: [...own, ...covered.stdio] });
  covered.release();
  return child as unknown as Started;
}

/** The calls, with `errno` as their result where they fail. */
interface Quick {
  readonly poll: PollCall;
  /** @returns ours and the program's end, both to be closed when another program starts */
  connect(kind: 'output' | 'channel'): [number, number];
  /** @param descriptors  ours, for its own from 0 on; `undefined`: /dev/null @returns a pid, or minus an error number */
  spawn(
    program: string,
    args: readonly string[],
    options: Omit<StartOptions, 'descriptors'>,
    descriptors: readonly (number | undefined)[],
  ): number;
  /** @returns `undefined` while it runs */
  reap(pid: number): { readonly status: number; readonly usage: Usage } | undefined;
}

let quick: Quick | undefined | null;

type Call = (...parameters: unknown[]) => number;

/** Larger than the C libraries' own. */
const ACTIONS_BYTES = 512;
const ATTRIBUTES_BYTES = 1024;
const SIGNAL_SET_BYTES = 128;
const USAGE_BYTES = 512;

/** `POSIX_SPAWN_SETSIGDEF | SETSIGMASK | SETSID`: the same in glibc and musl. */
const SPAWN_FLAGS = 0x04 | 0x08 | 0x80;
/** SOCK_CLOEXEC is the same. */
const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const WNOHANG = 1;

function bindQuick(): Quick | null {
  if (process.platform !== 'linux' || !['x64', 'arm64', 'riscv64'].includes(process.arch)) return null;
  try {
    const libc = loadKoffi().load(null);
    const bind = (signature: string): Call => libc.func(signature) as Call;
    const pipe2 = bind('int pipe2(_Out_ int *fds, int flags)');
    const socketpair = bind('int socketpair(int domain, int type, int protocol, _Out_ int *fds)');
    const poll = bind('int poll(uint8_t *fds, unsigned long count, int timeout)');
    const wait4 = bind('int wait4(int pid, _Out_ int *status, int options, _Out_ uint8_t *usage)');
    const posixSpawn = bind(
      'int posix_spawnp(_Out_ int *pid, const char *file, uint8_t *actions, uint8_t *attributes, const char **argv, const char **envp)',
    );
    const initActions = bind('int posix_spawn_file_actions_init(uint8_t *actions)');
    const destroyActions = bind('int posix_spawn_file_actions_destroy(uint8_t *actions)');
    const addDup = bind('int posix_spawn_file_actions_adddup2(uint8_t *actions, int from, int to)');
    const addOpen = bind('int posix_spawn_file_actions_addopen(uint8_t *actions, int fd, const char *path, int flags, int mode)');
    const addChdir = bind('int posix_spawn_file_actions_addchdir_np(uint8_t *actions, const char *path)');
    const initAttributes = bind('int posix_spawnattr_init(uint8_t *attributes)');
    const setFlags = bind('int posix_spawnattr_setflags(uint8_t *attributes, short flags)');
    const setDefault = bind('int posix_spawnattr_setsigdefault(uint8_t *attributes, uint8_t *set)');
    const setMask = bind('int posix_spawnattr_setsigmask(uint8_t *attributes, uint8_t *set)');
    const attributes = Buffer.alloc(ATTRIBUTES_BYTES);
    initAttributes(attributes);
    setFlags(attributes, SPAWN_FLAGS);
    // Node ignores SIGPIPE, which programs would inherit.
    setDefault(attributes, Buffer.alloc(SIGNAL_SET_BYTES, 0xff));
    setMask(attributes, Buffer.alloc(SIGNAL_SET_BYTES));
    return {
      poll: (ends, count, timeoutMs) => poll(ends, count, timeoutMs),
      connect(kind) {
        const ends = [0, 0];
        const result = kind === 'output' ? pipe2(ends, O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, ends);
        if (result !== 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
        return ends as [number, number];
      },
      spawn(program, args, { cwd, env }, descriptors) {
        const covered = coverDescriptors(descriptors.length);
        const actions = Buffer.alloc(ACTIONS_BYTES);
        initActions(actions);
        try {
          // Ours are all above its own: Node keeps the first dozen for itself.
          descriptors.forEach((fd, own) => {
            if (fd === undefined) addOpen(actions, own, '/dev/null', fileConstants.O_RDONLY, 0);
            else addDup(actions, fd, own);
          });
          addChdir(actions, cwd);
          const pid = [0];
          const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
          const failure = posixSpawn(pid, program, actions, attributes, [program, ...args, null], [...variables, null]);
          return failure === 0 ? pid[0]! : -failure;
        } finally {
          destroyActions(actions);
          covered.release();
        }
      },
      reap(pid) {
        const status = [0];
        const usage = Buffer.alloc(USAGE_BYTES);
        const found = wait4(pid, status, WNOHANG, usage);
        if (found === 0) return undefined;
        // Somebody else has waited for it, and how it ended is lost: not well, as far as we know.
        return { status: found === pid ? status[0]! : systemConstants.signals.SIGKILL, usage: readUsage(usage) };
      },
    };
  } catch {
    return null; // no binding for this platform, or a library without the calls
  }
}

/** struct rusage of 64-bit Linux: seconds and microseconds for the program, the same for the kernel, then the peak in KiB. */
const readUsage = (bytes: Buffer): Usage => {
  const word = (index: number): number => Number(bytes.readBigInt64LE(index * 8));
  const peakKiB = word(4);
  return {
    cpuMs: (word(0) + word(2)) * 1000 + (word(1) + word(3)) / 1000,
    peakBytes: peakKiB > process.resourceUsage().maxRSS ? peakKiB * 1024 : 0,
  };
};

/** So often it is looked for in the next turn of the event loop. */
const MAX_EAGER_REAPS = 100;
const REAP_MS = 1;

/**
 * A session of its own is scheduled as a group of its own (sched(7), "The autogroup feature"), which begins as if nobody had said
 * `nice`, and in which the process's own number counts for nothing outside. Where there are no such groups there is nothing to do.
 */
function keepPriority(pid: number): void {
  const priority = getPriority();
  if (priority <= 0) return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(priority));
  } catch {
    // it has ended, or the kernel has none or lets nobody write
  }
}

class QuickChild extends EventEmitter implements Started {
  readonly pid: number | undefined;
  readonly stdio: readonly (PipeEnd | undefined)[];
  usage: Usage | undefined;
  readonly #quick: Quick;
  #nOpen = 0;
  #nReaps = 0;
  #isReaped: boolean = false;

  constructor(calls: Quick, program: string, args: readonly string[], options: StartOptions) {
    super();
    this.#quick = calls;
    const lent: number[] = [];
    const given: (number | undefined)[] = [];
    const outputs = options.descriptors.map((each, own) => {
      if (typeof each === 'number') given[own] = each;
      if (each !== 'output' && each !== 'channel') {
        given[own] ??= undefined;
        return undefined;
      }
      const [ours, theirs] = calls.connect(each);
      lent.push(theirs);
      given[own] = theirs;
      return ours;
    });
    const pid = calls.spawn(program, args, options, given);
    for (const fd of lent) closeSync(fd);
    if (pid < 0) {
      this.stdio = [];
      for (const fd of outputs) if (fd !== undefined) closeSync(fd);
      const code = getSystemErrorName(pid);
      process.nextTick(() => this.emit('error', Object.assign(new Error(`${program}: ${code}`), { code })));
      return;
    }
    keepPriority(pid);
    this.pid = pid;
    this.stdio = outputs.map((fd, own) =>
      fd === undefined ? undefined : new PipeEnd(calls.poll, fd, options.descriptors[own] === 'channel'),
    );
    for (const stream of this.stdio) {
      if (stream === undefined) continue;
      this.#nOpen++;
      stream.on('close', () => {
        this.#nOpen--;
        if (this.#nOpen === 0) this.#reap();
      });
    }
  }

  kill(signal: NodeJS.Signals | 0): boolean {
    // A number that was waited for may be another's.
    if (this.#isReaped || this.pid === undefined) return false;
    return process.kill(this.pid, signal);
  }

  /** All pipes have ended, so it is ending. */
  #reap(): void {
    const end = this.#quick.reap(this.pid!);
    if (end === undefined) {
      if (this.#nReaps++ < MAX_EAGER_REAPS) setImmediate(() => this.#reap());
      else setTimeout(() => this.#reap(), REAP_MS);
      return;
    }
    this.#isReaped = true;
    this.usage = end.usage;
    const signal = end.status & 0x7f;
    if (signal === 0) this.emit('close', (end.status >> 8) & 0xff, null);
    else this.emit('close', null, signalName(signal));
  }
}

const signalName = (number: number): NodeJS.Signals =>
  (Object.entries(systemConstants.signals).find(([, value]) => value === number)?.[0] ?? 'SIGKILL') as NodeJS.Signals;
