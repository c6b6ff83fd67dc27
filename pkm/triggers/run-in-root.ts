/** Runs a program inside a root: as if that were the system, and with nothing of the caller's environment. */
import { spawnSync } from 'node:child_process';

export interface RootProgram {
  /** Found in PATH of the root. */
  readonly argv: readonly string[];
  /** Standard input. */
  readonly input: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProgramResult {
  /** `skipped`: this user cannot enter the root. */
  readonly status: 'ok' | 'failed' | 'skipped';
  /** Why, and what it said; '' where it went well. */
  readonly detail: string;
}

export type RunInRoot = (root: string, program: RootProgram) => ProgramResult;

const TIMEOUT_MS = 300_000;
const MAX_OUTPUT_CHARACTERS = 2000;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Another root than `/` is entered with chroot in a mount namespace of its own, which gets the machine's /dev, /proc and /sys
 * where the root has folders for them; without being root, in a user namespace too. Root on a machine that makes no such namespace
 * goes without them: mounts would stay behind, and whoever removed the root then would remove the machine's devices.
 */
const ENTER = `
root=$1; shift
for folder in dev proc sys; do
  if [ -d "$root/$folder" ]; then mount --rbind "/$folder" "$root/$folder" 2>/dev/null || :; fi
done
exec chroot "$root" "$@"`;
const ENTER_WITHOUT_MOUNTS = `
root=$1; shift
exec chroot "$root" "$@"`;

export const runInRoot: RunInRoot = (root, { argv, input, environment }) => {
  const command = root === '/' ? argv : enterCommand(root, argv);
  if (command === undefined) return { status: 'skipped', detail: `this user cannot enter '${root}': no user namespaces` };
  const [program, ...words] = command;
  const { status, signal, stdout, stderr, error } = spawnSync(program!, words, {
    cwd: '/',
    input,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 26,
    env: { PATH, HOME: '/', LANG: 'C.UTF-8', ...environment },
  });
  if (status === 0) return { status: 'ok', detail: '' };
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim().slice(-MAX_OUTPUT_CHARACTERS);
  const why =
    status === 127
      ? `'${argv[0]}' is not on the root`
      : status !== null
        ? `exit status ${status}`
        : signal === 'SIGKILL'
          ? `it was killed, after ${TIMEOUT_MS / 1000} seconds at most`
          : (error?.message ?? `signal ${signal}`);
  return { status: 'failed', detail: output === '' ? why : `${why}: ${output}` };
};

/** Words before a shell and its script, which enters the root. */
interface WayIn {
  readonly words: readonly string[];
  readonly script: string;
}

let wayIn: WayIn | undefined | null = null;

function enterCommand(root: string, argv: readonly string[]): readonly string[] | undefined {
  if (wayIn === null) wayIn = findWayIn();
  return wayIn === undefined ? undefined : [...wayIn.words, '/bin/sh', '-c', wayIn.script, 'sh', root, ...argv];
}

function findWayIn(): WayIn | undefined {
  const spaces = process.geteuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  const works = spawnSync('unshare', [...spaces, 'true'], { stdio: 'ignore' }).status === 0;
  if (works) return { words: ['unshare', ...spaces, '--propagation', 'private', '--'], script: ENTER };
  return process.geteuid?.() === 0 ? { words: [], script: ENTER_WITHOUT_MOUNTS } : undefined;
}
