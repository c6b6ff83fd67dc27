/** The files of an output that a build has made and that is not in the store yet. */
import { readdirSync } from 'node:fs';
import { type Bytes, bytesToPath, compareBytes, sys, textToBytes } from '../base/index.ts';

export interface OutputFile {
  readonly kind: 'file' | 'symlink' | 'directory' | 'special';
  /** Relative to the output. */
  readonly path: Bytes;
  /** Where it is now. */
  readonly realPath: Bytes;
}

/**
 * Everything below a folder, folders before what they hold, names in bytewise order. Links are not followed. A folder may be changed
 * once all it held has been handed out.
 */
export function* outputFiles(realPath: string): Generator<OutputFile> {
  yield* below(textToBytes(realPath), '');
}

function* below(top: Bytes, folder: Bytes): Generator<OutputFile> {
  const at = folder === '' ? top : `${top}/${folder}`;
  const found = sys('read', at, () => readdirSync(bytesToPath(at), { withFileTypes: true, encoding: 'buffer' }));
  const entries = found.map((entry) => ({ entry, name: entry.name.toString('latin1') }));
  for (const { entry, name } of entries.sort((a, b) => compareBytes(a.name, b.name))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'symlink' : 'special';
    yield { kind, path, realPath: `${top}/${path}` };
    if (kind === 'directory') yield* below(top, path);
  }
}
