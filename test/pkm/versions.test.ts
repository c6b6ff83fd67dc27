/** The order of versions: vectors of several package managers, dpkg itself as oracle, and the laws of an order. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareReleases, compareVersions } from '../../pkm/index.ts';

type Sign = '<' | '=' | '>';
type Pair = readonly [
  a: string,
  sign: Sign,
  b: string,
  others: Partial<Record<'dpkg' | 'rpm' | 'pacman' | 'pep440', Sign | '-'>>,
];
const { pairs } = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/versions.json'), 'utf8')) as { pairs: Pair[] };

const sign = (difference: number): Sign => (difference < 0 ? '<' : difference > 0 ? '>' : '=');
const turned = { '<': '>', '=': '=', '>': '<' } as const;

test('the vectors, both ways round', () => {
  for (const [a, expected, b] of pairs) {
    assert.equal(sign(compareVersions(a, b)), expected, `${a} ${expected} ${b}`);
    assert.equal(sign(compareVersions(b, a)), turned[expected], `${b} ${turned[expected]} ${a}`);
  }
});

const PRERELEASE = /\d[._+-]*~?(dev|alpha|beta|pre|preview|rc)(?![a-z])/i;

test('ours is dpkg everywhere but before releases, and then Python agrees with us', () => {
  for (const [a, expected, b, others] of pairs) {
    if (others.dpkg === undefined || others.dpkg === expected) continue;
    assert.match(`${a} ${b}`, PRERELEASE);
    assert.equal(others.pep440, expected, `${a} ${b}`);
  }
});

test('the release decides between equal versions', () => {
  assert.ok(compareReleases({ version: '1.0', release: 1 }, { version: '1.0', release: 2 }) < 0);
  assert.ok(compareReleases({ version: '1.1', release: 1 }, { version: '1.0', release: 9 }) > 0);
  assert.equal(compareReleases({ version: '1.0', release: 3 }, { version: '1.00', release: 3 }), 0);
});

const parts = fc.array(
  fc.constantFrom(
    '0',
    '1',
    '2',
    '9',
    '10',
    '007',
    'a',
    'b',
    'p',
    'z',
    'A',
    'rc',
    'beta',
    'dev',
    'pre',
    'alpha',
    'esr',
    '.',
    '-',
    '+',
    '~',
    '_',
  ),
  { maxLength: 7 },
);
const version = fc.tuple(fc.constantFrom('', '', '1:', '02:'), parts).map(([epoch, rest]) => `${epoch}1${rest.join('')}`);

test('property: one total order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(compareVersions(a, a), 0);
      assert.equal(sign(compareVersions(a, b)), turned[sign(compareVersions(b, a))]);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0, `${a} ${b} ${c}`);
      if (compareVersions(a, b) === 0) assert.equal(sign(compareVersions(a, c)), sign(compareVersions(b, c)));
    }),
    { numRuns: 3000 },
  );
});

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;

test('property: dpkg says the same', { skip: hasDpkg ? false : 'not part of igos: no dpkg here' }, () => {
  const plain = fc.array(fc.constantFrom('0', '1', '9', '10', '01', 'a', 'p', 'Z', '.', '-', '+', '~', '.0'), { maxLength: 8 });
  const text = fc.tuple(fc.constantFrom('', '', '1:', '0:'), plain).map(([epoch, rest]) => `${epoch}1${rest.join('')}`);
  const questions = fc
    .sample(fc.tuple(text, text), { numRuns: 250, seed: 7 })
    .filter(([a, b]) => ![a, b].some((one) => one.endsWith('-') || PRERELEASE.test(one)));
  for (const [a, expected, b, others] of pairs) if (others.dpkg === expected) questions.push([a, b]);
  // one process for all of them
  const script =
    'while read -r a b; do dpkg --compare-versions "$a" lt "$b" && echo "<" || { dpkg --compare-versions "$a" gt "$b" && echo ">" || echo "="; }; done';
  const { stdout } = spawnSync('sh', ['-c', script], {
    input: questions.map((pair) => `${pair.join(' ')}\n`).join(''),
    encoding: 'utf8',
  });
  const answers = stdout.trim().split('\n');
  assert.equal(answers.length, questions.length);
  for (const [n, [a, b]] of questions.entries()) assert.equal(sign(compareVersions(a!, b!)), answers[n], `${a} ${b}`);
});
