/** A declared system on its way to files that machines start from. Each step is done once, when it is first needed. */
import { join } from 'node:path';
import { type Bytes, bytesToText, Fault, removedAtEnd, temporaryFolder } from '../../base/index.ts';
import type { System, Tree } from '../../eval/index.ts';
import {
  type Ext4Layout,
  type FatEntry,
  guidOf,
  type ImageEntry,
  layoutExt4,
  layoutFat,
  layoutIso,
  type Part,
  type Signer,
  type SquashfsOptions,
  type Verity,
  verityIdentity,
  writeSquashfs,
  writeVerity,
} from '../../image/index.ts';
import type { Arguments } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { warningLines } from '../report-lines.ts';
import type { Session } from '../session.ts';
import { type SystemImages, systemImages } from '../system-images.ts';
import { bootPackageName, withBootPackage } from './boot-package.ts';
import { commandLine, diskNames, writableCommandLine } from './command-line.ts';
import { readOnlyDisk, writableDisk, writablePartition } from './disks.ts';
import { firmwareMachine, firmwareName, writeKernelImage } from './kernel-image.ts';
import { makeSystemRoot, type SystemRoot } from './system-root.ts';
import { type Written, writeImage } from './write-image.ts';

export interface ImageOptions extends SquashfsOptions {
  readonly signer?: Signer;
  /** Of a root that is written to; unless said, there is room for as much again. */
  readonly sizeBytes?: number;
}

export class SystemBuild implements Disposable {
  readonly system: System;
  readonly #context: Context;
  readonly #args: Arguments;
  readonly #session: Session;
  readonly #tree: Tree;
  readonly #options: ImageOptions;
  readonly #opened: DisposableStack = new DisposableStack();
  #scratch: string | undefined;
  #installed: Promise<SystemImages> | undefined;
  #root: Promise<SystemRoot> | undefined;
  #squashfs: Promise<Written> | undefined;
  #ext4: Promise<Ext4Layout> | undefined;
  #verity: Promise<Written & { readonly verity: Verity }> | undefined;
  #uki: Promise<Written> | undefined;

  constructor(context: Context, args: Arguments, session: Session, tree: Tree, system: System, options: ImageOptions) {
    this.#context = context;
    this.#args = args;
    this.#session = session;
    this.#tree = tree;
    this.system = system;
    this.#options = options;
  }

  /** Whether its root on a disk is written to. */
  get isWritable(): boolean {
    return this.system.boot?.root === 'ext4';
  }

  /** @throws Fault E-CLI-094 */
  checkDisc(): void {
    if (!this.isWritable) return;
    throw new Fault('E-CLI-094', `system '${this.system.name}' does not start from a disc: its root is written to`, {
      ...(this.system.span === undefined ? {} : { labels: [{ ...this.system.span, text: 'its boot has root = "ext4"' }] }),
      hints: ['take --format disk', 'or declare a further system for discs, with another root'],
    });
  }

  /** @throws Fault E-CLI-093 */
  checkStarts(): void {
    if (this.system.boot !== undefined) return;
    throw new Fault('E-CLI-093', `system '${this.system.name}' does not say how it starts`, {
      ...(this.system.span === undefined ? {} : { labels: [{ ...this.system.span, text: "it has no 'boot'" }] }),
      hints: [
        'write it like: boot = { kernel = linux; stub = systemd-stub; initrd = [ first-steps ]; };',
        'a squashfs is made without, and an ext4',
      ],
    });
  }

  /** All that it installs, realized: also the kernel image, where that changes with the packages. */
  #images(): Promise<SystemImages> {
    this.#installed ??= (async () => {
      const own = await systemImages(this.#context, this.#args, this.#session, this.#tree, this.system);
      return withBootPackage(this.#wish(), own);
    })();
    return this.#installed;
  }

  #wish() {
    const { seconds, signer } = this.#options;
    return {
      context: this.#context,
      args: this.#args,
      session: this.#session,
      tree: this.#tree,
      system: this.system,
      seconds,
      ...(signer === undefined ? {} : { signer }),
    };
  }

  /** Realized and installed. */
  root(): Promise<SystemRoot> {
    this.#root ??= (async () => {
      const root = this.#opened.use(
        makeSystemRoot(this.#session.store, await this.#images(), this.#tree.packages.keys(), this.#options.seconds),
      );
      for (const line of warningLines(root.report)) this.#context.out.talk(line);
      return root;
    })();
    return this.#root;
  }

  /** @param output  absolute; in a scratch folder where nobody asks for it */
  squashfs(output: string = this.#place('squashfs')): Promise<Written> {
    this.#squashfs ??= (async () => {
      const entries = await this.#rootEntries();
      return this.#write(output, (file, watching) => writeSquashfs(file, entries, { ...this.#options, ...watching }));
    })();
    return this.#squashfs;
  }

  /** The root as a file system that can be written to. */
  async ext4(output: string): Promise<Written> {
    const layout = await this.#layoutExt4();
    return this.#write(output, (file, watching) => {
      file.zeros(layout.sizeBytes);
      return layout.write(file, 0, watching);
    });
  }

  #layoutExt4(): Promise<Ext4Layout> {
    this.#ext4 ??= (async () => {
      const entries = await this.#rootEntries();
      const { name } = this.system;
      const { seconds, sizeBytes } = this.#options;
      return stoppable((signal) =>
        layoutExt4(entries, {
          name: labelOf(name, name.length),
          seconds,
          ...(sizeBytes === undefined ? {} : { sizeBytes }),
          signal,
        }),
      );
    })();
    return this.#ext4;
  }

  /** The hash tree of the squashfs. */
  verity(output: string = this.#place('verity')): Promise<Written & { readonly verity: Verity }> {
    this.#verity ??= (async () => {
      const { file, sizeBytes, sha256 } = await this.squashfs();
      let verity: Verity | undefined;
      const identity = verityIdentity(this.system.name, sha256);
      const written = await this.#write(output, async (image, watching) => {
        verity = await writeVerity(image, identity, { file, sizeBytes }, watching);
      });
      return { ...written, verity: verity! };
    })();
    return this.#verity;
  }

  /** Kernel, first root and command line as one program for firmware, signed where somebody signs. */
  uki(output: string = this.#place('efi')): Promise<Written> {
    this.#uki ??= this.#makeUki(output);
    return this.#uki;
  }

  async #makeUki(output: string): Promise<Written> {
    this.checkStarts();
    const boot = this.system.boot!;
    const { images } = await this.#images();
    const own = images.find(({ name }) => name === bootPackageName(this.system));
    if (boot.esp !== undefined && own !== undefined) {
      const entry = own.entries.find(({ kind }) => kind === 'file')!;
      return this.#write(output, (file) => file.copy({ file: own.contentPath(entry), sizeBytes: entry.sizeBytes }));
    }
    const commandLine = await this.#commandLine(boot.commandLine);
    const { compression } = this.#options;
    const initrd = this.#place('initrd');
    const wish = { ...this.#wish(), boot, commandLine, images, initrd };
    return writeKernelImage({ ...wish, ...(compression === undefined ? {} : { compression }) }, output);
  }

  /** What stands in the root's own file system: the folder of another one is empty. */
  async #rootEntries(): Promise<readonly ImageEntry[]> {
    const { entries } = await this.root();
    const esp = this.system.boot?.esp;
    return esp === undefined ? entries : entries.filter(({ path }) => !path.startsWith(`${esp.slice(1)}/`));
  }

  async #commandLine(text: string): Promise<string> {
    const { name } = this.system;
    if (this.isWritable) return writableCommandLine(name, text, writablePartition(await this.#layoutExt4(), text));
    const { verity } = await this.verity();
    return commandLine(name, text, verity, diskNames(verity));
  }

  /** A medium that firmware starts from, burnt to a disc or copied to a stick. */
  async iso(output: string): Promise<Written> {
    this.checkDisc();
    const [root, hashes, esp] = [await this.squashfs(), await this.verity(), await this.#esp()];
    const common = { mode: 0o444, kind: 'file' } as const;
    const layout = layoutIso(
      [
        { ...common, path: 'live/filesystem.squashfs', content: root },
        { ...common, path: 'live/filesystem.verity', content: hashes },
      ],
      {
        label: labelOf(this.system.name, 32),
        timeSeconds: this.#options.seconds,
        esp,
        diskGuid: guidOf('iso', hashes.verity.rootHash),
      },
    );
    return this.#write(output, (file) => layout.write(file));
  }

  /** A disk: what firmware starts, and the root, with its hash tree where it is only read. */
  async disk(output: string): Promise<Written> {
    const esp = await this.#esp();
    const machine = firmwareMachine((await this.uki()).file);
    if (!this.isWritable) {
      const layout = readOnlyDisk(machine, esp, await this.squashfs(), await this.verity());
      return this.#write(output, (file) => layout.write(file));
    }
    const root = await this.#layoutExt4();
    const layout = writableDisk(machine, esp, root, this.system.boot!.commandLine);
    return this.#write(output, (file, watching) => {
      layout.write(file);
      return root.write(file, layout.starts.at(-1)!, watching);
    });
  }

  async #esp(): Promise<Part> {
    const uki = await this.uki();
    const esp = this.system.boot?.esp;
    const entries: FatEntry[] =
      esp === undefined
        ? [{ path: firmwareName(firmwareMachine(uki.file)), kind: 'file', content: uki }]
        : (await this.root()).entries.flatMap((entry) => fatEntry(entry, `${esp.slice(1)}/`));
    const sizeBytes = esp === undefined ? {} : { sizeBytes: Math.max(LEAST_ESP_BYTES, ESP_IMAGES * uki.sizeBytes) };
    return layoutFat(entries, {
      label: 'ESP',
      serial: Number.parseInt(uki.sha256.slice(0, 8), 16),
      timeSeconds: this.#options.seconds,
      ...sizeBytes,
    });
  }

  #place(suffix: string): string {
    if (this.#scratch === undefined) {
      this.#scratch = temporaryFolder('igos-image');
      this.#opened.use(removedAtEnd(this.#scratch));
    }
    return join(this.#scratch, `${this.system.name}.${suffix}`);
  }

  #write(output: string, write: Parameters<typeof writeImage>[2]): Promise<Written> {
    return writeImage(this.#context, output, write);
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
  }
}

/** Where the partition for firmware is written to: so many kernel images have room in it, of which two are there at a time. */
const ESP_IMAGES = 4;
const LEAST_ESP_BYTES: number = 64 << 20;

function fatEntry(entry: ImageEntry, folder: Bytes): FatEntry[] {
  if (!entry.path.startsWith(folder)) return [];
  const path = entry.path.slice(folder.length);
  if (entry.kind === 'directory') return [{ path, kind: 'directory' }];
  if (entry.kind === 'file') return [{ path, kind: 'file', content: entry.content }];
  throw new Fault('E-CLI-095', `'/${bytesToText(entry.path)}' cannot be on the EFI partition: it is a ${entry.kind}`, {
    hints: ['have the package bring a file there'],
  });
}

/** Letters, digits and signs that a volume's label may have. */
const labelOf = (name: string, length: number): string => name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, length);
