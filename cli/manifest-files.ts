/** Files of store objects as commands show them. */
import { type Bytes, bytesToText, Fault } from '../base/index.ts';
import type { Manifest, ManifestEntry } from '../store/index.ts';
import type { Place } from './valid-paths.ts';
import { bytesToWord } from './words.ts';

/** The entry that a place names. @throws Fault E-CLI-041 */
export function entryAt(manifest: Manifest, { path, file }: Place): ManifestEntry {
  const entry = manifest.find((candidate) => candidate.path === file);
  if (entry !== undefined) return entry;
  const above = nearestAbove(manifest, file);
  const shown = bytesToText(file);
  const why =
    above.kind === 'directory'
      ? `'${bytesToText(above.path) || path}' has: ${namesIn(manifest, above.path)}`
      : `'${bytesToText(above.path) || path}' is a ${above.kind}`;
  throw new Fault('E-CLI-041', `there is no '${shown}' in '${path}'`, { notes: [why] });
}

function nearestAbove(manifest: Manifest, file: Bytes): ManifestEntry {
  for (let at = file; at !== ''; ) {
    at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
    const found = manifest.find((entry) => entry.path === at);
    if (found !== undefined) return found;
  }
  return manifest[0]!;
}

const MAX_NAMES = 12;

function namesIn(manifest: Manifest, folder: Bytes): string {
  const names = childrenOf(manifest, folder).map((entry) => bytesToText(entry.path.slice(entry.path.lastIndexOf('/') + 1)));
  if (names.length === 0) return 'nothing';
  return [...names.slice(0, MAX_NAMES), ...(names.length > MAX_NAMES ? [`and ${names.length - MAX_NAMES} more`] : [])].join(', ');
}

/** Entries directly in a folder. */
export function childrenOf(manifest: Manifest, folder: Bytes): ManifestEntry[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  return manifest.filter(
    ({ path }) => path !== '' && path.startsWith(prefix) && !path.includes('/', prefix.length) && path.length > prefix.length,
  );
}

/** Entries below a folder, at any depth. */
export function below(manifest: Manifest, folder: Bytes): ManifestEntry[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  return manifest.filter(({ path }) => path !== folder && path.startsWith(prefix));
}

/** As `ls -l` shows what the store keeps of modes. */
export const modeText = (entry: ManifestEntry): string =>
  entry.kind === 'directory'
    ? 'dr-xr-xr-x'
    : entry.kind === 'symlink'
      ? 'lrwxrwxrwx'
      : entry.isExecutable
        ? '-r-xr-xr-x'
        : '-r--r--r--';

/** For JSON: names and targets as words. */
export function entryJson(entry: ManifestEntry): object {
  return entry.kind === 'symlink'
    ? { ...entry, path: bytesToWord(entry.path), target: bytesToWord(entry.target) }
    : { ...entry, path: bytesToWord(entry.path) };
}
