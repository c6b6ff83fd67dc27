/** What is said of texts that are not JSON: the vectors are the messages of nix-instantiate 2.8 for these texts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonSyntaxMessage } from '../../../eval/builtins/json-message.ts';
import { JsonError, readJsonExactly } from '../../../eval/builtins/json-read.ts';

const vectors: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../vectors/builtins/json-messages.json'), 'utf8'),
);

test('syntax errors of JSON are worded as Nix words them', () => {
  for (const [text, message] of Object.entries(vectors)) assert.equal(jsonSyntaxMessage(text)?.trimEnd(), message, text);
});

test('a message is found for what is refused, and for nothing else', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '"a"',
    '"',
    '\\',
    'u00e9',
    '1',
    '-0.5',
    'e9',
    'true',
    'nul',
    ' ',
    '\n',
    '\xc3\xa9',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      assert.equal(jsonSyntaxMessage(text) !== undefined, isRefused(text), text);
    }),
    { numRuns: 2000 },
  );
});

function isRefused(text: string): boolean {
  try {
    readJsonExactly(text);
    return false;
  } catch (error) {
    if (error instanceof JsonError) return true;
    throw error;
  }
}
