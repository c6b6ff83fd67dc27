/** How one path comes to refer to another: over which others, and in which files. */

import { closeSync, openSync, readSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys, textToBytes } from '../base/index.ts';
import type { ReferenceGraph } from './graph.ts';
import { hashPartLength, storePathHash } from './store-path.ts';
import { baseName, joinPath } from './tree.ts';
import type { ObjectStore, StorePath } from './types.ts';

/** A step: `from` refers to `to`. */
export interface Reference {
  readonly from: StorePath;
  readonly to: StorePath;
}

/**
 * Every reference that lies on some way from one path to the other, each path's in order, nearest paths first; empty where there is
 * no way. With `shortest` those of one shortest way.
 */
export function waysBetween(graph: ReferenceGraph, from: StorePath, to: StorePath, options: { shortest: boolean }): Reference[] {
  const start = graph.node(from);
  const end = graph.node(to);
  if (start === undefined || end === undefined || start === end) return [];
  const path = (node: number): StorePath => graph.infos[node]!.path;
  if (options.shortest) {
    const chain = graph.chain(start, end) ?? [];
    return chain.slice(1).map((node, i) => ({ from: path(chain[i]!), to: path(node) }));
  }
  const isAbove = new Set(graph.reach([end], graph.referrers));
  if (!isAbove.has(start)) return [];
  const order = [start];
  const seen = new Set(order);
  const steps: Reference[] = [];
  for (let at = 0; at < order.length; at++) {
    const node = order[at]!;
    if (node === end) continue;
    for (const next of graph.references[node]!) {
      if (!isAbove.has(next)) continue;
      steps.push({ from: path(node), to: path(next) });
      if (seen.has(next)) continue;
      seen.add(next);
      order.push(next);
    }
  }
  return steps;
}

/** Where the hash part of a path stands in an object. */
export interface Mention {
  /** Relative to the object's root; '' is the root itself. */
  readonly file: Bytes;
  readonly kind: 'contents' | 'target' | 'name';
  /** In bytes, of the hash part in the contents, the target or the name. */
  readonly offset: number;
  /** What stands around it, up to 40 bytes on either side, on one line. */
  readonly context: string;
}

const AROUND = 40;
const CHUNK_BYTES = 1 << 20;

/**
 * Finds the first mention of `to` in each file, link and name of `from`, in the order of the manifest. Reads the object; memory 1 MiB.
 *
 * @throws Fault E-STORE-014 `from` is not valid · SystemFault
 */
export function* mentions(store: ObjectStore, { from, to }: Reference): Iterable<Mention> {
  const part = storePathHash(to);
  const real = textToBytes(store.toReal(from));
  for (const entry of store.manifest(from)) {
    const name = baseName(entry.path);
    if (name.includes(part)) yield mention(entry.path, 'name', name, name.indexOf(part), 0);
    if (entry.kind === 'symlink' && entry.target.includes(part)) {
      yield mention(entry.path, 'target', entry.target, entry.target.indexOf(part), 0);
    }
    if (entry.kind !== 'file' || entry.sizeBytes < hashPartLength) continue;
    const found = findInFile(joinPath(real, entry.path), part, entry.path);
    if (found !== undefined) yield found;
  }
}

function findInFile(real: Bytes, part: string, file: Bytes): Mention | undefined {
  return sys('read', bytesToText(real), () => {
    const fd = openSync(bytesToPath(real), 'r');
    try {
      const keep = hashPartLength + 2 * AROUND;
      const buffer = Buffer.alloc(CHUNK_BYTES + keep);
      let nKept = 0;
      for (let start = 0; ; ) {
        const nRead = readSync(fd, buffer, nKept, CHUNK_BYTES, null);
        const chunk = buffer.subarray(0, nKept + nRead);
        const at = chunk.indexOf(part, 0, 'latin1');
        const isEnd = nRead === 0;
        // Wait for what follows, unless the file ends: it is shown.
        if (at !== -1 && (isEnd || at + hashPartLength + AROUND <= chunk.length)) {
          const before = Math.max(0, at - AROUND);
          return mention(
            file,
            'contents',
            chunk.toString('latin1', before, at + hashPartLength + AROUND),
            at - before,
            start + before,
          );
        }
        if (isEnd) return undefined;
        nKept = Math.min(chunk.length, keep);
        start += chunk.length - nKept;
        buffer.copyWithin(0, chunk.length - nKept, chunk.length);
      }
    } finally {
      closeSync(fd);
    }
  });
}

function mention(file: Bytes, kind: Mention['kind'], text: Bytes, at: number, textOffset: number): Mention {
  const from = Math.max(0, at - AROUND);
  const around = text.slice(from, at + hashPartLength + AROUND);
  return { file, kind, offset: textOffset + at, context: around.replaceAll(/[^\x20-\x7e]/g, '.') };
}
