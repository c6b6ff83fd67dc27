/** Parts of a bundle are loaded once, and never while they are being loaded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EVALUATION, loaderOf } from '../../cli/bundle-parts.ts';

type Load = (part: string, use: (part: string, file: string) => unknown, given: object) => object;

/** The first part, which uses what other parts have. */
const firstPart = (load: Load): ((part: string, file: string) => unknown) =>
  new Function('igosLoad', 'module', `let igosPart;${loaderOf(EVALUATION)}return igosPart;`)(load, {
    exports: { given: () => ({ first: 1 }) },
  });

test('a part is loaded at its first use, with what those before it give', () => {
  const loads: [string, object][] = [];
  const use = firstPart((part, _use, given) => {
    loads.push([part, given]);
    return { files: { f: () => ({ part }) }, given: () => ({ [part]: 1 }) };
  });
  assert.deepEqual(
    [use('seldom', 'f'), use('ordinary', 'f'), use('seldom', 'f')],
    [{ part: 'seldom' }, { part: 'ordinary' }, { part: 'seldom' }],
  );
  assert.deepEqual(loads, [
    ['ordinary', { first: 1 }],
    ['seldom', { first: 1, ordinary: 1 }],
  ]);
});

test('a part that uses another at its top level fails at once, by name', () => {
  let nLoads = 0;
  const use = firstPart((part, use) => {
    nLoads += 1;
    // A file of 'ordinary' that asks for 'seldom' as it is loaded, which needs 'ordinary'.
    if (part === 'ordinary') use('seldom', 'f');
    return { files: { f: () => ({}) }, given: () => ({}) };
  });
  assert.throws(() => use('ordinary', 'f'), /the part 'ordinary' of the bundle is used while it is loaded.*bundle-parts\.ts/);
  assert.equal(nLoads, 1);
});

test('what ink draws is bundled apart, with a copy of base: it leaves the ends of a process to who opens it', () => {
  for (const file of ['progress/live.ts', 'config-choice.ts'])
    assert.doesNotMatch(readFileSync(join(import.meta.dirname, '../../cli', file), 'utf8'), /\b(atEnd|stoppedBy|removedAtEnd)\b/);
});
