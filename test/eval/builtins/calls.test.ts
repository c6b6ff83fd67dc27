/** Every call of test/vectors/builtins/calls.txt prints what stands beside it; and what stands there is what Nix prints. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinTable } from '../../../eval/builtins/table.ts';
import { evaluate } from './evaluate.ts';
import { needsNix, nixEval } from './nix.ts';

interface Call {
  readonly expression: string;
  readonly result: string;
  /** Nix 2.8 gives it too. */
  readonly isOld: boolean;
}

const lines = readFileSync(join(import.meta.dirname, '../../vectors/builtins/calls.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '));
const calls: Call[] = [];
for (let at = 0; at < lines.length; at += 2) {
  const isOld = !lines[at]!.startsWith('! ');
  calls.push({ expression: isOld ? lines[at]! : lines[at]!.slice(2), result: lines[at + 1]!.slice(1), isOld });
}

for (const { expression, result } of calls) {
  test(expression, () => {
    assert.equal(evaluate(expression), result);
  });
}

for (const entry of builtinTable) {
  if (!('impl' in entry) || entry.example === undefined) continue;
  const [expression, result] = entry.example;
  test(`example of ${entry.name}: ${expression}`, () => {
    assert.equal(evaluate(expression), result);
  });
}

test('Nix 2.8 prints the same', (t) => {
  if (!needsNix(t)) return;
  const old = calls.filter((call) => call.isOld);
  assert.ok(old.length >= 200, `only ${old.length} calls are compared`);
  const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  const expression = `[ ${old.map((call) => `(${bytes(call.expression)})`).join('\n')} ]`;
  assert.equal(nixEval(expression), bytes(`[ ${old.map((call) => call.result).join(' ')} ]`));
});
