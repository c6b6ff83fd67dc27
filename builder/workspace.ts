/**
 * What the sandboxes of one run share. Mounts are private to each sandbox, so all can mount upon the same folders: each build then makes
 * few files of its own, which is most of what a small build costs on a busy disk.
 */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { sys } from '../base/index.ts';
import { hashBytes, type ObjectStore, type StorePath, type TreeEntry } from '../store/index.ts';
import { noLauncher } from './build-fault.ts';
import { ownMachine } from './launch/launch.ts';
import { launcherProgram } from './launch/program.ts';
import { removeScratch } from './remove.ts';
import { copyHostFiles, makeSkeleton, openToAll } from './root.ts';

export class Workspace implements Disposable {
  readonly store: ObjectStore;
  /** Whether the kernel filters system calls: switched off by the first build that is refused a filter. */
  isFiltered: boolean = hasFilters();
  readonly #skeletons = new Map<string, string>();
  readonly #links = new Map<StorePath, string>();
  #folder: string | undefined;
  #launcher: string | undefined;

  constructor(store: ObjectStore) {
    this.store = store;
  }

  /** Made when it is first asked for. */
  get folder(): string {
    if (this.#folder !== undefined) return this.#folder;
    const folder = this.store.makeScratch();
    this.#folder = folder;
    sys('prepare the sandbox', folder, () => {
      // Builds come in as root and leave their rights behind when they are inside: the way is closed to all others.
      chmodSync(folder, 0o700);
      for (const name of ['root', 'l']) mkdirSync(`${folder}/${name}`);
    });
    return folder;
  }

  /** The program that starts sandboxes, in a file. @throws Fault E-BUILD-003 there is none for this machine */
  get launcher(): string {
    if (this.#launcher !== undefined) return this.#launcher;
    const machine = ownMachine();
    if (machine === undefined) throw noLauncher();
    const path = `${this.folder}/launcher`;
    sys('prepare the sandbox', path, () => writeFileSync(path, launcherProgram(machine), { mode: 0o500, flag: 'wx' }));
    this.#launcher = path;
    return path;
  }

  /** An empty folder to mount roots upon. */
  get mountPoint(): string {
    return `${this.folder}/root`;
  }

  /** A root without layers, to be mounted read-only, with these files of the host in it. */
  skeleton(options: { hasNetwork: boolean; hostFiles: readonly TreeEntry[] }): string {
    const key = hashBytes('sha256', JSON.stringify(options)).slice(0, 16);
    const known = this.#skeletons.get(key);
    if (known !== undefined) return known;
    const folder = `${this.folder}/${key}`;
    sys('prepare the sandbox', folder, () => mkdirSync(folder));
    makeSkeleton(folder, { storeDir: this.store.storeDir, hasNetwork: options.hasNetwork });
    copyHostFiles(folder, options.hostFiles);
    openToAll(folder);
    this.#skeletons.set(key, folder);
    return folder;
  }

  /** A short name for a layer, relative to `folder`: the real paths of many would not fit into one mount's options, a page. */
  link(layer: StorePath): string {
    const known = this.#links.get(layer);
    if (known !== undefined) return known;
    const name = `l/${this.#links.size}`;
    const { folder } = this;
    sys('prepare the sandbox', folder, () => symlinkSync(this.store.toReal(layer), `${folder}/${name}`));
    this.#links.set(layer, name);
    return name;
  }

  [Symbol.dispose](): void {
    if (this.#folder !== undefined) removeScratch(this.#folder);
    this.#folder = undefined;
    this.#launcher = undefined;
    this.#skeletons.clear();
    this.#links.clear();
  }
}

/** The kernel names what its filters can do, if it has them. @source seccomp(2) */
const hasFilters = (): boolean => existsSync('/proc/sys/kernel/seccomp/actions_avail');
