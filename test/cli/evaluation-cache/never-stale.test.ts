/**
 * The promise of the evaluation cache: whatever happens to the world between two runs, the answer is the one that an evaluation would
 * give. A random program looks at a small world in every way the language has; random changes follow; after each the cached answer is
 * compared with a fresh one in a store of its own.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { noQuickAnswers, type Workbench, workbench } from './workbench.ts';

/** Places that programs look at and changes happen to. `link` and `way` are made as symlinks, the latter to a folder. */
const PLACES = [
  'a',
  'b.nix',
  'dir',
  'dir/c',
  'dir/d.nix',
  'dir/sub',
  'dir/sub/e',
  'link',
  'way',
  'way/c',
  'way/d.nix',
  'dir/default.nix',
];
const TEXTS = ['1', '2', '"x"', '"y"', 'builtins.trace "seen" 3', 'import ./b.nix', '{ n = 1; }'];
const VARIABLES = ['ONE', 'TWO', 'HOME'];

/** Ways to look, all of which give something that prints whatever is there. */
const LOOKS: readonly ((place: string, variable: string) => string)[] = [
  (place) => `(if pathExists ./${place} && readFileType ./${place} == "regular" then readFile ./${place} else "no file")`,
  (place) => `(if pathExists (toString ./${place} + "/.") then readDir ./${place} else "no folder")`,
  (place) => `(if pathExists ./${place} then import ./${place} else "nothing to import")`,
  (place) => `(pathExists ./${place})`,
  (place) => `(pathExists (toString ./${place} + "/."))`,
  (place) => `(if pathExists ./${place} then readFileType ./${place} else "no type")`,
  (place) => `(if pathExists ./${place} then "\${./${place}}" else "no source")`,
  (place) =>
    `(if pathExists (toString ./${place} + "/.") then filterSource (path: kind: kind == "directory" || baseNameOf path == "c") ./${place} else "no tree")`,
  (place) =>
    `(if pathExists ./${place} && readFileType ./${place} == "regular" then path { path = ./${place}; name = "p"; recursive = false; } else "no")`,
  (place) =>
    `(if pathExists ./${place} && readFileType ./${place} == "regular" then hashFile "sha256" ./${place} else "no hash")`,
  (place) => `(tryEval <named/${basename(place)}>).success`,
  (_, variable) => `(getEnv "${variable}")`,
  (place) => `(trace "looking" (pathExists ./${place}))`,
  () => '(toString x)',
  (place, variable) => `(toFile "t" "\${getEnv "${variable}"}\${toString (pathExists ./${place})}")`,
];

type Step = (bench: Workbench) => void;
interface Change {
  readonly name: string;
  readonly run: Step;
}

const lands = (bench: Workbench, place: string): string => join(bench.work, place);

/** A change that does not fit the world as it is (nothing to rename, a file where a folder should be) is no change. */
const attempt =
  (step: Step): Step =>
  (bench) => {
    try {
      step(bench);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    }
  };

const text = fc.constantFrom(...TEXTS);

const changeOf = (place: fc.Arbitrary<string>): fc.Arbitrary<Change> =>
  fc.oneof(
    fc.tuple(place, text).map(([at, content]) => ({
      name: `write ${at} ${content}`,
      run: attempt((bench) => {
        mkdirSync(dirname(lands(bench, at)), { recursive: true });
        writeFileSync(lands(bench, at), content);
      }),
    })),
    place.map((at) => ({
      name: `same size and time ${at}`,
      run: attempt((bench) => {
        const file = lands(bench, at);
        const { atimeMs, mtimeMs } = statSync(file);
        const before = readFileSync(file, 'latin1');
        const after = before.replace(/[12xy]/, (found) => ({ '1': '2', '2': '1', x: 'y', y: 'x' })[found]!);
        writeFileSync(file, after);
        utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
      }),
    })),
    place.map((at) => ({ name: `delete ${at}`, run: attempt((bench) => rmSync(lands(bench, at), { recursive: true })) })),
    place.map((at) => ({ name: `folder ${at}`, run: attempt((bench) => mkdirSync(lands(bench, at), { recursive: true })) })),
    fc.tuple(place, place).map(([from, to]) => ({
      name: `rename ${from} to ${to}`,
      run: attempt((bench) => renameSync(lands(bench, from), lands(bench, to))),
    })),
    fc
      .tuple(fc.constantFrom('link', 'way', 'dir/sub', 'a'), fc.constantFrom('dir', 'dir/sub', 'a', 'b.nix', 'nowhere'))
      .map(([at, to]) => ({
        name: `link ${at} to ${to}`,
        run: attempt((bench) => {
          if (lstatSync(lands(bench, at), { throwIfNoEntry: false })?.isSymbolicLink() === true) unlinkSync(lands(bench, at));
          symlinkSync(lands(bench, to), lands(bench, at));
        }),
      })),
    place.map((at) => ({
      name: `executable ${at}`,
      run: attempt((bench) => chmodSync(lands(bench, at), statSync(lands(bench, at)).mode ^ 0o100)),
    })),
    place.map((at) => ({
      name: `touch ${at}`,
      run: attempt((bench) => utimesSync(lands(bench, at), 1, 1)),
    })),
    fc.tuple(fc.constantFrom(...VARIABLES), fc.option(text, { nil: undefined })).map(([name, value]) => ({
      name: `${name}=${value}`,
      run: (bench: Workbench) => {
        if (value === undefined) delete bench.environment[name];
        else bench.environment[name] = value;
      },
    })),
    fc.constant({ name: 'nothing', run: () => {} }),
    fc.constant({
      name: 'lose the store',
      run: (bench: Workbench) => {
        for (const folder of ['store', 'var/index']) {
          const path = join(bench.home, folder);
          if (existsSync(path)) renameSync(path, `${path}-lost-${readdirSync(bench.home).length}-${Math.random()}`);
        }
      },
    }),
  );

const lookAt = (place: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...LOOKS), place, fc.constantFrom(...VARIABLES)).map(([how, at, name]) => how(at, name));

const words = fc.record({
  command: fc.constantFrom('eval', 'instantiate'),
  isImpure: fc.boolean(),
  argument: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  searchPath: fc.constantFrom('dir', 'way'),
});

/** Few places each, so that changes happen where the program looks. */
const scenario = fc.uniqueArray(fc.constantFrom(...PLACES), { minLength: 2, maxLength: 4 }).chain((places) =>
  fc.record({
    looks: fc.array(lookAt(fc.constantFrom(...places)), { minLength: 1, maxLength: 6 }),
    words,
    otherWords: words,
    /** Whether files look old enough for their inodes to be trusted. */
    isSettled: fc.boolean(),
    changes: fc.array(changeOf(fc.constantFrom(...places)), { minLength: 1, maxLength: 6 }),
  }),
);

function commandLine(bench: Workbench, { command, isImpure, argument, searchPath }: Generated<typeof words>): string[] {
  return [
    command,
    ...(isImpure ? ['--impure'] : []),
    ...(argument === undefined ? [] : ['--argstr', 'x', argument]),
    ...(command === 'eval' ? ['--strict'] : []),
    '-I',
    `named=${join(bench.work, searchPath)}`,
    join(bench.work, 'main.nix'),
  ];
}

function begin(bench: Workbench, looks: readonly string[]): void {
  mkdirSync(join(bench.work, 'dir', 'sub'), { recursive: true });
  const list = `with builtins; [ ${looks.join('\n')} ]`;
  // One program for both commands: a derivation that prints, and whose path depends on all that was seen.
  const program = `{ x ? 0 }: derivation { name = "seen"; system = "s"; builder = "b"; seen = builtins.toJSON (${list}); }`;
  writeFileSync(join(bench.work, 'main.nix'), program);
  writeFileSync(lands(bench, 'a'), '1');
  writeFileSync(lands(bench, 'b.nix'), '2');
  writeFileSync(lands(bench, 'dir/c'), '"x"');
  writeFileSync(lands(bench, 'dir/d.nix'), '{ n = 1; }');
  symlinkSync(lands(bench, 'a'), lands(bench, 'link'));
  symlinkSync(lands(bench, 'dir'), lands(bench, 'way'));
}

/** Longer than the tick of the kernel's clock: what happens after it has another time. */
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 11));

type Generated<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

interface Count {
  played: number;
  evaluated: number;
  remembered: number;
  failed: number;
  /** Answered by the launcher alone. */
  known: number;
}

async function play(t: TestContext, generated: Generated<typeof scenario>, count: Count): Promise<void> {
  const { looks, words, otherWords, isSettled, changes } = generated;
  const cleanups: (() => void)[] = [];
  const bench = workbench({ after: (cleanup) => void cleanups.push(cleanup as () => void) });
  try {
    begin(bench, looks);
    if (isSettled) t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
    for (const step of [undefined, ...changes]) {
      if (isSettled) await tick();
      step?.run(bench);
      for (const each of [words, words, otherWords]) {
        const line = commandLine(bench, each);
        const known = bench.known(...line);
        const asked = await bench.ask(...line);
        count[asked.status !== 0 ? 'failed' : asked.isFresh ? 'evaluated' : 'remembered']++;
        const { status, stdout, stderr } = await bench.evaluate(...line);
        assert.deepEqual(
          { ...asked, isFresh: false },
          { status, stdout, stderr, isFresh: false },
          `after: ${step?.name ?? 'the start'}`,
        );
        if (known === undefined) continue;
        count.known++;
        assert.deepEqual(known, { status, stdout, stderr }, `the launcher, after: ${step?.name ?? 'the start'}`);
      }
    }
  } finally {
    count.played++;
    t.mock.timers.reset();
    for (const cleanup of cleanups) cleanup();
  }
}

test('what the cache answers is what an evaluation answers', { timeout: 120_000 }, async (t) => {
  const count: Count = { played: 0, evaluated: 0, remembered: 0, failed: 0, known: 0 };
  await fc.assert(
    fc.asyncProperty(scenario, (each) => play(t, each, count)),
    { numRuns: Number(process.env['IGOS_CACHE_RUNS'] ?? 25), interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
  t.diagnostic(JSON.stringify(count));
  // A slow machine comes to few of them in its minute, and half of those may have an unsettled clock.
  if (count.played < 12) return;
  assert.ok(count.remembered > count.evaluated / 4, 'the property says little where hardly anything is remembered');
  if (noQuickAnswers === false) assert.ok(count.known > count.remembered / 16, 'nor where the launcher hardly knows anything');
});
