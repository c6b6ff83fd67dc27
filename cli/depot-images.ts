/** Packages out of a depot, `depot:USER/pkg/ARCH/NAME/VERSION`, as images that pkm can place. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault, removedAtEnd, sys, temporaryName } from '../base/index.ts';
import {
  type ArchiveName,
  Depot,
  type DepotCode,
  dependenciesOf,
  downloadArchives,
  formatArchiveName,
  PACKAGE_SUFFIX,
  parseArchiveName,
  parseArchives,
  publicPath,
  signedCopy,
  type VersionedName,
} from '../depot/index.ts';
import type { PackageImage, Root } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { DEPOT_PREFIX } from './depot-operand.ts';

export interface DepotImages extends Disposable {
  /** What is needed first, first. */
  readonly images: readonly PackageImage[];
  /** Names of the packages that were asked for. */
  readonly asked: readonly string[];
  /** Removes the files that the images were read from: after they were installed. */
  [Symbol.dispose](): void;
}

/** Packages that are in the depot of this machine, with all that they need. */
export interface DownloadedPackages {
  /**
   * Reads the packages of igos in their binaries. What is read is unpacked anew from the bytes that their user signed, not taken from the
   * depot, where somebody may have changed it since.
   *
   * @throws Fault E-DEPOT-…
   */
  unpack(root: Root): Promise<DepotImages>;
}

/**
 * Downloads package archives and all that they need into the depot of this machine. It needs no root, whose lock is then short.
 *
 * @throws Fault E-DEPOT-…
 */
export async function downloadFromDepot(
  context: Context,
  args: Arguments,
  operands: readonly string[],
): Promise<DownloadedPackages> {
  const wanted = operands.map((operand) => packageOf(operand.slice(DEPOT_PREFIX.length)));
  const folder = resolve(context.workingDirectory, args.value('depot') ?? join(context.home, 'var', 'depot'));
  const depot = new Depot(folder, 'present');
  const publicFolder = join(folder, '.quarantine');
  const now = new Date();
  await downloadArchives(wanted, {
    depot,
    publicFolder,
    signed: ['bin', 'raw'],
    jobs: 4,
    now,
    onEvent: (event) => {
      if (event.kind === 'fetch' && !context.isQuiet) context.out.talk(`download ${publicPath(event.archive, 'present')}`);
    },
  });
  return { unpack: (root) => unpackPackages(wanted, { depot, publicFolder, now, root }) };
}

async function unpackPackages(wanted: readonly VersionedName[], source: Unpacking): Promise<DepotImages> {
  const { depot, publicFolder } = source;
  const images = new Map<string, PackageImage>();
  const asked: string[] = [];
  const scratch = temporaryName(join(publicFolder, 'unpacked'));
  sys('make the folder', scratch, () => mkdirSync(scratch, { mode: 0o700 }));
  const held = removedAtEnd(scratch);
  try {
    for (const pkg of wanted) {
      for (const binary of contentsInOrder(pkg, depot)) {
        const name = formatArchiveName(binary);
        const image = images.get(name) ?? (await readBinary(binary, join(scratch, String(images.size)), source));
        images.set(name, image);
        if (binary.name === pkg.name) asked.push(image.name);
      }
    }
    return { images: [...images.values()], asked, [Symbol.dispose]: () => held[Symbol.dispose]() };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

interface Unpacking {
  readonly depot: Depot;
  readonly publicFolder: string;
  readonly now: Date;
  readonly root: Root;
}

function packageOf(text: string): VersionedName {
  const archive = parseArchiveName(text, 'versioned');
  if (archive.type === 'pkg' && archive.arch !== undefined) return archive as VersionedName;
  throw new UsageError(`'${DEPOT_PREFIX}${text}' is no package archive for an architecture`, [
    `write ${DEPOT_PREFIX}USER/pkg/ARCH/NAME/VERSION: ${DEPOT_PREFIX}alan/pkg/x86_64/hello/2.12-0a1b2c3d`,
  ]);
}

// In the order of the list: what a package needs stands before it. Of a source its binary is meant.
function contentsInOrder(pkg: VersionedName, depot: Depot): VersionedName[] {
  const all = new Map(dependenciesOf([pkg], depot).archives.map((archive) => [formatArchiveName(archive), archive]));
  const listed = parseArchives(depot.read(pkg, 'archives') ?? '').map((part) =>
    formatArchiveName(part.type === 'src' ? ({ ...part, type: 'bin', arch: pkg.arch! } satisfies ArchiveName) : part),
  );
  const others = [...all.keys()].filter((name) => !listed.includes(name));
  return [...others, ...listed].flatMap((name) => {
    const archive = all.get(name);
    return archive?.type === 'bin' || (archive?.type === 'raw' && holdsPackage(depot.path(archive))) ? [archive] : [];
  });
}

// Data of Genode may be listed too: pkm has nothing to do with it.
const holdsPackage = (folder: string): boolean => readdirSync(folder).some((name) => name.endsWith(PACKAGE_SUFFIX));

async function readBinary(binary: VersionedName, folder: string, { root, ...options }: Unpacking): Promise<PackageImage> {
  sys('make the folder', folder, () => mkdirSync(folder));
  const signedBy = await signedCopy(binary, folder, options);
  const files = readdirSync(folder).filter((name) => name.endsWith(PACKAGE_SUFFIX));
  if (files.length !== 1) {
    throw new Fault('E-DEPOT-019' satisfies DepotCode, `'${formatArchiveName(binary)}' holds no package of igos`, {
      notes: [`it should hold one file whose name ends in ${PACKAGE_SUFFIX}, and has ${files.length}`],
      hints: ["packages that pkm can install are made by 'igos depot create TREE#NAME --user USER'"],
    });
  }
  const image = await root.readArchive(join(folder, files[0]!), { allowPrivileged: true });
  return image.origin.kind === 'archive' ? { ...image, origin: { ...image.origin, signedBy } } : image;
}
