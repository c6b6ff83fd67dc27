/** Glob patterns over the files that evaluation can see. */
import type { Dirent, Stats } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path/posix';
import { bytesToText, textToBytes } from '../../base/index.ts';
import type { EvalIO, FileKind } from '../io.ts';

type Adapter = NonNullable<import('fast-glob').Options['fs']>;

/**
 * Files (no symlinks) below an absolute folder that match one of the patterns, as names relative to it, in any order. Names that begin
 * with a dot match only where the pattern says so. Cost: one `readDir` a folder that a pattern can lead into.
 */
export function globFiles(
  io: Pick<EvalIO, 'lstat' | 'readDir' | 'realpath'>,
  root: string,
  patterns: readonly string[],
  ignore: readonly string[],
): string[] {
  // Loaded here: a command that needs no tree must not pay for it.
  const glob = createRequire(import.meta.url)('fast-glob') as typeof import('fast-glob');
  const kindAt = (path: string): FileKind => {
    const kind = io.lstat(textToBytes(path));
    if (kind === undefined) throw Object.assign(new Error(`nothing at ${path}`), { code: 'ENOENT' });
    return kind;
  };
  const lstatSync = ((path: string) => entry(basename(path), kindAt(path))) as unknown as (path: string) => Stats;
  const statSync = ((path: string) =>
    entry(basename(path), kindAt(bytesToText(io.realpath(textToBytes(path)))))) as unknown as typeof lstatSync;
  const readdirSync = (path: string): Dirent[] =>
    [...io.readDir(textToBytes(path))].map(([name, kind]) => entry(bytesToText(name), kind) as unknown as Dirent);
  return glob.sync([...patterns], {
    cwd: root,
    onlyFiles: true,
    followSymbolicLinks: false,
    ignore: [...ignore],
    fs: { lstatSync, statSync, readdirSync } as unknown as Adapter,
  });
}

/** What fast-glob asks of a folder's entry and of a stat result. */
const entry = (name: string, kind: FileKind) => ({
  name,
  isFile: () => kind === 'regular',
  isDirectory: () => kind === 'directory',
  isSymbolicLink: () => kind === 'symlink',
  isBlockDevice: () => false,
  isCharacterDevice: () => false,
  isFIFO: () => false,
  isSocket: () => false,
});
