/**
 * Store paths → one archive, in the form of `nix-store --export`.
 *
 * @source docs/store.md §8
 */
import { createHash } from 'node:crypto';
import { textToBytes } from '../base/index.ts';
import { damaged } from './damaged.ts';
import { dumpNar } from './nar.ts';
import type { ByteSink } from './nar-encode.ts';
import { narToken } from './nar-of-file.ts';
import type { ObjectStore, PathInfo, StorePath } from './types.ts';

/** `NIXE`. */
export const exportMagic = 0x4558494e;

/**
 * Sends an archive of exactly these paths to `sink`, each after those of them that it refers to. What is read is compared with the
 * hash it was registered with, so that damage does not spread. Memory: a path's list of files, and a buffer.
 *
 * @param onPath  is called before each path
 * @throws Fault  E-STORE-014 a path is not valid · E-STORE-041 its bytes changed: the archive then lacks its end, and nobody takes it
 */
export function exportPaths(
  store: ObjectStore,
  paths: Iterable<StorePath>,
  sink: ByteSink,
  onPath: (info: PathInfo) => void = () => {},
): void {
  const wanted = new Set(paths);
  const graph = store.graph(wanted);
  for (const node of graph.order) {
    const info = graph.infos[node]!;
    if (!wanted.has(info.path)) continue;
    onPath(info);
    sink(number(1));
    sendNar(store, info, sink);
    sink(trailer(info));
  }
  sink(number(0));
}

function sendNar(store: ObjectStore, info: PathInfo, sink: ByteSink): void {
  const hash = createHash('sha256');
  dumpNar(textToBytes(store.toReal(info.path)), (chunk) => {
    hash.update(chunk);
    sink(chunk);
  });
  const hex = hash.digest('hex');
  if (hex !== info.narHash) throw damaged(info.path, info.narHash, hex);
}

/** Signatures stand where the format had one of its own until 2014: Nix reads over them. */
function trailer({ path, references, deriver, signatures = [] }: PathInfo): Buffer {
  return Buffer.concat([
    number(exportMagic),
    narToken(path),
    number(references.length),
    ...references.map(narToken),
    narToken(deriver ?? ''),
    ...(signatures.length === 0 ? [number(0)] : [number(1), narToken(signatures.join(' '))]),
  ]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}
