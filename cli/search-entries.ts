/** Entries of the search path: `-I` and `NIX_PATH`. */
import { join } from 'node:path';
import { type Bytes, textToBytes } from '../base/index.ts';
import { isSearchAddress } from '../eval/index.ts';

interface Entry {
  readonly prefix: Bytes;
  readonly path: Bytes;
}

/** What the first finds, no later one is asked for. Paths are absolute; addresses are as they were written. */
export function searchEntries(given: readonly string[], nixPath: string, workingDirectory: string): Entry[] {
  // Most have none: what knows addresses is not loaded then.
  const inherited = nixPath === '' ? [] : splitNixPath(nixPath);
  return [...given, ...inherited]
    .filter((entry) => entry !== '')
    .map((entry) => {
      const equals = entry.indexOf('=');
      // An address may have an `=` of its own.
      const isNamed = equals !== -1 && !isSearchAddress(entry);
      const path = isNamed ? entry.slice(equals + 1) : entry;
      const isWhole = path.startsWith('/') || isSearchAddress(path);
      return {
        prefix: isNamed ? textToBytes(entry.slice(0, equals)) : '',
        path: textToBytes(isWhole ? path : join(workingDirectory, path)),
      };
    });
}

/** At colons, but for those of an address: behind its scheme, and before its port. */
function splitNixPath(text: string): string[] {
  const entries: string[] = [];
  for (const part of text.split(':')) {
    const before = entries.at(-1) ?? '';
    const isScheme = !before.includes(':') && isSearchAddress(`${before.replace(/^.*=/, '')}:${part}`);
    const isHost = /:\/\/[^/]+$/.test(before) && /^\d+(?:\/|$)/.test(part);
    if (isScheme || isHost) entries[entries.length - 1] = `${before}:${part}`;
    else entries.push(part);
  }
  return entries;
}
