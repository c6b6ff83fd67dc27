/**
 * V8 refuses compiled code that was made under other flags, and goes by a hash of 32 bits of all flags that are set. So whatever flag
 * bin/igos gives, Node no longer takes the compiled code of its own modules from its binary: node:crypto then takes 12 ms to load
 * instead of 4. This finds a text for `--embedded-variant`, which nothing but V8's build reads, such that the hash is that of no flags.
 *
 *     node cli/flag-hash.ts --stack-size=240000 …      prints the text
 *
 * A text that does not fit (another V8) costs what having none costs.
 */
import { spawnSync } from 'node:child_process';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'].map((letter) => letter.charCodeAt(0));

/** What V8 multiplies by for each character: the lower half of MurmurHash64A's constant. */
const FACTOR = 0x5bd1e995;
/** FACTOR × INVERSE = 1 modulo 2³². */
const INVERSE = 0xe59b19bd;

/** The hash of flags under which a Node runs that is given these. @throws Error where it does not run */
export function flagHash(node: string, flags: readonly string[]): number {
  const script = 'process.stdout.write(String(new (require("node:vm").Script)("1").createCachedData().readUInt32LE(12)))';
  const run = spawnSync(node, [...flags, '-e', script], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`'${node}' does not run: ${run.stderr}`);
  return Number(run.stdout);
}

/**
 * @returns six letters for `--embedded-variant`, or `undefined` where V8 hashes in another way
 * Cost: a tenth of a second, and a run of Node for each candidate, about one.
 */
export function neutralVariant(node: string, flags: readonly string[]): string | undefined {
  const wanted = flagHash(node, []);
  const given = flagHash(node, flags);
  // The lowest bit is always shown set.
  for (const start of [given, given ^ 1]) {
    for (const end of [wanted, wanted ^ 1]) {
      for (const text of candidates(start | 0, end | 0)) {
        if (flagHash(node, [...flags, `--embedded-variant=${text}`]) === wanted) return text;
      }
    }
  }
  return undefined;
}

/** Three letters forward from the start and three back from the end, until both meet. */
function* candidates(start: number, end: number): Generator<string> {
  const before = [...'--embedded-variant="'].reduce((state, letter) => after(state, letter.charCodeAt(0)), start);
  const forward = new Map<number, string>();
  for (const [state, letters] of threeLetters(before, after)) forward.set(state, letters);
  for (const [state, letters] of threeLetters(previous(end, '"'.charCodeAt(0)), previous)) {
    const first = forward.get(state);
    if (first !== undefined) yield first + [...letters].reverse().join('');
  }
}

function* threeLetters(start: number, step: (state: number, letter: number) => number): Generator<[number, string]> {
  for (const a of LETTERS) {
    const one = step(start, a);
    for (const b of LETTERS) {
      const two = step(one, b);
      for (const c of LETTERS) yield [step(two, c), String.fromCharCode(a, b, c)];
    }
  }
}

const after = (state: number, letter: number): number => Math.imul(state ^ mixed(letter), FACTOR);
const previous = (state: number, letter: number): number => Math.imul(state, INVERSE) ^ mixed(letter);

/** The lower half of what V8 makes of one character. */
function mixed(letter: number): number {
  let hash = (~letter + (letter << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  hash ^= hash >>> 16;
  const factor = 0xc6a4a7935bd1e995n;
  let wide = BigInt.asUintN(64, BigInt(hash >>> 0) * factor);
  wide ^= wide >> 47n;
  return Number(BigInt.asIntN(32, wide * factor));
}

if (import.meta.main) {
  const text = neutralVariant(process.execPath, process.argv.slice(2));
  if (text === undefined) throw new Error('this V8 hashes its flags in another way');
  process.stdout.write(`--embedded-variant=${text}\n`);
}
