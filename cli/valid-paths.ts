/** What commands that look at the store take: store paths, places inside of them, links to them, and packages of a tree. */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Bytes, bytesToPath, compareBytes, Fault } from '../base/index.ts';
import { type ObjectStore, parseStorePath, type StorePath, splitStorePath } from '../store/index.ts';
import { UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { bytesToWord, wordToBytes } from './words.ts';

/** A valid store path, and a place in it. */
export interface Place {
  readonly operand: string;
  readonly path: StorePath;
  /** `''`, or `bin/sh`. */
  readonly file: Bytes;
}

/**
 * The places that operands name. A package may have several outputs. The evaluator is only loaded for packages.
 *
 * @throws Fault E-CLI-008 not in the store · E-CLI-040 not built
 */
export async function placesOf(context: Context, store: ObjectStore, operands: readonly string[]): Promise<Place[]> {
  const isPackage = (operand: string): boolean => operand.includes('#') && !operand.startsWith(`${context.storeDir}/`);
  // First, since evaluation opens the store for itself.
  const packages = operands.some(isPackage)
    ? await import('./package-places.ts').then(({ packagePlaces }) => packagePlaces(context, operands.filter(isPackage)))
    : new Map<string, Place[]>();
  return operands.flatMap((operand) => {
    const found = packages.get(operand);
    if (found !== undefined) return found;
    const place = storePlace(context, operand);
    if (!store.isValid(place.path)) throw notInStore(place.path);
    return [place];
  });
}

/** Like `placesOf` for commands that take whole paths only. */
export async function validPaths(context: Context, store: ObjectStore, operands: readonly string[]): Promise<StorePath[]> {
  const places = await placesOf(context, store, operands);
  for (const { operand, path, file } of places) {
    if (file !== '') throw new UsageError(`'${operand}' is a file in a store path`, [`take all of it: ${path}`]);
  }
  return [...new Set(places.map(({ path }) => path))];
}

/** Sorted, each once: one a line, or as JSON. */
export function printPathSet(context: Context, paths: Iterable<StorePath>): void {
  printSortedPaths(context, [...new Set(paths)].sort(compareBytes));
}

/** As they come: one a line, or as JSON. */
export function printSortedPaths(context: Context, sorted: readonly StorePath[]): void {
  if (context.isJson) context.out.json({ paths: sorted });
  else if (sorted.length > 0) context.out.line(sorted.join('\n'));
}

/** The store path that a word names, valid or not; the rest is a place in it. @throws Fault E-STORE-001, 002 */
export function storePlace(context: Context, operand: string): Place {
  const logical = asLogical(context, operand);
  const split = splitStorePath(wordToBytes(logical), context.storeDir);
  if (split === undefined) return { operand, path: parseStorePath(wordToBytes(logical), context.storeDir), file: '' };
  return { operand, path: split.path, file: split.rest.replaceAll(/\/+/g, '/').replace(/^\//, '').replace(/\/$/, '') };
}

export const notInStore = (path: string): Fault =>
  new Fault('E-CLI-008', `'${path}' is not in the store`, { hints: ["'igos store list' lists what is"] });

/** A name on disk that is, lies in, or links to a store object becomes its logical name; others stay as they are. */
export function asLogical(context: Context, operand: string): string {
  if (operand.startsWith(`${context.storeDir}/`)) return operand;
  const objects = join(context.home, 'store');
  const real = realName(objects);
  let at = resolve(context.workingDirectory, operand);
  // Link by link: a `result` may point to the logical folder, which need not exist on this machine.
  for (let nLinks = 0; nLinks < 40; nLinks++) {
    if (at.startsWith(`${context.storeDir}/`)) return at;
    const folder = [objects, real].find((each) => at.startsWith(`${each}/`));
    if (folder !== undefined) return `${context.storeDir}${at.slice(folder.length)}`;
    const next = linkTarget(at);
    if (next === undefined) break;
    at = next;
  }
  return operand;
}

/** Without symlinks: the home of a store may be one, and whoever names an object may not know it. */
function realName(folder: string): string {
  try {
    return bytesToWord(realpathSync.native(folder, 'latin1'));
  } catch {
    return folder; // there is no store yet
  }
}

/** The path with its first symlink replaced by what that points to; `undefined` where there is none. */
function linkTarget(path: string): string | undefined {
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const part = end === -1 ? path : path.slice(0, end);
    try {
      const onDisk = bytesToPath(wordToBytes(part));
      if (lstatSync(onDisk).isSymbolicLink())
        return resolve(dirname(part), bytesToWord(readlinkSync(onDisk, 'latin1'))) + path.slice(part.length);
    } catch {
      return undefined; // there is nothing of that name
    }
    if (end === -1) return undefined;
  }
}
