/**
 * Programs from the whole grammar, evaluated by us and by an installed Nix: what they print, what they write to the store and
 * how they fail. `PROGRAMS` and `SEED` in the environment ask for more or others.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { bytesToText, Fault, Faults, textToBytes } from '../../base/index.ts';
import { builtinTable } from '../../eval/builtins/table.ts';
import { createInterpreter } from '../../eval/interpreter.ts';
import type { EvalIO } from '../../eval/io.ts';
import { needsNix } from './builtins/nix.ts';
import { type RealDisk, realDisk } from './builtins/real-disk.ts';
import { Maker } from './programs/maker.ts';

const PROGRAMS = Number(process.env['PROGRAMS'] ?? 300);
const SEED = Number(process.env['SEED'] ?? 20_261_121);

interface Outcome {
  readonly isSuccess: boolean;
  /** What is printed, or the message. */
  readonly text: string;
}

interface OurOutcome extends Outcome {
  /** What it was the first to add to the store: path → text. */
  readonly added: ReadonlyMap<string, string>;
}

/** What went wrong, in words of 2.8 or of now. What is thrown says the same in both. */
const KINDS: readonly (readonly [kind: string, message: RegExp])[] = [
  ['missing attribute', /^attribute '.*' missing/],
  [
    'type',
    /^attempt to call something which is not a function|^expected .* but found|^value is .* while .* was expected|^cannot (?:coerce|add|compare|convert) /,
  ],
  ['argument', /called (?:without required|with unexpected) argument/],
  ['syntax', /^syntax error, /],
  ['references', /^the string '.*' is not allowed to refer to a store path/],
  ['derivation in a file', /may not reference derivations|must not contain a reference to a derivation/],
  ['build', /^no machine builds|is required to build/],
  ['division by zero', /^division by zero/],
  ['infinite recursion', /^infinite recursion encountered/],
  ['assertion', /^assertion '|^(?:\S.* )?(?:not equal to|differ|size)/],
];

const kindOf = (message: string): string => KINDS.find(([, pattern]) => pattern.test(message))?.[0] ?? message;

const isSame = (ours: Outcome, nix: Outcome): boolean =>
  ours.isSuccess === nix.isSuccess &&
  (ours.isSuccess ? ours.text === nix.text : kindOf(firstLine(ours)) === kindOf(firstLine(nix)));

/** Nix leaves out the control characters of what is thrown. */
const firstLine = ({ text }: Outcome): string =>
  text
    .trim()
    .split('\n')[0]!
    .trim()
    .replaceAll(/[\r\t]/g, '');

interface Difference {
  readonly why: string;
  readonly isKnown: (program: string, ours: Outcome, nix: Outcome) => boolean;
}

/** Floats that Nix 2.8 writes with six digits, in JSON as well. */
const sixDigits = (text: string): string =>
  text.replaceAll(/-?\d+\.\d+(?:e[+-]?\d+)?/g, (float) => String(Number(Number(float).toPrecision(6))));

/** Equal, except that one says «repeated» where the other writes the value out. */
function isSameButRepeated(left: string, right: string): boolean {
  const [a, b] = [tokens(left), tokens(right)];
  let [i, j] = [0, 0];
  for (; i < a.length && j < b.length; i++, j++) {
    if (a[i] === b[j]) continue;
    if (a[i] === '«repeated»') j = endOfValue(b, j);
    else if (b[j] === '«repeated»') i = endOfValue(a, i);
    else return false;
  }
  return i === a.length && j === b.length;
}

const tokens = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|;|[^\s;]+/g) ?? [];

/** Where the value that begins at a token ends: at a bracket that closes it, or at once. */
function endOfValue(list: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < list.length; at++) {
    if (/^[[{]$/.test(list[at]!)) depth++;
    if (/^[\]}]/.test(list[at]!)) depth--;
    if (depth === 0) return at;
  }
  return list.length;
}

const withoutHashes = (text: string): string => text.replaceAll(/\/nix\/store\/[a-z0-9]{32}/g, '');

/** Where Nix 2.8 is not what Nix is now. Each is as narrow as can be: what it does not explain is a failure of the test. */
const DIFFERENCES: readonly Difference[] = [
  {
    why: '2.8 wraps around where integers overflow',
    isKnown: (_, ours) => !ours.isSuccess && ours.text.startsWith('integer overflow'),
  },
  {
    why: 'floor and ceil of what is no integer of 64 bits: 2.8 gives any number',
    isKnown: (_, ours) => /is not in the range of NixInt$/.test(ours.text),
  },
  {
    why: '2.8 writes JSON that is not UTF-8',
    isKnown: (_, ours, nix) => nix.isSuccess && /^JSON serialization error: .*invalid UTF-8/.test(ours.text),
  },
  {
    why: 'replaceStrings: 2.8 looks at replacements that it does not need',
    isKnown: (program, ours, nix) => program.includes('builtins.replaceStrings') && ours.isSuccess && !nix.isSuccess,
  },
  {
    why: 'whether `a = b` in a set shares the value of b, so that it prints as «repeated», hangs in Nix on which of the names was met first; and 2.8 knows lists of three and more items by their items, so that copies do',
    isKnown: (_, ours, nix) => ours.isSuccess && nix.isSuccess && isSameButRepeated(ours.text, nix.text),
  },
  {
    why: 'genList of no items, and map: 2.8 does not look whether it was given a function',
    isKnown: (program, ours, nix) => /builtins\.genList|\(map /.test(program) && nix.isSuccess && !ours.isSuccess,
  },
  {
    why: 'filter of an empty list: 2.8 evaluates the function',
    isKnown: (program, ours) => program.includes('builtins.filter') && ours.isSuccess,
  },
  {
    why: '2.8 writes floats in JSON with six digits, and whole ones as integers',
    isKnown: (program, ours, nix) => program.includes('builtins.toJSON') && sixDigits(ours.text) === sixDigits(nix.text),
  },
  {
    why: '2.8 writes floats with six digits in structured attributes too, which gives a derivation another path',
    isKnown: (program, ours, nix) =>
      /__structuredAttrs.*\.\d/s.test(program) && withoutHashes(ours.text) === withoutHashes(nix.text),
  },
];

test(`${PROGRAMS} programs: Nix prints, writes and refuses the same`, (t) => {
  if (!needsNix(t)) return;
  using disk = realDisk({ realise });
  const { folder } = disk;
  writeFileSync(join(folder, 'one.txt'), 'one\n');
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'folder', 'two.txt'), '${two}\n');
  const programs = sample();
  const ours = evaluateAll(programs, disk);
  const [root, aside] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'igos-oracle-'))) as [string, string];
  try {
    const nix = nixAll(programs, folder, root);
    const alone = (program: string): Outcome => nixAll([program], folder, aside)[0]!;
    const equal = compareOutcomes(t, programs, ours, nix, alone);
    // 2.8 writes what replacements hold that it does not need
    nixAll(
      programs.filter((program) => program.includes('builtins.replaceStrings')),
      folder,
      aside,
    );
    compareTexts(t, ours, equal, storeOf(root), storeOf(aside));
  } finally {
    for (const each of [root, aside]) {
      spawnSync('chmod', ['-R', 'u+w', each]);
      rmSync(each, { recursive: true, force: true });
    }
  }
});

const storeOf = (root: string): string => join(root, 'nix/store');

/** The system that the programs name has no machine: neither we nor Nix can build for it. */
const realise = (path: string): never => {
  throw new Fault('E-EVAL-013', `no machine builds ${path}`);
};

/** Each from a list of choices: fast-check's numbers decide at every fork of the grammar. */
function sample(): string[] {
  const choices = fc.array(fc.nat(), { minLength: 400, maxLength: 400 });
  return fc
    .sample(fc.tuple(choices, fc.integer({ min: 4, max: 40 })), { numRuns: PROGRAMS, seed: SEED })
    .map(([numbers, size]) => {
      let at = 0;
      return new Maker((limit) => (numbers[at++] ?? 0) % limit, { size, strays: 80 }).program();
    });
}

function evaluateAll(programs: readonly string[], { io, folder, texts }: RealDisk): OurOutcome[] {
  return programs.map((program): OurOutcome => {
    const known = new Set(texts.keys());
    const outcome = evaluate(program, io, folder);
    const added = [...texts.values()].filter(({ path }) => !known.has(path));
    return { ...outcome, added: new Map(added.map(({ path, text }) => [path, text])) };
  });
}

function evaluate(program: string, io: EvalIO, folder: string): Outcome {
  const interpreter = createInterpreter({ io, builtins: builtinTable, settings: { system: 'x86_64-linux' } });
  try {
    const value = interpreter.evalExpr(textToBytes(program), { basePath: folder });
    return { isSuccess: true, text: bytesToText(interpreter.print(value, { isStrict: true })) };
  } catch (error) {
    const fault = error instanceof Faults ? error.faults[0] : error;
    if (!(fault instanceof Fault)) throw new Error(`not a fault: ${String(error)}, of ${program}`, { cause: error });
    return { isSuccess: false, text: fault.message };
  }
}

/** One process for as many as succeed in a row: it ends at the first failure. */
function nixAll(programs: readonly string[], cwd: string, root: string): Outcome[] {
  const words = [
    '--eval',
    '--strict',
    '--read-write-mode',
    '--option',
    'build-users-group',
    '',
    '--option',
    'system',
    'x86_64-linux',
  ];
  const outcomes: Outcome[] = [];
  while (outcomes.length < programs.length) {
    const rest = programs.slice(outcomes.length, outcomes.length + 400);
    const run = spawnSync('nix-instantiate', [...words, '-E', ...rest], {
      cwd,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { PATH: process.env['PATH'], HOME: root, NIX_REMOTE: `local?root=${root}`, NIX_PATH: '' },
    });
    const lines = run.stdout.split('\n').slice(0, -1);
    outcomes.push(...lines.map((text) => ({ isSuccess: true, text })));
    if (run.status === 0) continue;
    assert.equal(run.status, 1, `nix-instantiate ended with ${run.signal}: ${run.stderr}, of ${rest[lines.length]}`);
    // Without any text, and without `error:`, where an empty text is thrown.
    const message = (/^.*error:(.*)$/s.exec(run.stderr)?.[1] ?? '').replace(/\(use '--show-trace'.*/m, '');
    outcomes.push({ isSuccess: false, text: message.trim().split('\n\n')[0]! });
  }
  return outcomes;
}

/** The program, its value looked at by the names of attributes first, as we do; less deep than a derivation that holds itself. */
const inOrder = (program: string): string => `let
  look = depth: x: if depth == 0 then null
    else if builtins.isAttrs x then builtins.foldl' (_: name: look (depth - 1) x.\${name}) null (builtins.attrNames x)
    else if builtins.isList x then builtins.foldl' (_: look (depth - 1)) null x
    else null;
  value = (${program}
  );
in builtins.seq (look 7 value) value`;

/**
 * @param alone  what Nix makes of a program that it sees first and only: sets have their order by which of their names came first
 * @returns which programs are the same
 */
function compareOutcomes(
  t: TestContext,
  programs: readonly string[],
  ours: readonly Outcome[],
  nix: readonly Outcome[],
  alone: (program: string) => Outcome,
): boolean[] {
  const known = new Map<string, number>();
  const wrong: string[] = [];
  const equal = programs.map((program, at) => {
    const we = ours[at]!;
    if (isSame(we, nix[at]!)) return true;
    const they = alone(program);
    const isOrder = isSame(we, they) || (!we.isSuccess && !they.isSuccess && isSame(we, alone(inOrder(program))));
    const why = isOrder
      ? 'which of several mistakes shows: Nix looks at attributes in the order in which it first met their names'
      : DIFFERENCES.find(({ isKnown }) => isKnown(program, we, they))?.why;
    if (why === undefined) wrong.push(`${program}\nigos: ${we.text}\nnix:  ${they.text}`);
    else known.set(why, (known.get(why) ?? 0) + 1);
    return false;
  });
  const failures = ours.filter(({ isSuccess }) => !isSuccess).length;
  t.diagnostic(`${failures} of ${programs.length} fail, as they must`);
  for (const [why, count] of known) t.diagnostic(`${count} differ: ${why}`);
  assert.deepEqual(wrong, []);
  assert.ok(failures < programs.length / 3, 'most programs are to succeed');
  return equal;
}

/**
 * `.drv` files and those of `toFile`, of programs with the same outcome: every one of ours is Nix's, byte for byte, and every
 * `.drv` of Nix's is ours.
 *
 * @param aside  what programs with another outcome wrote
 */
function compareTexts(
  t: TestContext,
  ours: readonly OurOutcome[],
  equal: readonly boolean[],
  store: string,
  aside: string,
): void {
  const texts = new Map(ours.flatMap(({ added, isSuccess }, at) => (equal[at] && isSuccess ? [...added] : [])));
  for (const [path, text] of texts) {
    const file = join(store, path.slice('/nix/store/'.length));
    assert.ok(existsSync(file), `Nix did not write ${path}`);
    assert.equal(text, readFileSync(file, 'latin1'));
  }
  const all = new Set(ours.flatMap(({ added }) => [...added.keys()]));
  const drvs = readdirSync(store).filter((name) => name.endsWith('.drv'));
  const more = drvs.filter((name) => !all.has(`/nix/store/${name}`) && !existsSync(join(aside, name)));
  assert.deepEqual(
    more.map((name) => readFileSync(join(store, name), 'latin1')),
    [],
  );
  t.diagnostic(`${texts.size} texts in the store are the same, and ${drvs.length} derivations`);
}
