/** Nix itself as the oracle: `nix-instantiate --parse` (any version) must print what `printNormal` prints. Skipped without Nix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceFile } from '../../base/index.ts';
import { parseExpr, printNormal } from '../../lang/index.ts';
import { expressions } from './arbitrary.ts';

const version = spawnSync('nix-instantiate', ['--version'], { encoding: 'utf8' }).stdout as string | null;
const skip = version === null || version === '' ? 'nix-instantiate is not installed' : false;

/** `nix-instantiate --parse` of a text; `with { };` before it makes all variables known. */
function nixParse(text: string): { ok: boolean; out: string } {
  const input = Buffer.from(`with {}; ${text}`, 'latin1');
  const result = spawnSync('nix-instantiate', ['--parse', '-'], {
    input,
    cwd: '/',
    env: { ...process.env, HOME: '/home/x' },
    encoding: 'latin1',
  });
  const out = result.stdout.trimEnd().replace(/^\(with \{ \}; /, '');
  return { ok: result.status === 0, out: out.slice(0, -1) };
}

/** What old versions print differently: every `$` of a string escaped, a blank after inherited names. */
const current = (printed: string): string => printed.replace(/\\\$(?!\{)/g, '$').replace(/inherit (\S+) ;/g, 'inherit $1;');

const ours = (text: string): string => printNormal(parseExpr(new SourceFile('<test>', text)), { basePath: '/', home: '/home/x' });

/** Compares all in one call, as items of a list; halves where that fails, so as to name the case. */
function compare(texts: readonly string[]): void {
  const nix = nixParse(`[\n${texts.map((each) => `(${each}\n)`).join('\n')}\n]`);
  const printed = `[ ${texts.map((each) => `(${ours(each)}) `).join('')}]`;
  if (nix.ok && current(nix.out) === printed) return;
  if (texts.length === 1)
    assert.fail(`${JSON.stringify(texts[0])}\n  ours ${printed}\n  Nix  ${nix.ok ? current(nix.out) : 'rejects it'}`);
  const middle = texts.length >> 1;
  compare(texts.slice(0, middle));
  compare(texts.slice(middle));
  assert.fail('the cases differ only together');
}

const corpus = readFileSync(join(import.meta.dirname, '../vectors/lang/expressions.txt'), 'latin1')
  .trimEnd()
  .split('\n----\n');

test('the normal form of a corpus equals that of Nix', { skip }, () => {
  assert.ok(corpus.length > 80);
  compare(corpus);
});

test('the normal form of random expressions equals that of Nix', { skip }, () => {
  const short = expressions({ old: true, comments: true }).filter((text) => text.length < 600);
  compare(fc.sample(short, { numRuns: Number(process.env['RUNS'] ?? 300) }));
});
