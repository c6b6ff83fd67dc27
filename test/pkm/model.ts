/**
 * A root in memory, simple enough to be right: packages, rows and what stands on the disk, for both layouts. A step is predicted
 * here and done by pkm; the two must then agree in everything. Files are nodes that trees may share, as inodes are.
 */
import { compareBytes } from '../../base/index.ts';
import { isInConflict, type ModelPackage, newlyUnmet, orphans, type Packages, unmet, waysFrom } from './model-needs.ts';
import { type ModelImage, type ModelTrigger, modelImage } from './model-packages.ts';

export interface Row {
  readonly owner: string;
  readonly mode: number;
  /** Text of a file, `-> target` of a symlink. */
  readonly text: string;
}

/** What a generation is. */
export interface ModelState {
  readonly packages: Packages;
  readonly rows: ReadonlyMap<string, Row>;
}

export interface Node {
  mode: number;
  text: string;
}

type Tree = Map<string, Node>;

/** How configuration is treated that a package does not bring any more. */
type Withdrawal = 'replace' | 'remove' | 'remove-by-force';

export interface Wish {
  /** Who was asked for; default: all. */
  readonly explicit?: ReadonlySet<string> | undefined;
  /** Predecessors that are not here are known to whoever offers the packages. */
  readonly isDeclared: boolean;
}

const isConfig = (path: string): boolean => path.startsWith('etc/');
const rowsOf = (image: ModelImage): [string, Row][] =>
  Object.entries(image.files).map(([path, spec]) => [
    path,
    typeof spec === 'string'
      ? { owner: image.name, mode: spec.startsWith('-> ') ? 0o777 : 0o644, text: spec }
      : { owner: image.name, mode: spec.mode, text: spec.text! },
  ]);
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const withoutFrom = (record: ModelPackage | undefined): unknown => record && { ...record, from: 0 };
const withoutTimes = (record: ModelPackage | undefined): unknown =>
  record && { ...record, from: 0, at: 0, supersededAt: Math.min(1, record.supersededAt) };

/** All that a model knows, to be copied whole: what is shared stays shared. */
interface Memory {
  state: ModelState;
  /** By number; `undefined`: collected. */
  generations: (ModelState | undefined)[];
  /** Of an atomic root, the tree of each generation; of a live one, always the same. */
  trees: Tree[];
  /** Configuration that its user never touched: what stands on the disk. */
  config: Map<string, string>;
  touched: Set<string>;
  held: Set<string>;
  /** Records that ended, and which a kept generation still has. */
  past: { name: string; from: number; to: number }[];
  /** What the trigger is told of the last change; `undefined`: it is not set off. */
  triggered: string[] | undefined;
  clock: number;
}

export class Model {
  readonly isAtomic: boolean;
  #memory: Memory;

  constructor(isAtomic: boolean) {
    this.isAtomic = isAtomic;
    const state: ModelState = { packages: new Map(), rows: new Map() };
    this.#memory = {
      state,
      generations: [state],
      trees: [new Map()],
      config: new Map(),
      touched: new Set(),
      held: new Set(),
      past: [],
      triggered: undefined,
      clock: 0,
    };
  }

  /** @returns a way back to how it is now */
  save(): () => void {
    const saved = structuredClone(this.#memory);
    return () => {
      this.#memory = saved;
    };
  }

  get state(): ModelState {
    return this.#memory.state;
  }
  get generations(): readonly (ModelState | undefined)[] {
    return this.#memory.generations;
  }
  get generation(): number {
    return this.generations.length - 1;
  }
  get config(): ReadonlyMap<string, string> {
    return this.#memory.config;
  }
  get touched(): Set<string> {
    return this.#memory.touched;
  }
  get held(): ReadonlySet<string> {
    return this.#memory.held;
  }
  get triggered(): readonly string[] | undefined {
    return this.#memory.triggered;
  }
  /** What stands below usr. */
  get disk(): Tree {
    return this.#memory.trees.at(-1)!;
  }

  /** Managed files that are not as they should be. */
  damaged(): string[] {
    return [...this.state.rows].flatMap(([path, row]) => {
      const node = this.disk.get(path);
      return isConfig(path) || (node !== undefined && node.text === row.text && node.mode === row.mode) ? [] : [path];
    });
  }

  /** @returns the code of the error that must come, or `undefined` where it was done */
  install(images: readonly ModelImage[], wish: Wish): string | undefined {
    const draft = { packages: new Map(this.state.packages), rows: new Map(this.state.rows) };
    const coming = images.filter((image) => !this.#isStoodFor(image, images, wish));
    return this.#place(draft, coming, wish) ?? this.#change(draft, () => 'replace');
  }

  /** It came along only, and others have its place, who do not come and do not lose theirs to it. */
  #isStoodFor({ name, supersedes }: ModelImage, images: readonly ModelImage[], { explicit }: Wish): boolean {
    const { packages } = this.state;
    if (explicit?.has(name) !== false || packages.get(name)?.supersededBy.length === 0) return false;
    const taken = new Set(supersedes);
    for (const one of taken) for (const older of images.find((image) => image.name === one)?.supersedes ?? []) taken.add(older);
    const heirs = [...waysFrom(packages, name).ends].filter((heir) => heir !== name && !taken.has(heir));
    return heirs.length > 0 && !heirs.some((heir) => images.some((image) => image.name === heir));
  }

  /** Nothing but the images. */
  switchTo(images: readonly ModelImage[], wish: Wish): string | undefined {
    const names = new Set(images.map(({ name }) => name));
    const isPredecessor = (name: string): boolean =>
      [...waysFrom(this.state.packages, name, images).ends].some((end) => names.has(end));
    const stays = new Set([...names, ...[...this.state.packages.keys()].filter(isPredecessor)]);
    const packages = new Map([...this.state.packages].filter(([name]) => stays.has(name)));
    const rows = new Map([...this.state.rows].filter(([, { owner }]) => stays.has(owner)));
    const code = this.#place({ packages, rows }, images, wish);
    if (code !== undefined) return code;
    for (const [name, record] of packages)
      if (wish.explicit?.has(name) === false) packages.set(name, { ...record, reason: 'dependency' });
    return this.#change({ packages, rows }, (owner) => (stays.has(owner) ? 'replace' : 'remove'));
  }

  #place(draft: MutableState, images: readonly ModelImage[], { explicit, isDeclared }: Wish): string | undefined {
    const { packages, rows } = draft;
    const now = ++this.#memory.clock;
    const position = new Map(images.map((image, index) => [image.name, index]));
    for (const [index, image] of images.entries()) {
      const taken = new Set(image.supersedes);
      for (const name of taken) for (const older of images.find((one) => one.name === name)?.supersedes ?? []) taken.add(older);
      const old = packages.get(image.name);
      const heirs = old === undefined || old.supersededBy.length === 0 ? [] : [...waysFrom(packages, image.name).ends];
      if (heirs.some((name) => !taken.has(name)) && !comesAlong(packages, image, images)) return 'E-PKM-011';
      for (const name of image.supersedes) {
        if ((position.get(name) ?? -1) > index) return 'E-PKM-009';
        // One that took over from it before does not need it again.
        if (!position.has(name) && !packages.has(name) && !packages.has(image.name) && !isDeclared) return 'E-PKM-010';
      }
    }
    for (const image of images) {
      const paths = new Set(Object.keys(image.files));
      if (packages.has(image.name))
        for (const [path, row] of rows) if (row.owner === image.name && !paths.has(path)) rows.delete(path);
    }
    const staying = new Set(images.filter((image) => comesAlong(packages, image, images)));
    const strangers = images.filter(({ name }) => !packages.has(name));
    let isTaken = false;
    for (const image of images) {
      const old = packages.get(image.name);
      const staysSuperseded = staying.has(image);
      const { passed, ends } = waysFrom(packages, image.name);
      for (const name of image.supersedes) {
        const predecessor = packages.get(name);
        if (predecessor?.supersededBy.includes(image.name) === false) {
          const supersededBy = [...predecessor.supersededBy, image.name].sort(compareBytes);
          packages.set(name, { ...predecessor, supersededBy, supersededAt: predecessor.supersededAt || now });
        }
      }
      const isAsked = explicit?.has(image.name) ?? true;
      const wasAsked = old?.reason === 'explicit' && old.supersededBy.length === 0;
      const record: ModelPackage = {
        version: image.version,
        supersededBy: staysSuperseded ? (old?.supersededBy ?? []) : [],
        reason: isAsked || wasAsked ? 'explicit' : 'dependency',
        at: now,
        supersededAt: staysSuperseded ? (old?.supersededAt ?? 0) : 0,
        from: 0,
      };
      const isEqual = old?.version === record.version && isSame(old.supersededBy, record.supersededBy);
      packages.set(image.name, isEqual && old.supersededAt === record.supersededAt ? { ...old, reason: record.reason } : record);
      for (const [path, row] of rowsOf(image)) {
        const owner = rows.get(path)?.owner;
        if (staysSuperseded && owner !== undefined && owner !== image.name && (passed.has(owner) || ends.has(owner))) continue;
        const way = owner === undefined ? undefined : waysFrom(packages, owner);
        const isHeir =
          packages.get(owner ?? '')?.supersededBy.length !== 0 &&
          (way?.passed.has(image.name) || way?.ends.has(image.name)) === true;
        const mayTake = owner === undefined || owner === image.name || isHeir;
        isTaken ||= !mayTake;
        if (mayTake) rows.set(path, row);
      }
    }
    for (const { name } of strangers)
      if (packages.get(name)?.supersededBy.length === 0 && waysFrom(packages, name).ends.size > 0) return 'E-PKM-011';
    if (isInConflict(packages)) return 'E-PKM-012';
    if (isTaken) return 'E-PKM-004';
    const isQueued = (one: string): boolean => position.has(one.split(' ')[0]!);
    const broken = newlyUnmet(this.state.packages, packages).filter((one) => !isQueued(one));
    return unmet(packages).some(isQueued) || broken.length > 0 ? 'E-PKM-013' : undefined;
  }

  remove(names: readonly string[], isForced: boolean, cascades: boolean): string | undefined {
    if (names.some((name) => !this.state.packages.has(name))) return 'E-PKM-015';
    const packages = new Map(this.state.packages);
    for (const name of names) packages.delete(name);
    for (let broken = newlyUnmet(this.state.packages, packages); broken.length > 0; ) {
      if (!cascades) return 'E-PKM-014';
      for (const one of broken) packages.delete(one.split(' ')[0]!);
      broken = newlyUnmet(this.state.packages, packages);
    }
    const rows = new Map([...this.state.rows].filter(([, row]) => packages.has(row.owner)));
    return this.#change({ packages, rows }, () => (isForced ? 'remove-by-force' : 'remove'));
  }

  orphans(): string[] {
    return orphans(this.state.packages, this.held);
  }

  mark(name: string, reason: ModelPackage['reason']): string | undefined {
    const record = this.state.packages.get(name);
    if (record === undefined) return 'E-PKM-015';
    const packages = new Map(this.state.packages).set(name, { ...record, reason });
    return this.#change({ packages, rows: this.state.rows }, () => 'replace');
  }

  hold(name: string, isHeld: boolean): string | undefined {
    if (isHeld && !this.state.packages.has(name)) return 'E-PKM-015';
    if (isHeld) this.#memory.held.add(name);
    else this.#memory.held.delete(name);
    return undefined;
  }

  /** A pinned package that was there keeps its version, and is not superseded. */
  #change(next: ModelState, withdrawal: (owner: string) => Withdrawal): string | undefined {
    const isChanged = (name: string): boolean => {
      const [old, now] = [this.state.packages.get(name), next.packages.get(name)];
      if (old === undefined) return false;
      return now?.version !== old.version || (old.supersededBy.length === 0 && now.supersededBy.length > 0);
    };
    if ([...this.held].some(isChanged)) return 'E-PKM-040';
    return this.#become(next, withdrawal, undefined);
  }

  rollback(generation: number): string | undefined {
    const target = this.generations[generation];
    if (target === undefined) return 'E-PKM-016';
    const packages = new Map(
      [...target.packages].map(([name, then]) => {
        const now = this.state.packages.get(name);
        return [name, isSame(withoutTimes(now), withoutTimes(then)) ? now! : then];
      }),
    );
    return this.#become({ packages, rows: target.rows }, () => 'replace', generation);
  }

  /** Some packages as they were, with all that superseded them since or that they superseded. */
  rollbackPackages(names: readonly string[], wanted: number | undefined): string | undefined {
    const generation = wanted ?? Math.max(0, (this.#lastChange(names) ?? this.generation) - 1);
    const then = this.generations[generation];
    if (then === undefined) return 'E-PKM-016';
    const now = this.state;
    if (names.some((name) => !now.packages.has(name) && !then.packages.has(name))) return 'E-PKM-015';
    const successions = ({ packages }: ModelState): string[] =>
      [...packages].flatMap(([name, { supersededBy }]) => supersededBy.map((successor) => `${name} ${successor}`));
    const [nowPairs, thenPairs] = [successions(now), successions(then)];
    const pairs = [
      ...nowPairs.filter((pair) => !thenPairs.includes(pair)),
      ...thenPairs.filter((pair) => !nowPairs.includes(pair)),
    ].map((pair) => pair.split(' '));
    const back = new Set(names);
    for (const name of back) for (const pair of pairs) if (pair.includes(name)) for (const kin of pair) back.add(kin);
    const packages = new Map([
      ...[...now.packages].filter(([name]) => !back.has(name)),
      ...[...then.packages].filter(([name]) => back.has(name)),
    ]);
    const rows = new Map([...now.rows].filter(([, { owner }]) => !back.has(owner)));
    for (const [path, row] of then.rows) {
      if (!back.has(row.owner)) continue;
      if (rows.has(path)) return 'E-PKM-004';
      rows.set(path, row);
    }
    if (isInConflict(packages)) return 'E-PKM-012';
    if (newlyUnmet(now.packages, packages).length > 0) return 'E-PKM-013';
    return this.#become({ packages, rows }, () => 'replace', undefined);
  }

  /** The generation in which one of them came, changed or went last. */
  #lastChange(names: readonly string[]): number | undefined {
    const changes = names.flatMap((name) => {
      const from = this.state.packages.get(name)?.from;
      const ends = this.#memory.past.flatMap((one) => (one.name === name ? [one.to] : []));
      return from === undefined ? ends : [from, ...ends];
    });
    return changes.length === 0 ? undefined : Math.max(...changes);
  }

  collect(keepLast: number): void {
    const { generations, past } = this.#memory;
    const kept = generations.flatMap((state, number) => (state === undefined ? [] : [number])).slice(-keepLast);
    for (const number of generations.keys()) if (!kept.includes(number)) generations[number] = undefined;
    this.#memory.past = past.filter(({ from, to }) => kept.some((number) => number >= from && number < to));
  }

  repair(): void {
    for (const path of this.damaged()) {
      const row = this.state.rows.get(path)!;
      const node = this.disk.get(path);
      const fresh = { mode: row.mode, text: row.text };
      if (node === undefined) this.disk.set(path, fresh);
      else if (node.text === row.text) node.mode = row.mode;
      else for (const tree of new Set(this.#memory.trees)) if (tree.get(path) === node) tree.set(path, fresh);
    }
  }

  /** pkm made a generation for a difference that is none here, such as who made a directory. */
  repeat(): void {
    this.#memory.generations.push(this.state);
    if (this.isAtomic) this.#memory.trees.push(this.disk);
  }

  #become(draft: ModelState, withdrawal: (owner: string) => Withdrawal, target: number | undefined): string | undefined {
    const before = this.state;
    const next = { packages: new Map(draft.packages), rows: draft.rows };
    const generation = this.generation + 1;
    const changed: string[] = [];
    for (const name of new Set([...before.packages.keys(), ...next.packages.keys()])) {
      const [old, now] = [before.packages.get(name), next.packages.get(name)];
      if (isSame(withoutFrom(old), withoutFrom(now))) {
        next.packages.set(name, old!);
        continue;
      }
      changed.push(name);
      if (old !== undefined) this.#memory.past.push({ name, from: old.from, to: generation });
      if (now !== undefined) next.packages.set(name, { ...now, from: generation });
    }
    const paths = [...new Set([...before.rows.keys(), ...next.rows.keys()])].filter(
      (path) => !isSame(before.rows.get(path), next.rows.get(path)),
    );
    const trigger = triggerOf(next);
    const isNew = changed.includes('trig');
    const told = [...new Set([...paths, ...(isNew ? before.rows.keys() : [])])].filter((path) =>
      path.startsWith(trigger?.below ?? '/'),
    );
    this.#memory.triggered = told.length === 0 ? undefined : told.sort(compareBytes);
    const tree = this.#nextTree(before, next, target);
    this.#configure(before, next, withdrawal);
    // A rollback to what is there already makes no generation; damage in its way is no difference.
    if (changed.length + paths.length === 0) return undefined;
    this.#memory.state = next;
    this.#memory.generations.push(next);
    if (this.isAtomic) this.#memory.trees.push(tree);
    else this.#memory.trees[0] = tree;
    return told.length > 0 && trigger?.isFatal === true && trigger.fails ? 'E-PKM-042' : undefined;
  }

  #nextTree(before: ModelState, next: ModelState, target: number | undefined): Tree {
    const tree: Tree = this.isAtomic ? new Map(this.disk) : this.disk;
    let isChanged = false;
    const differing: [string, Row][] = [];
    for (const path of new Set([...before.rows.keys(), ...next.rows.keys()])) {
      if (isConfig(path)) continue;
      const [old, now] = [before.rows.get(path), next.rows.get(path)];
      // Plain files that go are not looked at by the plan: that one is gone already makes no difference.
      if (now === undefined) isChanged = tree.delete(path) || !isLink(old!) || isChanged;
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
    const reusable = target === undefined ? undefined : this.#memory.trees[target];
    const holds = differing.every(([path, row]) => {
      const node = reusable?.get(path);
      return node?.text === row.text && node.mode === row.mode;
    });
    return reusable !== undefined && holds ? reusable : tree;
  }

  /** For files that nobody touched. */
  #configure(before: ModelState, next: ModelState, withdrawal: (owner: string) => Withdrawal): void {
    const { config } = this.#memory;
    for (const [path, { owner }] of before.rows) {
      if (isConfig(path) && !next.rows.has(path) && withdrawal(owner) !== 'remove') config.delete(path);
    }
    for (const [path, row] of next.rows) {
      const old = before.rows.get(path);
      if (isConfig(path) && (old?.text !== row.text || old.owner !== row.owner)) config.set(path, row.text);
    }
  }
}

const isLink = ({ text }: Row): boolean => text.startsWith('-> ');

/** A generation that is made. */
interface MutableState {
  readonly packages: Map<string, ModelPackage>;
  readonly rows: Map<string, Row>;
}

/** A queue may name predecessor and successor each time: the predecessor stays superseded. */
function comesAlong(packages: Packages, { name }: ModelImage, images: readonly ModelImage[]): boolean {
  const old = packages.get(name);
  if (old?.supersededBy.length === 0) return false;
  const { passed, ends } = waysFrom(packages, name);
  return images.some(
    (other) =>
      (other.supersedes.includes(name) && (passed.has(other.name) || ends.has(other.name))) ||
      (ends.has(other.name) && other.supersedes.some((older) => passed.has(older))),
  );
}

function triggerOf({ packages }: ModelState): ModelTrigger | undefined {
  const record = packages.get('trig');
  return record === undefined || record.supersededBy.length > 0 ? undefined : modelImage('trig', record.version).trigger;
}
