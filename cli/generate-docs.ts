/** `npm run docs`: writes the generated pages. Tests compare them with what the tables say. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/index.ts';
import { generatedPages } from './generated-pages.ts';

const root = join(import.meta.dirname, '..');
rmSync(join(root, 'docs', 'man'), { recursive: true, force: true });
for (const [path, text] of generatedPages()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileAtomic(join(root, path), text, { sync: false });
}
