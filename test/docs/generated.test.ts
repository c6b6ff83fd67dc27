import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedPages } from '../../cli/generated-pages.ts';

const root = join(import.meta.dirname, '..', '..');

test('generated pages are what the tables say (npm run docs)', () => {
  const pages = generatedPages();
  for (const [path, text] of pages) assert.equal(readFileSync(join(root, path), 'utf8'), text, `${path}: run 'npm run docs'`);
  assert.deepEqual(
    globSync('docs/man/*', { cwd: root }).filter((file) => !pages.has(file)),
    [],
    'pages of commands that are gone',
  );
});
