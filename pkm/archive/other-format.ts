/** Archives of other package managers, told by their first bytes: who brings one should not go and get it again. */
import { closeSync, openSync, readSync } from 'node:fs';
import { Fault } from '../../base/index.ts';

const USTAR_AT = 257;
const FORMATS: readonly (readonly [text: string, at: number, bytes: string])[] = [
  ['it is compressed with xz', 0, '\xfd7zXZ\0'],
  ['it is compressed with zstd', 0, '\x28\xb5\x2f\xfd'],
  ['it is compressed with bzip2', 0, 'BZh'],
  ['it is a zip archive', 0, 'PK\x03\x04'],
  ['it is a package of Debian', 0, '!<arch>\n'],
  ['it is a package of rpm', 0, '\xed\xab\xee\xdb'],
  ['it is not compressed', USTAR_AT, 'ustar'],
];

/** `undefined` where it is of no kind that is known here. */
export function otherFormat(file: string): Fault | undefined {
  const head = Buffer.alloc(USTAR_AT + 5);
  const open = openSync(file, 'r');
  try {
    readSync(open, head);
  } finally {
    closeSync(open);
  }
  const text = head.toString('latin1');
  const found = FORMATS.find(([, at, bytes]) => text.startsWith(bytes, at));
  if (found === undefined) return undefined;
  return new Fault('E-PKM-023', `the archive cannot be read: ${found[0]}`, {
    hints: ["pkm installs .igos.tar.gz, which 'igos archive' makes of declared packages: docs/repositories.md has the format"],
  });
}
