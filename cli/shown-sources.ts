/** Where the sources of a package come from, for `igos show`. */
import { relative } from 'node:path';
import { bytesToText, withoutSecrets } from '../base/index.ts';
import type { PackageInfo, SourceOrigin } from '../eval/index.ts';
import { type Derivation, formatHash, type StorePath } from '../store/index.ts';
import { bytesToWord } from './words.ts';

/** One of `path` (relative to where the user stands) and `urls`; or neither, and a path in the store. */
export interface ShownSource {
  readonly path?: string;
  readonly urls?: readonly string[];
  /** What must arrive, of what is fetched. */
  readonly hash?: string;
  readonly storePath?: string;
}

/** @param read  the derivation of a fetch, which may not be written yet */
export const shownSources = (
  info: PackageInfo,
  workingDirectory: string,
  read: (drvPath: StorePath) => Derivation | undefined,
): ShownSource[] => info.origins.map((origin) => shownSource(origin, workingDirectory, read));

function shownSource(
  origin: SourceOrigin,
  workingDirectory: string,
  read: (drvPath: StorePath) => Derivation | undefined,
): ShownSource {
  if (origin.kind === 'local') return { path: relative(workingDirectory, bytesToWord(origin.path)) || '.' };
  const drv = origin.drvPath === undefined ? undefined : read(origin.drvPath);
  const output = drv?.outputs.get('out');
  const urls = drv?.env.get('urls') ?? drv?.env.get('url');
  if (output?.kind !== 'fixed' || urls === undefined) return { storePath: origin.path };
  return {
    urls: bytesToText(urls)
      .split(/\s+/)
      .filter((url) => url !== '')
      .map(withoutSecrets),
    hash: formatHash(output.digest, 'sri'),
  };
}

/** Hash, then the places in the order in which they are tried. */
export const sourceText = ({ path, urls, hash, storePath }: ShownSource): string =>
  path ?? storePath ?? [hash!, ...urls!].join(' ');
