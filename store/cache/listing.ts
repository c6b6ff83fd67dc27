/**
 * `<hash part>.ls`: what is in a store path, and where in its NAR each file stands, so that others can look into it without fetching
 * all of it. The form of Nix (`write-nar-listing`).
 */
import { Bug, bytesToText } from '../../base/index.ts';
import { compareTreeOrder } from '../tree.ts';
import type { Manifest } from '../types.ts';

type Listed =
  | { type: 'regular'; size: number; executable?: true; narOffset: number }
  | { type: 'symlink'; target: string }
  | { type: 'directory'; entries: Record<string, Listed> };

/** Of a string in a NAR: its length, itself, and zeros up to a multiple of 8. */
const lengthOf = (text: { readonly length: number }): number => 8 + padded(text.length);
const padded = (length: number): number => Math.ceil(length / 8) * 8;
const total = (...words: string[]): number => words.reduce((sum, word) => sum + lengthOf(word), 0);

const MAGIC = total('nix-archive-1');
const FILE = total('(', 'type', 'regular');
const EXECUTABLE = total('executable', '');
/** Before the bytes of a file come their name and their length. */
const CONTENTS = total('contents') + 8;
const LINK = total('(', 'type', 'symlink', 'target');
const DIRECTORY = total('(', 'type', 'directory');
const ENTRY = total('entry', '(', 'name');
const NODE = total('node');
const END = total(')');

/** JSON, with a line end. Cost: sorting the manifest as a NAR is. */
export function formatListing(manifest: Manifest): string {
  const [first, ...rest] = [...manifest].sort((a, b) => compareTreeOrder(a.path, b.path));
  if (first === undefined) throw new Bug('a manifest without a root');
  let offset = MAGIC;
  const list = (entry: Manifest[number]): Listed => {
    if (entry.kind === 'directory') {
      offset += DIRECTORY;
      // Without a prototype, since files may be called __proto__.
      return { type: 'directory', entries: Object.create(null) as Record<string, Listed> };
    }
    if (entry.kind === 'symlink') {
      offset += LINK + lengthOf(entry.target) + END;
      return { type: 'symlink', target: bytesToText(entry.target) };
    }
    offset += FILE + (entry.isExecutable ? EXECUTABLE : 0) + CONTENTS;
    const narOffset = offset;
    offset += padded(entry.sizeBytes) + END;
    const { sizeBytes: size, isExecutable } = entry;
    return isExecutable ? { type: 'regular', executable: true, size, narOffset } : { type: 'regular', size, narOffset };
  };
  const root = list(first);
  // Folders that the next entry may stand in, the innermost last.
  const open = [{ path: '', listed: root }];
  for (const entry of rest) {
    const slash = entry.path.lastIndexOf('/');
    const parent = slash === -1 ? '' : entry.path.slice(0, slash);
    while (open.at(-1)!.path !== parent) {
      offset += END + END;
      open.pop();
      if (open.length === 0) throw new Bug(`'${entry.path}' stands in no folder of its manifest`);
    }
    const name = entry.path.slice(slash + 1);
    offset += ENTRY + lengthOf(name) + NODE;
    const listed = list(entry);
    const folder = open.at(-1)!.listed;
    if (folder.type !== 'directory') throw new Bug(`'${entry.path}' stands in what is no folder`);
    folder.entries[bytesToText(name)] = listed;
    if (listed.type === 'directory') open.push({ path: entry.path, listed });
    else offset += END;
  }
  return `${JSON.stringify({ root, version: 1 })}\n`;
}
