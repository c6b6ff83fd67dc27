/** Drives a tree visitor by a manifest, with contents that come asynchronously. */

import type { Bytes } from '../../base/index.ts';
import { compareTreeOrder, type TreeVisitor } from '../tree.ts';
import type { Manifest, ManifestEntry } from '../types.ts';

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** Yields after each entry and each piece of a file, so that what the visitor made can be taken away. */
export async function* visitManifest(
  manifest: Manifest,
  visitor: TreeVisitor,
  contents: (entry: FileEntry) => AsyncIterable<Uint8Array>,
): AsyncIterable<void> {
  const open: Bytes[] = [];
  const isBelow = (path: Bytes, folder: Bytes): boolean => (folder === '' ? path !== '' : path.startsWith(`${folder}/`));
  for (const entry of [...manifest].sort((a, b) => compareTreeOrder(a.path, b.path))) {
    while (open.length > 0 && !isBelow(entry.path, open.at(-1)!)) visitor.leaveDirectory(open.pop()!);
    switch (entry.kind) {
      case 'directory':
        visitor.enterDirectory(entry.path);
        open.push(entry.path);
        break;
      case 'symlink':
        visitor.symlink(entry.path, entry.target);
        break;
      case 'file':
        visitor.beginFile(entry.path, entry.isExecutable, entry.sizeBytes);
        for await (const chunk of contents(entry)) {
          visitor.fileData(chunk);
          yield;
        }
        visitor.endFile(entry.path);
    }
    yield;
  }
  while (open.length > 0) visitor.leaveDirectory(open.pop()!);
}
