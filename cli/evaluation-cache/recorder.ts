/** Collects what one evaluation sees of the world, while it sees it. */
import { type Bytes, compareBytes, sha256 } from '../../base/index.ts';
import type { ObjectStore, StorePath } from '../../store/index.ts';
import { type FileState, fileState, settledState } from './file-state.ts';
import { indexVersion } from './index-version.ts';
import type { FileSeen, FolderSeen, Seen, SourceSeen } from './seen.ts';

/** SHA-256 of a byte string, hex. */
export const hashOf = (bytes: Bytes): string => sha256(bytes);

/** One text for a folder's entries, whatever their order. */
export const listingHash = (entries: ReadonlyMap<Bytes, string>): string =>
  hashOf(
    [...entries]
      .map(([name, kind]) => `${name}\0${kind}\0`)
      .sort(compareBytes)
      .join(''),
  );

/** Of itself, and of what it leads to. */
export const unreadState = (path: Bytes): string => [false, true].map((follow) => fileState(path, follow)?.text).join(' ');

export class Recorder {
  readonly #files = new Map<Bytes, { hash: string; state: string }>();
  readonly #folders = new Map<Bytes, { hash: string; state: string }>();
  readonly #kinds = new Map<Bytes, string>();
  readonly #realPaths = new Map<Bytes, Bytes>();
  readonly #existing = new Map<Bytes, boolean>();
  readonly #variables = new Map<string, string | null>();
  readonly #sources: SourceSeen[] = [];
  readonly #needed = new Set<StorePath>();
  readonly #answers = new Map<string, Seen['store']['answers'][number]>();
  readonly #built = new Map<string, Seen['store']['built'][number]>();
  readonly #hostTrees = new Map<string, Seen['store']['hostTrees'][number]>();
  #fetched: [sinceMs: number, untilMs: number] | null = null;
  #storeVersion: string | undefined;
  /** What could not be read, or was read by others, and the state of it then: see `unread`. */
  readonly #unread = new Map<Bytes, string>();
  readonly #fresh = new Map<Bytes, string>();
  /** Folders that are gone afterwards. */
  readonly #passing: Bytes[] = [];
  #obstacle: string | undefined;

  /** False once something was seen that another evaluation may see otherwise, or that was seen to change. */
  get isRepeatable(): boolean {
    // What the store answered, and was never settled, belongs to no known state of it.
    return this.#obstacle === undefined && (this.#storeVersion !== undefined || !this.#asksStore());
  }

  /** What was seen cannot be told again: the clock, a failure, a world that changes meanwhile. */
  spoil(reason: string): void {
    this.#obstacle ??= reason;
  }

  /** It could not be read, or put into the store. */
  failed(path: Bytes): void {
    this.spoil('something could not be read');
    this.#unread.set(path, unreadState(path));
  }

  /** Something was read by another program, from these paths, and passes through a folder, which has these names. */
  fetched(passing: readonly Bytes[], origins: readonly Bytes[]): void {
    this.#passing.push(...passing);
    for (const path of origins) this.#unread.set(path, unreadState(path));
  }

  /** Something without a hash was fetched, and does for so long. */
  doesUntil(sinceMs: number, untilMs: number): void {
    const [since, until] = this.#fetched ?? [sinceMs, untilMs];
    this.#fetched = [Math.max(since, sinceMs), Math.min(until, untilMs)];
  }

  /** For who watches: what evaluation itself has not read, but may make another one of it, and its `unreadState`. */
  get unread(): ReadonlyMap<Bytes, string> {
    return this.#unread;
  }

  /** For who watches: what had just been written when it was put into the store, and its state then. */
  get fresh(): ReadonlyMap<Bytes, string> {
    return this.#fresh;
  }

  /**
   * @param before  the state before the bytes were read
   * @param hash    theirs, as of `hashOf`
   */
  file(path: Bytes, before: FileState | undefined, hash: string): void {
    this.#put(this.#files, path, { hash, state: settledState(before) }, (one, other) => one.hash === other.hash);
  }

  /** @param before  the state before the folder was listed */
  folder(path: Bytes, before: FileState | undefined, entries: ReadonlyMap<Bytes, string>): void {
    const seen = { hash: listingHash(entries), state: settledState(before) };
    this.#put(this.#folders, path, seen, (one, other) => one.hash === other.hash);
  }

  kind(path: Bytes, kind: string | undefined): void {
    this.#put(this.#kinds, path, kind ?? '');
  }

  realPath(path: Bytes, real: Bytes): void {
    this.#put(this.#realPaths, path, real);
  }

  exists(path: Bytes, exists: boolean): void {
    this.#put(this.#existing, path, exists);
  }

  variable(name: string, value: string | undefined): void {
    this.#put(this.#variables, name, value ?? null);
  }

  source(seen: SourceSeen): void {
    this.#sources.push(seen);
  }

  /** @returns what may be remembered of an entry of a source */
  settled(path: Bytes, state: FileState | undefined): string {
    if (state !== undefined && !state.isSettled) this.#fresh.set(path, state.text);
    return settledState(state);
  }

  /** The result is only worth something while this path is valid. */
  needs(storePath: StorePath): void {
    this.#needed.add(storePath);
  }

  answer(question: 'valid' | 'derivation' | 'references', path: string, answer: string): void {
    this.#put(this.#answers, `${question} ${path}`, [question, path, answer], (one, other) => one[2] === other[2]);
  }

  built(drvPath: string, output: string, path: string): void {
    this.#put(this.#built, `${drvPath}!${output}`, [drvPath, output, path], (one, other) => one[2] === other[2]);
  }

  hostTree(name: string, spec: string, path: string): void {
    this.#put(this.#hostTrees, `${name} ${spec}`, [name, spec, path], (one, other) => one[2] === other[2]);
  }

  /** To be called at the end, while the store is open: from now on its index vouches for what is needed. */
  settleStore(home: string, store: Pick<ObjectStore, 'isValid'>, pending: ReadonlySet<StorePath>): void {
    if (!this.#asksStore()) return;
    const version = indexVersion(home);
    // Looked up after the version was taken: what was lost before is noticed here, what is lost later changes the version.
    for (const path of this.#needed) {
      if (store.isValid(path)) continue;
      if (pending.has(path)) this.#needed.delete(path);
      else this.spoil('the store lost something meanwhile');
    }
    this.#storeVersion = version;
  }

  /** The environment, where every look is noted. */
  watchedEnvironment<T extends Readonly<Record<string, string | undefined>>>(environment: T): T {
    const note = (name: string | symbol): void => {
      if (typeof name === 'string') this.variable(name, environment[name]);
    };
    return new Proxy(environment, {
      get: (target, name) => {
        note(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
      getOwnPropertyDescriptor: (target, name) => {
        note(name);
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      ownKeys: (target) => {
        this.spoil('the whole environment was read'); // names that are not there cannot be noted
        return Reflect.ownKeys(target);
      },
    });
  }

  /** Everything, as data. Only of use where `isRepeatable`. */
  seen(): Seen {
    const kinds = new Map(this.#stays(this.#kinds));
    // One look at the inode answers both questions.
    const fold = (map: ReadonlyMap<Bytes, { hash: string; state: string }>, kind: string): (FileSeen & FolderSeen)[] =>
      [...map].map(([path, { hash, state }]) => {
        const isPlain = kinds.get(path) === kind;
        if (isPlain) kinds.delete(path);
        return { path, hash, state, isPlain };
      });
    return {
      files: fold(this.#files, 'regular'),
      folders: fold(this.#folders, 'directory'),
      kinds: [...kinds],
      realPaths: this.#stays(this.#realPaths),
      existing: this.#stays(this.#existing),
      variables: [...this.#variables],
      sources: this.#sources.filter(({ path }) => !this.#isPassing(path)),
      fetched: this.#fetched,
      store: {
        version: this.#storeVersion ?? '',
        needed: [...this.#needed].map((path) => `${path} `).join(''),
        answers: [...this.#answers.values()],
        built: [...this.#built.values()],
        hostTrees: [...this.#hostTrees.values()],
      },
    };
  }

  #asksStore(): boolean {
    return this.#needed.size + this.#answers.size + this.#built.size > 0;
  }

  #isPassing(path: Bytes): boolean {
    return this.#passing.some((folder) => path === folder || path.startsWith(`${folder}/`));
  }

  #stays<V>(map: ReadonlyMap<Bytes, V>): [Bytes, V][] {
    return this.#passing.length === 0 ? [...map] : [...map].filter(([path]) => !this.#isPassing(path));
  }

  /** The first look counts; another that differs shows that the world changed while it was looked at. */
  #put<K, V>(map: Map<K, V>, key: K, value: V, isEqual: (one: V, other: V) => boolean = Object.is): void {
    const known = map.get(key);
    if (known === undefined) map.set(key, value);
    else if (!isEqual(known, value)) this.spoil('what was looked at changed meanwhile');
  }
}
