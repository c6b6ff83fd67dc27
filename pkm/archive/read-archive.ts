/**
 * An archive as an image. Members are unpacked under numbers into one flat private folder, so that no name in an archive ever
 * becomes a name on the disk before the plan was made and checked: there is nothing to traverse and nothing to write through.
 */
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { Fault, SystemFault, sha256, sys, tryBytesToText } from '../../base/index.ts';
import { makeImage } from '../image.ts';
import { type FileMetadata, type FileWriter, isPlainFile, type RootIo } from '../io.ts';
import { STATE_DIR } from '../layout.ts';
import type { FileMaker, NewFile } from '../loops/creation.ts';
import { type Inflation, startInflation } from '../loops/inflating.ts';
import { badPath, isIn, parentOf, printable } from '../names.ts';
import type { ImageEntry, PackageImage } from '../types.ts';
import { describeCapability } from './capability.ts';
import { otherFormat } from './other-format.ts';
import { decodePackageInfo, type PackageInfoFile } from './package-info.ts';
import { isPrivileged } from './privileged.ts';
import { damaged, hostile, type TarMember, TarReader } from './tar-reader.ts';

export interface ReadArchiveOptions {
  /** A folder that does not exist yet, on the root's file system; made here. */
  readonly folder: string;
  readonly io: RootIo;
  /** What the unpacked files get, seconds since 1970. */
  readonly mtimeSeconds: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** `io` keeps nothing of it: the room that is left does not matter. */
  readonly isOnlyLookedAt?: boolean;
  /** The archive is put beside its members: it will be kept. */
  readonly isKept?: boolean;
  /**
   * Whether members that `.PKGINFO` does not declare may be privileged: setuid, setgid, or with file capabilities. InterGenOS's own
   * archives cannot declare anything; somebody else has to answer for them. Default: no.
   */
  readonly mayBePrivileged?: (path: string, archiveSha256: string) => boolean;
}

const MAX_ENTRIES = 100_000;
const MAX_BYTES = 64 * 2 ** 30;
/** Of a manifest, which lists files. */
const MAX_TEXT = 64 << 20;
const MAX_INFO = 4 << 20;
const CHUNK = 1 << 20;
const MEMORY_BYTES = 8 << 20;
/** Archives up to this size are unpacked in one piece, if what comes out is no longer than that. */
const WHOLE_BYTES = 4 << 20;
const MAX_WHOLE_BYTES = 16 << 20;
/** What is unpacked of archives of this size, or longer, is written beside us. */
const MANY_BYTES = 1 << 17;
/** Configuration is read when the change is planned: nobody shall wait for it. */
const READ_SOON = 'etc/';
/** Beside the members, which are numbers. */
const ARCHIVE = 'archive';
const ARCHIVE_TIME = 1;
const EMPTY = Buffer.alloc(0);
const IS_ROOT = process.geteuid?.() === 0;

/** An archive that is being read. */
export interface ArchiveReading {
  /** Once. @throws Fault E-PKM-023 · E-PKM-024 · E-PKM-002 · SystemFault. The folder may hold files then; nothing else does. */
  image(): Promise<PackageImage>;
  /** To be called instead, where nobody wants it any more: its memory is in use. */
  abandon(): void;
}

/** Reads an archive, and begins to unpack it, which goes on beside whoever calls. */
export function startReading(file: string, options: ReadArchiveOptions): ArchiveReading {
  let begun: { start: WholeStart | undefined } | { error: unknown };
  try {
    sys('create the folder', options.folder, () => options.io.mkdir(options.folder, 0o700, undefined));
    begun = { start: startWhole(file) };
  } catch (error) {
    begun = { error };
  }
  return {
    async image() {
      if ('error' in begun) throw begun.error;
      const whole = begun.start === undefined ? undefined : await finishWhole(file, begun.start);
      return whole === undefined ? await imageFromStream(file, options) : imageFromWhole(file, options, whole);
    },
    abandon() {
      if ('start' in begun) begun.start?.inflation?.end();
    },
  };
}

/** @throws as `ArchiveReading.image` */
export const imageFromArchive = async (file: string, options: ReadArchiveOptions): Promise<PackageImage> =>
  startReading(file, options).image();

function imageFromWhole(file: string, options: ReadArchiveOptions, whole: Whole): PackageImage {
  const unpacker = new Unpacker(options, whole.bytes.length >= MANY_BYTES);
  const reader = new TarReader(unpacker);
  try {
    reader.push(whole.bytes);
    reader.finish();
  } catch (error) {
    unpacker.abandon();
    throw error;
  }
  if (options.isKept === true) unpacker.keep(whole.packed);
  return unpacker.image(file, whole.sha256);
}

async function imageFromStream(file: string, options: ReadArchiveOptions): Promise<PackageImage> {
  const unpacker = new Unpacker(options, true);
  const reader = new TarReader(unpacker);
  const digest = createHash('sha256');
  const source = createReadStream(file, { highWaterMark: CHUNK });
  const unzip = createGunzip({ chunkSize: CHUNK });
  source.on('data', (chunk) => digest.update(chunk));
  source.on('error', (error) => unzip.destroy(error));
  try {
    for await (const chunk of source.pipe(unzip)) reader.push(chunk as Buffer);
    reader.finish();
  } catch (error) {
    unpacker.abandon();
    throw readFault(error, file);
  } finally {
    source.destroy();
    unzip.destroy();
  }
  return unpacker.image(file, digest.digest('hex'));
}

interface WholeStart {
  readonly packed: Buffer;
  readonly inflation: Inflation | undefined;
  /** Of the archive. */
  readonly sha256: string;
}

interface Whole {
  readonly packed: Buffer;
  readonly bytes: Buffer;
  /** Of the archive. */
  readonly sha256: string;
}

/** A short archive is read in one piece, and unpacked beside us: half the time of a stream. `undefined` where it is long. */
function startWhole(file: string): WholeStart | undefined {
  const { size } = sys('read', file, () => statSync(file));
  if (size > WHOLE_BYTES) return undefined;
  const packed = sys('read', file, () => readFileSync(file));
  const inflation = startInflation(packed, MAX_WHOLE_BYTES);
  return { packed, inflation, sha256: sha256(packed) };
}

/** `undefined` where it is long when it is unpacked. */
async function finishWhole(file: string, { packed, inflation, sha256 }: WholeStart): Promise<Whole | undefined> {
  const inflated = inflation?.end();
  if (inflated !== undefined) return { packed, bytes: inflated, sha256 };
  try {
    const bytes = await promisify(gunzip)(packed, { chunkSize: CHUNK, maxOutputLength: MAX_WHOLE_BYTES });
    return { packed, bytes, sha256 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw readFault(error, file);
  }
}

function readFault(error: unknown, file: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'Z_BUF_ERROR') return damaged('it is cut off');
  if (code.startsWith('Z_')) return otherFormat(file) ?? damaged('it is not gzip-compressed, or damaged');
  return (error as NodeJS.ErrnoException).syscall === undefined ? error : new SystemFault('read', file, error);
}

const S_ISGID = 0o2000;

/** The group that new files get in a folder that was just made; -1 where that depends on how it is mounted. */
function givenGroup(folder: string): number {
  const { mode, gid } = statSync(folder);
  return (mode & S_ISGID) !== 0 || gid === process.getegid?.() ? gid : -1;
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

class Unpacker {
  readonly #options: ReadArchiveOptions;
  readonly #members = new Map<string, { entry: ImageEntry; file: string }>();
  readonly #texts = new Map<string, string>();
  readonly #notes = new Set<string>();
  readonly #maxBytes: number;
  #sizeBytes = 0;
  #nEntries = 0;
  /** That members are in. */
  readonly #folders = new Set<string>();
  #lastFolder = '';
  #current: Current | undefined;
  /** Files are written beside us. */
  #isMany: boolean;
  /** For most files, once the first was made. */
  #maker: FileMaker | undefined;
  /** The group that new files get. */
  #group = -1;
  #archive: FileMaker | undefined;
  /** Could not be made by them, and will be told why. */
  readonly #left: NewFile[] = [];

  /** @param isMany  files are written while what comes behind them is read */
  constructor(options: ReadArchiveOptions, isMany: boolean) {
    this.#options = options;
    this.#isMany = isMany;
    const limit = options.maxBytes ?? MAX_BYTES;
    this.#maxBytes = options.isOnlyLookedAt === true ? limit : Math.min(limit, freeBytes(options.folder));
  }

  begin(member: TarMember): void {
    this.#countEntry(member);
    this.#sizeBytes += member.sizeBytes;
    if (this.#sizeBytes > this.#maxBytes)
      throw hostile(member.name, `with it the archive needs more than ${this.#maxBytes} bytes`);
    const path = normalized(member.name);
    if (path === '') {
      if (member.kind !== 'directory') throw hostile(member.name, `it is a ${member.kind} without a name`);
      this.#current = { kind: 'skip' };
      return;
    }
    const why = badPath(path);
    if (why !== undefined) throw hostile(member.name, why);
    if (this.#texts.has(path)) throw hostile(member.name, 'it is there twice');
    this.#countFolders(path, member);
    this.#current = this.#members.has(path)
      ? this.#beginAgain(path, member)
      : isMetadata(path)
        ? this.#beginMetadata(path, member)
        : this.#beginEntry(path, member);
  }

  #countEntry(member: TarMember): void {
    const maxEntries = this.#options.maxEntries ?? MAX_ENTRIES;
    if (++this.#nEntries > maxEntries) throw hostile(member.name, `it is one more than ${maxEntries} members`);
  }

  /** Those that no member is, but members are in: a path of 4000 bytes may be in 2000 of them, and an image has each. */
  #countFolders(path: string, member: TarMember): void {
    if (isIn(this.#lastFolder, path)) return;
    this.#lastFolder = parentOf(path);
    for (let folder = this.#lastFolder; folder !== '' && !this.#folders.has(folder); folder = parentOf(folder)) {
      this.#folders.add(folder);
      if (!this.#members.has(folder)) this.#countEntry(member);
    }
  }

  data(bytes: Buffer): void {
    const current = this.#current!;
    if (current.kind === 'text') current.chunks.push(Buffer.from(bytes));
    else if (current.kind === 'small') {
      if (bytes.length === current.entry.sizeBytes) current.buffer = bytes;
      else {
        current.buffer ??= Buffer.allocUnsafe(current.entry.sizeBytes);
        bytes.copy(current.buffer, current.filled);
        current.filled += bytes.length;
      }
    } else if (current.kind === 'again') current.digest.update(bytes);
    else if (current.kind === 'long') {
      current.digest.update(bytes);
      sys('write', current.file, () => current.writer.write(bytes));
    }
  }

  end(): void {
    const current = this.#current!;
    this.#current = undefined;
    if (current.kind === 'text') this.#texts.set(current.path, decodeText(current.path, Buffer.concat(current.chunks)));
    else if (current.kind === 'small') {
      const { entry, buffer = EMPTY, file } = current; // all of it, in the piece that was just handed over or collected
      this.#write(entry, file, buffer);
      entry.sha256 = sha256(buffer);
      this.#members.set(entry.path, { entry, file });
    } else if (current.kind === 'again') {
      if (current.digest.digest('hex') !== this.#members.get(current.path)!.entry.sha256) throw twice(current.path);
    } else if (current.kind === 'long') {
      sys('write', current.file, () => current.writer.finish());
      this.#members.set(current.entry.path, {
        entry: { ...current.entry, sha256: current.digest.digest('hex') },
        file: current.file,
      });
    }
  }

  /** Writes the archive itself too. */
  keep(packed: Buffer): void {
    const { io, folder } = this.#options;
    this.#archive = this.#isMany ? io.fileMaker(folder, ARCHIVE_TIME) : undefined;
    this.#archive?.add({ name: ARCHIVE, data: packed, mode: 0o600 });
    this.#archive?.flush();
  }

  #write(entry: ImageEntry, file: string, data: Buffer): void {
    const { io, folder, mtimeSeconds } = this.#options;
    const metadata = this.#metadata(entry);
    if (this.#maker !== undefined && !entry.path.startsWith(READ_SOON) && isPlainFile(metadata, this.#group)) {
      this.#maker.add({ name: file.slice(folder.length + 1), data, mode: entry.mode });
      return;
    }
    sys('write', file, () => io.createFile(file, data, metadata));
    if (!this.#isMany || this.#maker !== undefined) return;
    this.#maker = io.fileMaker(folder, mtimeSeconds);
    if (this.#maker === undefined) this.#isMany = false;
    else this.#group = sys('read', folder, () => givenGroup(folder));
  }

  /** Waits for what is being written, and writes again what could not be: that says why. */
  #finish(): void {
    this.#left.push(...(this.#maker?.end() ?? []), ...(this.#archive?.end() ?? []));
    this.#maker = undefined;
    this.#archive = undefined;
    const { io, folder, mtimeSeconds } = this.#options;
    for (let next = this.#left[0]; next !== undefined; next = this.#left[0]) {
      const { name, data, mode } = next;
      const file = join(folder, name);
      sys('write', file, () => {
        if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) io.unlink(file); // a part of it
        io.createFile(file, data, { mode, owner: undefined, mtimeSeconds: name === ARCHIVE ? ARCHIVE_TIME : mtimeSeconds });
      });
      this.#left.shift();
    }
  }

  /** Nothing is at work afterwards. */
  abandon(): void {
    if (this.#current?.kind === 'long') this.#current.writer.abandon();
    this.#current = undefined;
    this.#maker?.end();
    this.#archive?.end();
  }

  image(file: string, sha256: string): PackageImage {
    this.#maker?.flush();
    const info = this.#info();
    this.#checkLinks();
    this.#checkManifest(info.description);
    for (const { entry } of this.#members.values()) {
      if (!isPrivileged(entry) || info.privileged.has(entry.path)) continue;
      if (this.#options.mayBePrivileged?.(entry.path, sha256) !== true) throw undeclared(entry);
    }
    const finish = (path?: string): void => {
      if (path?.startsWith(READ_SOON) !== true) this.#finish();
    };
    const placeOf = (entry: ImageEntry): string => this.#members.get(entry.path)!.file;
    return makeImage({
      description: info.description,
      origin: { kind: 'archive', file, sha256 },
      entries: [...this.#members.values()].map((member) => member.entry),
      notes: [...this.#notes],
      scratch: {
        mtimeSeconds: this.#options.mtimeSeconds,
        placeOf,
        finish,
        archive: this.#archive === undefined ? undefined : join(this.#options.folder, ARCHIVE),
      },
      contentPath: (entry) => {
        finish(entry.path);
        return placeOf(entry);
      },
    });
  }

  #beginMetadata(path: string, member: TarMember): Current {
    if (member.kind === 'directory') return { kind: 'skip' };
    if (path === '.PKGINFO' || path.startsWith(MANIFESTS)) {
      if (member.kind !== 'file') throw hostile(member.name, `it is a ${member.kind}, and should be a file`);
      if (member.sizeBytes > (path === '.PKGINFO' ? MAX_INFO : MAX_TEXT)) throw hostile(member.name, 'it is too long');
      if (path !== '.PKGINFO' && [...this.#texts.keys()].some((other) => other !== '.PKGINFO'))
        throw hostile(member.name, 'it is a second manifest, and an archive is of one package');
      return { kind: 'text', path, chunks: [] };
    }
    if (path.startsWith(STATE_DIR)) throw hostile(member.name, 'that is where pkm keeps its state');
    this.#notes.add(
      path.startsWith('.scripts/')
        ? 'its install scripts are not run: igos has no such thing'
        : `'${printable(path)}' is not installed`,
    );
    return { kind: 'skip' };
  }

  /** InterGenOS's publishing script adds what is in a folder with the folder, and once more by itself. */
  #beginAgain(path: string, member: TarMember): Current {
    const { entry } = this.#members.get(path)!;
    const other = this.#entry(path, member);
    const isSame =
      entry.kind === other.kind &&
      entry.mode === (other.kind === 'hardlink' ? entry.mode : other.mode) &&
      entry.target === (other.kind === 'hardlink' ? normalized(other.target) : other.target) &&
      (other.kind !== 'file' || entry.sizeBytes === other.sizeBytes) &&
      (other.kind === 'hardlink' || (entry.uid === other.uid && entry.gid === other.gid)) &&
      (other.kind === 'hardlink' || entry.capability === other.capability);
    if (!isSame) throw twice(member.name);
    return other.kind === 'file' ? { kind: 'again', path, digest: createHash('sha256') } : { kind: 'skip' };
  }

  #entry(path: string, member: TarMember): NewEntry {
    return {
      path,
      kind: member.kind,
      mode: member.kind === 'symlink' ? 0o777 : member.mode,
      uid: this.#owner(member.uid),
      gid: this.#owner(member.gid),
      sizeBytes: member.sizeBytes,
      sha256: '',
      target: member.kind === 'symlink' || member.kind === 'hardlink' ? member.target : '',
      ...(member.capability === '' || member.kind !== 'file' ? {} : { capability: member.capability }),
    };
  }

  #beginEntry(path: string, member: TarMember): Current {
    const entry = this.#entry(path, member);
    const file = `${this.#options.folder}/${this.#members.size}`;
    if (member.kind === 'hardlink') {
      this.#link(entry, member, file);
      return { kind: 'skip' };
    }
    if (member.kind !== 'file') {
      this.#members.set(path, { entry, file: '' });
      return { kind: 'skip' };
    }
    if (member.sizeBytes <= MEMORY_BYTES) return { kind: 'small', entry, file, buffer: undefined, filled: 0 };
    const writer = sys('write', file, () => this.#options.io.writeFile(file, this.#metadata(entry)));
    return { kind: 'long', entry, file, writer, digest: createHash('sha256') };
  }

  #link(entry: ImageEntry, member: TarMember, file: string): void {
    const target = normalized(member.target);
    const found = this.#members.get(target);
    if (
      badPath(target) !== undefined ||
      found === undefined ||
      (found.entry.kind !== 'file' && found.entry.kind !== 'hardlink')
    ) {
      throw hostile(member.name, `it is a hard link to '${printable(member.target)}', which is no earlier file of the archive`);
    }
    this.#finish();
    sys('link', file, () => this.#options.io.link(found.file, file));
    this.#members.set(entry.path, { entry: { ...found.entry, path: entry.path, kind: 'hardlink', target }, file });
  }

  /** Owners from 1000 up are people of the machine that made the archive. */
  #owner(id: number): number {
    if (id >= 0 && id < 1000) return id;
    this.#notes.add('files of users (owner 1000 and above) become files of root');
    return 0;
  }

  #metadata(entry: ImageEntry): FileMetadata {
    const owner = IS_ROOT ? { uid: entry.uid, gid: entry.gid } : undefined;
    const { mtimeSeconds } = this.#options;
    const capability = IS_ROOT ? entry.capability : undefined;
    return { mode: entry.mode, owner, mtimeSeconds, ...(capability === undefined ? {} : { capability }) };
  }

  #info(): PackageInfoFile {
    const text = this.#texts.get('.PKGINFO');
    const info = text === undefined ? this.#infoFromManifest() : decodePackageInfo(text);
    if (info === undefined) {
      throw new Fault('E-PKM-023', 'the archive does not say which package it is', {
        notes: ["it has neither a '.PKGINFO' member with 'pkgname' and 'pkgver' nor a package manifest"],
        hints: ['make it again with .PKGINFO as its first entry, as igos archives have'],
      });
    }
    const supersedes = this.#manifest()?.supersedes ?? [];
    return {
      ...info,
      description: { ...info.description, supersedes: [...new Set([...(info.description.supersedes ?? []), ...supersedes])] },
    };
  }

  #infoFromManifest(): PackageInfoFile | undefined {
    const manifest = this.#manifest();
    if (manifest === undefined) return undefined;
    const { name, version, summary } = manifest;
    return { description: { name, version, summary }, privileged: new Set() };
  }

  #manifest(): ReturnType<typeof decodeManifest> {
    for (const [path, text] of this.#texts) if (path !== '.PKGINFO') return decodeManifest(text);
    return undefined;
  }

  /** A member below a symlink or file of the same archive would be written through it. */
  #checkLinks(): void {
    const checked = new Set<string>(['']);
    for (const path of this.#members.keys()) {
      for (let folder = parentOf(path); !checked.has(folder); folder = parentOf(folder)) {
        const kind = this.#members.get(folder)?.entry.kind ?? 'directory';
        if (kind !== 'directory')
          throw hostile(path, `it would be written through '${printable(folder)}', a ${kind} of the same archive`);
        checked.add(folder);
      }
    }
  }

  /** Hashes that the archive's own manifest gives must be those of the bytes. */
  #checkManifest(about: { name: string; version: string }): void {
    const manifest = this.#manifest();
    if (manifest === undefined) return;
    if (manifest.name !== about.name || manifest.version !== about.version) throw damaged("its manifest is another package's");
    for (const [path, sha256] of manifest.hashes) {
      const member = this.#members.get(path);
      if (member !== undefined && member.entry.sha256 !== sha256) {
        throw damaged(`'${printable(path)}' does not have the SHA-256 that its manifest gives`);
      }
    }
  }
}

/** Texts are shown on terminals, which obey some control characters. */
function decodeText(path: string, bytes: Buffer): string {
  const text = tryBytesToText(bytes.toString('latin1'));
  if (text === undefined) throw hostile(path, 'it is not UTF-8');
  if (/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text.replaceAll('\r\n', '\n'))) throw hostile(path, 'it has control characters');
  return text;
}

function undeclared(entry: ImageEntry): Fault {
  const what =
    entry.capability === undefined
      ? `it has mode ${entry.mode.toString(8)}`
      : `it has the capabilities ${describeCapability(entry.capability)}`;
  return hostile(entry.path, `${what}, and .PKGINFO does not say 'privileged = ${entry.path}'`, [
    'if you know why it has them, use --allow-privileged',
  ]);
}

const twice = (name: string): Fault => hostile(name, 'it is there twice, and not the same');

/** Its hash comes last. */
type NewEntry = Omit<ImageEntry, 'sha256'> & { sha256: string };

type Current =
  | { kind: 'skip' }
  | { kind: 'again'; path: string; digest: ReturnType<typeof createHash> }
  | { kind: 'text'; path: string; chunks: Buffer[] }
  | { kind: 'small'; entry: NewEntry; file: string; buffer: Buffer | undefined; filled: number }
  | { kind: 'long'; entry: ImageEntry; file: string; writer: FileWriter; digest: ReturnType<typeof createHash> };

const MANIFESTS = `${STATE_DIR}/packages/`;

/** Member names come with and without `./`; directories end in a slash. */
const normalized = (name: string): string => {
  // By steps: a pattern for slashes at an end takes the square of the time where a million of them stand before it.
  let end = name.length;
  while (end > 0 && name[end - 1] === '/') end--;
  return name
    .slice(0, end)
    .replace(/^(\.\/+)+/, '')
    .replace(/^\.$/, '');
};

const isMetadata = (path: string): boolean =>
  path === '.PKGINFO' ||
  path === '.scripts' ||
  path.startsWith('.scripts/') ||
  path === 'package.yml' ||
  path === 'metadata.json' ||
  path === STATE_DIR ||
  path.startsWith(`${STATE_DIR}/`);

interface ArchiveManifest {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly supersedes: readonly string[];
  readonly hashes: ReadonlyMap<string, string>;
}

function decodeManifest(text: string): ArchiveManifest | undefined {
  const lines = text.split('\n');
  const field = (key: string): string =>
    lines
      .find((line) => line.startsWith(`${key}: `))
      ?.slice(key.length + 2)
      .trim() ?? '';
  const version = field('PACKAGE VERSION');
  const full = field('PACKAGE NAME');
  if (version === '' || !full.endsWith(`-${version}`)) return undefined;
  const name = full.slice(0, -version.length - 1);
  const start = lines.indexOf('FILE LIST:');
  const hashes = new Map<string, string>();
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const match = /^(.*) sha256:([0-9a-f]{64})$/.exec(line);
    if (match !== null) hashes.set(match[1]!, match[2]!);
  }
  const about = lines[lines.indexOf('DESCRIPTION:') + 1] ?? '';
  return {
    name,
    version,
    summary: about.startsWith(`${name}: `) ? about.slice(name.length + 2) : '',
    supersedes: field('SUPERSEDES')
      .split(/[,\s]+/)
      .filter((item) => item !== ''),
    hashes,
  };
}
