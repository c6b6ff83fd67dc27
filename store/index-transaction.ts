/** The writing side of the index. */
import { compareBytes } from '../base/index.ts';
import { GraphWriter, isCurrent } from './graph-table.ts';
import {
  cacheKey,
  decodeRecord,
  MAX_BASE_LENGTH,
  nodeOf,
  type PathRecord,
  pathKey,
  realisationKey,
  referencesOf,
} from './index-record.ts';
import type { Tables } from './index-tables.ts';
import { hashPartLength, storePathBase } from './store-path.ts';
import type { PathInfo, Realisation, StorePath } from './types.ts';

/** The writing side of the index, inside of `StoreIndex.write`. */
export class IndexTransaction {
  readonly #tables: Tables;
  readonly #storeDir: string;
  readonly #readNewest: () => number;
  #newestNumber: number | undefined;
  readonly #nodes = new Map<string, number>();
  #graph: GraphWriter | undefined;
  #writes: boolean = false;

  /** @param newest  the number of the last transaction that was committed */
  constructor(tables: Tables, storeDir: string, newest: () => number) {
    this.#tables = tables;
    this.#storeDir = storeDir;
    this.#readNewest = newest;
  }

  /** The same as long as this lasts: nobody else writes. */
  get #newest(): number {
    this.#newestNumber ??= this.#readNewest();
    return this.#newestNumber;
  }

  /** Whether nobody wrote since the transaction of this number. */
  isFirstAfter(transaction: number): boolean {
    return this.#newest === transaction;
  }

  /** Of the index, if this writes anything. */
  get number(): number {
    return this.#newest + 1;
  }

  /** Called once, at the end. */
  finish(): void {
    if (!this.#writes) return;
    // What else was written does not touch the graph, but would make it look old.
    if (this.#graph === undefined && isCurrent(this.#tables.graph, this.#newest))
      this.#graph = new GraphWriter(this.#tables.graph!);
    this.#graph?.flush(this.number);
  }

  /** The graph as it is before this transaction, made anew where somebody wrote who does not know it. */
  #writableGraph(): GraphWriter {
    this.#writes = true;
    if (this.#graph !== undefined) return this.#graph;
    const { graph, paths } = this.#tables;
    this.#graph = new GraphWriter(graph!);
    if (isCurrent(graph, this.#newest)) return this.#graph;
    this.#graph.clear();
    const records = Array.from(paths.getRange(), ({ key, value }) => ({ base: key, record: JSON.parse(value) as PathRecord }));
    // Together what was registered together.
    records.sort((a, b) => a.record.registeredAt - b.record.registeredAt);
    for (const { base } of records) this.#nodes.set(base, this.#graph.allocate());
    for (const { base, record } of records) this.#putRecord(base, record);
    return this.#graph;
  }

  /** Of a path that is valid, or will be when this transaction ends. */
  #node(base: string): number {
    const known = this.#nodes.get(base) ?? nodeOf(this.#tables.paths.get(base) ?? '');
    const node = known ?? this.#writableGraph().allocate();
    this.#nodes.set(base, node);
    return node;
  }

  #putRecord(base: string, record: PathRecord): void {
    const graph = this.#writableGraph();
    const node = this.#node(base);
    this.#tables.paths.putSync(base, JSON.stringify(Object.assign({ node }, record, { node })));
    const { narSizeBytes, registeredAt, deriver, references } = record;
    graph.put(node, [base, narSizeBytes, registeredAt, deriver ?? '', ...references.map((each) => this.#node(each))]);
  }

  info(path: StorePath): PathInfo | undefined {
    const value = this.#tables.paths.get(pathKey(path));
    return value === undefined ? undefined : decodeRecord(path, value, this.#storeDir);
  }

  /** Every path with what it refers to. Cost: one look at each record. */
  *allReferences(): Iterable<readonly [path: StorePath, references: readonly StorePath[]]> {
    const toPath = (base: string): StorePath => `${this.#storeDir}/${base}` as StorePath;
    for (const { key, value } of this.#tables.paths.getRange()) yield [toPath(key), referencesOf(value).map(toPath)];
  }

  /** Forgets a path, if it is there. That nothing valid refers to it is the caller's to see to. */
  remove(path: StorePath): void {
    const base = storePathBase(path);
    const graph = this.#writableGraph();
    if (!this.#tables.paths.doesExist(base)) return;
    graph.remove(this.#node(base));
    this.#nodes.delete(base);
    this.#tables.paths.removeSync(base);
    this.#tables.manifests.removeSync(base);
  }

  /** Forgets the realisations that lead to a path, and what is remembered in the cache by naming one. Cost: one look at each. */
  forgetMentions(isGone: (base: string) => boolean): void {
    const { realisations, cache } = this.#tables;
    for (const { key, value } of [...realisations.getRange()]) {
      if (isGone(value)) this.#changing(realisations).removeSync(key);
    }
    const mention = new RegExp(`${this.#storeDir.replace(/[^\w/]/g, '\\$&')}/([0-9a-z]{${hashPartLength}}-[\\w+.?=-]+)`, 'g');
    for (const { key, value } of [...cache.getRange()]) {
      for (const [, base] of value.toString('latin1').matchAll(mention)) {
        if (!isGone(base!)) continue;
        this.#changing(cache).removeSync(key);
        break;
      }
    }
  }

  has(path: StorePath): boolean {
    return this.#tables.paths.doesExist(pathKey(path));
  }

  /** By base name, which may be none that a store path could have. */
  hasBase(base: string): boolean {
    return base.length <= MAX_BASE_LENGTH && this.#tables.paths.doesExist(base);
  }

  put(info: PathInfo, packedManifest: Buffer): void {
    const { path, references, deriver, ...rest } = info;
    const base = storePathBase(path);
    this.#putRecord(base, {
      ...rest,
      references: references.map(storePathBase),
      ...(deriver === undefined ? {} : { deriver: storePathBase(deriver) }),
    });
    this.#tables.manifests.putSync(base, packedManifest);
  }

  /** Nothing where the path is gone. */
  addSignatures(path: StorePath, added: readonly string[]): void {
    const text = this.#tables.paths.get(pathKey(path));
    if (text === undefined) return;
    const record = JSON.parse(text) as PathRecord;
    const signatures = [...new Set([...(record.signatures ?? []), ...added])].sort(compareBytes);
    this.#putRecord(pathKey(path), { ...record, signatures });
  }

  putRealisation({ drvPath, output, path }: Realisation): void {
    this.#changing(this.#tables.realisations).putSync(realisationKey(drvPath, output), storePathBase(path));
  }

  putCache(key: string, value: string): void {
    this.#changing(this.#tables.cache).putSync(cacheKey(key), Buffer.from(value, 'utf8'));
  }

  /** A table that does not belong to the graph, about to be written. */
  #changing<T>(table: T): T {
    this.#writes = true;
    return table;
  }
}
