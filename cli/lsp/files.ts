/** Texts by path: what the editor holds, before what is on disk; each version parsed once. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Bytes, SourceFile, textToBytes } from '../../base/index.ts';
import {
  type Local,
  type NameTable,
  type NameUse,
  type Node,
  type ParseResult,
  parse,
  resolveNames,
  type SourceKind,
  type Spot,
  spotAt,
  spotsOf,
} from '../../lang/index.ts';
import { type Encoding, Lines, type Range } from './positions.ts';

/** One version of a file. Immutable; the parts are made when first asked for. */
export class File {
  /** Absolute; for what is no file, its URI. */
  readonly path: string;
  readonly source: SourceFile;
  readonly kind: SourceKind;
  readonly #encoding: Encoding;
  readonly #pipes: boolean;
  #parsed: ParseResult | undefined;
  #names: NameTable | undefined;
  #spots: readonly Spot[] | undefined;
  #lines: Lines | undefined;
  #locals: ReadonlyMap<number, Local> | undefined;
  #uses: ReadonlyMap<number, NameUse> | undefined;
  #nameStarts: ReadonlyMap<number, number> | undefined;

  constructor(path: string, text: Bytes, kind: SourceKind, options: { readonly encoding: Encoding; readonly pipes: boolean }) {
    this.path = path;
    this.source = new SourceFile(path, text);
    this.kind = kind;
    this.#encoding = options.encoding;
    this.#pipes = options.pipes;
  }

  get text(): Bytes {
    return this.source.text;
  }
  get uri(): string {
    return uriOf(this.path);
  }
  get parsed(): ParseResult {
    this.#parsed ??= parse(this.source, { kind: this.kind, pipes: this.#pipes });
    return this.#parsed;
  }
  get isBroken(): boolean {
    return this.parsed.diagnostics.length > 0;
  }
  get names(): NameTable {
    this.#names ??= resolveNames(this.parsed.tree, this.text);
    return this.#names;
  }
  get spots(): readonly Spot[] {
    this.#spots ??= spotsOf(this.parsed.tree, this.text);
    return this.#spots;
  }
  get lines(): Lines {
    this.#lines ??= new Lines(this.text, this.#encoding);
    return this.#lines;
  }

  /** The local name that is bound at an offset. */
  localAt(start: number): Local | undefined {
    this.#locals ??= new Map(this.names.locals.flatMap((local) => local.places.map((place) => [place.start, local] as const)));
    return this.#locals.get(start);
  }

  /** The use of a name that begins at an offset. */
  nameUseAt(start: number): NameUse | undefined {
    this.#uses ??= new Map(this.names.uses.map((use) => [use.start, use]));
    return this.#uses.get(start);
  }

  /** Where the name of an attribute stands, by its end: the place of an attribute is that of its whole path. */
  namePlace({ start, end }: Node): Node {
    this.#nameStarts ??= new Map(
      this.spots.filter(({ kind }) => kind === 'key' || kind === 'inherited').map((spot) => [spot.end, spot.start]),
    );
    return { start: this.#nameStarts.get(end) ?? start, end };
  }

  spotAt(offset: number): Spot | undefined {
    return spotAt(this.spots, offset);
  }
  range({ start, end }: { readonly start: number; readonly end: number }): Range {
    return this.lines.range(start, end);
  }
  /** The same file with another text: to try something out. */
  with(text: Bytes): File {
    return new File(this.path, text, this.kind, { encoding: this.#encoding, pipes: this.#pipes });
  }
}

export interface Change {
  readonly range?: Range;
  readonly text: string;
}

const MAX_FILE_BYTES = 1 << 24;

export class Files {
  encoding: Encoding = 'utf-16';
  readonly #pipes: boolean;
  readonly #open = new Map<string, File>();
  readonly #disk = new Map<string, { readonly stamp: string; readonly file: File }>();

  constructor(options: { readonly pipes: boolean }) {
    this.#pipes = options.pipes;
  }

  open(path: string, text: string, language: string): void {
    this.#open.set(path, this.#make(path, textToBytes(text), kindOf(path, language)));
  }

  /** Applies changes in their order; unknown documents are left alone. */
  change(path: string, changes: readonly Change[]): void {
    for (const { range, text } of changes) {
      const file = this.#open.get(path);
      if (file === undefined) return;
      const [from, to] =
        range === undefined ? [0, file.text.length] : [file.lines.offset(range.start), file.lines.offset(range.end)];
      this.#open.set(
        path,
        file.with(file.text.slice(0, Math.min(from, to)) + textToBytes(text) + file.text.slice(Math.max(from, to))),
      );
    }
  }

  close(path: string): void {
    this.#open.delete(path);
  }

  isOpen(path: string): boolean {
    return this.#open.has(path);
  }
  get openPaths(): string[] {
    return [...this.#open.keys()];
  }

  /** `undefined` where there is no such regular file, or one too large to be source. Symlinks are followed. Cost: a stat; a parse where it changed. */
  get(path: string): File | undefined {
    const open = this.#open.get(path);
    if (open !== undefined) return open;
    const stat = path.startsWith('/') ? quietly(() => statSync(path, { bigint: true })) : undefined;
    if (!stat?.isFile() || stat.size > MAX_FILE_BYTES) {
      this.#disk.delete(path);
      return undefined;
    }
    const stamp = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    const known = this.#disk.get(path);
    if (known?.stamp === stamp) return known.file;
    const text = quietly(() => readFileSync(path, 'latin1'));
    if (text === undefined) return undefined;
    const file = this.#make(path, text, kindOf(path, ''));
    this.#disk.set(path, { stamp, file });
    return file;
  }

  /** As it was when last looked at: no system call. */
  peek(path: string): File | undefined {
    return this.#open.get(path) ?? this.#disk.get(path)?.file ?? this.get(path);
  }

  #make(path: string, text: Bytes, kind: SourceKind): File {
    return new File(path, text, kind, { encoding: this.encoding, pipes: this.#pipes });
  }
}

const kindOf = (path: string, language: string): SourceKind =>
  path.endsWith('.nix') || (language === 'nix' && !path.endsWith('.igos')) ? 'nix' : 'igos';

export function pathOf(uri: string): string {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  } catch {
    return uri; // file://host/…: kept apart from all paths, for they begin with '/'
  }
}

export const uriOf = (path: string): string => (path.startsWith('/') ? pathToFileURL(path).href : path);

/** What the disk says, if it says anything: names of files are whatever somebody is typing. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
