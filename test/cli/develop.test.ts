/** `igos develop`: the environment of a build with a person, or a command, in it. And logs of builds that run. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { golden } from '../golden.ts';
import { noSandbox, type Programs, programs, project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

const skip = await noSandbox();

/** Say in the list of processes whose they are: no other test, and no other run of this one, sleeps for so long. */
const daemonSeconds = String(20_000_000 + process.pid);
const typedSeconds = String(26_000_000 + process.pid);
const heldSeconds = String(50_000_000 + process.pid);

const TREE = `
tier base {
  summary = "All of it";
}

package tools "1" {
  tier = base;
  summary = "For tests";
  license = "MIT";
  style = hostTools { tools = [ "sh" "cp" "mkdir" "ls" "cat" "id" "sleep" "env" "chmod" "rm" ]; };
}

package hello "1.0" {
  tier = base;
  summary = "For tests";
  license = "MIT";
  source = ./hello;
  build = [ tools ];
  env.GREETING = "it's me";
  phases.build = ''
    echo "$GREETING" >greeting
  '';
  phases.install = ''
    mkdir -p "$out/usr/share"
    cp greeting "$out/usr/share/"
  '';
}

package bare "1.0" {
  tier = base;
  summary = "For tests: its build has no shell";
  license = "MIT";
  phases.install = "true";
}

package slow "1.0" {
  tier = base;
  summary = "For tests";
  license = "MIT";
  build = [ tools ];
  phases.build = ''
    (sleep ${daemonSeconds} &)
    echo begun
    sleep 0.5
    echo middle
    sleep \${toString (import ./seconds.nix)} || :
    echo ended
  '';
  phases.install = "mkdir -p $out/usr";
}
`;

interface Tree extends Programs {
  readonly tree: string;
  readonly home: string;
}

function treeOf(t: TestContext, seconds: number | string = 1): Tree {
  const own = programs(t);
  const tree = join(own.work, 'tree');
  mkdirSync(join(tree, 'hello'), { recursive: true });
  writeFileSync(join(tree, 'tree.igos'), TREE);
  writeFileSync(join(tree, 'seconds.nix'), String(seconds));
  writeFileSync(join(tree, 'hello', 'source.txt'), 'source\n');
  return { ...own, tree, home: join(own.work, 'home') };
}

test('a command runs in the environment of the build, phase by phase, and leaves nothing', { skip }, (t) => {
  const { igos, tree, home } = treeOf(t);
  const script =
    'id; pwd; echo "$GREETING $name $version"; ls; run-phase unpack build; cat hello-1.0/greeting; ls /igos/store; exit 7';
  const run = igos('develop', `${tree}#hello`, '--command', script);
  assert.match(
    run.stdout,
    /^uid=1000\(builder\) gid=100\(users\) groups=100\(users\)\n\/build\nit's me hello 1\.0\nit's me\n\w{32}-hello\n$/,
    run.stderr,
  );
  assert.equal(run.status, 7);
  const unpacked = igos(
    'develop',
    `${tree}#hello`,
    '--unpack',
    '-c',
    'pwd; cat source.txt; run_phase build install && ls $out/usr',
  );
  assert.equal(unpacked.stdout, '/build/hello-1.0\nsource\nshare\n');
  const wrong = igos('develop', `${tree}#hello`, '-c', 'run-phase configure');
  assert.deepEqual([wrong.status, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /there is no phase 'configure'; there are: unpack build install/);
  const none = igos('develop', `${tree}#hello`, '-c', 'run-phase');
  assert.deepEqual([none.status, none.stdout], [2, '']);
  assert.match(none.stderr, /name the phases to run; there are: unpack build install/);
  const failing = igos('develop', `${tree}#hello`, '-c', 'rm -rf hello-1.0; run-phase install; echo "status $?"');
  assert.match(failing.stdout, /^status [1-9]/);
  const whole = igos('develop', `${tree}#hello`, '-c', 'run-build; ls $out/usr/share');
  assert.equal(whole.stdout, 'greeting\n');
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  golden(t, 'errors/cli-develop-one.txt', igos('develop', tree).stderr.replaceAll(tree, 'TREE'));
  const bare = igos('develop', `${tree}#bare`, '-c', 'true');
  assert.equal(bare.status, 4);
  assert.match(
    bare.stderr,
    /E-BUILD-018.*'bare-1\.0' cannot be run: '\/bin\/sh'[\s\S]*declare the package that brings '\/bin\/sh'/,
  );
  // Nothing of it was added: the package is built as if nobody had been there.
  assert.match(igos('realize', `${tree}#hello`).stdout, /^\/igos\/store\/\w{32}-hello-1\.0\n$/);
});

const noBash = skip || (spawnSync('bash', ['-c', 'true']).status !== 0 && 'no bash here');

for (const [shell, cannot] of [
  ['bash', noBash],
  ['sh', skip],
] as const)
  test(`a script from a pipe is run by ${shell} without prompts`, { skip: cannot }, (t) => pipedScript(t, shell));

function pipedScript(t: TestContext, shell: string): void {
  const { tree, home, work } = treeOf(t);
  writeFileSync(join(tree, 'tree.igos'), TREE.replace('"sh"', `"sh" "${shell}"`));
  const run = spawnSync(join(project, 'bin/igos'), ['develop', `${tree}#hello`], {
    input: 'run-phase unpack build\ncat hello-1.0/greeting\nfalse\nexit 5\n',
    cwd: project,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: home, NO_COLOR: '1' },
  });
  assert.deepEqual([run.status, run.stdout], [5, "it's me\n"], run.stderr);
  assert.doesNotMatch(run.stderr, /job control|terminal|\$ |run-build/);
}

test('a command behind -- runs word by word, with its own options and status', { skip }, (t) => {
  const { igos, tree } = treeOf(t);
  const develop = (...words: string[]) => igos('develop', `${tree}#hello`, ...words);
  const words = develop('--', 'sh', '-c', 'printf "<%s>" "$PWD" "$@"; exit 7', 'x', 'a b', '*', "it's", '$HOME', '--json', '--');
  assert.deepEqual([words.status, words.stdout], [7, "</build><a b><*><it's><$HOME><--json><-->"], words.stderr);
  assert.equal(develop('-u', '--', 'cat', 'source.txt').stdout, 'source\n');
  assert.equal(develop('--', 'run-phase', 'unpack').status, 0);
  assert.match(develop('--', 'run_phase', 'none').stderr, /there is no phase 'none'/);
  // Words of the shell are none here.
  for (const word of ['if', 'a=1']) assert.equal(develop('--', word, 'true').status, 127, word);
  const wrong = develop('-c', 'true', '--', 'true');
  assert.deepEqual([wrong.status, wrong.stderr.split('\n')[0]], [2, 'igos: --command and -- both say what to run']);
  const missed = develop('echo', 'hi');
  assert.equal(missed.status, 2);
  assert.match(missed.stderr, /unexpected operand 'echo'\nhint: a command to run there stands behind --: igos develop TREE#NAME/);
  // Its options are not ours: the error is no record.
  assert.equal(igos('develop', `${tree}#none`, '--', 'true', '--json').stdout, '');
});

test('a shell at a terminal has its keys: jobs, interrupts, its status', { skip: skip || noTerminal() }, (t) => {
  const { tree, home, work } = treeOf(t);
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: work,
    XDG_CACHE_HOME: join(tmpdir(), `igos-test-cache-${process.getuid?.() ?? 0}`),
    IGOS_HOME: home,
    NO_COLOR: '1',
    TERM: 'xterm',
  };
  const run = runInTerminal(
    [join(project, 'bin/igos'), 'develop', `${tree}#hello`],
    [
      { until: 'run-phase NAME runs a phase as the build does: unpack build install\r\n.*\\[hello-1\\.0\\] /build \\$ $' },
      { press: 'echo $((6 * 7))\r', until: '\n42\r\n.*\\$ $' },
      // Stopped, listed, brought back, interrupted.
      { press: `sh -c "echo go''ing; exec sleep ${typedSeconds}"\r`, until: 'going\r\n' },
      { press: '\x1a', waitMs: 300, until: 'Stopped.*\\$ $' },
      { press: 'jobs\r', until: `sleep ${typedSeconds}.*\\$ $` },
      { press: 'fg\r', until: `sleep ${typedSeconds}"?\r\n` },
      { press: '\x03', waitMs: 300, until: '\\$ $' },
      { press: 'run-phase build\r', until: '@igos phase build.*\\$ $' },
      { press: 'cat </dev/tty\r', until: 'tty\r\n' },
      { press: 'typed\r', until: 'typed\r\ntyped\r\n' },
      { press: '\x04', waitMs: 100, until: '\\$ $' },
      { press: 'exit 5\r', until: '' },
    ],
    { cwd: project, env },
  );
  assert.equal(run.problem, '', run.screen);
  assert.equal(run.status, 5, run.screen);
  assert.doesNotMatch(run.screen, /job control|can't access tty|Cannot set/, run.screen);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.deepEqual(sleepers(typedSeconds), []);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends a shell, and nothing of it is left`, { skip }, async (t) => {
    const own = treeOf(t);
    const shell = startIgos(own, 'develop', `${own.tree}#hello`, '-c', `sleep ${typedSeconds}`);
    await until(
      () => sleepers(typedSeconds).length > 0,
      () => shell.seen.error,
    );
    shell.child.kill(signal);
    assert.equal((await shell.ended)[0], 130, shell.seen.error);
    assert.deepEqual(sleepers(typedSeconds), []);
    assert.deepEqual(readdirSync(join(own.home, 'tmp')), []);
  });
}

/** Processes that sleep for so long. */
const sleepers = (seconds: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });

/** The program as a user has it running; `seen` is what it printed. */
function startIgos(own: Tree, ...words: string[]) {
  const child = spawn(join(project, 'bin/igos'), words, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: own.work, IGOS_HOME: own.home, NO_COLOR: '1' },
  });
  const seen = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (seen.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (seen.error += chunk.toString()));
  return { child, seen, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> };
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let ms = 0; !condition(); ms += 20) {
    assert.ok(ms < 120_000, `it did not happen within two minutes: ${what()}`);
    await sleep(20);
  }
}

test('the log of a running build is followed until it ends; then it is the last one', { skip }, async (t) => {
  const own = treeOf(t, heldSeconds);
  const build = startIgos(own, 'realize', `${own.tree}#slow`);
  t.after(() => build.child.kill('SIGKILL'));
  const logs = join(own.home, 'var/log/running');
  const hasLog = (): boolean => {
    try {
      return readdirSync(logs).some((name) => name.includes('-slow-'));
    } catch {
      return false;
    }
  };
  await until(hasLog, () => build.seen.error);
  const log = startIgos(own, 'log', '-f', `${own.tree}#slow`);
  await until(
    () => log.seen.out.includes('begun'),
    () => log.seen.error,
  );
  assert.doesNotMatch(log.seen.out, /ended/);
  // However long the follower takes to start, the build goes on only now.
  await until(
    () => sleepers(heldSeconds).length > 0,
    () => build.seen.error,
  );
  for (const pid of sleepers(heldSeconds)) process.kill(Number(pid));
  assert.equal((await build.ended)[0], 0, build.seen.error);
  assert.deepEqual([(await log.ended)[0], log.seen.error], [0, '']);
  // The shell may say how its sleep ended.
  assert.match(log.seen.out, /begun\nmiddle\n(?:Terminated\n)?ended\n/);
  const last = own.igos('log', '--follow', build.seen.out.trim());
  assert.equal(last.stdout, log.seen.out);
  assert.match(last.stderr, /no build of slow-1\.0 runs: this is the log of the last one/);
  assert.equal(own.igos('log', build.seen.out.trim()).stdout, log.seen.out);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends all builds in order`, { skip }, async (t) => {
    const own = treeOf(t, 60);
    const build = startIgos(own, 'realize', `${own.tree}#slow`);
    await until(
      () => sleepers(daemonSeconds).length > 0,
      () => build.seen.error,
    );
    build.child.kill(signal);
    assert.equal((await build.ended)[0], 130, build.seen.error);
    assert.match(build.seen.error, /E-BUILD-015/);
    assert.deepEqual(sleepers(daemonSeconds), []);
    assert.deepEqual(readdirSync(join(own.home, 'tmp')), []);
    assert.deepEqual(readdirSync(join(own.home, 'var/lock')), []);
    assert.deepEqual(readdirSync(join(own.home, 'var/log/running')), []);
  });
}

test('a second interrupt ends everything at once, and the next run clears up', { skip }, async (t) => {
  const own = treeOf(t, 60);
  const build = startIgos(own, 'realize', `${own.tree}#slow`);
  await until(
    () => sleepers(daemonSeconds).length > 0,
    () => build.seen.error,
  );
  for (let nSent = 0; nSent < 2; nSent++) build.child.kill('SIGINT');
  await build.ended;
  await until(
    () => sleepers(daemonSeconds).length === 0,
    () => 'a process is left',
  );
  assert.equal(own.igos('store', 'clean').status, 0);
  for (const folder of ['tmp', 'var/lock', 'var/log/running']) assert.deepEqual(readdirSync(join(own.home, folder)), [], folder);
});

test('limits are options, and what they end is named', { skip }, (t) => {
  const { igos, tree } = treeOf(t, 60);
  const run = igos('realize', `${tree}#slow`, '--timeout', '4');
  assert.equal(run.status, 4);
  assert.match(run.stderr, /E-BUILD-030.*: the build of 'slow-1\.0' was ended in phase 'build': it took longer than 4 s/);
  const wrong = igos('realize', `${tree}#slow`, '--max-silent', 'soon');
  assert.deepEqual([wrong.status, /--max-silent takes a time such as 90, 10m or 2h/.test(wrong.stderr)], [2, true]);
});
