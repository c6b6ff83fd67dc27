/**
 * `npm test`: the quick suite on the pinned Node, with the stack that the programs run with. Pure suites share one process (a process
 * a file costs more than most tests); suites that start processes or change the world are isolated, and run beside it.
 * `npm run test:slow` runs all: also what starts our programs, builds in sandboxes, and files that end in `.slow.test.ts`.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

const node = process.execPath;
const summary = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const skips: string[] = [];
/** Each failure with its causes, told again at the end. */
let failures = '';

await Promise.all([runSuite(pure, ['--test-isolation=none']), runSuite(isolated, ['--test-concurrency=2'])]);

// the closing lines of node's own runner, for the whole of it
for (const [name, count] of Object.entries(summary)) process.stdout.write(`# ${name} ${count}\n`);
// What needs material of others that may not be kept here can only run where somebody brings it.
const forbidden = process.env['CI'] === undefined ? [] : skips.filter((line) => !line.includes(': not part of igos: '));
if (skips.length > 0) process.stdout.write(`skipped:\n${skips.map((line) => `  ${line}`).join('\n')}\n`);
if (failures !== '') process.stdout.write(`failed:\n${failures.replace(/^(?=.)/gm, '  ')}`);
if (forbidden.length > 0) process.stdout.write(`${forbidden.length} skipped under CI, where everything must run\n`);
process.stdout.write(
  `${summary.pass} passed, ${summary.fail + summary.cancelled + forbidden.length} failed, ${summary.skipped} skipped\n`,
);
process.exit(summary.fail + summary.cancelled + forbidden.length > 0 || summary.tests === 0 ? 1 : 0);

async function runSuite(list: readonly string[], flags: readonly string[]): Promise<void> {
  if (list.length === 0) return;
  // What takes the types away is WebAssembly. Its code that is dead, V8 frees twice now and then where more than one thread has some, and
  // ends the process: `Check failed: jit_page_->allocations_.erase(addr) == 1`. Nothing of what is installed takes types away.
  const gentle = '--no-wasm-code-gc';
  const words = [`--require=${join(import.meta.dirname, 'compile-cache.cjs')}`, '--stack-size=60000', gentle];
  const folder = mkdtempSync(join(tmpdir(), 'igos-tests-'));
  const failureFile = join(folder, 'failures');
  words.push('--test', '--test-reporter=tap', '--test-reporter-destination=stdout');
  words.push(`--test-reporter=${join(import.meta.dirname, 'failures.ts')}`, `--test-reporter-destination=${failureFile}`);
  words.push(...flags, ...list);
  const child = spawn('sh', ['-c', 'ulimit -S -s 200000 2>/dev/null; exec "$@"', 'sh', node, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // The servers of tests are on this machine, where no proxy leads.
    env: { ...process.env, NO_COLOR: '1', no_proxy: '*', NO_PROXY: '*' },
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
  failures += readFileSync(failureFile, 'utf8');
  rmSync(folder, { recursive: true });
  if (status !== 0 && summary.fail + summary.cancelled === 0) {
    process.stdout.write(`test runner ended with status ${status}\n`);
    summary.fail += 1;
  }
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
