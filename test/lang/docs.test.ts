/** Every example of docs/language.md parses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SourceFile } from '../../base/index.ts';
import { format, parse } from '../../lang/index.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/language.md'), 'latin1');

test('the examples of the language page are valid and formatted', () => {
  const examples = [...page.matchAll(/^```(nix|igos)\n(.*?)^```$/gms)] as unknown as [string, 'nix' | 'igos', string][];
  assert.ok(examples.length >= 5);
  for (const [, kind, text] of examples) {
    const source = new SourceFile('docs/language.md', text);
    assert.deepEqual(parse(source, { kind }).diagnostics, [], text);
    assert.equal(format(source, kind).text, text);
  }
});
