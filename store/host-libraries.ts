/** Finds shared libraries as the dynamic loader of glibc would, without asking it: `ldd` runs the program it looks at. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path/posix';
import { type Bytes, bytesToPath } from '../base/index.ts';
import { type ElfFile, readProgram } from './elf.ts';
import type { HostPaths } from './host-paths.ts';

/** Depth of `include` in ld.so.conf. */
const MAX_INCLUDES = 8;

/** Where a library was found. `isDefault`: the loader looks there without any configuration. */
export interface FoundLibrary {
  readonly path: Bytes;
  readonly isDefault: boolean;
}

/** Resolves DT_NEEDED names. Results are per folder and name; each library's header is read once. */
export class LibraryFinder {
  readonly #paths: HostPaths;
  readonly #first: readonly Bytes[];
  readonly #configured: readonly Bytes[];
  readonly #default: readonly Bytes[];
  readonly #fits = new Map<Bytes, string>();

  /** @param first  folders before all configured ones, as LD_LIBRARY_PATH is */
  constructor(paths: HostPaths, first: readonly Bytes[] = []) {
    this.#paths = paths;
    this.#first = first;
    this.#configured = configuredFolders(paths);
    this.#default = defaultFolders(paths);
  }

  find(name: Bytes, elf: ElfFile, origin: Bytes): FoundLibrary | undefined {
    if (name.includes('/')) {
      const path = resolve(dirname(origin), name);
      return this.#matches(path, elf) ? { path, isDefault: true } : undefined;
    }
    const own = (elf.runpath.length > 0 ? elf.runpath : elf.rpath).map((folder) => expandOrigin(folder, origin));
    for (const folder of own) {
      // The file carries this folder's name itself.
      if (this.#matches(`${folder}/${name}`, elf)) return { path: `${folder}/${name}`, isDefault: true };
    }
    for (const folder of [...this.#first, ...this.#configured, ...this.#default]) {
      if (this.#matches(`${folder}/${name}`, elf))
        return { path: `${folder}/${name}`, isDefault: this.#default.includes(folder) };
    }
    return undefined;
  }

  #matches(path: Bytes, elf: ElfFile): boolean {
    let fit = this.#fits.get(path);
    if (fit === undefined) {
      const found = this.#paths.follow(path);
      const program = found?.stat.isFile() === true ? readProgram(found.real) : undefined;
      fit = program?.kind === 'elf' ? `${program.elf.bits} ${program.elf.machine}` : '';
      this.#fits.set(path, fit);
    }
    return fit === `${elf.bits} ${elf.machine}`;
  }
}

const expandOrigin = (folder: Bytes, origin: Bytes): Bytes =>
  resolve(
    '/',
    folder.replaceAll(/\$\{?ORIGIN\}?/g, () => dirname(origin)),
  );

/** Folders of the loader itself: multiarch ones before plain ones, as Debian builds it. */
function defaultFolders(paths: HostPaths): Bytes[] {
  const multiarch = paths.names('/usr/lib').filter((name) => /^[a-z0-9_]+-linux-(gnu|musl)/.test(name));
  return [...multiarch.flatMap((name) => [`/lib/${name}`, `/usr/lib/${name}`]), '/lib64', '/usr/lib64', '/lib', '/usr/lib'];
}

/** Folders that `/etc/ld.so.conf` names. */
function configuredFolders(paths: HostPaths): Bytes[] {
  const folders: Bytes[] = [];
  const read = (file: Bytes, depth: number) => {
    const found = paths.follow(file);
    if (found === undefined || !found.stat.isFile() || depth > MAX_INCLUDES) return;
    for (const line of readFileSync(bytesToPath(found.real), 'latin1').split('\n')) {
      const text = line.replace(/#.*/, '').trim();
      const [, pattern] = /^include\s+(.+)$/.exec(text) ?? [];
      if (pattern !== undefined) for (const included of matchNames(paths, resolve('/etc', pattern))) read(included, depth + 1);
      else for (const folder of text.split(/[\s:,]+/)) if (folder.startsWith('/')) folders.push(folder);
    }
  };
  read('/etc/ld.so.conf', 0);
  return folders;
}

/** `*` and `?` in the last name, which is all that configurations use. */
function matchNames(paths: HostPaths, pattern: Bytes): Bytes[] {
  const folder = dirname(pattern);
  const text = pattern.slice(folder.length + 1).replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  const names = new RegExp(`^${text.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`, 's');
  return paths
    .names(folder)
    .filter((name) => !name.startsWith('.') && names.test(name))
    .map((name) => `${folder}/${name}`);
}
