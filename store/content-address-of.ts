import type { Ingested, IngestOptions } from './ingest.ts';
import { type ContentAddress, contentAddressedPath, storePathHash, storePathName } from './store-path.ts';
import type { ManifestEntry, StorePath } from './types.ts';

/**
 * How the content is the path's name, found by trying: neither an archive nor a disk says. Nearly all are told by the hashes that
 * reading made; rare algorithms cost another read, and only where there are no references.
 *
 * @param again  reads the content once more
 * @returns `undefined` where no form of address leads to the path
 */
export function contentAddressOf(
  { path, references }: { readonly path: StorePath; readonly references: readonly StorePath[] },
  ingested: Ingested,
  again: (options: IngestOptions) => Ingested,
  storeDir: string,
): ContentAddress | undefined {
  const others = references.filter((reference) => reference !== path);
  const self = others.length < references.length;
  const name = storePathName(path);
  const fits = (ca: ContentAddress): boolean => contentAddressedPath(ca, name, { others, self }, storeDir) === path;
  const sha256 = (hex: string) => ({ algorithm: 'sha256', hex }) as const;

  const tree: ContentAddress = {
    kind: 'fixed',
    method: 'nar',
    digest: sha256(self ? again({ modulo: storePathHash(path) }).modulo!.hex : ingested.narHash),
  };
  if (fits(tree)) return tree;
  if (self) return undefined;
  const root: ManifestEntry = ingested.manifest[0]!;
  const isPlain = root.kind === 'file' && !root.isExecutable;
  if (isPlain) {
    const text: ContentAddress = { kind: 'text', digest: sha256(root.sha256) };
    if (fits(text)) return text;
  }
  if (others.length > 0) return undefined;
  for (const algorithm of ['sha256', 'sha512', 'sha1', 'md5'] as const) {
    const { narDigest, flatDigest } = algorithm === 'sha256' ? ingested : again({ algorithm });
    const flat: ContentAddress = { kind: 'fixed', method: 'flat', digest: { algorithm, hex: flatDigest ?? '' } };
    if (isPlain && fits(flat)) return flat;
    const whole: ContentAddress = { kind: 'fixed', method: 'nar', digest: { algorithm, hex: narDigest } };
    if (fits(whole)) return whole;
  }
  return undefined;
}
