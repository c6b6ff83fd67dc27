/**
 * One program, alone: its own users, mounts, processes, network, and a root that holds what it was given.
 *
 * `unshare` (util-linux) makes the namespaces, a generated `sh` text mounts and waits as process 1, and a second user namespace, entered
 * by the same call that changes the root, leaves the program no privilege over any of it:
 *
 *   unshare ─▶ sh (process 1, may mount) ─▶ setpriv ─▶ env -i ─▶ unshare --user --root ─▶ the program (uid 1000, may nothing)
 *
 * The programs of the host are all loaded before the root changes, so the root need not hold them. The namespace of process 1 is not
 * that of the program, so its view of the host (`/proc/1/root`) stays closed, and in a changed root no further user namespace can be
 * made.
 *
 * @source docs/builder.md §2
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { type Bytes, isAscii, sys, textToBytes } from '../base/index.ts';
import { type StorePath, storePathBase, type TreeEntry } from '../store/index.ts';
import { type BuildInput, buildFolder } from './environment.ts';
import { hostPath, hostProgram } from './host-programs.ts';
import type { Layer } from './layers.ts';
import { encodeFstab, type Mount } from './mounts.ts';
import { copyLayers, makeSkeleton, placeObject, systemMounts } from './root.ts';
import { shellWord } from './shell-word.ts';
import { type Started, startProgram, type Usage } from './spawn.ts';
import type { Workspace } from './workspace.ts';

/** First of the users that builds run as when igos is run by root: far above any that people have. */
const FIRST_BUILD_UID = 0x34000000;

/** The kernel lays at most 500 folders over each other; the option string must fit into one page. */
const MAX_OVERLAID = 400;

/** Linux passes arguments of less than 128 KiB. */
const MAX_ARGUMENT_BYTES = 120 * 1024;

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
  readonly onOutput: (chunk: Buffer) => void;
  readonly signal?: AbortSignal | undefined;
}

export type SandboxEnd =
  /** The program ran. As in shells, a status above 128 is 128 + the signal that killed it. */
  | { readonly kind: 'exited'; readonly status: number; readonly usage?: Usage | undefined }
  /** It did not get as far as the program. */
  | { readonly kind: 'refused'; readonly message: string; readonly isOverlayRefused: boolean }
  | { readonly kind: 'stopped' };

/** Where the program's own outputs are, on the host's side. */
export const outputsFolder = (scratch: string): string => `${scratch}/outputs`;

/** Whether builds get users of their own: only root can give them. */
export const isPrivileged = (): boolean => process.getuid?.() === 0;

/** Runs the program to its end; then no process of it is left. @throws SystemFault */
export async function runSandboxed(request: SandboxRequest): Promise<SandboxEnd> {
  const { scratch, input } = request;
  const { root, mounts } = sys('prepare the sandbox', scratch, () => prepare(request));
  writeFileSync(`${scratch}/fstab`, encodeFstab(mounts));
  for (const [name, text] of input.files) writeFileSync(`${scratch}/build/${name}`, Buffer.from(text, 'latin1'));
  const command = [...namespaceFlags(request.hasNetwork), '/bin/sh', ...scriptArguments(setupScript(request, root), scratch)];
  const child = startProgram(hostProgram('unshare') ?? 'unshare', command, {
    cwd: request.workspace.folder,
    env: { PATH: hostPath, LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' },
    descriptors: ['empty', 'output', 'output', 'lifeline'],
  });
  return await waitFor(child, request, root);
}

/** A script that fits is handed over as an argument, which saves a file; Node passes only ASCII on as it is. */
function scriptArguments(script: Bytes, scratch: string): string[] {
  if (script.length < MAX_ARGUMENT_BYTES && isAscii(script)) return ['-c', script];
  writeFileSync(`${scratch}/setup.sh`, Buffer.from(script, 'latin1'));
  return [`${scratch}/setup.sh`];
}

/** Makes the folders of this build. @returns where its root will be, and what is to be mounted, in order */
function prepare(request: SandboxRequest): { root: string; mounts: Mount[] } {
  const { scratch, workspace, layers, hasNetwork } = request;
  const { store } = workspace;
  const outputs = outputsFolder(scratch);
  // The way in is for the build's user as well; what is beside its own folders is not its to read.
  chmodSync(scratch, 0o711);
  for (const folder of [`${scratch}/build`, outputs]) mkdirSync(folder, { mode: 0o755 });
  const mounts: Mount[] = [];
  let root = workspace.mountPoint;
  if (layers === undefined) {
    mounts.push({ kind: 'bind-ro', source: workspace.skeleton({ hasNetwork, hostFiles: request.hostFiles }), target: root });
  } else if (request.isCopied || layers.length > MAX_OVERLAID) {
    root = `${scratch}/root`;
    mkdirSync(root);
    copyLayers(store, layers, root);
    makeSkeleton(root, { storeDir: store.storeDir, hasNetwork });
  } else {
    for (const name of ['upper', 'work']) mkdirSync(`${scratch}/${name}`, { mode: 0o755 });
    const lower = [workspace.skeleton({ hasNetwork, hostFiles: [] }), ...layers.map((layer) => workspace.link(layer.path))];
    // Relative to the workspace, where the script stands when it mounts.
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

/** Namespaces of process 1. @source unshare(1) */
export const namespaceFlags = (hasNetwork: boolean): string[] => [
  ...(isPrivileged() ? [] : ['--user', '--map-root-user']),
  ...['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child=KILL'],
  ...(hasNetwork ? [] : ['--net']),
];

/** Written to the script's stderr when all is mounted: what comes before is why the sandbox could not be made. */
const READY = '@ready\n';

/** The text that process 1 runs, as bytes. */
function setupScript(request: SandboxRequest, root: string): Bytes {
  const { input } = request;
  const tool = (name: string) => hostProgram(name) ?? name;
  const privileges = isPrivileged()
    ? [
        `--reuid=${buildUid(request.slot)}`,
        `--regid=${buildUid(request.slot)}`,
        '--clear-groups',
        '--inh-caps=-all',
        '--bounding-set=-all',
      ]
    : [];
  const { direct, late } = splitEnvironment(input.environment);
  const program =
    late.length === 0 ? [input.builder, ...input.args] : ['/bin/sh', '-c', exportThen(late), input.builder, ...input.args];
  const command = [
    ...[tool('setpriv'), ...privileges, '--no-new-privs'],
    ...[tool('env'), '-i', ...direct.map(([name, value]) => `${name}=${value}`)],
    ...[tool('unshare'), '--user', '--map-user=1000', '--map-group=100', '--root=.', `--wd=${buildFolder}`, '--'],
    ...program,
  ];
  const lines = [
    'set -eu',
    'umask 022',
    `cd ${shellWord(textToBytes(request.workspace.folder))}`,
    // Process 1 cannot be killed from inside, but all others can: they go when igos goes.
    '(read -r _ <&3 || :; kill -KILL -1) >/dev/null 2>&1 &',
    ...(request.hasNetwork || hostProgram('ip') === undefined ? [] : [`${tool('ip')} link set lo up & ip=$!`]),
    `${tool('mount')} -n -a -T ${shellWord(textToBytes(`${request.scratch}/fstab`))}`,
    `{ echo build >/proc/sys/kernel/hostname; } 2>/dev/null || ${tool('hostname')} build`,
    ...(request.hasNetwork || hostProgram('ip') === undefined ? [] : ['wait "$ip"']),
    'ulimit -c 0',
    'ulimit -S -s 8192 || :',
    `cd ${shellWord(textToBytes(root))}`,
    `printf '${READY.trimEnd()}\\n' >&2`,
    'set +e',
    `${command.map(shellWord).join(' ')} </dev/null 2>&1 3<&-`,
    'exit "$?"',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Variables that change how programs are loaded would do so to the host's programs on the way in: they are set by a shell in the
 * new root. The list is what glibc itself ignores in programs that raise privileges, without TMPDIR, which those on the way do not use.
 */
const LOADER_VARIABLES =
  /^(?:LD_.*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|RESOLV_.*|RES_OPTIONS|TZDIR)$/;

type Variable = readonly [name: string, value: Bytes];

function splitEnvironment(environment: ReadonlyMap<string, Bytes>): { direct: Variable[]; late: Variable[] } {
  const all = [...environment];
  return {
    direct: all.filter(([name]) => !LOADER_VARIABLES.test(name)),
    late: all.filter(([name]) => LOADER_VARIABLES.test(name)),
  };
}

const exportThen = (variables: readonly Variable[]): Bytes =>
  `${variables.map(([name, value]) => `export ${name}=${shellWord(value)}`).join('; ')}; exec "$0" "$@"`;

function waitFor(child: Started, request: SandboxRequest, root: string): Promise<SandboxEnd> {
  const { signal } = request;
  const [, stdout, stderr] = child.stdio;
  return new Promise((resolve, reject) => {
    let messages = '';
    let isStopped = false;
    const stop = () => {
      isStopped = true;
      // unshare takes process 1 with it, and the kernel the rest.
      child.kill('SIGKILL');
    };
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    stdout?.on('data', request.onOutput);
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (messages.length < 16_384) messages += text;
    });
    child.on('error', (error) => {
      signal?.removeEventListener('abort', stop);
      const message = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'unshare: not found' : error.message;
      resolve({ kind: 'refused', message, isOverlayRefused: false });
    });
    child.on('close', (status, killed) => {
      signal?.removeEventListener('abort', stop);
      if (isStopped) resolve({ kind: 'stopped' });
      else if (messages.includes(READY)) resolve({ kind: 'exited', status: status ?? signalStatus(killed), usage: child.usage });
      else
        resolve({
          kind: 'refused',
          message: messages.trim(),
          isOverlayRefused: messages.includes(`${root}: `) && request.layers !== undefined,
        });
    });
    stdout?.on('error', reject);
  });
}

/** unshare itself was killed: by whom, its own status does not tell. */
const signalStatus = (name: NodeJS.Signals | null): number => (name === 'SIGTERM' ? 143 : 137);
