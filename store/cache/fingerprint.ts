/** The texts that signatures are made of: what a key's owner vouches for. */
import { compareBytes } from '../../base/index.ts';
import { formatHash } from '../hash.ts';
import { storePathBase } from '../store-path.ts';
import type { PathInfo, Realisation } from '../types.ts';

/** Of a path: its NAR, its size and what it refers to. */
export function pathFingerprint(info: Pick<PathInfo, 'path' | 'narHash' | 'narSizeBytes' | 'references'>): string {
  const narHash = `sha256:${formatHash({ algorithm: 'sha256', hex: info.narHash }, 'nix32')}`;
  return `1;${info.path};${narHash};${info.narSizeBytes};${[...info.references].sort(compareBytes).join(',')}`;
}

/** Of a realisation, as Nix ≥ 2.35: its JSON without signatures. */
export const realisationFingerprint = ({ drvPath, output, path }: Realisation): string =>
  JSON.stringify({
    key: { drvPath: storePathBase(drvPath), outputName: output },
    value: { outPath: storePathBase(path) },
  });
