/** Text that is read line by line: what goes on, what is over; and comments that document. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceFile } from '../../base/index.ts';
import { docCommentBefore, isIncomplete, parse } from '../../lang/index.ts';
import { project } from '../cli/programs.ts';
import { expressions } from './arbitrary.ts';

/** How a text would be taken by someone who reads it line by line. */
function verdict(text: string): 'complete' | 'incomplete' | 'wrong' {
  const source = new SourceFile('<test>', text);
  const { diagnostics } = parse(source, { kind: 'expr', pipes: true });
  return diagnostics.length === 0 ? 'complete' : isIncomplete(source, { kind: 'expr', pipes: true }) ? 'incomplete' : 'wrong';
}

const heads = (text: string): string[] =>
  [...text.matchAll(/\n/g)].map((match) => text.slice(0, match.index + 1)).filter((head) => head.trim() !== '');

test('the first lines of a valid expression are never wrong', () => {
  const files = globSync('{examples,eval,test/vectors,test/golden}/**/*.nix', { cwd: project });
  assert.ok(files.length > 10);
  for (const file of files) {
    const text = readFileSync(join(project, file), 'latin1');
    for (const head of heads(text)) assert.notEqual(verdict(head), 'wrong', `${file}:\n${head}`);
  }
  fc.assert(
    fc.property(expressions({ comments: true }), (text) => {
      if (verdict(text) !== 'complete') return;
      for (const head of heads(text)) assert.notEqual(verdict(head), 'wrong', head);
    }),
    { numRuns: 150 },
  );
});

test('what no further line makes right is wrong at once', () => {
  for (const text of [
    '1 + )',
    ')',
    '{ a = [ 1 2; }',
    '{ a = 1 = ',
    'let x = ; ',
    'a b c }',
    '[ 1 ) ',
    'if a else',
    '{ a, b }: }',
    '1 2 ]',
    'x = 1',
  ])
    assert.equal(verdict(text), 'wrong', text);
});

test('documentation comments: before a binding, a function, its name, its parentheses', () => {
  const doc = (before: string, after = 'x: x'): string | undefined => docCommentBefore(before + after, before.length);
  assert.equal(doc('/** one */ '), 'one');
  assert.equal(doc('{ /** one */ f = '), 'one');
  assert.equal(doc('{ /** one */\n  a.b."c d".${e} = '), 'one');
  assert.equal(doc('/** one */ f = ('), 'one');
  assert.equal(doc('/** one */ f = a: b: '), 'one');
  assert.equal(doc('/**\n  two\n\n    lines\n  here\n*/ f = '), 'two\n\n  lines\nhere');
  assert.equal(doc('/* other */ /** this */ f = '), 'this');
  for (const before of [
    '',
    'f = ',
    '/* no */ f = ',
    '/*** no */ f = ',
    '/**/ f = ',
    '/** no */ 1 + ',
    '/** no */ f = g ',
    '# */ ',
    '"/** */" ',
  ])
    assert.equal(doc(before), undefined, before);
  // any text, any place: an answer and no fault
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('/', '*', ' ', 'a', '=', ':', '(', '\n', '"') }), fc.nat(60), (text, at) => {
      const found = docCommentBefore(text, Math.min(at, text.length));
      return found === undefined || text.includes('/**');
    }),
  );
});
