/** The kernel image of a system as a package of its own: it comes, is verified and goes back with the modules that belong to it. */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removedAtEnd, temporaryFolder, textToBytes } from '../../base/index.ts';
import type { System, Tree } from '../../eval/index.ts';
import type { Signer } from '../../image/index.ts';
import { imageFromStore } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import type { Session } from '../session.ts';
import type { SystemImages } from '../system-images.ts';
import { firmwareMachine, firmwareName, writeKernelImage } from './kernel-image.ts';

export interface BootPackageWish {
  readonly context: Context;
  readonly args: Arguments;
  readonly session: Session;
  readonly tree: Tree;
  readonly system: System;
  readonly seconds: number;
  readonly signer?: Signer;
  /** Another file to be taken in the place of the one that was made. */
  readonly instead?: (made: string) => string;
}

/** Of a system whose kernel image changes with its packages. */
export const bootPackageName = (system: System): string => `boot-${system.name}`;

/**
 * What a system installs, and, where its kernel image changes with its packages, that. It needs the kernel in its very version, where that is
 * on the root: neither can change without the other, whoever brings it.
 */
export async function withBootPackage(wish: BootPackageWish, installed: SystemImages): Promise<SystemImages> {
  const { system, session } = wish;
  const { boot } = system;
  if (boot?.esp === undefined) return installed;
  const scratch = temporaryFolder('igos-boot');
  using _ = removedAtEnd(scratch);
  const { images, explicit } = installed;
  const { commandLine } = boot;
  const made = await writeKernelImage(
    { ...wish, boot, commandLine, images, initrd: join(scratch, `${system.name}.initrd`) },
    join(scratch, `${system.name}.efi`),
  );
  const folder = join(scratch, 'root');
  const place = join(folder, boot.esp, firmwareName(firmwareMachine(made.file)));
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(wish.instead?.(made.file) ?? made.file, place);
  chmodSync(place, 0o644);

  const { name: kernel, version } = boot.kernel;
  const name = bootPackageName(system);
  const storePath = session.store.addPath(`${name}-${version}`, textToBytes(folder));
  const about = {
    name,
    version,
    summary: `What firmware starts of system ${system.name}`,
    runtime: images.some((image) => image.name === kernel) ? [`${kernel}=${version}`] : [],
  };
  const image = imageFromStore(about, storePath, session.store.manifest(storePath), session.store.toReal(storePath));
  return { images: [...images, image], explicit: [...explicit, name] };
}
