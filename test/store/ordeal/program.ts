/** Real programs of igos under an evil star: killed after some time, before some write, or with a disk that fails. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { project } from '../../cli/programs.ts';

export interface Fate {
  readonly killAfterMs?: number;
  /** See steps.ts. */
  readonly steps?: { readonly mode: 'count' | 'kill' | 'EIO' | 'ENOSPC'; readonly at: number };
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the program: `strace …`. */
  readonly under?: readonly string[];
}

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
  /** Where steps were counted and the process lived to say. */
  readonly nSteps?: number;
  /** What was made to fail: `<step> <call>`. */
  readonly failed: readonly string[];
}

let steps: string | undefined;

/** steps.ts as a URL that holds it, without types: to take them away at each start takes twice the time of what most programs do. */
function stepsUrl(): string {
  if (steps === undefined) {
    const { code } = transformSync(readFileSync(join(import.meta.dirname, 'steps.ts'), 'utf8'), { loader: 'ts' });
    steps = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  }
  return steps;
}

/** Nothing here takes as long, however busy the machine is. */
const HUNG_MS = 120_000;
let nReports = 0;

/** Runs `igos` with an environment of its own. */
export async function runIgos(home: string, words: readonly string[], fate: Fate = {}): Promise<Ending> {
  const report = join(tmpdir(), `igos-steps-${process.pid}-${nReports++}`);
  const [command = '', ...rest] = [...(fate.under ?? []), join(project, 'bin', 'igos'), ...words];
  const started = performance.now();
  const child = spawn(command, rest, {
    cwd: project,
    // A group of its own, so that all of it can be ended where it hangs.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: join(home, '..'),
      IGOS_HOME: home,
      NO_COLOR: '1',
      ...(fate.steps === undefined
        ? {}
        : { NODE_OPTIONS: `--import=${stepsUrl()}`, IGOS_TEST_STEPS: `${fate.steps.mode}:${fate.steps.at}:${report}` }),
      ...fate.env,
    },
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (text[stream] += String(chunk)));
  const timer = fate.killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), fate.killAfterMs);
  const hung = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), HUNG_MS);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (code, name) => resolve([code, name])),
  );
  clearTimeout(timer);
  clearTimeout(hung);
  const told = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { failed: [] };
  rmSync(report, { force: true });
  return { status, signal, ...text, elapsedMs: performance.now() - started, ...told };
}
