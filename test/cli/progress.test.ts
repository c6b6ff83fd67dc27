import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../base/index.ts';
import type { BuildEvent, Plan, PlanStep } from '../../builder/index.ts';
import { Output } from '../../cli/output.ts';
import { buildLines, summaryLines } from '../../cli/progress/build-lines.ts';
import { BuildState } from '../../cli/progress/build-state.ts';
import type { Progress } from '../../cli/progress/model.ts';
import { nixJsonProgress } from '../../cli/progress/nix-json.ts';
import { plainProgress } from '../../cli/progress/plain.ts';
import type { Derivation, StorePath } from '../../store/index.ts';
import { needsSandbox } from '../builder/support.ts';
import { golden } from '../golden.ts';
import { programs, project } from './programs.ts';
import { noTerminal, runInTerminal, type TerminalRun } from './pseudo-terminal.ts';

const pathOf = (name: string): StorePath => `/igos/store/${'0'.repeat(32)}-${name}.drv` as StorePath;

/** `name: inputs`, with the seconds that it took before. */
type Spec = Readonly<Record<string, { readonly after?: readonly string[]; readonly seconds?: number; readonly fetch?: true }>>;

function planOf(spec: Spec): Extract<BuildEvent, { kind: 'plan' }> {
  const steps = Object.entries(spec).map(
    ([name, { after = [], fetch }]): PlanStep => ({
      drvPath: pathOf(name),
      drv: { name } as Derivation,
      action: fetch ? 'fetch' : 'build',
      reason: 'new',
      missing: ['out'],
      waitsFor: after.map(pathOf),
      dependsOn: [],
    }),
  );
  const plan: Plan = { steps, nValid: 4, nCutoff: 0, nBuild: steps.length, nFetch: 0, nUncertain: 0 };
  const known = Object.entries(spec).flatMap(([name, { seconds }]) =>
    seconds === undefined ? [] : [[pathOf(name), seconds * 1000] as const],
  );
  return { kind: 'plan', plan, expectedMs: new Map(known), fetches: 4 };
}

/** A run whose clock stands still until it is told. */
function scene(
  spec: Spec,
): { state: BuildState; pass: (seconds: number) => void; tell: (event: BuildEvent) => void } & Record<
  'start' | 'finish' | 'fail',
  (name: string) => void
> {
  let nowMs = 0;
  const listeners: ((event: BuildEvent) => void)[] = [];
  const state = new BuildState(() => nowMs);
  const started = new Map<string, number>();
  const tell = (event: BuildEvent): void => {
    state.apply(event);
    for (const listener of listeners) listener(event);
  };
  const about = (name: string) => ({
    drvPath: pathOf(name),
    name,
    action: spec[name]!.fetch ? ('fetch' as const) : ('build' as const),
  });
  tell(planOf(spec));
  return {
    state,
    tell,
    pass: (seconds) => {
      nowMs += seconds * 1000;
    },
    start: (name) => {
      started.set(name, nowMs);
      tell({ kind: 'started', ...about(name) });
    },
    finish: (name) => tell({ kind: 'finished', ...about(name), outputs: new Map(), durationMs: nowMs - started.get(name)! }),
    fail: (name) => tell({ kind: 'failed', ...about(name), fault: new Fault('E-BUILD-001', 'it failed'), keptAt: undefined }),
  };
}

const TREE: Spec = {
  'binutils-2.44': { seconds: 90 },
  'gmp-6.3.0': { seconds: 30 },
  'gcc-14.2.0': { after: ['binutils-2.44', 'gmp-6.3.0'], seconds: 720 },
  'gcc-14.2.0.tar.xz': { fetch: true },
  'zlib-1.3.1': { after: ['gcc-14.2.0'], seconds: 4 },
  'make-4.4.1': {},
  'a-package-with-a-name-that-is-longer-than-most-1.0': { seconds: 3 },
};

const drawn = (state: BuildState, columns: number, rows = 24): string =>
  buildLines(state, 2, { columns, rows })
    .map(({ title, rest }) => `${title}${title === '' ? '' : '  '}${rest}`.trimEnd().slice(0, columns))
    .join('\n');

test('what is drawn of a run: what runs, what is next, how far it is', (t) => {
  const run = scene(TREE);
  const frames: string[] = [];
  const frame = (title: string, columns = 100, rows = 24): void =>
    void frames.push(`--- ${title}\n${drawn(run.state, columns, rows)}\n`);
  frame('planned');
  run.start('binutils-2.44');
  run.start('gcc-14.2.0.tar.xz');
  run.pass(7.2);
  run.tell({ kind: 'phase', drvPath: pathOf('binutils-2.44'), phase: 'configure' });
  run.tell({ kind: 'log', drvPath: pathOf('binutils-2.44'), line: 'checking for \u001b[31mred\u001b[0m tape… no' });
  run.tell({
    kind: 'fetched',
    drvPath: pathOf('gcc-14.2.0.tar.xz'),
    url: 'https://example.org/gcc.tar.xz',
    doneBytes: 3 << 20,
    totalBytes: 90 << 20,
  });
  frame('two run');
  frame('narrow', 40);
  frame('low', 100, 5);
  run.finish('gcc-14.2.0.tar.xz');
  run.fail('binutils-2.44');
  run.tell({ kind: 'skipped', drvPath: pathOf('gcc-14.2.0'), because: pathOf('binutils-2.44') });
  run.tell({ kind: 'skipped', drvPath: pathOf('zlib-1.3.1'), because: pathOf('binutils-2.44') });
  run.start('make-4.4.1');
  run.start('a-package-with-a-name-that-is-longer-than-most-1.0');
  run.pass(1.1);
  frame('one failed', 70);
  run.finish('make-4.4.1');
  run.finish('a-package-with-a-name-that-is-longer-than-most-1.0');
  run.start('gmp-6.3.0');
  run.tell({ kind: 'cutoff', drvPath: pathOf('gmp-6.3.0'), outputs: new Map() });
  frame('nothing left');
  frames.push(`--- summary\n${summaryLines(run.state, 1_234_567).join('\n')}\n`);
  const broken = scene(TREE);
  broken.start('binutils-2.44');
  broken.start('make-4.4.1');
  broken.fail('binutils-2.44');
  broken.tell({ kind: 'elsewhere', drvPath: pathOf('gmp-6.3.0'), outputs: new Map() });
  frames.push(`--- summary of what ended while a build ran\n${summaryLines(broken.state, 0).join('\n')}\n`);
  golden(t, 'cli/build-lines.txt', frames.join(''));
});

test('what is next is what the scheduler starts next', () => {
  const run = scene(TREE);
  const names = (count: number): string[] => run.state.next(count).map(({ name }) => name);
  assert.deepEqual(names(2), ['binutils-2.44', 'gmp-6.3.0']);
  assert.equal(run.state.nReady, 5);
  run.start('binutils-2.44');
  run.finish('binutils-2.44');
  assert.deepEqual(names(1), ['gmp-6.3.0']);
  run.start('gmp-6.3.0');
  run.finish('gmp-6.3.0');
  assert.deepEqual(names(1), ['gcc-14.2.0']);
});

test('the time that is left is that of the longest way, or of all work by the jobs', () => {
  const run = scene({ a: { seconds: 10 }, b: { after: ['a'], seconds: 20 }, c: { seconds: 60 }, d: { seconds: 60 } });
  assert.equal(run.state.remainingMs(1), 150_000);
  assert.equal(run.state.remainingMs(2), 75_000);
  assert.equal(run.state.remainingMs(8), 60_000);
  run.start('c');
  run.pass(50);
  assert.equal(run.state.remainingMs(1), 100_000);
  const fetch = true;
  const sources: Spec = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`source ${n}`, { seconds: 15, fetch }]));
  // Four at a time, beside the builds.
  assert.equal(scene(sources).state.remainingMs(1), 30_000);
  assert.equal(scene({ ...sources, a: { seconds: 40 } }).state.remainingMs(1), 40_000);
  assert.equal(scene({ a: { seconds: 5 }, b: {}, c: {} }).state.remainingMs(1), undefined, 'too little is known');
});

/** Runs a display over the events of a run, and gives what it wrote. */
function written(
  make: (out: Output) => Progress,
  spec: Spec,
  play: (run: ReturnType<typeof scene>, display: Progress) => void,
): string {
  const chunks: Buffer[] = [];
  const display = make(new Output(false, (_, data) => chunks.push(Buffer.from(data))));
  const run = scene(spec);
  display.build(planOf(spec), run.state);
  const shown = { ...run };
  const events: BuildEvent[] = [];
  const apply = run.state.apply.bind(run.state);
  run.state.apply = (event) => {
    apply(event);
    events.push(event);
    display.build(event, run.state);
  };
  play(shown, display);
  display.stop();
  return Buffer.concat(chunks).toString('utf8');
}

test('lines for a pipe, with what builds write if that is wanted', (t) => {
  const play = (run: ReturnType<typeof scene>): void => {
    run.start('gmp-6.3.0');
    run.tell({ kind: 'log', drvPath: pathOf('gmp-6.3.0'), line: 'checking\u0007' });
    run.tell({ kind: 'phase', drvPath: pathOf('gmp-6.3.0'), phase: 'build' });
    run.pass(12);
    run.fail('gmp-6.3.0');
    run.tell({ kind: 'skipped', drvPath: pathOf('gcc-14.2.0'), because: pathOf('gmp-6.3.0') });
    run.start('make-4.4.1');
    run.pass(3);
    run.finish('make-4.4.1');
    run.tell({ kind: 'waiting', drvPath: pathOf('binutils-2.44'), pid: 7 });
    run.tell({ kind: 'elsewhere', drvPath: pathOf('binutils-2.44'), outputs: new Map() });
  };
  const text = [false, true].map((hasLogs) => written((out) => plainProgress(out, hasLogs), TREE, play)).join('--- with logs\n');
  golden(t, 'cli/build-plain.txt', text);
});

test('of many steps that need one that failed, the first are named, in each run', () => {
  const names = Array.from({ length: 200 }, (_, n) => `p${n}-1`);
  const spec: Spec = Object.fromEntries([
    ['base-1', {}] as const,
    ...names.map((name) => [name, { after: ['base-1'] }] as const),
  ]);
  const text = written(
    (out) => plainProgress(out),
    spec,
    (run) => {
      for (let n = 0; n < 2; n++) {
        run.tell(planOf(spec));
        run.fail('base-1');
        for (const name of names) run.tell({ kind: 'skipped', drvPath: pathOf(name), because: pathOf('base-1') });
      }
    },
  );
  const told = text.split('\n').filter((line) => line.includes('not tried'));
  const each = [
    ...names.slice(0, 10).map((name) => `${name}: not tried, because base-1 failed`),
    'and others, which need what failed, are not tried',
  ];
  assert.deepEqual(told, [...each, ...each]);
});

const VECTOR = join(import.meta.dirname, '..', 'vectors', 'nix', 'internal-json.txt');

const EXPRESSION = `let
  a = derivation { name = "a-1"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo hello; echo second >&2; echo a > $out" ]; };
in
derivation { name = "b-1"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "read x < $a; echo \\"b of $x\\"; exit 3" ]; inherit a; }`;

/** Without what Nix 2.8 did not say, and what differs from run to run: ids by their order, hashes; without questions that Nix asks of its store. */
function normalised(text: string): string[] {
  const ids = new Map<number, number>();
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('@nix '))
    .map(
      (line) =>
        JSON.parse(line.slice(5).replaceAll(/\/igos\/store\/[a-z0-9]{32}-/g, '/igos/store/HASH-')) as Record<string, unknown>,
    );
  const questions = new Set(lines.filter((line) => line['type'] === 0).map((line) => line['id']));
  return (
    lines
      .filter((line) => !questions.has(line['id']))
      .filter((line) => line['action'] !== 'msg' || line['level'] !== 0)
      .map(({ id, raw_msg: _, parent: __, ...line }) => {
        if (id === undefined) return JSON.stringify(line);
        if (!ids.has(id as number)) ids.set(id as number, ids.size);
        return JSON.stringify({ ...line, id: ids.get(id as number) });
      })
      // Before anything is built it counts what it finds out.
      .filter(
        (line, index, all) => !line.includes('"result"') || all.slice(0, index).some((before) => before.includes('building')),
      )
  );
}

test("--log-format internal-json is what Nix's is", (t) => {
  if (!needsSandbox(t)) return;
  const { igos } = programs(t);
  const { status, stderr } = igos('realize', '-j1', '--log-format', 'internal-json', '--expr', EXPRESSION);
  assert.equal(status, 4);
  // Sorted by key, as Nix's are.
  const sorted = (lines: readonly string[]): string[] =>
    lines.map((line) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).sort(([a], [b]) => (a < b ? -1 : 1)))),
    );
  assert.deepEqual(sorted(normalised(stderr)), sorted(normalised(readFileSync(VECTOR, 'utf8'))));
  const last = JSON.parse(stderr.trimEnd().split('\n').at(-1)!.slice(5)) as Record<string, unknown>;
  const { msg, ...rest } = last;
  assert.match(msg as string, /^error\[E-BUILD-001\].*\nnote: /);
  const sentence = "the build of 'b-1' failed with exit status 3";
  assert.deepEqual(rest, { action: 'msg', column: null, file: null, level: 0, line: null, raw_msg: sentence });
});

test('internal-json: an activity names the one that it is a part of, a copy its path and its cache, warnings have their level', () => {
  const spec: Spec = { 'gmp.tar.xz': { fetch: true }, 'gmp-6.3.0': { after: ['gmp.tar.xz'] } };
  const drvPath = pathOf('gmp.tar.xz');
  const url = 'https://example.org/gmp.tar.xz';
  const copied = pathOf('gcc-14.2.0');
  const text = written(nixJsonProgress, spec, (run, display) => {
    display.start(copied, `copying ${copied}`, 'https://cache.example.org');
    display.finish(copied, 'done');
    run.start('gmp.tar.xz');
    run.tell({ kind: 'mirror-failed', drvPath, url: 'https://down.example.org', reason: 'not there' });
    run.tell({ kind: 'fetched', drvPath, url, doneBytes: 1, totalBytes: 2 });
    run.finish('gmp.tar.xz');
    run.tell({ kind: 'elsewhere', drvPath: pathOf('gmp-6.3.0'), outputs: new Map() });
  });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line.slice('@nix '.length)) as Record<string, unknown>);
  const starts = lines.filter(({ action }) => action === 'start');
  const started = (type: number) => starts.find((line) => line['type'] === type)!;
  assert.deepEqual(
    starts.map(({ type, parent }) => [type, parent]),
    [
      [102, 0],
      [104, 0],
      [103, 0],
      [100, 0],
      [105, 0],
      [101, started(105)['id']],
    ],
  );
  assert.deepEqual(started(100)['fields'], [copied, 'https://cache.example.org', 'local']);
  assert.deepEqual(
    lines.filter(({ action }) => action === 'msg').map(({ level, msg }) => [level, (msg as string).split(':')[0]]),
    [
      [3, 'these 2 derivations will be built'],
      [3, `  ${drvPath}`],
      [3, `  ${pathOf('gmp-6.3.0')}`],
      [1, 'warning'],
    ],
  );
  assert.equal(starts.length, lines.filter(({ action }) => action === 'stop').length);
});

const SLOW = (name: string): string =>
  `(derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo @igos phase count; echo counting; i=0; while [ $i -lt 600000 ]; do i=$((i+1)); done; echo ${name} > $out" ]; })`;

test('on a terminal the run is drawn, also when the window changes its size', (t) => {
  const reason = noTerminal();
  if (reason !== false) {
    t.skip(reason);
    return;
  }
  if (!needsSandbox(t)) return;
  const { work } = programs(t);
  const words = `${join(project, 'bin', 'igos')} realize -j2 --log-format bar --expr '[ ${SLOW('one')} ${SLOW('two')} ${SLOW('three')} ]'`;
  const script = `stty cols 100 rows 30; (sleep 1; stty cols 44 </dev/tty) & ${words.replaceAll('$', '\\$').replace(/\\\$/g, '$')}`;
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: work,
    IGOS_HOME: join(work, 'home'),
    TERM: 'xterm',
    NO_COLOR: '1',
  };
  const { screen, status, problem } = runInTerminal(['/bin/bash', '-c', script], [{ until: 'slowest|3 built' }], {
    cwd: project,
    env: environment,
    seconds: 90,
  });
  assert.equal(problem, '');
  assert.equal(status, 0);
  assert.match(screen, /✓ building one/);
  assert.match(screen, /3 built in /);
  assert.doesNotMatch(screen, /\u001b\[3[0-7]m/, 'no colour, as NO_COLOR asks');
});

test('Ctrl-C on a terminal ends a run that is drawn in order, and a second one at once', (t) => {
  const reason = noTerminal();
  if (reason !== false) {
    t.skip(reason);
    return;
  }
  if (!needsSandbox(t)) return;
  const { work } = programs(t);
  const home = join(work, 'home');
  const endless =
    '(derivation { name = "endless"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "while :; do :; done" ]; })';
  const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: home, TERM: 'xterm' };
  const run = (press: string): TerminalRun =>
    runInTerminal(
      [join(project, 'bin', 'igos'), 'realize', '--log-format', 'bar', '--expr', endless],
      [{ until: 'endless' }, { press, waitMs: 300, until: '\\?25h' }],
      { cwd: project, env: environment, seconds: 60 },
    );
  const left = (): number => [...readdirSync(join(home, 'tmp')), ...readdirSync(join(home, 'var/lock'))].length;
  const { status, screen, problem } = run('\x03');
  assert.deepEqual([problem, status, left()], ['', 130, 0]);
  assert.match(screen, /E-BUILD-015/);
  const twice = run('\x03\x03');
  assert.equal(twice.problem, '');
  // Two at once may be one signal.
  assert.ok(twice.status === 130 || twice.status === -2, String(twice.status));
});

test('a terminal that says no size is taken for one of the usual size, and one of a single character does no harm', (t) => {
  const reason = noTerminal();
  if (reason !== false) {
    t.skip(reason);
    return;
  }
  if (!needsSandbox(t)) return;
  const { work } = programs(t);
  const drawn = (columns: number, rows: number): string => {
    const home = join(work, `home-${columns}`);
    const words = `${join(project, 'bin', 'igos')} realize -j1 --log-format bar --expr '[ ${SLOW('one')} ${SLOW('two')} ]'`;
    const run = runInTerminal(['/bin/bash', '-c', `stty cols ${columns} rows ${rows}; ${words}`], [{ until: 'n\\s*e\\s*w\\b' }], {
      cwd: project,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: home, TERM: 'xterm', NO_COLOR: '1' },
      seconds: 90,
    });
    assert.deepEqual([run.problem, run.status], ['', 0], run.screen);
    return run.screen;
  };
  assert.match(drawn(0, 0), /next: two.*✓ building one.*2 built in /s);
  drawn(1, 1);
});

test('errors are coloured on a terminal that can show it', (t) => {
  const reason = noTerminal();
  if (reason !== false) {
    t.skip(reason);
    return;
  }
  const { work } = programs(t);
  const errorOf = (environment: Readonly<Record<string, string>>, ...words: string[]): string => {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: join(work, 'home'), ...environment };
    const command = [join(project, 'bin', 'igos'), 'eval', '--expr', 'nothing', ...words] as const;
    return runInTerminal(command, [{ until: 'error' }], { cwd: project, env }).screen;
  };
  assert.match(errorOf({ TERM: 'xterm' }), /\u001b\[1;31merror/);
  assert.match(errorOf({ TERM: 'xterm', NO_COLOR: '' }), /\u001b\[1;31merror/, 'set to nothing it asks for nothing');
  for (const plain of [
    errorOf({ TERM: 'dumb' }),
    errorOf({ TERM: 'xterm', NO_COLOR: '1' }),
    errorOf({ TERM: 'xterm' }, '--color', 'never'),
  ])
    assert.doesNotMatch(plain, /\u001b/);
  assert.match(errorOf({ TERM: 'dumb', NO_COLOR: '1' }, '--color', 'always'), /\u001b\[1;31merror/);
});

test('a phase is what a build says it is: it draws nothing but text', () => {
  const run = scene({ evil: {} });
  run.start('evil');
  run.tell({ kind: 'phase', drvPath: pathOf('evil'), phase: 'a\u001b]0;title\u0007\u009b2J' });
  assert.match(drawn(run.state, 100, 24), /a␛\]0;title␇\ufffd2J/);
});
