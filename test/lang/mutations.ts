/** Mutated sources: valid texts that lose, gain, swap and splice bytes and tokens. Deterministic by seed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceFile } from '../../base/index.ts';
import { format, parse, printNormal, type SourceKind } from '../../lang/index.ts';
import { lex } from '../../lang/lexer.ts';

const vector = (name: string): string => readFileSync(join(import.meta.dirname, '../vectors/lang', name), 'latin1');

/** Texts to start from: the corpus of valid expressions, the layouts, and the mistakes. */
export const seeds: readonly string[] = [
  ...vector('expressions.txt').split('\n----\n'),
  ...vector('mistakes.txt').split(/^=== .*\n/m),
  vector('layout.nix'),
  vector('layout-chains.nix'),
  vector('layout-conditions.nix'),
  vector('layout-module.nix'),
  vector('layout.igos'),
];

/** Numbers below `limit`, by a multiplicative generator (mulberry32). */
export function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ';',
    ':',
    ',',
    '.',
    '=',
    '==',
    '@',
    '?',
    '!',
    '-',
    '+',
    '++',
    '//',
    '/',
    '*',
    '->',
    '|>',
    '<|',
  ],
  ...[
    '"',
    "''",
    '${',
    '$',
    "''$",
    '\\',
    '#',
    '/*',
    '*/',
    '\n',
    ' ',
    '\0',
    '\r\n',
    '\t',
    'é',
    '\xff',
    '...',
    '<',
    '>',
    '&&',
    '||',
  ],
  ...[
    'if',
    'then',
    'else',
    'let',
    'in',
    'with',
    'assert',
    'rec',
    'inherit',
    'or',
    'a',
    'x',
    '1',
    '.5',
    '1e9',
    './a',
    'a/b',
    '~/',
    '<n>',
  ],
  ...['x:y', 'package', 'tier', 'split', 'tree', 'a: ', '{ a }: ', 'let a = 1; in ', '9'.repeat(30)],
];

/** A text one to four changes away from `text`; `other` is what it may be spliced with. */
export function mutate(text: string, other: string, pick: (limit: number) => number): string {
  let out = text;
  for (let n = pick(4); n >= 0; n--) {
    const at = pick(out.length + 1);
    const to = at + pick(Math.min(40, out.length - at + 1));
    switch (pick(7)) {
      case 0: // one byte
        out = out.slice(0, at) + String.fromCharCode(pick(256)) + out.slice(at + 1);
        break;
      case 1:
        out = out.slice(0, at) + out.slice(to);
        break;
      case 2:
        out = out.slice(0, at) + PIECES[pick(PIECES.length)]! + out.slice(at);
        break;
      case 3: // the end is lost
        if (pick(4) === 0) out = out.slice(0, at);
        break;
      case 4:
        out = out.slice(0, at) + out.slice(at, to).repeat(2) + out.slice(to);
        break;
      case 5: {
        const from = pick(other.length + 1);
        out = out.slice(0, at) + other.slice(from, from + pick(60)) + out.slice(to);
        break;
      }
      default: {
        // two tokens change places
        const { starts, ends, count } = lex(out);
        const [a, b] = [pick(count), pick(count)].sort((x, y) => x - y) as [number, number];
        if (a === b || ends[a]! > starts[b]!) break;
        const [first, second] = [out.slice(starts[a], ends[a]), out.slice(starts[b], ends[b])];
        out = out.slice(0, starts[a]) + second + out.slice(ends[a], starts[b]) + first + out.slice(ends[b]);
      }
    }
  }
  return out.slice(0, 4000);
}

const KINDS: readonly SourceKind[] = ['nix', 'igos', 'expr'];

/**
 * What must hold for any text. Parsing: diagnostics with places inside the text. Where there are none: it prints, and formatting
 * keeps meaning and comments and settles. @returns whether the text is valid
 */
export function checkText(text: string, kindIndex: number, withFormat: boolean): boolean {
  const kind = KINDS[kindIndex % KINDS.length]!;
  const source = new SourceFile('<fuzz>', text);
  const { tree, diagnostics, comments } = parse(source, { kind, pipes: true });
  assert.ok(diagnostics.length <= 40);
  for (const { labels, message } of diagnostics) {
    assert.ok(labels.length > 0 && message !== '');
    for (const { start, end } of labels) assert.ok(start >= 0 && start <= end && end <= text.length, message);
  }
  if (diagnostics.length > 0) return false;
  const normal = tree.kind === 'expr' ? printNormal(tree.expr) : undefined;
  if (!withFormat) return true;
  const once = format(source, kind);
  assert.deepEqual(once.diagnostics, []);
  const again = new SourceFile('<fuzz>', once.text);
  assert.equal(format(again, kind).text, once.text, 'formatting does not settle');
  const parsed = parse(again, { kind, pipes: true });
  assert.deepEqual(parsed.diagnostics, []);
  if (normal !== undefined && parsed.tree.kind === 'expr') assert.equal(printNormal(parsed.tree.expr), normal);
  const texts = (list: typeof comments): string[] => list.map((comment) => comment.text.trimEnd()).sort();
  assert.deepEqual(texts(parsed.comments), texts(comments));
  return true;
}

/** Runs `count` mutations of `seeds`; what fails is reported with its text. @returns how many were valid, the slowest in ms of CPU */
export function fuzz(seeds: readonly string[], count: number, seed: number): { valid: number; slowest: number } {
  const pick = random(seed);
  let valid = 0;
  let slowest = 0;
  for (let n = 0; n < count; n++) {
    const text = mutate(seeds[pick(seeds.length)]!, seeds[pick(seeds.length)]!, pick);
    const start = process.threadCpuUsage().user;
    try {
      if (checkText(text, n, true)) valid++;
    } catch (error) {
      throw new Error(`mutation ${n} of seed ${seed}: ${JSON.stringify(text)}: ${(error as Error).message}`, { cause: error });
    }
    slowest = Math.max(slowest, (process.threadCpuUsage().user - start) / 1000);
  }
  return { valid, slowest };
}
