/**
 * The apt of this machine, asked and never changed: which packages it offers, and from where.
 *
 * @source apt-cache(8), apt-get(8) "indextargets", sources.list(5)
 */
import { spawn } from 'node:child_process';
import { type Bytes, bytesToText } from '../../base/index.ts';
import { stopped } from '../build-fault.ts';
import { hostPath, hostProgram } from '../host-programs.ts';

export interface RunOptions {
  readonly config?: string;
  readonly cwd?: string;
  readonly signal: AbortSignal;
}

/**
 * Runs one of apt's programs to its end. `reason`: its last words, for when it did not do what it should. What one wrote that was killed
 * is not handed over: half a list looks like a whole one.
 *
 * @throws Fault E-BUILD-015 the signal stopped it
 */
export function runApt(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ isDone: boolean; isKilled: boolean; output: Bytes; reason: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(hostProgram(program) ?? program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: {
        PATH: hostPath,
        LC_ALL: 'C',
        DEBIAN_FRONTEND: 'noninteractive',
        ...(options.config === undefined ? {} : { APT_CONFIG: options.config }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
    });
    const output: string[] = [];
    let messages = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output.push(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      messages = (messages + text).slice(-8192);
    });
    const end = (isDone: boolean, isKilled: boolean, fallback: string) => {
      if (options.signal.aborted) return reject(stopped());
      const lines = messages.split('\n').filter((line) => /^[EW]: /.test(line));
      const reason = (lines.find((line) => line.startsWith('E: ')) ?? lines.at(-1))?.slice(3) ?? fallback;
      resolve({ isDone, isKilled, output: isKilled ? '' : output.join(''), reason });
    };
    child.on('error', (error) => end(false, false, error.message));
    child.on('close', (status, killedBy) =>
      end(status === 0, killedBy !== null, killedBy === null ? `exit status ${status}` : `'${program}' was ended by ${killedBy}`),
    );
  });
}

/** Addresses of the places that its lists name, in their order; none where there is no apt. */
export async function aptRepositories(aptFolder: string, signal: AbortSignal): Promise<string[]> {
  if (hostProgram('apt-get') === undefined) return [];
  const args = [`-oDir::Etc=${aptFolder}`, 'indextargets', '--no-release-info', '--format', '$(CREATED_BY) $(REPO_URI)'];
  const { output } = await runApt('apt-get', args, { signal });
  return [...new Set([...output.matchAll(/^Packages (\S+)$/gm)].map((match) => bytesToText(match[1]!)))];
}

/**
 * What this machine's apt offers, as texts of stanzas: of each package the version that apt would take, and all of those in `names`. Its own
 * lists are used where it has some; where it has none, they are fetched to `scratch`.
 *
 * @returns no texts where there is no apt, or where it gets no lists
 */
export async function aptPackages(
  names: readonly string[],
  options: { readonly aptFolder: string; readonly scratch: string; readonly signal: AbortSignal },
): Promise<{ texts: string[]; reason: string }> {
  const { aptFolder, scratch, signal } = options;
  if (hostProgram('apt-cache') === undefined) return { texts: [], reason: 'this machine has no apt' };
  const own = [`-oDir::Etc=${aptFolder}`, `-oDir::Cache=${scratch}`];
  const elsewhere = [...own, `-oDir::State::lists=${scratch}/lists`, '-oAcquire::Languages=none', '-oAPT::Sandbox::User=root'];
  // Lists of other places than the machine's own are none of its.
  let chosen = aptFolder === machineApt ? own : elsewhere;
  let reason = '';
  let offered = chosen === own ? await runApt('apt-cache', [...own, 'dumpavail'], { signal }) : undefined;
  if (offered === undefined || !offered.output.includes('\nFilename: ')) {
    chosen = elsewhere;
    const update = await runApt('apt-get', [...elsewhere, 'update', '-qq'], { signal });
    reason = update.isDone ? 'its lists are empty' : update.reason;
    offered = await runApt('apt-cache', [...elsewhere, 'dumpavail'], { signal });
  }
  if (!offered.output.includes('\nFilename: ')) return { texts: [], reason };
  if (names.length === 0) return { texts: [offered.output], reason: '' };
  const more = await runApt('apt-cache', [...chosen, 'show', '--all-versions', ...names], { signal });
  return more.isKilled ? { texts: [], reason: more.reason } : { texts: [offered.output, more.output], reason: '' };
}

/** Where a machine's apt is set up. */
export const machineApt = '/etc/apt';
