/**
 * Nix's own language tests (tests/functional/lang of its repository, which is not part of ours), each run as `lang.sh` there runs
 * it: the same flags, environment and working directory, one process a case.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Kind = 'parse-fail' | 'parse-okay' | 'eval-fail' | 'eval-okay';
const kinds: readonly Kind[] = ['parse-fail', 'parse-okay', 'eval-fail', 'eval-okay'];

export interface Case {
  readonly name: string;
  readonly kind: Kind;
}

export interface Outcome extends Case {
  /** Exit status and standard output are Nix's. */
  readonly isRight: boolean;
  /** Why not. */
  readonly difference: string;
  /** Final error messages, of cases that have one. */
  readonly message?: { readonly want: string; readonly got: string };
  /** What stands on stderr of a case that succeeds. */
  readonly talk?: { readonly want: string; readonly got: string };
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** All that are enabled. @param suite the folder `tests/functional/lang` */
export function findCases(suite: string): Case[] {
  const names = readdirSync(suite)
    .filter((file) => file.endsWith('.nix'))
    .map((file) => file.slice(0, -'.nix'.length))
    .filter((name) => !existsSync(join(suite, `${name}.exp-disabled`)))
    .sort();
  return kinds.flatMap((kind) => names.filter((name) => name.startsWith(`${kind}-`)).map((name) => ({ name, kind })));
}

export class SuiteRunner {
  readonly #suite: string;
  readonly #folder: string;
  readonly #program: string;
  readonly #home: string;

  /** @param program the igos launcher. @param home an empty folder for its store */
  constructor(options: { readonly suite: string; readonly program: string; readonly home: string }) {
    this.#suite = options.suite;
    this.#folder = join(options.suite, '..');
    this.#program = options.program;
    this.#home = options.home;
  }

  async run(each: Case): Promise<Outcome> {
    const wantsFailure = each.kind.endsWith('-fail');
    const { status, stdout, stderr } = await this.#runCase(each);
    const expected = this.#read(`${each.name}.exp.xml`) ?? this.#read(`${each.name}.exp`) ?? '';
    const statusDiffers = status !== (wantsFailure ? 1 : 0);
    const outputDiffers = !wantsFailure && stdout !== expected;
    const difference = statusDiffers
      ? `status ${status}: ${stderr.slice(0, 300)}`
      : outputDiffers
        ? `stdout ${stdout.slice(0, 300)}`
        : '';
    const wanted = this.#read(`${each.name}.err.exp`);
    const outcome = { ...each, isRight: difference === '', difference };
    if (!wantsFailure) return { ...outcome, talk: { want: wanted ?? '', got: stderr } };
    return wanted === undefined ? outcome : { ...outcome, message: { want: finalNixMessage(wanted), got: finalMessage(stderr) } };
  }

  async #runCase({ name, kind }: Case): Promise<Run> {
    const file = `lang/${name}.nix`;
    if (kind.startsWith('parse')) return this.igos(['parse', '-'], { stdin: join(this.#suite, `${name}.nix`) });
    const flags = (this.#read(`${name}.flags`) ?? '')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '');
    if (kind === 'eval-fail') {
      const given = flags.length === 0 ? ['--eval', '--strict', '--show-trace'] : flags.join(' ').split(/\s+/);
      return this.igos(['eval', ...impurely(given), file]);
    }
    const env = { NIX_PATH: 'lang/dir3:lang/dir4', HOME: '/fake-home' };
    if (this.#read(`${name}.exp.xml`) !== undefined)
      return this.igos(['eval', ...impurely(['--eval', '--xml', '--no-location', '--strict']), file]);
    const given = flags[0] === undefined ? [] : flags[0].split(/\s+/);
    return this.igos(['eval', ...impurely(given), '--eval', '--strict', file], { env });
  }

  /** In the folder above the suite; `$(pwd)` reads `/pwd` in what comes back. */
  igos(words: readonly string[], options: { readonly stdin?: string; readonly env?: Record<string, string> } = {}): Promise<Run> {
    const stdin = openSync(options.stdin ?? '/dev/null', 'r');
    const child = spawn(this.#program, words, {
      cwd: this.#folder,
      stdio: [stdin, 'pipe', 'pipe'],
      env: {
        ...process.env,
        TEST_VAR: 'foo',
        IGOS_STORE_DIR: '/nix/store',
        IGOS_HOME: this.#home,
        NO_COLOR: '1',
        ...options.env,
      },
      timeout: 120_000,
    });
    closeSync(stdin);
    const chunks: [Buffer[], Buffer[]] = [[], []];
    child.stdout!.on('data', (chunk: Buffer) => chunks[0].push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => chunks[1].push(chunk));
    const text = (index: 0 | 1): string => Buffer.concat(chunks[index]).toString('utf8').replaceAll(this.#folder, '/pwd');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve({ status, stdout: text(0), stderr: text(1) }));
    });
  }

  #read(file: string): string | undefined {
    const path = join(this.#suite, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}

/** Nix evaluates impurely unless told otherwise; igos is asked to. */
const impurely = (flags: readonly string[]): string[] => ['--impure', ...flags.filter((flag) => flag !== '--impure')];

/** The last `error:` of Nix's output, without its place; white space is one blank. */
export function finalNixMessage(stderr: string): string {
  const lines = stderr.replaceAll(/\x1b\[[0-9;]*m/g, '').split('\n');
  const start = lines.findLastIndex((line) => /^\s*error:/.test(line));
  const message = [lines[start]!.replace(/^\s*error:\s*/, '')];
  for (const line of lines.slice(start + 1)) {
    const text = line.trim();
    if (text === '' || /^at (?:«|.*:\d+:\d+:?$)/.test(text)) break;
    message.push(text);
  }
  return message.join(' ').split(/\s+/).join(' ').trim();
}

/** The message of the last error that igos shows: what stands behind `error[…]:`, before its excerpt, notes and steps. */
export function finalMessage(stderr: string): string {
  const lines = stderr.split('\n');
  const start = lines.findLastIndex((line) => /^error(?:\[[A-Z0-9-]+\])?: /.test(line));
  const message = [lines[start]?.replace(/^error(?:\[[A-Z0-9-]+\])?: /, '') ?? ''];
  for (const line of lines.slice(start + 1)) {
    if (/^\s*(?:┌─|│|\d+ │|hint:|note:|…|$)/.test(line)) break;
    message.push(line);
  }
  return message.join(' ').split(/\s+/).join(' ').trim();
}
