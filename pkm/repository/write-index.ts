import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, Fault, printable, SystemFault, sys, writeFileAtomic } from '../../base/index.ts';
import { isPrivileged } from '../archive/privileged.ts';
import { imageFromArchive } from '../archive/read-archive.ts';
import { discardingIo } from '../io.ts';
import { decodeFileList, encodeFileList, type PackageFiles } from './file-list.ts';
import {
  decodeIndex,
  encodeIndex,
  FILE_NAME,
  INDEX_NAME,
  type IndexedPackage,
  type RepositoryIndex,
  SIGNATURE_NAME,
  signIndex,
} from './index-file.ts';
import { parseSigningKey } from './keys.ts';
import { LIST_NAME, nextSerial } from './next-serial.ts';

export interface WriteIndexOptions {
  /** Ed25519 secret keys, as `name:base64` or PEM: each signs. */
  readonly keys: readonly string[];
  /** Seconds since 1970. */
  readonly now: number;
  /** Seconds until the index expires; 0: never. */
  readonly validSeconds: number;
  /** The publisher answers for privileged files that archives do not declare. */
  readonly allowPrivileged?: boolean;
  /** Of this index; default: one more than before. */
  readonly serial?: number;
  /** What the repository calls itself, '' for nothing; default: as before. */
  readonly identity?: string;
  /** Before an archive is read, and after. Those that the index before knows are not. */
  readonly onRead?: (file: string, isDone: boolean) => void;
}

export interface WrittenIndex extends RepositoryIndex {
  /** How many archives were read, and not known from the index before. */
  readonly nRead: number;
  /** In the index before; `undefined` where there was none. */
  readonly identityBefore: string | undefined;
  /** What the index before had in the same version and release with other bytes: machines do not see that it is another one. */
  readonly republished: readonly IndexedPackage[];
}

const SUFFIX = '.igos.tar.gz';

/**
 * Reads every `*.igos.tar.gz` of a folder, and writes and signs the index beside them.
 * Cost: one hash of each archive; one unpacking (into nothing) of each that is not in the index yet.
 * @throws Fault an archive that could not be installed, one version of a package twice, or a serial that is not known
 */
export async function writeIndex(folder: string, options: WriteIndexOptions): Promise<WrittenIndex> {
  const keys = await Promise.all(options.keys.map(parseSigningKey));
  const before = readBefore(folder);
  const serial = nextSerial(folder, before.serial, options.serial);
  const names = sys('read', folder, () => readdirSync(folder)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
  const packages = new Map<string, IndexedPackage>();
  const files: PackageFiles[] = [];
  const republished: IndexedPackage[] = [];
  let nRead = 0;
  const unfit = names.find((name) => !FILE_NAME.test(name));
  if (unfit !== undefined) {
    throw new Fault('E-PKM-026', `an index cannot hold the file name '${printable(unfit)}'`, {
      hints: ["rename it: letters, digits and '. _ + ~ @ : -' only, at most 255, beginning with a letter or digit"],
    });
  }
  for (const file of names.sort(compareBytes)) {
    let described = await before.find(folder, file).catch(sayGone);
    // So that a signal is heard, and what is shown is drawn, between small archives too: reading one waits for nothing.
    await nextTurn();
    if (described === undefined || (described.item.privileged.length > 0 && options.allowPrivileged !== true)) {
      options.onRead?.(file, false);
      described = await describe(folder, file, options).catch(sayGone);
      options.onRead?.(file, true);
      nRead += 1;
    }
    const { item } = described;
    const key = keyOf(item);
    const other = packages.get(key);
    if (other !== undefined) {
      throw new Fault(
        'E-PKM-072',
        `'${other.file}' and '${file}' are both '${item.name}' ${item.version}, release ${item.release}`,
        {
          hints: ['keep one of the two in the folder', 'or give the newer one a higher release'],
        },
      );
    }
    packages.set(key, item);
    if ((before.published.get(key) ?? item.sha256) !== item.sha256) republished.push(item);
    files.push({ ...item, paths: described.paths });
  }
  const list = encodeFileList(files.sort((a, b) => compareBytes(a.name, b.name)));
  const sha256 = hash('sha256', list);
  const listName = `files-${sha256.slice(0, 16)}.gz`;
  const index: RepositoryIndex = {
    identity: options.identity ?? before.identity ?? '',
    serial,
    createdAt: options.now,
    expiresAt: options.validSeconds === 0 ? 0 : options.now + options.validSeconds,
    files: { file: listName, sha256, sizeBytes: list.length },
    packages: [...packages.values()],
  };
  const bytes = Buffer.from(encodeIndex(index), 'utf8');
  decodeIndex(bytes, folder); // what nobody would take is not published
  if (!existsSync(join(folder, listName))) writeFileAtomic(join(folder, listName), list);
  // A reader between the two writes sees a signature that does not fit, and looks once more.
  writeFileAtomic(join(folder, INDEX_NAME), bytes);
  writeFileAtomic(join(folder, SIGNATURE_NAME), signIndex(bytes, keys));
  dropOldLists(folder, [listName, before.listName]);
  dropLeftovers(folder);
  return { ...index, nRead, identityBefore: before.identity, republished };
}

const keyOf = ({ name, version, release }: Pick<IndexedPackage, 'name' | 'version' | 'release'>): string =>
  `${name} ${version} ${release}`;

interface Described {
  readonly item: IndexedPackage;
  readonly paths: readonly string[];
}

/** What the folder's index said, so that archives that did not change are not unpacked again. */
function readBefore(folder: string): {
  serial: number | undefined;
  identity: string | undefined;
  /** SHA-256 of the archive of each version and release. */
  published: ReadonlyMap<string, string>;
  listName: string | undefined;
  find(folder: string, file: string): Promise<Described | undefined>;
} {
  const path = join(folder, INDEX_NAME);
  if (!existsSync(path))
    return {
      serial: undefined,
      identity: undefined,
      published: new Map(),
      listName: undefined,
      find: async () => undefined,
    };
  const index = decodeBefore(
    sys('read', path, () => readFileSync(path)),
    path,
  );
  const lists = new Map<string, readonly string[]>();
  const listPath = join(folder, index.files?.file ?? '-');
  if (index.files !== undefined && existsSync(listPath)) {
    const bytes = readFileSync(listPath);
    if (hash('sha256', bytes) === index.files.sha256)
      for (const { paths, ...item } of decodeFileList(bytes)) lists.set(keyOf(item), paths);
  }
  const byFile = new Map(index.packages.map((item) => [item.file, item]));
  return {
    serial: index.serial,
    identity: index.identity,
    published: new Map(index.packages.map((item) => [keyOf(item), item.sha256])),
    listName: index.files?.file,
    async find(_, file) {
      const item = byFile.get(file);
      const paths = item === undefined ? undefined : lists.get(keyOf(item));
      if (item === undefined || paths === undefined) return undefined;
      return (await sha256Of(join(folder, file))) === item.sha256 ? { item, paths } : undefined;
    },
  };
}

function decodeBefore(bytes: Uint8Array, path: string): RepositoryIndex {
  try {
    return decodeIndex(bytes, path);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message, {
      notes: ['nothing was written; the serial of the next index is one more than that of this one'],
      hints: [
        `put a copy of '${path}' back`,
        "or remove it and say the serial with --serial N: above what 'pkm repositories' shows on the machines that synced",
      ],
    });
  }
}

/** An archive that was listed. */
function sayGone(error: unknown): never {
  if (!(error instanceof SystemFault) || error.errno !== 'ENOENT') throw error;
  throw new SystemFault(error.operation, error.path, error.cause, [
    'it was there when the folder was listed: run this again when nothing else changes the folder',
  ]);
}

/** Of an archive, as hex. @throws SystemFault */
export async function sha256Of(path: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer);
  } catch (error) {
    throw new SystemFault('read', path, error);
  }
  return digest.digest('hex');
}

async function describe(folder: string, file: string, options: WriteIndexOptions): Promise<Described> {
  const path = join(folder, file);
  const image = await imageFromArchive(path, {
    folder: tmpdir(),
    io: discardingIo,
    isOnlyLookedAt: true,
    mtimeSeconds: 1,
    mayBePrivileged: () => options.allowPrivileged === true,
  }).catch((error: unknown) => {
    if (error instanceof Fault) error.notes = [...error.notes, `it is '${file}'`];
    throw error;
  });
  const { name, version, release, tier, summary, license, homepage, runtime, provides, conflicts, supersedes, origin } = image;
  const common = { name, version, release, tier, summary, license, homepage, runtime, provides, conflicts, supersedes };
  return {
    item: {
      ...common,
      file,
      sha256: origin.kind === 'archive' ? origin.sha256 : '',
      sizeBytes: sys('read', path, () => statSync(path)).size,
      installedBytes: image.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0),
      privileged: image.entries.filter(isPrivileged).map((entry) => entry.path),
    },
    paths: image.entries.filter((entry) => entry.kind !== 'directory').map((entry) => entry.path),
  };
}

const HOUR_MS = 3_600_000;

/** What somebody began to write here and was killed. Nobody writes a file for an hour without touching it, on whichever machine. */
function dropLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/^\.tmp-\d+-/.test(name)) continue;
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() === true && Date.now() - stat.mtimeMs > HOUR_MS) sys('remove', path, () => rmSync(path, { force: true }));
  }
}

/** The list of the index before stays: somebody may be reading by it. */
function dropOldLists(folder: string, keep: readonly (string | undefined)[]): void {
  for (const name of readdirSync(folder)) {
    if (!LIST_NAME.test(name) || keep.includes(name)) continue;
    sys('remove', name, () => unlinkSync(join(folder, name)));
  }
}
