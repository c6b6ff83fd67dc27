/** Packages out of a depot, `depot:USER/pkg/ARCH/NAME/VERSION`, as images that pkm can place. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault, removedAtEnd, sys, temporaryName } from '../base/index.ts';
import {
  type ArchiveName,
  Depot,
  type DepotCode,
  type DownloadOptions,
  dependenciesOf,
  downloadArchives,
  findRecipe,
  formatArchiveName,
  openSourceTree,
  PACKAGE_SUFFIX,
  parseArchives,
  parseWantedArchive,
  publicPath,
  quarantineArchives,
  signedCopy,
  type VersionedName,
} from '../depot/index.ts';
import type { PackageImage, Root } from '../pkm/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { depotImage, folderInRoot, isDepotImage } from './depot-files.ts';
import { DEPOT_PREFIX } from './depot-operand.ts';
import { openContextStore } from './open-store.ts';
import { machineSystem } from './session.ts';

export interface DepotImages extends Disposable {
  readonly images: readonly PackageImage[];
  /** Names of the packages that were asked for. */
  readonly asked: readonly string[];
  /** Removes the files that the images were read from: after they were installed. */
  [Symbol.dispose](): void;
}

/** Archives that are in the depot of this machine, with all that they need. */
export interface DownloadedPackages {
  /**
   * Reads the packages of igos in them, and takes what else they are as it is. What is read is unpacked anew from the bytes that their user
   * signed, not taken from the depot, where somebody may have changed it since.
   *
   * @throws Fault E-DEPOT-…
   */
  unpack(root: Root): Promise<DepotImages>;
}

/**
 * Downloads archives and all that they need into the depot of this machine. It needs no root, whose lock is then short.
 *
 * @throws Fault E-DEPOT-…
 */
export async function downloadFromDepot(
  context: Context,
  args: Arguments,
  operands: readonly string[],
): Promise<DownloadedPackages> {
  const wanted = operands.map((operand) => wantedArchive(context, args, operand.slice(DEPOT_PREFIX.length)));
  const folder = resolve(context.workingDirectory, args.value('depot') ?? join(context.home, 'var', 'depot'));
  const depot = new Depot(folder, 'present');
  const options: DownloadOptions = {
    depot,
    publicFolder: join(folder, '.quarantine'),
    jobs: 4,
    now: new Date(),
    onEvent: (event) => {
      if (event.kind === 'fetch' && !context.isQuiet) context.out.talk(`download ${publicPath(event.archive, 'present')}`);
    },
  };
  await downloadArchives(wanted, options);
  await quarantineArchives(contentsOf(wanted, depot), options);
  return { unpack: (root) => unpackArchives(context, wanted, { ...options, root }) };
}

/** What is read of them: not the sources, nor what those are built with. */
const contentsOf = (wanted: readonly VersionedName[], depot: Depot): VersionedName[] =>
  dependenciesOf(wanted, depot).archives.filter(({ type }) => type === 'bin' || type === 'raw' || type === 'pkg');

/**
 * What an operand means: as in Genode's run scripts an archive with a version or, at the current one of its recipe, without; of a source
 * its binary is meant. Without an architecture it is that of this machine.
 */
function wantedArchive(context: Context, args: Arguments, text: string): VersionedName {
  const named = parseWantedArchive(text);
  const { user, name, type } = named;
  if (type !== 'pkg' && type !== 'src' && type !== 'raw' && type !== 'bin') {
    throw new UsageError(`'${DEPOT_PREFIX}${text}' is nothing for a root: it is of type '${type}'`, [
      `write ${DEPOT_PREFIX}USER/pkg/ARCH/NAME/VERSION: ${DEPOT_PREFIX}alan/pkg/x86_64/hello/2.12-0a1b2c3d`,
    ]);
  }
  const version = named.version ?? currentVersion(context, args, named);
  if (type === 'raw') return { user, type, name, version };
  return {
    user,
    type: type === 'pkg' ? 'pkg' : 'bin',
    arch: named.arch ?? (args.value('system') ?? machineSystem()).split('-')[0]!,
    name,
    version,
  };
}

function currentVersion(context: Context, args: Arguments, { type, name }: ArchiveName): string {
  const tree = openSourceTree(resolve(context.workingDirectory, args.value('tree') ?? '.'));
  const { version, folder } = findRecipe(tree, type === 'bin' ? 'src' : (type as 'pkg' | 'src' | 'raw'), name);
  if (version !== '-') return version;
  throw new Fault('E-DEPOT-008' satisfies DepotCode, `the recipe of '${type}/${name}' has no version yet`, {
    notes: [join(folder, 'hash')],
    hints: ["'igos depot create --update-versions' gives it one"],
  });
}

interface UnpackOptions extends Pick<DownloadOptions, 'depot' | 'publicFolder' | 'now'> {
  readonly root: Root;
}

interface Unpacking extends UnpackOptions {
  /** Opened by the first archive that is taken as it is: packages of igos need none. */
  store(): ObjectStore;
}

async function unpackArchives(context: Context, wanted: readonly VersionedName[], options: UnpackOptions): Promise<DepotImages> {
  const { depot, publicFolder } = options;
  let opened: ObjectStore | undefined;
  const store = (): ObjectStore => {
    opened ??= openContextStore(context);
    return opened;
  };
  const source: Unpacking = { ...options, store };
  const images = new Map<string, PackageImage>();
  const scratch = temporaryName(join(publicFolder, 'unpacked'));
  sys('make the folder', scratch, () => mkdirSync(scratch, { mode: 0o700, recursive: true }));
  const held = removedAtEnd(scratch);
  const end = (): void => {
    held[Symbol.dispose]();
    opened?.close();
  };
  try {
    for (const archive of inOrder(wanted, depot)) {
      const folder = join(scratch, String(images.size));
      const image =
        archive.type === 'pkg' ? await readList(archive, folder, source, images) : await readContent(archive, folder, source);
      images.set(formatArchiveName(archive), image);
    }
    const asked = wanted.map((archive) => images.get(formatArchiveName(archive))!.name);
    return { images: [...new Set(images.values())], asked, [Symbol.dispose]: end };
  } catch (error) {
    end();
    throw error;
  }
}

/** What a package archive lists, in its order; the binaries of sources. */
const partsOf = (pkg: VersionedName, depot: Depot): VersionedName[] =>
  parseArchives(depot.read(pkg, 'archives') ?? '').map((part) =>
    part.type === 'raw' ? part : { ...part, type: part.type === 'src' ? 'bin' : part.type, arch: pkg.arch! },
  );

// In the order of the lists: what a package needs stands before it, and what lists it behind it.
function inOrder(wanted: readonly VersionedName[], depot: Depot): Iterable<VersionedName> {
  const found = new Map<string, VersionedName>();
  const take = (archive: VersionedName): void => {
    const name = formatArchiveName(archive);
    if (found.has(name)) return;
    if (archive.type === 'pkg') partsOf(archive, depot).forEach(take);
    found.set(name, archive);
  };
  wanted.forEach(take);
  return found.values();
}

/** The package that a package archive is about, where igos made it; else its files. @param images  of what it lists */
async function readList(
  pkg: VersionedName,
  folder: string,
  source: Unpacking,
  images: ReadonlyMap<string, PackageImage>,
): Promise<PackageImage> {
  const parts = partsOf(pkg, source.depot).map((part) => ({ part, image: images.get(formatArchiveName(part))! }));
  const own = parts.find(({ part, image }) => part.type !== 'pkg' && part.name === pkg.name && !isDepotImage(image));
  if (own !== undefined) return own.image;
  const { arch: _, ...list } = pkg;
  await signedCopy(list, folderInRoot(list, folder), source);
  // Exactly what it lists: of archives another version may be another thing.
  const runtime = parts.map(({ image }) => (isDepotImage(image) ? `${image.name}=${image.version}` : image.name));
  return depotImage(source.store(), list, folder, runtime);
}

/** One package of igos, or whatever files there are. */
async function readContent(archive: VersionedName, folder: string, source: Unpacking): Promise<PackageImage> {
  const content = folderInRoot(archive, folder);
  const signedBy = await signedCopy(archive, content, source);
  const [file, ...more] = readdirSync(content).filter((name) => name.endsWith(PACKAGE_SUFFIX));
  if (file === undefined) return depotImage(source.store(), archive, folder, []);
  if (more.length > 0) {
    throw new Fault('E-DEPOT-019' satisfies DepotCode, `'${formatArchiveName(archive)}' holds several packages of igos`, {
      notes: [`it should hold one file whose name ends in ${PACKAGE_SUFFIX}, and has ${more.length + 1}`],
      hints: ["packages that pkm can install are made by 'igos depot create TREE#NAME --user USER'"],
    });
  }
  const image = await source.root.readArchive(join(content, file), { allowPrivileged: true });
  return image.origin.kind === 'archive' ? { ...image, origin: { ...image.origin, signedBy } } : image;
}
