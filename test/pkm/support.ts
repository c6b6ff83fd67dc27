/** Roots, packages and snapshots for the tests of pkm. */
import { hash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Fault, renderFault } from '../../base/index.ts';
import {
  directoryEntry,
  type ImageEntry,
  makeImage,
  type OpenOptions,
  openRoot,
  type PackageDescription,
  type PackageImage,
  type Root,
  type StorePins,
} from '../../pkm/index.ts';
import { memoryFolder } from '../memory.ts';

let place: string | undefined;

/** In memory, where there is some. Who is given a folder does not try: it may be killed meanwhile. */
function freshFolder(): string {
  place ??= memoryFolder(2 ** 31) ?? tmpdir();
  return mkdtempSync(join(place, 'igos-pkm-'));
}

/** Text: a file. `-> x`: a symlink. `{ mode, text }`: a file with a mode. `{ mode }` alone: a directory. */
export type FileSpec = string | { readonly mode: number; readonly text?: string };

export class Sandbox {
  readonly base: string;
  readonly root: string;
  #clock = 1_800_000_000;

  /** @param base  an existing sandbox's folder, or a fresh one */
  constructor(context: Pick<TestContext, 'after'> | undefined, base: string = freshFolder()) {
    this.base = base;
    this.root = join(this.base, 'root');
    mkdirSync(this.root, { recursive: true });
    context?.after(() => this.remove());
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  open(options: OpenOptions = {}): Root {
    return openRoot(this.root, {
      user: 'tester',
      command: 'pkm test',
      now: () => this.#clock++,
      storeFolder: (storePath) => join(this.base, storePath),
      ...options,
    });
  }

  /** Opens, does, closes. */
  do<T>(work: (root: Root) => T, options: OpenOptions = {}): T {
    const root = this.open(options);
    const close = (): void => root.close();
    let result: T;
    try {
      result = work(root);
    } catch (error) {
      close();
      throw error;
    }
    if (result instanceof Promise) return result.finally(close) as T;
    close();
    return result;
  }

  /** A store package; `about` is `name version`. */
  image(about: string, files: Record<string, FileSpec>, more: Partial<PackageDescription> = {}): PackageImage {
    const [name, version] = about.split(' ') as [string, string];
    const key = hash('sha256', JSON.stringify([about, files])).slice(0, 12);
    const storePath = `/igos/store/${key}-${name}-${version}`;
    const entries: ImageEntry[] = [];
    for (const [path, spec] of Object.entries(files)) {
      const text = typeof spec === 'string' ? spec : spec.text;
      const mode = typeof spec === 'string' ? 0o644 : spec.mode;
      if (text === undefined) entries.push(directoryEntry(path, mode));
      else if (text.startsWith('-> ')) {
        entries.push({ path, kind: 'symlink', mode: 0o777, uid: 0, gid: 0, sizeBytes: 0, sha256: '', target: text.slice(3) });
      } else {
        const bytes = Buffer.from(text);
        const real = join(this.base, storePath, path);
        mkdirSync(dirname(real), { recursive: true });
        writeFileSync(real, bytes);
        const sha256 = hash('sha256', bytes);
        entries.push({ path, kind: 'file', mode, uid: 0, gid: 0, sizeBytes: bytes.length, sha256, target: '' });
      }
    }
    return makeImage({
      description: { name, version, ...more },
      origin: { kind: 'store', storePath },
      entries,
      contentPath: (entry) => join(this.base, storePath, entry.path),
    });
  }

  path(path: string): string {
    return join(this.root, path);
  }

  read(path: string): string | undefined {
    const stat = lstatSync(this.path(path), { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isSymbolicLink()) return `-> ${readlinkSync(this.path(path))}`;
    return stat.isDirectory() ? '(directory)' : readFileSync(this.path(path), 'utf8');
  }

  write(path: string, text: string, mode?: number): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
    if (mode !== undefined) chmodSync(this.path(path), mode);
  }

  /** Every path of the root with mode and bytes, pkm's state apart; of an atomic root, what its current tree shows. */
  snapshot(): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (folder: string): void => {
      for (const name of readdirSync(join(this.root, folder)).sort()) {
        const path = folder === '' ? name : `${folder}/${name}`;
        if (path === 'var/lib/igos') continue;
        const stat = lstatSync(this.path(path));
        const mode = (stat.mode & 0o7777).toString(8);
        const isShown = stat.isSymbolicLink() && readlinkSync(this.path(path)).endsWith(`/generations/current/${path}`);
        if (isShown) walk(path);
        else if (stat.isDirectory()) {
          if (path !== 'var' && path !== 'var/lib') found[path] = `directory ${mode}`;
          walk(path);
        } else
          found[path] = stat.isSymbolicLink()
            ? `-> ${readlinkSync(this.path(path))}`
            : `${mode} ${readFileSync(this.path(path), 'utf8')}`;
      }
    };
    walk('');
    return found;
  }
}

/** Runs `work`, which must throw a Fault, and returns its text with the sandbox's paths replaced. */
export async function faultText(box: Sandbox | undefined, work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = renderFault(error);
    return box === undefined ? text : text.replaceAll(box.root, '<root>').replaceAll(box.base, '<base>');
  }
  throw new Error('it did not fail');
}

/** What a root's generations need, as a set. */
export const pinsIn = (pinned: Set<string>): StorePins => ({
  add: (paths) => {
    for (const path of paths) pinned.add(path);
  },
  besides: (paths) => [...pinned].filter((path) => !paths.has(path)),
  remove: (path) => void pinned.delete(path),
});
