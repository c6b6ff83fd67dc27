/**
 * Which files the packages of a repository hold: a text beside the index, gzip-compressed, whose SHA-256 the index gives. A line
 * `name version release` for each package, and after it a line a path, behind a tab. Folders are left out.
 *
 * Beside the index, because it is ten times as long and few ever ask; a text rather than rows of the database, because it is read
 * from end to end in a tenth of a second, and pkm.db is what must stay small and safe.
 */
import { gunzipSync, gzipSync } from 'node:zlib';

export interface PackageFiles {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly paths: readonly string[];
}

/** The same to the bit for equal lists. */
export const encodeFileList = (packages: readonly PackageFiles[]): Buffer =>
  gzipSync(
    packages
      .map(({ name, version, release, paths }) => `${name} ${version} ${release}\n${paths.map((path) => `\t${path}\n`).join('')}`)
      .join(''),
    { level: 9 },
  );

/** What an archive of 64 MiB of text unpacks to is no list of files. */
const MAX_TEXT_BYTES = 1 << 30;

/** @throws Error the bytes are no such list */
export function* decodeFileList(bytes: Uint8Array): Generator<PackageFiles> {
  const text = gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }).toString('utf8');
  let current: { name: string; version: string; release: number; paths: string[] } | undefined;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (end === -1) throw new Error('its last line has no end');
    if (text.charCodeAt(at) === 9) {
      if (current === undefined) throw new Error('it begins with a path');
      current.paths.push(text.slice(at + 1, end));
    } else {
      if (current !== undefined) yield current;
      const [name = '', version = '', release = ''] = text.slice(at, end).split(' ');
      if (!/^\d{1,9}$/.test(release)) throw new Error('a line of it names no package');
      current = { name, version, release: Number(release), paths: [] };
    }
    at = end + 1;
  }
  if (current !== undefined) yield current;
}
