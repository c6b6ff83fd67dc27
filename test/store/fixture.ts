/** A fresh store in a temporary folder, removed after the test. */
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { textToBytes } from '../../base/index.ts';
import { type ObjectStore, openStore } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';

interface Cleanup {
  after(run: () => void): void;
}

export const storeDir = '/igos/store';

export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-store-'));
  t.after(() => removeTree(textToBytes(folder)));
  return folder;
}

export function temporaryStore(t: Cleanup): { store: ObjectStore; folder: string; home: string } {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const store = openStore({ home, storeDir });
  t.after(() => store.close());
  return { store, folder, home };
}

/** Writes files: content, `-> target` for a symlink, `null` for a folder; a path that ends in `*` is executable. */
export function makeTree(root: string, files: Record<string, string | null>): string {
  mkdirSync(root, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name.replace(/\*$/, ''));
    mkdirSync(dirname(path), { recursive: true });
    if (content === null) mkdirSync(path, { recursive: true });
    else if (content.startsWith('-> ')) symlinkSync(content.slice(3), path);
    else writeFileSync(path, content);
    if (name.endsWith('*')) chmodSync(path, 0o755);
  }
  return root;
}
