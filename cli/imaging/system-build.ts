/** A declared system on its way to files that machines start from. Each step is done once, when it is first needed. */
import { basename, dirname, join } from 'node:path';
import { type Bytes, Fault, makeDirectory, removedAtEnd, temporaryFolder } from '../../base/index.ts';
import type { System, Tree } from '../../eval/index.ts';
import {
  type Content,
  type Ext4Layout,
  guidOf,
  type ImageEntry,
  ImageFile,
  layoutExt4,
  layoutFat,
  layoutIso,
  type Part,
  type PartitionMachine,
  readUki,
  type Signer,
  type SquashfsOptions,
  sha256Of,
  signProgram,
  sizeOf,
  type Verity,
  verityIdentity,
  type Watching,
  writeInitramfs,
  writeSquashfs,
  writeUki,
  writeVerity,
} from '../../image/index.ts';
import type { PackageImage } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { openProgress } from '../progress/open.ts';
import { warningLines } from '../report-lines.ts';
import type { Session } from '../session.ts';
import { systemImages } from '../system-images.ts';
import { bootFiles, initrdEntries } from './boot-files.ts';
import { commandLine, diskNames, writableCommandLine } from './command-line.ts';
import { readOnlyDisk, writableDisk, writablePartition } from './disks.ts';
import { makeSystemRoot, type SystemRoot } from './system-root.ts';

export interface ImageOptions extends SquashfsOptions {
  readonly signer?: Signer;
  /** Of a root that is written to; unless said, there is room for as much again. */
  readonly sizeBytes?: number;
}

/** A file that was written. */
export interface Written {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

type Write = (file: ImageFile, watching: Watching & { readonly signal: AbortSignal }) => unknown;

export class SystemBuild implements Disposable {
  readonly system: System;
  readonly #context: Context;
  readonly #args: Arguments;
  readonly #session: Session;
  readonly #tree: Tree;
  readonly #options: ImageOptions;
  readonly #opened: DisposableStack = new DisposableStack();
  #scratch: string | undefined;
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

  /** Realized and installed. */
  root(): Promise<SystemRoot> {
    this.#root ??= (async () => {
      const { system } = this;
      const installed = await systemImages(this.#context, this.#args, this.#session, this.#tree, system);
      const root = this.#opened.use(
        makeSystemRoot(this.#session.store, installed, this.#tree.packages.keys(), this.#options.seconds),
      );
      for (const line of warningLines(root.report)) this.#context.out.talk(line);
      return root;
    })();
    return this.#root;
  }

  /** @param output  absolute; in a scratch folder where nobody asks for it */
  squashfs(output: string = this.#place('squashfs')): Promise<Written> {
    this.#squashfs ??= (async () => {
      const { entries } = await this.root();
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
      const { entries } = await this.root();
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
    const line = await this.#commandLine(boot.commandLine);
    const files = await bootFiles(this.#context, this.#args, this.#session, this.#tree, boot);
    const initrd = files.initrd.length === 0 ? undefined : await this.#makeInitrd(files.initrd);
    const osRelease = osReleaseIn((await this.root()).entries);
    return this.#write(output, (file) => {
      writeUki(file, files.stub, {
        linux: files.kernel,
        commandLine: line,
        ...(initrd === undefined ? {} : { initrd }),
        ...(osRelease === undefined ? {} : { osRelease }),
        ...(files.kernelVersion === undefined ? {} : { version: files.kernelVersion }),
      });
      if (this.#options.signer !== undefined) signProgram(file, this.#options.signer);
    });
  }

  async #commandLine(text: string): Promise<string> {
    const { name } = this.system;
    if (this.isWritable) return writableCommandLine(name, text, writablePartition(await this.#layoutExt4(), text));
    const { verity } = await this.verity();
    return commandLine(name, text, verity, diskNames(verity));
  }

  async #makeInitrd(images: readonly PackageImage[]): Promise<Content> {
    using first = initrdEntries(this.#session, images, this.#tree.packages.keys(), this.#options.seconds);
    const { compression = 'zstd', seconds } = this.#options;
    return await this.#write(this.#place('initrd'), (file, { signal }) =>
      writeInitramfs(file, [{ entries: first.entries, compression }], seconds, signal),
    );
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
    const machine = machineOf((await this.uki()).file);
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
    const path = `EFI/BOOT/${FIRMWARE_NAMES[machineOf(uki.file)]}`;
    return layoutFat([{ path, kind: 'file', content: uki }], {
      label: 'ESP',
      serial: Number.parseInt(uki.sha256.slice(0, 8), 16),
      timeSeconds: this.#options.seconds,
    });
  }

  #place(suffix: string): string {
    if (this.#scratch === undefined) {
      this.#scratch = temporaryFolder('igos-image');
      this.#opened.use(removedAtEnd(this.#scratch));
    }
    return join(this.#scratch, `${this.system.name}.${suffix}`);
  }

  async #write(output: string, write: Write): Promise<Written> {
    makeDirectory(dirname(output));
    const progress = await openProgress(this.#context);
    progress.start(output, `writing ${basename(output)}`);
    let outcome: 'done' | 'failed' = 'failed';
    try {
      const written = await stoppable(async (signal) => {
        using file = new ImageFile(output);
        const watching = (text: string) => ({
          signal,
          onBytes: (done: number, total: number): void => progress.detail(output, text, { done, total }),
        });
        await write(file, watching(''));
        await file.fill(watching(''));
        const sha256 = await sha256Of(file, watching('hashing'));
        signal.throwIfAborted();
        file.commit();
        return { file: output, sizeBytes: file.position, sha256 };
      });
      outcome = 'done';
      return written;
    } finally {
      progress.finish(output, outcome);
      progress.stop();
    }
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
  }
}

/** What firmware starts from a medium that it was told nothing about. */
const FIRMWARE_NAMES: Readonly<Record<PartitionMachine, string>> = { x86_64: 'BOOTX64.EFI', aarch64: 'BOOTAA64.EFI' };

const machineOf = (uki: string): PartitionMachine => (readUki(uki).machine === 'ARM64' ? 'aarch64' : 'x86_64');

/** Letters, digits and signs that a volume's label may have. */
const labelOf = (name: string, length: number): string => name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, length);

const OS_RELEASE: readonly Bytes[] = ['usr/lib/os-release', 'etc/os-release'];

/** By which boot menus name the system. */
function osReleaseIn(entries: readonly ImageEntry[]): Content | undefined {
  for (const path of OS_RELEASE) {
    const entry = entries.find((each) => each.path === path);
    if (entry?.kind === 'file' && sizeOf(entry.content) > 0) return entry.content;
  }
  return undefined;
}
