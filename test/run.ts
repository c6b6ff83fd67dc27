/**
 * `npm test`: the quick suite on the pinned Node, with the stack that the programs run with. Pure suites share one process (a process
 * a file costs more than most tests); suites that start processes or change the world are isolated, and run beside it. What takes long
 * begins first, or one processor would be idle at the end. What starts our programs hundreds of times writes to memory, where there is
 * some and `TMPDIR` does not say otherwise: it waits for the disk more than for anything else. The others keep to what users have.
 * `npm run test:slow` runs all: also what starts our programs, builds in sandboxes, and files that end in `.slow.test.ts`.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryFolder } from './memory.ts';
import type { Told } from './report.ts';

const root = join(import.meta.dirname, '..');
const isSlow = process.argv.includes('--slow');
const patterns = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isolatedFolders = /^test\/(builder|depot|image|pkm|store|cli|examples|slow|docs)\//;
const slowFiles = /^test\/(builder|depot|cli|examples|slow|docs)\/|\.slow\.test\.ts$/;

const files = globSync(patterns.length > 0 ? patterns : ['test/**/*.test.ts'], { cwd: root })
  .filter((file) => isSlow || patterns.length > 0 || !slowFiles.test(file))
  .sort();
const pure = files.filter((file) => !isolatedFolders.test(file));
const isolated = files.filter((file) => isolatedFolders.test(file));
const isOnDisk = (file: string): boolean => /^test\/(builder|image|pkm|store)\//.test(file);
const isLong = (file: string): boolean => file.startsWith('test/slow/');
const busy = isolated.filter((file) => !isOnDisk(file)).sort((a, b) => Number(isLong(b)) - Number(isLong(a)));

const node = process.execPath;
const summary = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const skips: string[] = [];
/** Each failure with its causes, told again at the end. */
let failures = '';
/** By file: how long it took, and the slowest test of it. */
const times = new Map<string, { ms: number; slowest: { name: string; ms: number } }>();
const SHOWN_TIMES = 10;

const report = join(import.meta.dirname, 'report.ts');
const isolation = join(import.meta.dirname, 'isolated.ts');
/** Below it the busy write; removed with whatever the dead among them left. */
const memory = process.env['TMPDIR'] === undefined && busy.length > 0 ? memoryFolder(8 * 2 ** 30) : undefined;
const scratch = memory === undefined ? undefined : mkdtempSync(join(memory, 'igos-'));
// As /tmp: some tests become other users.
if (scratch !== undefined) chmodSync(scratch, 0o1777);
// Ctrl-C ends the suites, which then are told of as far as they came; a second one ends this too.
process.once('SIGINT', () => {});
await Promise.all([
  runSuite(pure, (file) => [
    ...['--test', '--test-isolation=none', '--test-reporter=tap', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${report}`, `--test-reporter-destination=${file}`],
  ]),
  runSuite(isolated.filter(isOnDisk), (file) => [isolation, file, busy.length > 0 ? '1' : '2']),
  runSuite(busy, (file) => [isolation, file, '2'], scratch),
]);
if (scratch !== undefined) await remove(scratch);

// the closing lines of node's own runner, for the whole of it
for (const [name, count] of Object.entries(summary)) process.stdout.write(`# ${name} ${count}\n`);
showTimes();
// What needs material of others that may not be kept here can only run where somebody brings it.
const forbidden = process.env['CI'] === undefined ? [] : skips.filter((line) => !line.includes(': not part of igos: '));
if (skips.length > 0) process.stdout.write(`skipped:\n${skips.map((line) => `  ${line}`).join('\n')}\n`);
if (failures !== '') process.stdout.write(`failed:\n${failures.replace(/^(?=.)/gm, '  ')}`);
if (forbidden.length > 0) process.stdout.write(`${forbidden.length} skipped under CI, where everything must run\n`);
process.stdout.write(
  `${summary.pass} passed, ${summary.fail + summary.cancelled + forbidden.length} failed, ${summary.skipped} skipped\n`,
);
process.exit(summary.fail + summary.cancelled + forbidden.length > 0 || summary.tests === 0 ? 1 : 0);

/** Folders of stores in it may be closed even to their owner. */
async function remove(folder: string): Promise<void> {
  try {
    (await import('../store/write-tree.ts')).removeTree(folder);
  } catch (error) {
    process.stdout.write(`left behind: ${folder}: ${String(error)}\n`);
  }
}

/** @param wordsFor  given the file for the report */
async function runSuite(
  list: readonly string[],
  wordsFor: (file: string) => readonly string[],
  temporary: string | undefined = process.env['TMPDIR'],
): Promise<void> {
  if (list.length === 0) return;
  // What takes the types away is WebAssembly. Its code that is dead, V8 frees twice now and then where more than one thread has some, and
  // ends the process: `Check failed: jit_page_->allocations_.erase(addr) == 1`. Nothing of what is installed takes types away.
  const gentle = '--no-wasm-code-gc';
  const words = [`--require=${join(import.meta.dirname, 'compile-cache.cjs')}`, '--stack-size=60000', gentle];
  const folder = mkdtempSync(join(tmpdir(), 'igos-tests-'));
  const reportFile = join(folder, 'report');
  words.push(...wordsFor(reportFile), ...list);
  const child = spawn('sh', ['-c', 'ulimit -S -s 200000 2>/dev/null; exec "$@"', 'sh', node, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // The servers of tests are on this machine, where no proxy leads.
    env: {
      ...process.env,
      NO_COLOR: '1',
      no_proxy: '*',
      NO_PROXY: '*',
      ...(temporary === undefined ? {} : { TMPDIR: temporary }),
    },
  });
  const readLine = lineReader();
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) readLine(line);
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  // Of a runner that was ended, the last line may be half there.
  const told = existsSync(reportFile) ? readFileSync(reportFile, 'utf8').split('\n').slice(0, -1) : [];
  for (const line of told) hear(JSON.parse(line) as Told);
  rmSync(folder, { recursive: true });
  if (status !== 0 && summary.fail + summary.cancelled === 0) {
    process.stdout.write(`test runner ended with status ${status}\n`);
    summary.fail += 1;
  }
}

function hear(told: Told): void {
  if (told.kind === 'failure') {
    failures += told.text;
    return;
  }
  const time = times.get(told.file) ?? { ms: 0, slowest: { name: '', ms: 0 } };
  times.set(told.file, time);
  // Who has a process also waits for it to start: that comes last.
  if (told.kind === 'file') time.ms = told.ms;
  else {
    time.ms += told.ms;
    if (told.ms > time.slowest.ms) time.slowest = told;
  }
}

/** Where the time went, of a run of many files. */
function showTimes(): void {
  if (times.size <= SHOWN_TIMES) return;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(6);
  process.stdout.write('slowest, in seconds:\n');
  for (const [file, { ms, slowest }] of [...times].sort(([, a], [, b]) => b.ms - a.ms).slice(0, SHOWN_TIMES))
    process.stdout.write(`${seconds(ms)}  ${file}, of which ${seconds(slowest.ms).trim()}: ${slowest.name}\n`);
}

function lineReader(): (line: string) => void {
  /** Lines still to be shown of a failure. */
  let isShowing = 0;
  return (line) => {
    const total = /^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line);
    if (total) {
      summary[total[1] as keyof typeof summary] += Number(total[2]);
      return;
    }
    const skip = /^\s*ok \d+ - (.*) # SKIP ?(.*)$/.exec(line);
    if (skip) skips.push(`${skip[1]}: ${skip[2]}`);
    if (/^\s*not ok /.test(line)) isShowing = 60;
    if (/^\s*ok /.test(line)) isShowing = 0;
    if (isShowing > 0) {
      isShowing -= 1;
      process.stdout.write(`${line}\n`);
    } else if (/^# (?!Subtest|duration|suites)/.test(line)) process.stdout.write(`${line}\n`);
  };
}
