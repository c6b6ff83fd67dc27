/** Every source of a folder keeps its meaning and its comments, and formatting settles. `IGOS_NIX_SUITE` names the folder. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkText } from './mutations.ts';

const folder = process.env['IGOS_NIX_SUITE'];
const skip = folder === undefined ? 'not part of igos: IGOS_NIX_SUITE names no folder of Nix sources' : false;

test('every *.nix of a folder', { skip }, (t) => {
  const files = globSync('**/*.nix', { cwd: folder! }).filter((file) => statSync(join(folder!, file)).isFile());
  let valid = 0;
  for (const file of files) {
    try {
      if (checkText(readFileSync(join(folder!, file), 'latin1'), 0, true)) valid++;
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  t.diagnostic(`${files.length} files, ${valid} of them valid`);
  assert.ok(valid > 0);
});
