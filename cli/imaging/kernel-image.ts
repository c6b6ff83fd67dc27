/** Kernel, first root and command line of a system as one program for firmware, signed where somebody signs. */
import type { Bytes } from '../../base/index.ts';
import type { DeclaredBoot, Tree } from '../../eval/index.ts';
import {
  type CompressionName,
  type Content,
  type PartitionMachine,
  readUki,
  type Signer,
  signProgram,
  writeInitramfs,
  writeUki,
} from '../../image/index.ts';
import type { PackageImage } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import type { Session } from '../session.ts';
import { bootFiles, initrdEntries } from './boot-files.ts';
import { type Written, writeImage } from './write-image.ts';

export interface KernelImageOptions {
  /** Of all files of the first root. */
  readonly seconds: number;
  /** Of the first root. */
  readonly compression?: CompressionName;
  readonly signer?: Signer;
}

export interface KernelImageWish extends KernelImageOptions {
  readonly context: Context;
  readonly args: Arguments;
  readonly session: Session;
  readonly tree: Tree;
  readonly boot: DeclaredBoot;
  /** With everything filled in. */
  readonly commandLine: string;
  /** All that is installed. */
  readonly images: readonly PackageImage[];
  /** Where the first root stands meanwhile. */
  readonly initrd: string;
}

/** @param output  absolute @throws Fault E-CLI-092 · E-IMG-012 · E-IMG-013 · E-IMG-014 */
export async function writeKernelImage(wish: KernelImageWish, output: string): Promise<Written> {
  const { context, args, session, tree, boot, signer } = wish;
  const files = await bootFiles(context, args, session, tree, boot);
  const initrd = files.initrd.length === 0 ? undefined : await writeInitrd(wish, files.initrd);
  const osRelease = osReleaseOf(wish.images);
  return writeImage(context, output, (file) => {
    writeUki(file, files.stub, {
      linux: files.kernel,
      commandLine: wish.commandLine,
      ...(initrd === undefined ? {} : { initrd }),
      ...(osRelease === undefined ? {} : { osRelease }),
      ...(files.kernelVersion === undefined ? {} : { version: files.kernelVersion }),
    });
    if (signer !== undefined) signProgram(file, signer);
  });
}

async function writeInitrd(wish: KernelImageWish, images: readonly PackageImage[]): Promise<Content> {
  const { context, session, tree, seconds, compression = 'zstd' } = wish;
  using first = initrdEntries(session, images, tree.packages.keys(), seconds);
  const { entries } = first;
  return await writeImage(context, wish.initrd, (file, { signal }) =>
    writeInitramfs(file, [{ entries, compression }], seconds, signal),
  );
}

const OS_RELEASE: readonly Bytes[] = ['usr/lib/os-release', 'etc/os-release'];

/** By which boot menus name the system. */
function osReleaseOf(images: readonly PackageImage[]): Content | undefined {
  for (const path of OS_RELEASE) {
    for (const image of images) {
      const entry = image.entries.find((each) => each.path === path);
      if (entry?.kind === 'file' && entry.sizeBytes > 0) return { file: image.contentPath(entry), sizeBytes: entry.sizeBytes };
    }
  }
  return undefined;
}

export const firmwareMachine = (uki: string): PartitionMachine => (readUki(uki).machine === 'ARM64' ? 'aarch64' : 'x86_64');

/** What firmware starts from a medium that it was told nothing about. */
export const firmwareName = (machine: PartitionMachine): string =>
  `EFI/BOOT/${{ x86_64: 'BOOTX64.EFI', aarch64: 'BOOTAA64.EFI' }[machine]}`;
