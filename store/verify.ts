/** Compares what is on disk with what is recorded. Reads only. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, SystemFault, textToBytes } from '../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from './canonical-metadata.ts';
import { MAX_BASE_LENGTH } from './index-record.ts';
import { ManifestBuilder } from './manifest.ts';
import { openObjects } from './optimise.ts';
import { readTree } from './read-tree.ts';
import { Screen } from './screen/screen.ts';
import type { Staging } from './staging.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import { joinPath, readLink } from './tree.ts';
import type { ManifestEntry, StorePath, VerifyOptions, VerifyProblem } from './types.ts';

interface Place {
  readonly objects: string;
  readonly storeDir: string;
  readonly index: StoreIndex;
  readonly staging: Staging;
}

/** @see ObjectStore.verify. Cost with contents: reads and hashes every byte of the store. */
export function verifyStore(place: Place, options: VerifyOptions): VerifyProblem[] {
  const { index } = place;
  finishOthersWork(place.staging);
  const paths = options.paths ?? index.allPaths();
  const suspects = findSuspects(place, paths, options);
  const problems: VerifyProblem[] = [];
  for (const path of paths) {
    if (!suspects.has(path)) continue;
    const found = lastingProblems(place, path, options.contents === true);
    problems.push(...found.filter(({ kind }) => kind !== 'metadata'));
    const metadata = found.filter(({ kind }) => kind === 'metadata');
    if (metadata.length > 0) problems.push(...lastingMetadata(place, metadata, path, realPath(place, path)));
  }
  if (options.paths === undefined) problems.push(...unregistered(place));
  return problems;
}

/** The first, fast look: what is not among them is as recorded. What is wrong with the others is found out by one that takes its time. */
function findSuspects({ index, objects }: Place, paths: readonly StorePath[], options: VerifyOptions): Set<StorePath> {
  const suspects = new Set<StorePath>();
  const screen = new Screen();
  try {
    paths.forEach((path, i) => {
      options.onPath?.(path, i, paths.length);
      const suspect = () => void suspects.add(path);
      const info = index.info(path);
      if (info === undefined) return; // collected meanwhile
      if (!info.references.every((reference) => index.has(reference))) suspect();
      const real = textToBytes(`${objects}/${storePathBase(path)}`);
      const manifest = options.contents ? index.manifestBytes(path) : undefined;
      if (manifest !== undefined) screen.look(real, manifest, suspect);
      else if (stat(real) === undefined) suspect();
    });
    screen.end();
  } finally {
    screen.close();
  }
  return suspects;
}

/** What stands in the store's folder for no reason. */
function unregistered({ objects, storeDir, index, staging }: Place): VerifyProblem[] {
  const isKnown = (name: string): boolean => name.length <= MAX_BASE_LENGTH && index.has(`${storeDir}/${name}` as StorePath);
  const strange = listNames(objects).filter((name) => !isKnown(name));
  if (strange.length === 0) return [];
  // Who moves objects to their places registers them before anybody else holds the index.
  const left = whileNobodyWrites(index, () =>
    // A collection takes all of it away, and what it takes is out of the index before it is gone.
    staging.living('trash').length > 0
      ? []
      : strange.filter((name) => !isKnown(name) && stat(`${textToBytes(objects)}/${name}`) !== undefined),
  );
  return left.map((name) => ({
    path: `${storeDir}/${name}` as StorePath,
    kind: 'unregistered',
    detail: 'it is there, but not recorded: left by a crash, or put there by hand',
  }));
}

/**
 * What is wrong with a path while nobody registers or collects anything. One that is collected and added again while it is looked at is
 * gone for a moment, and valid before and after: then it is looked at again, at last while all others wait.
 */
function lastingProblems(place: Place, path: StorePath, contents: boolean): VerifyProblem[] {
  const { index } = place;
  const look = (): VerifyProblem[] => problemsOf(place, path, contents);
  for (let n = 0; n < MANY_LOOKS; n++) {
    settle(index);
    const before = index.newest();
    const found = look();
    settle(index);
    if (found.length === 0 || index.newest() === before) return found;
  }
  return whileNobodyWrites(index, look);
}

/** Nothing where the path is not valid (any more). */
function problemsOf(place: Place, path: StorePath, contents: boolean): VerifyProblem[] {
  const { index } = place;
  const info = index.info(path);
  if (info === undefined) return [];
  const found: VerifyProblem[] = [];
  for (const reference of info.references) {
    if (!index.has(reference))
      found.push({ path, kind: 'reference-missing', detail: `it refers to '${reference}', which is not valid` });
  }
  const real = realPath(place, path);
  if (stat(real) === undefined) found.push({ path, kind: 'missing', detail: 'it is recorded, but not there' });
  else if (contents) found.push(...verifyReadable(path, real, index.manifest(path) ?? []));
  return found;
}

const realPath = ({ objects }: Place, path: StorePath): Bytes => textToBytes(`${objects}/${storePathBase(path)}`);

/** What cannot be read is damaged, unless it is gone because it was collected. */
function verifyReadable(path: StorePath, real: Bytes, manifest: readonly ManifestEntry[]): VerifyProblem[] {
  try {
    return verifyObject(path, real, manifest);
  } catch (error) {
    if (error instanceof SystemFault) return [{ path, kind: 'modified', detail: error.message }];
    throw error;
  }
}

/** Waits for writers that are between the disk and the index: an empty transaction comes after theirs. */
const settle = (index: StoreIndex): void => whileNobodyWrites(index, () => {});

/** Looks at disk and index as they are; in a store that we may only read, as they are at a moment each. */
function whileNobodyWrites<T>(index: StoreIndex, look: () => T): T {
  if (index.isWritable) return index.write(look);
  index.refresh();
  return look();
}

function finishOthersWork(staging: Staging): void {
  try {
    staging.recover();
  } catch (error) {
    // A store that we may only read: then what was left stays, and is reported.
    if (!(error instanceof SystemFault)) throw error;
  }
}

/** How often is looked at again: what is wrong stays so. */
const MANY_LOOKS = 3;

/**
 * What is wrong with an object's metadata and stays so. Folders stand open while an optimisation is at them, which may have begun and
 * ended between a look and the question whether there is one: only what is there each time nobody is at it counts. Reads no contents.
 */
function lastingMetadata(
  { index, staging }: Place,
  found: readonly VerifyProblem[],
  path: StorePath,
  real: Bytes,
): VerifyProblem[] {
  const entries = new Map((index.manifest(path) ?? []).map((entry) => [entry.path, entry]));
  const isStillWrong = ({ file = '' }: VerifyProblem): boolean => {
    const entry = entries.get(file);
    const now = stat(joinPath(real, file));
    return entry !== undefined && now !== undefined && !(now instanceof SystemFault) && metadataProblem(entry, now) !== undefined;
  };
  let left = [...found];
  for (let look = 0; look < MANY_LOOKS && left.length > 0; look++) {
    if (isBeingOptimised(staging, path)) return [];
    left = left.filter(isStillWrong);
  }
  return left.length > 0 && isBeingOptimised(staging, path) ? [] : left;
}

/** Folders stand open for a moment while a living process replaces files in them. */
const isBeingOptimised = (staging: Staging, path: StorePath): boolean =>
  staging.living('optimise').some((folder) => openObjects(folder).includes(storePathBase(path)));

/** Compares one object with its manifest, file by file. */
export function verifyObject(path: StorePath, real: Bytes, manifest: readonly ManifestEntry[]): VerifyProblem[] {
  const problems: VerifyProblem[] = [];
  const report = (kind: VerifyProblem['kind'], file: Bytes, detail: string) => problems.push({ path, kind, file, detail });
  const expected = new Map(manifest.map((entry) => [entry.path, entry]));
  for (const entry of manifest) {
    const at = joinPath(real, entry.path);
    const found = stat(at);
    if (found instanceof SystemFault) {
      report('modified', entry.path, found.message);
      continue;
    }
    if (found === undefined) {
      report('missing', entry.path, 'it is recorded, but not there');
      continue;
    }
    const kind = kindOf(found);
    if (kind !== entry.kind) {
      report('modified', entry.path, `it is a ${kind}, recorded as a ${entry.kind}`);
      continue;
    }
    const metadata = metadataProblem(entry, found);
    if (metadata !== undefined) report('metadata', entry.path, metadata);
    const content = contentProblem(entry, at, found);
    if (content !== undefined) report('modified', entry.path, content);
    if (entry.kind !== 'directory') continue;
    for (const name of listNames(at)) {
      const child = entry.path === '' ? name : `${entry.path}/${name}`;
      if (!expected.has(child)) report('modified', child, 'it is there, but not recorded');
    }
  }
  return problems;
}

function metadataProblem(entry: ManifestEntry, found: Stats): string | undefined {
  const mode =
    entry.kind === 'directory' ? directoryMode : entry.kind === 'file' && entry.isExecutable ? executableMode : fileMode;
  const actual = found.mode & 0o7777;
  if (entry.kind !== 'symlink' && actual !== mode) return `its mode is ${octal(actual)}, recorded as ${octal(mode)}`;
  const seconds = Math.floor(found.mtimeMs / 1000);
  if (seconds !== canonicalMtimeSeconds) return `its time is ${seconds}, recorded as ${canonicalMtimeSeconds}`;
  return undefined;
}

function contentProblem(entry: ManifestEntry, at: Bytes, found: Stats): string | undefined {
  if (entry.kind === 'symlink') {
    const target = readLink(at);
    return target === entry.target ? undefined : `it points to '${target}', recorded as '${entry.target}'`;
  }
  if (entry.kind === 'directory') return undefined;
  if (found.size !== entry.sizeBytes) return `it has ${found.size} bytes, recorded as ${entry.sizeBytes}`;
  const builder = new ManifestBuilder();
  try {
    readTree([{ kind: 'file', path: '', realPath: at }], builder);
  } catch (error) {
    if (error instanceof SystemFault) return error.message;
    throw error;
  }
  const [now] = builder.manifest();
  return now?.kind === 'file' && now.sha256 === entry.sha256 ? undefined : 'its content changed';
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** `undefined`: nothing is there. A fault: nobody can tell. */
const stat = (real: Bytes): Stats | SystemFault | undefined => {
  try {
    return lstatSync(bytesToPath(real), { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined; // below something that is no folder any more
    return new SystemFault('look at', bytesToText(real), error);
  }
};

const kindOf = (found: Stats): string =>
  found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'special file';

function listNames(real: Bytes): Bytes[] {
  try {
    return readdirSync(bytesToPath(real), { encoding: 'latin1' }).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SystemFault('read the folder', real, error);
  }
}
