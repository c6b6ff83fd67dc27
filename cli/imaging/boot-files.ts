/** The parts of a kernel image, found in the packages that a system names for them. */
import { readFileSync } from 'node:fs';
import { Fault, sys, textToBytes } from '../../base/index.ts';
import type { DeclaredBoot, Tree } from '../../eval/index.ts';
import type { Content, ImageEntry, UkiStub } from '../../image/index.ts';
import type { PackageImage } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imagesOf, imagesOfAll } from '../images.ts';
import type { Session } from '../session.ts';
import { makeSystemRoot } from './system-root.ts';

export interface BootFiles {
  readonly kernel: Content;
  /** As `uname -r` says it; of a package with the modules of one version. */
  readonly kernelVersion: string | undefined;
  readonly stub: UkiStub;
  /** Images of what the first root is made of, and of what that needs; empty where there is none. */
  readonly initrd: readonly PackageImage[];
}

const KERNEL = /^(?:boot\/(?:vmlinuz|vmlinux|bzImage|Image)[^/]*|usr\/lib\/modules\/[^/]+\/vmlinuz)$/;
const STUB = /(?:^|\/)linux(?:x64|aa64)\.efi\.stub$/;
const MODULES = /^(?:usr\/)?lib\/modules\/([^/]+)\//;
/** What pkm knows of a root that nobody changes. */
const STATE = 'var/lib/igos';

/** Realizes those packages. @throws Fault E-CLI-092 */
export async function bootFiles(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
  boot: DeclaredBoot,
): Promise<BootFiles> {
  const [kernel, stub] = await imagesOfAll(
    context,
    args,
    session,
    [boot.kernel, boot.stub].map((info) => ({ tree, info })),
  );
  const initrd = await imagesOf(
    context,
    args,
    session,
    boot.initrd.map((info) => ({ tree, info })),
  );
  const stubFile = fileIn(stub!, STUB, 'a stub', 'linuxx64.efi.stub or linuxaa64.efi.stub').file;
  return {
    kernel: fileIn(kernel!, KERNEL, 'a kernel', 'boot/vmlinuz… or usr/lib/modules/VERSION/vmlinuz'),
    kernelVersion: versionOf(kernel!),
    stub: { path: stubFile, bytes: sys('read', stubFile, () => readFileSync(stubFile)) },
    initrd,
  };
}

/** The one file of a package that has such a name. */
function fileIn(image: PackageImage, pattern: RegExp, what: string, names: string): { file: string; sizeBytes: number } {
  const found = image.entries.filter(({ kind, path }) => kind === 'file' && pattern.test(path));
  const [entry] = found;
  if (entry !== undefined && found.length === 1) return { file: image.contentPath(entry), sizeBytes: entry.sizeBytes };
  throw new Fault(
    'E-CLI-092',
    entry === undefined
      ? `package '${image.name}' has no file that is ${what}`
      : `package '${image.name}' has ${found.length} files that may be ${what}: ${found.map(({ path }) => path).join(', ')}`,
    { hints: [entry === undefined ? `it is looked for as ${names}` : 'name a package in boot that has one of them'] },
  );
}

function versionOf(image: PackageImage): string | undefined {
  const versions = new Set(image.entries.flatMap(({ path }) => MODULES.exec(path)?.[1] ?? []));
  return versions.size === 1 ? [...versions][0] : undefined;
}

/** The first root: those packages as pkm installs them, without what it remembers of that. */
export function initrdEntries(
  session: Session,
  images: readonly PackageImage[],
  declared: Iterable<string>,
  seconds: number,
): Disposable & { readonly entries: readonly ImageEntry[] } {
  const explicit = images.map(({ name }) => name);
  const root = makeSystemRoot(session.store, { images, explicit }, declared, seconds);
  const state = textToBytes(STATE);
  const entries = root.entries.filter(({ path }) => path !== state && !path.startsWith(`${state}/`));
  return { entries, [Symbol.dispose]: () => root[Symbol.dispose]() };
}
