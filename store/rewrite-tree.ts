/** Puts final names where a build wrote provisional ones: in file contents and symlink targets, in place, length unchanged. */
import {
  chmodSync,
  closeSync,
  futimesSync,
  lutimesSync,
  openSync,
  readSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { Bug, type Bytes, bytesToPath, bytesToText, Fault, sys } from '../base/index.ts';
import { canonicalMtimeSeconds } from './canonical-metadata.ts';
import type { StoreCode } from './codes.ts';
import { joinPath, parentPath } from './tree.ts';
import type { TreeEntry } from './types.ts';

const BUFFER_SIZE = 1 << 20;

/**
 * @param entries  of `root`, as `listTree` gives them
 * @param parts    hash part → hash part, of equal length
 * @throws Fault   E-STORE-018 a file name holds one of the parts · SystemFault
 */
export function rewriteTree(root: Bytes, entries: readonly TreeEntry[], parts: ReadonlyMap<string, string>): void {
  for (const [from, to] of parts) if (from.length !== to.length) throw new Bug(`'${from}' and '${to}' differ in length`);
  const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
  for (const entry of entries) {
    for (const from of parts.keys()) if (entry.path.includes(from)) throw nameHoldsPath(entry.path);
    if (entry.kind === 'file') rewriteFile(entry.realPath, parts, buffer);
    else if (entry.kind === 'symlink') rewriteLink(joinPath(root, entry.path), entry.target, parts);
  }
}

const nameHoldsPath = (path: Bytes): Fault =>
  new Fault(
    'E-STORE-018' satisfies StoreCode,
    `the output has a file whose name holds the output's own store path: '${bytesToText(path)}'`,
    {
      hints: ['install with a prefix such as /usr and DESTDIR=$out, or with the prefix $out, not with both'],
    },
  );

function rewriteFile(real: Bytes, parts: ReadonlyMap<string, string>, buffer: Buffer): void {
  const path = bytesToPath(real);
  const overlap = Math.max(...Array.from(parts.keys(), (part) => part.length)) - 1;
  let writing = -1;
  const patch = (offset: number, text: string) => {
    if (writing === -1) {
      chmodSync(path, 0o644);
      writing = openSync(path, 'r+');
    }
    writeSync(writing, Buffer.from(text, 'latin1'), 0, text.length, offset);
  };
  sys('rewrite', bytesToText(real), () => {
    const { mode } = statSync(path);
    const reading = openSync(path, 'r');
    try {
      // Each window starts with the last bytes of the one before: a part may lie across.
      for (let kept = 0, base = 0; ; ) {
        const nRead = readSync(reading, buffer, kept, BUFFER_SIZE - kept, null);
        if (nRead === 0) break;
        const window = buffer.subarray(0, kept + nRead);
        for (const [from, to] of parts) {
          for (let at = window.indexOf(from, 0, 'latin1'); at !== -1; at = window.indexOf(from, at + 1, 'latin1'))
            patch(base + at, to);
        }
        const keep = Math.min(overlap, window.length);
        base += window.length - keep;
        buffer.copyWithin(0, window.length - keep, window.length);
        kept = keep;
      }
    } finally {
      closeSync(reading);
      if (writing !== -1) {
        futimesSync(writing, canonicalMtimeSeconds, canonicalMtimeSeconds);
        closeSync(writing);
        chmodSync(path, mode & 0o777);
      }
    }
  });
}

function rewriteLink(real: Bytes, target: Bytes, parts: ReadonlyMap<string, string>): void {
  let changed = target;
  for (const [from, to] of parts) changed = changed.replaceAll(from, to);
  if (changed === target) return;
  const path = bytesToPath(real);
  const parent = bytesToPath(parentPath(real));
  sys('rewrite', bytesToText(real), () => {
    const { mode } = statSync(parent);
    chmodSync(parent, 0o755);
    unlinkSync(path);
    symlinkSync(bytesToPath(changed), path);
    lutimesSync(path, canonicalMtimeSeconds, canonicalMtimeSeconds);
    chmodSync(parent, mode & 0o777);
    utimesSync(parent, canonicalMtimeSeconds, canonicalMtimeSeconds);
  });
}
