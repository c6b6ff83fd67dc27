/** The files of an output that a build has made and that is not in the store yet. */
import { chmodSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, compareBytes, sys, textToBytes } from '../base/index.ts';

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
  const found = sys('read', bytesToText(at), () =>
    permitting(at, 0o500, () => readdirSync(bytesToPath(at), { withFileTypes: true, encoding: 'buffer' })),
  );
  const entries = found.map((entry) => ({ entry, name: entry.name.toString('latin1') }));
  for (const { entry, name } of entries.sort((a, b) => compareBytes(a.name, b.name))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'symlink' : 'special';
    yield { kind, path, realPath: `${top}/${path}` };
    if (kind === 'directory') yield* below(top, path);
  }
}

/** A descriptor to read a file by. Programs may be installed so that not even their owner can read them, which a store has to. */
export const openFile = ({ realPath }: OutputFile): number =>
  permitting(realPath, 0o400, () => openSync(bytesToPath(realPath), 'r'));

/** Runs again what was refused, once the owner may. The modes of a store are its own. */
function permitting<T>(realPath: Bytes, mode: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    const path = bytesToPath(realPath);
    chmodSync(path, (lstatSync(path).mode & 0o7777) | mode);
    return run();
  }
}
