/**
 * Archives of object files (`.a`) without the traces of when and by whom they were made: `ar` may write each member's time, owner and
 * mode, which makes two builds of the same code differ.
 *
 * @source the common ar format: "!<arch>\n", then members of a 60-byte header (name 16, mtime 12, uid 6, gid 6, mode 8, size 10,
 *   "`\n") and data padded to an even length; thin archives ("!<thin>\n") hold no data but that of their name tables
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';

const HEADER_BYTES = 60;
const TIME_TO_MODE = [16, 48] as const;
/** mtime 0, uid 0, gid 0, mode 644: what `ar D` writes. */
const NEUTRAL = Buffer.from(`${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'644'.padEnd(8)}`, 'latin1');

/**
 * Sets time, owner and mode of every member to 0/0/0/644, in place. Symbol and name tables are left alone, but for the time of the
 * symbol table. A file that is no whole archive is not touched at all. Cost: one read and at most one write of 32 bytes a member.
 *
 * @returns whether anything was changed
 * @throws SystemFault
 */
export function neutraliseArchive(path: Bytes): boolean {
  return sys('rewrite the archive', bytesToText(path), () => {
    const fd = openSync(bytesToPath(path), 'r+');
    try {
      const places = findStamps(fd);
      for (const place of places) writeSync(fd, NEUTRAL, 0, NEUTRAL.length, place);
      return places.length > 0;
    } finally {
      closeSync(fd);
    }
  });
}

/** Offsets of the stamps that are not neutral yet; empty where the file is no archive. */
function findStamps(fd: number): number[] {
  const sizeBytes = fstatSync(fd).size;
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(fd, header, 0, 8, 0) < 8) return [];
  const magic = header.toString('latin1', 0, 8);
  const isThin = magic === '!<thin>\n';
  if (!isThin && magic !== '!<arch>\n') return [];
  const places: number[] = [];
  for (let at = 8; at < sizeBytes; ) {
    if (readSync(fd, header, 0, HEADER_BYTES, at) < HEADER_BYTES || header.toString('latin1', 58, 60) !== '`\n') return [];
    const size = /^(\d+) *$/.exec(header.toString('latin1', 48, 58))?.[1];
    if (size === undefined) return [];
    const name = header.toString('latin1', 0, 16).trimEnd();
    // "//" is the table of long names: its stamp is blank. BSD's symbol table is an ordinary member "__.SYMDEF".
    if (name !== '//' && !header.subarray(...TIME_TO_MODE).equals(stampFor(name, header))) places.push(at + TIME_TO_MODE[0]);
    const hasData = !isThin || name === '/' || name === '//' || name === '/SYM64/';
    const end = at + HEADER_BYTES + (hasData ? Number(size) : 0);
    if (end > sizeBytes) return [];
    at = end + (end & 1);
  }
  return places;
}

/** GNU writes the symbol table's mode as 0, LLVM too: a stamp that says nothing is left as it is. */
const stampFor = (name: string, header: Buffer): Buffer =>
  (name === '/' || name === '/SYM64/') && /^0? *0? *0? *0? *$/.test(header.toString('latin1', ...TIME_TO_MODE))
    ? header.subarray(...TIME_TO_MODE)
    : NEUTRAL;
