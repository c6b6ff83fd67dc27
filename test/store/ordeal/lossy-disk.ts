/**
 * A disk that loses what was not synced. It takes recorded calls and says what may lie on it after the power failed at some instant:
 *
 * - Names and modes (what a journal holds) survive in order: up to some call after the last sync of anything, and none behind it.
 * - Bytes survive if their file was synced behind them. Others do or do not, each write by chance, whatever the order; where they do
 *   not, there are zeros or what was there before.
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from './random.ts';
import type { Call, Opened } from './recording.ts';

type Node =
  | { kind: 'folder'; mode: number; seconds: number; entries: Map<string, Node> }
  | { kind: 'file'; mode: number; seconds: number; data: Buffer }
  | { kind: 'link'; mode: number; seconds: number; target: string };

type Folder = Extract<Node, { kind: 'folder' }>;
type File = Extract<Node, { kind: 'file' }>;

/** What lies below a folder, read into memory. Hard links stay links. */
export class LossyDisk {
  readonly #folder: string;
  readonly #root: Folder;

  private constructor(folder: string, root: Folder) {
    this.#folder = folder;
    this.#root = root;
  }

  static read(folder: string): LossyDisk {
    const byInode = new Map<number, Node>();
    const visit = (path: string): Node => {
      const found = lstatSync(path);
      const known = byInode.get(found.ino);
      if (known !== undefined) return known;
      const common = { mode: found.mode & 0o7777, seconds: Math.floor(found.mtimeMs / 1000) };
      let node: Node;
      if (found.isSymbolicLink()) node = { kind: 'link', ...common, target: readlinkSync(path) };
      else if (found.isDirectory()) {
        const entries = readdirSync(path).map((name): [string, Node] => [name, visit(join(path, name))]);
        node = { kind: 'folder', ...common, entries: new Map(entries) };
      } else node = { kind: 'file', ...common, data: readFileSync(path) };
      byInode.set(found.ino, node);
      return node;
    };
    return new LossyDisk(folder, visit(folder) as Folder);
  }

  /** What may be left when the power fails behind `nCalls` of the calls. */
  crashed(calls: readonly Call[], nCalls: number, random: Random): LossyDisk {
    const done = calls.slice(0, nCalls);
    const synced = done.findLastIndex((call) => (call.kind === 'sync' && !call.isOfData) || call.kind === 'sync-all') + 1;
    const nNames = synced + random.below(nCalls - synced + 1);
    // Now and then all of it goes one way.
    const luck = [0, 0.5, 1][random.below(3)]!;
    const disk = new LossyDisk(this.#folder, copy(this.#root, new Map()) as Folder);
    const opened = new Map<Opened, { node: File; position: number }>();
    for (const [i, call] of done.entries()) {
      disk.#apply(call, { isJournalled: i < nNames, opened, keeps: () => isSynced(done, i) || random.next() < luck });
    }
    return disk;
  }

  /** What is left when nothing is lost. */
  after(calls: readonly Call[]): LossyDisk {
    const disk = new LossyDisk(this.#folder, copy(this.#root, new Map()) as Folder);
    const opened = new Map<Opened, { node: File; position: number }>();
    for (const call of calls) disk.#apply(call, { isJournalled: true, opened, keeps: () => true });
    return disk;
  }

  /** Writes it out into a new folder. */
  write(to: string): void {
    const written = new Map<Node, string>();
    const visit = (node: Node, path: string): void => {
      const first = written.get(node);
      if (first !== undefined) {
        linkSync(first, path);
        return;
      }
      written.set(node, path);
      if (node.kind === 'link') symlinkSync(node.target, path);
      else if (node.kind === 'file') writeFileSync(path, node.data);
      else {
        mkdirSync(path);
        for (const [name, child] of node.entries) visit(child, join(path, name));
      }
      if (node.kind !== 'link') chmodSync(path, node.mode);
      lutimesSync(path, node.seconds, node.seconds);
    };
    visit(this.#root, to);
  }

  #apply(
    call: Call,
    how: { isJournalled: boolean; opened: Map<Opened, { node: File; position: number }>; keeps: () => boolean },
  ): void {
    const { isJournalled, opened } = how;
    switch (call.kind) {
      case 'open': {
        const { file } = call;
        const found = this.#find(file.path);
        if (found?.kind === 'folder' || found?.kind === 'link') return;
        const node: File = found ?? { kind: 'file', mode: file.mode, seconds: 0, data: Buffer.alloc(0) };
        opened.set(file, { node, position: 0 });
        if (found === undefined && isJournalled) this.#put(file.path, node);
        if (file.truncates && how.keeps()) node.data = Buffer.alloc(0);
        return;
      }
      case 'write': {
        const it = opened.get(call.file);
        if (it === undefined) return;
        const start = call.file.appends ? it.node.data.length : (call.offset ?? it.position);
        it.position = start + call.data.length;
        const isKept = call.file.isSynchronous || how.keeps();
        const data = Buffer.alloc(Math.max(it.node.data.length, it.position));
        it.node.data.copy(data);
        if (isKept) call.data.copy(data, start);
        // What is lost may still have made the file longer.
        if (isKept || isJournalled) it.node.data = data;
        return;
      }
      case 'seek': {
        const it = opened.get(call.file);
        if (it !== undefined) it.position = call.offset;
        return;
      }
      case 'truncate': {
        const it = opened.get(call.file);
        if (it === undefined || !how.keeps()) return;
        const data = Buffer.alloc(call.sizeBytes);
        it.node.data.copy(data);
        it.node.data = data;
        return;
      }
      case 'sync':
      case 'sync-all':
        return;
      default:
        if (isJournalled) this.#rename(call, opened);
    }
  }

  /** What a journal holds. */
  #rename(
    call: Exclude<Call, { kind: 'open' | 'seek' | 'write' | 'truncate' | 'sync' | 'sync-all' }>,
    opened: Map<Opened, { node: File; position: number }>,
  ): void {
    const on = (which: string | Opened): Node | undefined =>
      typeof which === 'string' ? this.#find(which) : (opened.get(which)?.node ?? this.#find(which.path));
    switch (call.kind) {
      case 'mkdir':
        this.#put(call.path, { kind: 'folder', mode: call.mode, seconds: 0, entries: new Map() });
        return;
      case 'symlink':
        this.#put(call.path, { kind: 'link', mode: 0o777, seconds: 0, target: call.target });
        return;
      case 'link':
        this.#put(call.path, this.#find(call.from)!);
        return;
      case 'rename': {
        const node = this.#find(call.from)!;
        this.#remove(call.from);
        this.#put(call.path, node);
        return;
      }
      case 'exchange': {
        const [a, b] = [this.#find(call.from)!, this.#find(call.path)!];
        this.#put(call.from, b);
        this.#put(call.path, a);
        return;
      }
      case 'remove':
        this.#remove(call.path);
        return;
      case 'chmod':
        on(call.on)!.mode = call.mode;
        return;
      case 'utimes':
        on(call.on)!.seconds = call.seconds;
        return;
    }
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.slice(this.#folder.length + 1).split('/')) {
      if (node?.kind !== 'folder') return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  #put(path: string, node: Node): void {
    const folder = this.#folderOf(path);
    folder.entries.set(path.slice(path.lastIndexOf('/') + 1), node);
    folder.seconds = 0;
  }

  #remove(path: string): void {
    const folder = this.#folderOf(path);
    folder.entries.delete(path.slice(path.lastIndexOf('/') + 1));
    folder.seconds = 0;
  }

  #folderOf(path: string): Folder {
    const folder = dirname(path) === this.#folder ? this.#root : this.#find(dirname(path));
    if (folder?.kind !== 'folder') throw new Error(`the model has no folder for ${path}`);
    return folder;
  }
}

/** Whether the bytes of a call are synced behind it. */
function isSynced(done: readonly Call[], at: number): boolean {
  const call = done[at]!;
  const path = 'file' in call ? call.file.path : '';
  return done.some((other, i) => i > at && (other.kind === 'sync-all' || (other.kind === 'sync' && other.file.path === path)));
}

function copy(node: Node, known: Map<Node, Node>): Node {
  const before = known.get(node);
  if (before !== undefined) return before;
  const made: Node =
    node.kind === 'folder'
      ? { ...node, entries: new Map(Array.from(node.entries, ([name, child]) => [name, copy(child, known)])) }
      : { ...node };
  known.set(node, made);
  return made;
}
