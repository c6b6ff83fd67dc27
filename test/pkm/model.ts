/**
 * A root in memory, simple enough to be right: packages, rows and what stands on the disk, for both layouts. A step is predicted
 * here and done by pkm; the two must then agree in everything. Files are nodes that trees may share, as inodes are.
 */
import { compareBytes } from '../../base/index.ts';
import type { FileSpec } from './support.ts';

export interface Row {
  readonly owner: string;
  readonly mode: number;
  /** Text of a file, `-> target` of a symlink. */
  readonly text: string;
}

export interface ModelPackage {
  readonly version: number;
  readonly supersededBy: readonly string[];
}

/** What a generation is. */
export interface ModelState {
  readonly packages: ReadonlyMap<string, ModelPackage>;
  readonly rows: ReadonlyMap<string, Row>;
}

export interface Node {
  mode: number;
  text: string;
}

export interface ModelImage {
  readonly name: string;
  readonly version: number;
  readonly files: Readonly<Record<string, FileSpec>>;
  readonly supersedes: readonly string[];
}

type Tree = Map<string, Node>;

const isConfig = (path: string): boolean => path.startsWith('etc/');
const rowsOf = (image: ModelImage): [string, Row][] =>
  Object.entries(image.files).map(([path, spec]) => [
    path,
    typeof spec === 'string'
      ? { owner: image.name, mode: spec.startsWith('-> ') ? 0o777 : 0o644, text: spec }
      : { owner: image.name, mode: spec.mode, text: spec.text! },
  ]);

export class Model {
  readonly isAtomic: boolean;
  state: ModelState = { packages: new Map(), rows: new Map() };
  /** By number; `undefined`: collected. */
  readonly generations: (ModelState | undefined)[] = [this.state];
  /** Of an atomic root, the tree of each generation; of a live one, always the same. */
  readonly #trees: Tree[] = [new Map()];
  /** Configuration that its user never touched: what stands on the disk. */
  readonly config = new Map<string, string>();
  readonly touched = new Set<string>();

  constructor(isAtomic: boolean) {
    this.isAtomic = isAtomic;
  }

  get generation(): number {
    return this.generations.length - 1;
  }

  /** What stands below usr. */
  get disk(): Tree {
    return this.#trees.at(-1)!;
  }

  /** Managed files that are not as they should be. */
  damaged(): string[] {
    return [...this.state.rows].flatMap(([path, row]) => {
      const node = this.disk.get(path);
      return isConfig(path) || (node !== undefined && node.text === row.text && node.mode === row.mode) ? [] : [path];
    });
  }

  /** @returns the code of the error that must come, or `undefined` where it was done */
  install(images: readonly ModelImage[]): string | undefined {
    const packages = new Map(this.state.packages);
    const rows = new Map(this.state.rows);
    const position = new Map(images.map((image, index) => [image.name, index]));
    for (const [index, image] of images.entries()) {
      const successors =
        packages.get(image.name)?.supersededBy.filter((name) => packages.get(name)?.supersededBy.length === 0) ?? [];
      const comesAlong = images.some((other) => successors.includes(other.name) && other.supersedes.includes(image.name));
      if (successors.length > 0 && !comesAlong) return 'E-PKM-011';
      for (const name of image.supersedes) {
        if ((position.get(name) ?? -1) > index) return 'E-PKM-009';
        // One that took over from it before does not need it again.
        if (!position.has(name) && !packages.has(name) && !packages.has(image.name)) return 'E-PKM-010';
      }
    }
    for (const image of images) {
      const paths = new Set(Object.keys(image.files));
      if (packages.has(image.name))
        for (const [path, row] of rows) if (row.owner === image.name && !paths.has(path)) rows.delete(path);
    }
    for (const image of images) {
      const old = packages.get(image.name);
      const staysSuperseded = images.some(
        (other) => old?.supersededBy.includes(other.name) && other.supersedes.includes(image.name),
      );
      for (const [path, row] of rowsOf(image)) {
        const owner = rows.get(path)?.owner;
        if (staysSuperseded && owner !== undefined && old!.supersededBy.includes(owner)) continue;
        const mayTake =
          owner === undefined ||
          owner === image.name ||
          image.supersedes.includes(owner) ||
          packages.get(owner)?.supersededBy.includes(image.name) === true;
        if (!mayTake) return 'E-PKM-004';
        rows.set(path, row);
      }
      for (const name of image.supersedes) {
        const predecessor = packages.get(name);
        if (predecessor?.supersededBy.includes(image.name) === false)
          packages.set(name, { ...predecessor, supersededBy: [...predecessor.supersededBy, image.name].sort(compareBytes) });
      }
      packages.set(image.name, { version: image.version, supersededBy: staysSuperseded ? old!.supersededBy : [] });
    }
    this.#become({ packages, rows }, 'replace', undefined);
    return undefined;
  }

  remove(name: string, isForced: boolean): string | undefined {
    if (!this.state.packages.has(name)) return 'E-PKM-015';
    const packages = new Map(this.state.packages);
    packages.delete(name);
    const rows = new Map([...this.state.rows].filter(([, row]) => row.owner !== name));
    this.#become({ packages, rows }, isForced ? 'remove-by-force' : 'remove', undefined);
    return undefined;
  }

  rollback(generation: number): string | undefined {
    const target = this.generations[generation];
    if (target === undefined) return 'E-PKM-016';
    this.#become(target, 'replace', generation);
    return undefined;
  }

  collect(keepLast: number): void {
    const kept = this.generations.flatMap((state, number) => (state === undefined ? [] : [number])).slice(-keepLast);
    for (const number of this.generations.keys()) if (!kept.includes(number)) this.generations[number] = undefined;
  }

  repair(): void {
    for (const path of this.damaged()) {
      const row = this.state.rows.get(path)!;
      const node = this.disk.get(path);
      const fresh = { mode: row.mode, text: row.text };
      if (node === undefined) this.disk.set(path, fresh);
      else if (node.text === row.text) node.mode = row.mode;
      else for (const tree of new Set(this.#trees)) if (tree.get(path) === node) tree.set(path, fresh);
    }
  }

  /** pkm made a generation for a difference that is none here, such as who made a directory. */
  repeat(): void {
    this.generations.push(this.state);
    if (this.isAtomic) this.#trees.push(this.disk);
  }

  #become(next: ModelState, withdrawal: 'replace' | 'remove' | 'remove-by-force', target: number | undefined): void {
    const before = this.state;
    const isSame = JSON.stringify(plain(before)) === JSON.stringify(plain(next));
    const tree = this.#nextTree(before, next, target);
    this.#configure(before, next, withdrawal);
    // A rollback to what is there already makes no generation; damage in its way is no difference.
    if (isSame) return;
    this.state = next;
    this.generations.push(next);
    if (this.isAtomic) this.#trees.push(tree);
    else this.#trees[0] = tree;
  }

  #nextTree(before: ModelState, next: ModelState, target: number | undefined): Tree {
    const tree: Tree = this.isAtomic ? new Map(this.disk) : this.disk;
    let isChanged = false;
    const differing: [string, Row][] = [];
    for (const path of new Set([...before.rows.keys(), ...next.rows.keys()])) {
      if (isConfig(path)) continue;
      const [old, now] = [before.rows.get(path), next.rows.get(path)];
      if (now === undefined) isChanged = tree.delete(path) || isChanged;
      else if (old === undefined || old.owner !== now.owner || old.text !== now.text || old.mode !== now.mode) {
        differing.push([path, now]);
        const node = tree.get(path);
        if (old === undefined || old.text !== now.text || node === undefined) tree.set(path, { mode: now.mode, text: now.text });
        else if (old.mode !== now.mode) {
          if (this.isAtomic) tree.set(path, { ...node, mode: now.mode });
          else node.mode = now.mode;
        } else continue;
        isChanged = true;
      }
    }
    if (!this.isAtomic) return tree;
    if (!isChanged) return this.disk;
    const reusable = target === undefined ? undefined : this.#trees[target];
    const holds = differing.every(([path, row]) => {
      const node = reusable?.get(path);
      return node?.text === row.text && node.mode === row.mode;
    });
    return reusable !== undefined && holds ? reusable : tree;
  }

  /** For files that nobody touched. */
  #configure(before: ModelState, next: ModelState, withdrawal: 'replace' | 'remove' | 'remove-by-force'): void {
    for (const [path] of before.rows) {
      if (isConfig(path) && !next.rows.has(path) && withdrawal !== 'remove') this.config.delete(path);
    }
    for (const [path, row] of next.rows) {
      const old = before.rows.get(path);
      if (isConfig(path) && (old?.text !== row.text || old.owner !== row.owner)) this.config.set(path, row.text);
    }
  }
}

const plain = (state: ModelState): unknown => [
  [...state.packages].sort(([a], [b]) => (a < b ? -1 : 1)),
  [...state.rows].sort(([a], [b]) => (a < b ? -1 : 1)),
];
