/**
 * One program, alone: its own users, mounts, processes, network, and a root that holds what it was given.
 *
 * A launcher of ours (`launch/`) makes the namespaces, mounts as process 1, and leaves the program no privilege over any of it: an own
 * namespace of users, entered together with the new root, a filter of system calls, and limits.
 *
 * @source docs/builder.md §2, docs/decisions/0021-launcher.md
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { sys } from '../base/index.ts';
import { type StorePath, storePathBase, type TreeEntry } from '../store/index.ts';
import { noLauncher } from './build-fault.ts';
import { type Cgroup, makeCgroup } from './cgroup.ts';
import { type BuildInput, buildFolder } from './environment.ts';
import type { CallList } from './launch/call-list.ts';
import { launch, ownMachine, type Refusal, readReports, START } from './launch/launch.ts';
import { REPORT_FD } from './launch/machine-code.ts';
import { EXECUTE, FILTER, type ResourceLimit, sandboxCalls } from './launch/steps.ts';
import type { Layer } from './layers.ts';
import type { Mount } from './mounts.ts';
import { copyLayers, makeSkeleton, openToAll, placeObject, systemMounts } from './root.ts';
import type { Started, Usage } from './spawn.ts';
import { FIRST_BUILD_UID, isPrivileged, starter } from './starter.ts';
import type { BuildLimits } from './types.ts';
import type { Workspace } from './workspace.ts';

/** The kernel lays at most 500 folders over each other; the option string must fit into one page. */
const MAX_OVERLAID = 400;

/** Processes and threads of one build, unless said otherwise: more than any honest one has, less than a machine bears. */
const DEFAULT_MAX_TASKS = 16_384;

export interface SandboxRequest {
  readonly workspace: Workspace;
  /** A fresh folder on the store's file system; the outputs are in `outputsFolder(scratch)` afterwards. */
  readonly scratch: string;
  readonly input: BuildInput;
  /** Composed root: top first. */
  readonly layers?: readonly Layer[] | undefined;
  /** Copy the layers instead of laying them over each other. */
  readonly isCopied: boolean;
  /** Plain root: files of the host that are in it. */
  readonly hostFiles: readonly TreeEntry[];
  /** Store objects to be seen under the logical store folder, read-only. */
  readonly objects: readonly StorePath[];
  /** Names in the build folder → files of the host that stand there, read-only. */
  readonly given?: ReadonlyMap<string, string>;
  readonly hasNetwork: boolean;
  /** Distinguishes builds that run at once. */
  readonly slot: number;
  readonly limits?: BuildLimits | undefined;
  /** Output and errors, as they come. Without it the program has the streams of this process: a terminal, and its keys. */
  readonly onOutput?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal | undefined;
}

export type SandboxEnd =
  /** The program ran. As in shells, a status above 128 is 128 + the signal that killed it. */
  | { readonly kind: 'exited'; readonly status: number; readonly usage?: Usage | undefined }
  /** It ran and was ended for this. */
  | { readonly kind: 'over-limit'; readonly limit: LimitKind }
  /** There is no such program, or it is none. */
  | { readonly kind: 'not-run'; readonly message: string }
  /** It did not get as far as the program. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly way: 'overlay' | 'filter' | undefined }
  | { readonly kind: 'stopped' };

export type LimitKind = 'time' | 'silence' | 'log' | 'memory';

/** Where the program's own outputs are, on the host's side. */
export const outputsFolder = (scratch: string): string => `${scratch}/outputs`;

/** Runs the program to its end; then no process of it is left. @throws SystemFault · Fault E-BUILD-003 no launcher for this machine */
export async function runSandboxed(request: SandboxRequest): Promise<SandboxEnd> {
  const { scratch, input, workspace } = request;
  const { root, mounts } = sys('prepare the sandbox', scratch, () => prepare(request));
  for (const [name, text] of input.files) {
    const path = `${scratch}/build/${name}`;
    sys('write', path, () => {
      writeFileSync(path, Buffer.from(text, 'latin1'));
      chmodSync(path, 0o644);
    });
  }
  const machine = ownMachine();
  if (machine === undefined) throw noLauncher();
  const cgroup = makeCgroup(request.limits ?? {});
  try {
    const uid = buildUid(request.slot);
    const list = sandboxCalls({
      machine,
      starter: starter(),
      hasNetwork: request.hasNetwork,
      cgroups: cgroup?.joinedBy ?? [],
      mounts,
      inside: {
        ...input,
        root,
        folder: buildFolder,
        user: isPrivileged() ? { uid, gid: uid } : undefined,
        seenAs: { uid: 1000, gid: 100 },
        limits: resourceLimits(request.limits ?? {}, cgroup !== undefined),
        isFiltered: workspace.isFiltered,
        isInteractive: request.onOutput === undefined,
      },
    });
    const child = sys('start the sandbox', workspace.folder, () =>
      launch(list, {
        launcher: workspace.launcher,
        table: `${scratch}/calls`,
        folder: workspace.folder,
        isInteractive: request.onOutput === undefined,
      }),
    );
    return await waitFor(child, request, { list, root, cgroup });
  } finally {
    await cgroup?.remove();
  }
}

/** Whatever the umask of the user is: it is none of the build's business. */
function makeOpenFolder(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o755);
}

/** Makes the folders of this build. @returns where its root will be, and what is to be mounted, in order */
function prepare(request: SandboxRequest): { root: string; mounts: Mount[] } {
  const { scratch, workspace, layers, hasNetwork } = request;
  const { store } = workspace;
  const outputs = outputsFolder(scratch);
  // Closed to all others: whatever a build leaves in it, programs that run as its owner for one, nobody comes near.
  chmodSync(scratch, 0o700);
  for (const folder of [`${scratch}/build`, outputs]) makeOpenFolder(folder);
  const mounts: Mount[] = [];
  let root = workspace.mountPoint;
  if (layers === undefined) {
    mounts.push({ kind: 'bind-ro', source: workspace.skeleton({ hasNetwork, hostFiles: request.hostFiles }), target: root });
  } else if (request.isCopied || layers.length > MAX_OVERLAID) {
    root = `${scratch}/root`;
    mkdirSync(root);
    copyLayers(store, layers, root);
    makeSkeleton(root, { storeDir: store.storeDir, hasNetwork });
    openToAll(root);
  } else {
    // The root of the build has the mode of its upper layer.
    for (const name of ['upper', 'work']) makeOpenFolder(`${scratch}/${name}`);
    const lower = [workspace.skeleton({ hasNetwork, hostFiles: [] }), ...layers.map((layer) => workspace.link(layer.path))];
    // Relative to the workspace, where the launcher stands when it mounts.
    const options = [
      `lowerdir=${lower.map((folder) => overlayPath(folder)).join(':')}`,
      `upperdir=${overlayPath(`${scratch}/upper`)}`,
      `workdir=${overlayPath(`${scratch}/work`)}`,
      ...(isPrivileged() ? [] : ['userxattr']),
    ];
    mounts.push({ kind: 'overlay', source: 'overlay', target: root, options: options.join(',') });
  }
  mounts.push(...systemMounts(root));
  mounts.push({ kind: 'bind', source: `${scratch}/build`, target: `${root}${buildFolder}` });
  for (const [name, source] of request.given ?? []) {
    writeFileSync(`${scratch}/build/${name}`, '');
    mounts.push({ kind: 'bind-ro', source, target: `${root}${buildFolder}/${name}` });
  }
  mounts.push({ kind: 'bind', source: outputs, target: `${root}${store.storeDir}` });
  for (const path of request.objects) {
    const name = storePathBase(path);
    for (const mount of placeObject(store.toReal(path), outputs, name))
      mounts.push({ ...mount, target: `${root}${store.storeDir}/${name}` });
  }
  const uid = buildUid(request.slot);
  if (isPrivileged()) for (const folder of [`${scratch}/build`, outputs]) chownSync(folder, uid, uid);
  return { root, mounts };
}

/** Commas and colons separate in an overlay's options. */
const overlayPath = (path: string): string => path.replace(/[\\,:]/g, '\\$&');

const buildUid = (slot: number): number => FIRST_BUILD_UID + slot;

/** Linux 5.14 counts the processes of each namespace of users on its own; before it, those of a person all together. */
const countsOwnProcesses = (): boolean => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 14);
};

const NO_LIMIT = -1;
const DEFAULT_STACK_BYTES = 8 << 20;

let ownLimits: string | undefined;

/** The most that this process could get: the limit of its children may be less, not more. */
function hardLimit(name: 'stack size' | 'data size' | 'processes'): number {
  ownLimits ??= readFileSync('/proc/self/limits', 'latin1');
  const text = new RegExp(`^Max ${name} +\\S+ +(\\S+)`, 'm').exec(ownLimits)?.[1];
  return text === undefined || text === 'unlimited' ? NO_LIMIT : Number(text);
}

const within = (wanted: number, hard: number): number => (hard === NO_LIMIT ? wanted : Math.min(wanted, hard));

/** `hasCgroup`: memory is limited for the build as a whole. */
function resourceLimits(limits: BuildLimits, hasCgroup: boolean): ResourceLimit[] {
  const stack = hardLimit('stack size');
  const nTasks = within(limits.maxTasks ?? DEFAULT_MAX_TASKS, hardLimit('processes'));
  const memory = limits.maxMemoryBytes === undefined ? undefined : within(limits.maxMemoryBytes, hardLimit('data size'));
  return [
    { resource: 'core', soft: 0, hard: 0 },
    { resource: 'stack', soft: within(DEFAULT_STACK_BYTES, stack), hard: stack },
    ...(isPrivileged() || countsOwnProcesses() ? [{ resource: 'processes', soft: nTasks, hard: nTasks } as const] : []),
    ...(memory !== undefined && !hasCgroup ? [{ resource: 'data', soft: memory, hard: memory } as const] : []),
  ];
}

/**
 * Process 1 goes, and with it all that runs there; then the launcher, which waits for that, ends by itself. So nothing is left when its end
 * is heard. Where nothing says which process 1 is, or it is not there yet, the launcher goes, and takes it along a moment later.
 */
function endAll(launcher: Started): void {
  const { pid } = launcher;
  try {
    // One that was waited for has given its number away.
    if (!launcher.kill(0)) return;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    if (first !== '' && process.kill(Number(first), 'SIGKILL')) return;
  } catch {
    // it ended meanwhile, or a kernel that does not list children
  }
  launcher.kill('SIGKILL');
}

interface Running {
  readonly list: CallList;
  readonly root: string;
  readonly cgroup: Cgroup | undefined;
}

function waitFor(child: Started, request: SandboxRequest, running: Running): Promise<SandboxEnd> {
  const { signal, limits = {}, onOutput } = request;
  return new Promise((resolve, reject) => {
    const reports: Buffer[] = [];
    let ended: 'stopped' | LimitKind | undefined;
    const end = (why: 'stopped' | LimitKind) => {
      ended ??= why;
      endAll(child);
    };
    const stop = () => end('stopped');
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    const timer = limits.timeoutMs === undefined ? undefined : setTimeout(end, limits.timeoutMs, 'time');
    const silence = limits.maxSilentMs === undefined ? undefined : setTimeout(end, limits.maxSilentMs, 'silence');
    let nLogBytes = 0;
    // A log that cannot be read or written is this build's to say, once it has ended: thrown from here it would end the program, and
    // every other build with it.
    let failure: { readonly error: unknown } | undefined;
    const fail = (error: unknown) => {
      failure ??= { error };
      stop();
    };
    child.stdio[1]?.on('data', (chunk: Buffer) => {
      if (failure !== undefined) return;
      silence?.refresh();
      const room = (limits.maxLogBytes ?? Number.POSITIVE_INFINITY) - nLogBytes;
      nLogBytes += chunk.length;
      try {
        if (room > 0) onOutput!(chunk.length <= room ? chunk : chunk.subarray(0, room));
      } catch (error) {
        fail(error);
      }
      if (chunk.length > room) end('log');
    });
    child.stdio[1]?.on('error', fail);
    // One that could not be started has none.
    const connection = child.stdio[REPORT_FD];
    connection?.on('data', (chunk: Buffer) => reports.push(chunk));
    connection?.on('error', () => {}); // the other side went first
    const finish = () => {
      signal?.removeEventListener('abort', stop);
      clearTimeout(timer);
      clearTimeout(silence);
    };
    child.on('error', (error) => {
      finish();
      resolve({ kind: 'refused', refusal: { purpose: START, message: error.message }, way: undefined });
    });
    child.on('close', (status, killedBy) => {
      finish();
      if (failure !== undefined) return reject(failure.error);
      if (ended === 'stopped') return resolve({ kind: 'stopped' });
      if (ended !== undefined) return resolve({ kind: 'over-limit', limit: ended });
      const { refusal, status: ownStatus } = readReports(running.list, Buffer.concat(reports));
      if (refusal?.purpose === EXECUTE) return resolve({ kind: 'not-run', message: refusal.message });
      if (refusal !== undefined) return resolve({ kind: 'refused', refusal, way: wayOf(refusal, request, running.root) });
      if (ownStatus !== 0 && running.cgroup?.wasOutOfMemory() === true) return resolve({ kind: 'over-limit', limit: 'memory' });
      // The launcher was killed: by whom, its own end does not tell.
      const shownStatus = ownStatus ?? (killedBy === 'SIGTERM' ? 143 : killedBy === null ? status! : 137);
      resolve({ kind: 'exited', status: shownStatus, usage: child.usage });
    });
  });
}

/** What this machine does not have and builds can do without. */
function wayOf(refusal: Refusal, request: SandboxRequest, root: string): 'overlay' | 'filter' | undefined {
  if (refusal.purpose === FILTER) return 'filter';
  return request.layers !== undefined && refusal.purpose === `mount ${root}` ? 'overlay' : undefined;
}
