/**
 * The way into a sandbox, as system calls in order:
 *
 *   the launcher: a cgroup, namespaces ─▶ process 1: mounts, host name, loopback ─▶ the program: a user without rights, limits, filter
 *
 * The launcher waits for process 1, process 1 for the program and for every orphan; where a parent ends, its child is killed, and with
 * process 1 all that it left. The namespace of process 1 is not that of the program, so its view of the host (`/proc/1/root`) stays
 * closed, and in a changed root no further user namespace can be made.
 */
import { type Bytes, textToBytes } from '../../base/index.ts';
import { addMounts, keepMountsPrivate, type Mount } from '../mounts.ts';
import { CallList, type Place, reportRow } from './call-list.ts';
import { seccompFilter } from './filter.ts';
import { type MachineName, REPORT_FD, TABLE_FD } from './machine-code.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface Starter extends Identity {
  /** Makes the namespaces itself, and gives builds other users; all others own theirs by a namespace of users. */
  readonly isPrivileged: boolean;
}

export interface Steps {
  readonly machine: MachineName;
  readonly starter: Starter;
  readonly hasNetwork: boolean;
  /** `cgroup.procs` files to join, before anything else. */
  readonly cgroups: readonly string[];
  readonly mounts: readonly Mount[];
  readonly inside: Inside | undefined;
}

/** The program and what it finds. */
export interface Inside {
  /** Folder that becomes its root. */
  readonly root: string;
  /** Its folder, in that root. */
  readonly folder: string;
  /** Who it really is, for a starter that can choose: only root can. */
  readonly user: Identity | undefined;
  /** Who it is in its own eyes. */
  readonly seenAs: Identity;
  readonly builder: Bytes;
  readonly args: readonly Bytes[];
  readonly environment: ReadonlyMap<string, Bytes>;
  readonly limits: readonly ResourceLimit[];
  readonly isFiltered: boolean;
  /** It has the streams of the starter, and where they are a terminal, its keys. Otherwise errors go where the output goes. */
  readonly isInteractive: boolean;
}

export interface ResourceLimit {
  readonly resource: 'data' | 'stack' | 'core' | 'processes';
  readonly soft: number;
  readonly hard: number;
}

/** @source linux/resource.h */
const RESOURCES = { data: 2, stack: 3, core: 4, processes: 6 } as const;

/** @source linux/sched.h */
const NEW_MOUNTS = 0x2_0000;
const NEW_NAME = 0x400_0000;
const NEW_IPC = 0x800_0000;
const NEW_USERS = 0x1000_0000;
const NEW_PROCESSES = 0x2000_0000;
const NEW_NETWORK = 0x4000_0000;

const SIGCHLD = 17;
const SIGKILL = 9;
const SIGTTOU = 22;
const SIG_DFL = 0;
const SIG_IGN = 1;
const SIGNAL_SET_BYTES = 8;
const TIOCSPGRP = 0x5410;
const AT_FDCWD = -100;
const O_WRONLY = 1;
/** Of files and sockets alike. */
const CLOEXEC = 0x8_0000;
const FD_CLOEXEC = 1;
const F_SETFD = 2;
/** In the place of the table. */
const PIPE_FD = TABLE_FD;
const LAST_FD = 0xffff_ffff;
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
/** Without it older kernels slow every filtered program down, against a risk that a sandbox of one owner does not have. */
const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;

/** What a call that failed was for, where the caller has to know it. */
export const EXECUTE = 'execute the program';
export const FILTER = 'set the filter of system calls';

/** The whole way; without `inside` it ends when everything is mounted, which is how it is found out whether that works. */
export function sandboxCalls(steps: Steps): CallList {
  const list = new CallList(steps.machine);
  const first = list.label();
  holdPipe(list);
  for (const path of steps.cgroups) writeFile(list, path, '0', 'join the cgroup');
  const { isPrivileged } = steps.starter;
  const namespaces = NEW_MOUNTS | NEW_PROCESSES | NEW_IPC | NEW_NAME | (steps.hasNetwork ? 0 : NEW_NETWORK);
  list.call('unshare', [isPrivileged ? namespaces : namespaces | NEW_USERS], { purpose: 'make namespaces' });
  if (!isPrivileged) mapUsers(list, { uid: 0, gid: 0 }, steps.starter);
  endWithParent(list, REPORT_FD);
  list.call('clone', [SIGCHLD], { purpose: 'start process 1', onZero: first, result: list.argument(0) });
  list.call('wait4', [0]);
  if (steps.inside?.isInteractive === true) takeTerminal(list);
  list.call('exit_group', [0]);
  list.place(first);
  firstProcess(list, steps);
  return list;
}

function firstProcess(list: CallList, { inside, ...steps }: Steps): void {
  list.call('close_range', [PIPE_FD + 1, LAST_FD, 0]);
  endWithParent(list, PIPE_FD);
  list.call('umask', [0o022]);
  keepMountsPrivate(list);
  addMounts(list, steps.mounts);
  if (inside === undefined) {
    list.call('unshare', [NEW_USERS], { purpose: 'make a namespace of users' });
    list.call('exit_group', [0]);
    return;
  }
  list.call('sethostname', [list.text('build'), 5], { purpose: 'set the host name' });
  if (!steps.hasNetwork) raiseLoopback(list);
  list.call('chdir', [list.text(textToBytes(inside.root))], { purpose: `enter ${inside.root}` });
  const program = list.label();
  const pid = list.words([0]);
  list.call('clone', [SIGCHLD], { purpose: 'start the program', onZero: program, result: pid });
  const told = reportRow(list);
  list.call('wait4', [-1, told.result], { until: pid });
  list.call('write', [REPORT_FD, told.row, told.nBytes]);
  list.call('exit_group', [0]);
  list.place(program);
  runProgram(list, inside, steps.hasNetwork);
}

function runProgram(list: CallList, inside: Inside, hasNetwork: boolean): void {
  list.call('fcntl', [REPORT_FD, F_SETFD, FD_CLOEXEC]);
  // A group of its own: signals to its group, and those of the kernel to a group that is left stopped, do not reach those above it.
  list.call('setpgid', [0, 0]);
  if (inside.isInteractive) takeTerminal(list);
  else list.call('dup3', [1, 2, 0], { purpose: 'join the outputs' });
  const { user } = inside;
  if (user !== undefined) {
    list.call('setgroups', [0, 0], { purpose: 'leave the groups' });
    list.call('setresgid', [user.gid, user.gid, user.gid], { purpose: 'change the group' });
    list.call('setresuid', [user.uid, user.uid, user.uid], { purpose: 'change the user' });
  }
  list.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { purpose: 'renounce privileges' });
  list.call('unshare', [NEW_USERS], { purpose: 'make a namespace of users' });
  // The change of the user has closed the process's own files in /proc to itself.
  list.call('prctl', [PR_SET_DUMPABLE, 1]);
  mapUsers(list, inside.seenAs, user ?? { uid: 0, gid: 0 });
  list.call('chroot', [list.text('.')], { purpose: 'change the root' });
  list.call('chdir', [list.text(textToBytes(inside.folder))], { purpose: `enter ${inside.folder}` });
  for (const { resource, soft, hard } of inside.limits)
    list.call('prlimit64', [0, RESOURCES[resource], list.words([soft, hard])], { purpose: `limit ${resource}` });
  if (inside.isFiltered) {
    const filter = seccompFilter(list.machine, { hasNetwork });
    const program = list.words([filter.length / 8, list.bytes(filter)]);
    list.call('seccomp', [SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program], { purpose: FILTER });
  }
  const strings = (texts: readonly Bytes[]): Place => list.words([...texts.map((text) => list.text(text)), 0]);
  const environment = [...inside.environment].map(([name, value]) => `${name}=${value}`);
  list.call('execve', [list.text(inside.builder), strings([inside.builder, ...inside.args]), strings(environment)], {
    purpose: EXECUTE,
  });
}

/** Opens a pipe, whose end to be read takes the place of the table, which is in memory. Nobody ever writes to it. */
export function holdPipe(list: CallList): void {
  // Of the two numbers, in one word, a call that takes one sees the first: that of the end to be read.
  list.call('pipe2', [list.argument(0), CLOEXEC], { purpose: 'make a pipe' });
  list.call('dup3', [0, PIPE_FD, CLOEXEC], { purpose: 'keep a pipe' });
}

/**
 * The kernel ends this process where its parent ends. One that has ended before this was asked for has closed what it had open: before
 * it would have been told, so that nothing lies between.
 *
 * @param held  a descriptor whose other end only the parent has, or, where it is not closed here, who started all of this
 */
export function endWithParent(list: CallList, held: number): void {
  list.call('prctl', [PR_SET_PDEATHSIG, SIGKILL], { purpose: 'end in time' });
  const alive = list.label();
  // Of an end whose other is closed, that is told unasked.
  list.call('ppoll', [list.words([held]), 1, list.words([0, 0]), 0, 0], { onZero: alive });
  list.call('exit_group', [0]);
  list.place(alive);
}

/** The one user and group that a new namespace knows. */
function mapUsers(list: CallList, seenAs: Identity, real: Identity): void {
  writeFile(list, '/proc/self/setgroups', 'deny', 'forbid other groups');
  writeFile(list, '/proc/self/uid_map', `${seenAs.uid} ${real.uid} 1`, 'map the user');
  writeFile(list, '/proc/self/gid_map', `${seenAs.gid} ${real.gid} 1`, 'map the group');
}

function writeFile(list: CallList, path: string, text: string, purpose: string): void {
  list.call('openat', [AT_FDCWD, list.text(textToBytes(path)), O_WRONLY | CLOEXEC], { purpose, result: list.argument(0) });
  list.call('write', [0, list.text(text), text.length], { purpose });
}

/** Makes the group of this process the one that the keys of the terminal are for. Nothing happens where input is no terminal. */
function takeTerminal(list: CallList): void {
  const action = (handler: number): void =>
    list.call('rt_sigaction', [SIGTTOU, list.words([handler, 0, 0, 0]), 0, SIGNAL_SET_BYTES]);
  // Whoever is not in front is stopped for trying.
  action(SIG_IGN);
  const id = list.words([0]);
  list.call('getpgid', [0], { result: id });
  list.call('ioctl', [0, TIOCSPGRP, id]);
  action(SIG_DFL);
}

/** Brings the loopback up. Where it cannot be, a build has no network at all. */
function raiseLoopback(list: CallList): void {
  const interfaceRequest = Buffer.alloc(40);
  interfaceRequest.write('lo');
  interfaceRequest.writeUInt16LE(0x41, 16); // up, running
  list.call('socket', [2, 2 | CLOEXEC, 0], { result: list.argument(0) });
  list.call('ioctl', [0, 0x8914, list.bytes(interfaceRequest)]);
}
