/**
 * A list of Debian packages (`Packages`, or what `apt-cache dumpavail` prints): which versions there are, and what they need. It comes
 * from outside: every field that is used is checked when it is read.
 *
 * @source deb822(5); Debian repository format, "Packages indices"
 */
import { compareBytes, isPlainPath } from '../../base/index.ts';
import { buildFault } from '../build-fault.ts';
import { compareDebianVersions } from './compare-versions.ts';
import { type Alternative, parseRelations } from './relations.ts';

/** One version of a package that can be fetched. */
export interface IndexedPackage {
  readonly name: string;
  readonly version: string;
  /** `amd64`, …, or `all`. */
  readonly architecture: string;
  /** Path of the .deb below the mirror's address. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** What `Pre-Depends` and `Depends` ask for, in this order. */
  readonly depends: readonly (readonly Alternative[])[];
}

/** No .deb is larger, for all that we believe. */
const MAX_DEB_BYTES = 4e9;

/** The packages of one architecture in some lists. Cost: 0.3 s for the 60,000 of a Debian release; each is read when asked for. */
export class PackageIndex {
  readonly #architecture: string;
  /** Name → the stanzas of its versions, as text. */
  readonly #stanzas = new Map<string, string[]>();
  readonly #versions = new Map<string, readonly IndexedPackage[]>();
  #providers: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(texts: Iterable<string>, architecture: string) {
    this.#architecture = architecture;
    for (const text of texts) this.#add(text);
  }

  get isEmpty(): boolean {
    return this.#stanzas.size === 0;
  }

  names(): Iterable<string> {
    return this.#stanzas.keys();
  }

  /** Newest first. @throws Fault E-BUILD-052 an entry is not what it should be */
  versions(name: string): readonly IndexedPackage[] {
    let found = this.#versions.get(name);
    if (found === undefined) {
      const byVersion = new Map<string, IndexedPackage>();
      for (const stanza of this.#stanzas.get(name) ?? []) {
        const each = this.#read(name, stanza);
        if (each !== undefined && !byVersion.has(each.version)) byVersion.set(each.version, each);
      }
      found = [...byVersion.values()].sort((a, b) => compareDebianVersions(b.version, a.version));
      this.#versions.set(name, found);
    }
    return found;
  }

  /** Packages that say they are also `name`, sorted. */
  providers(name: string): readonly string[] {
    this.#providers ??= this.#readProviders();
    return this.#providers.get(name) ?? [];
  }

  #add(text: string): void {
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf('\n\n', start);
      const stanza = text.slice(start, end === -1 ? text.length : end);
      start = end === -1 ? text.length : end + 2;
      const name = /(?:^|\n)Package: *([^\n]*)/.exec(stanza)?.[1];
      if (name === undefined) continue;
      const known = this.#stanzas.get(name);
      if (known === undefined) this.#stanzas.set(name, [stanza]);
      else known.push(stanza);
    }
  }

  /** `undefined`: for another architecture, or not to be had from anywhere. */
  #read(name: string, stanza: string): IndexedPackage | undefined {
    const field = (name: string): string | undefined =>
      new RegExp(`(?:^|\\n)${name}: *([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, 'i').exec(stanza)?.[1]?.replace(/\s+/g, ' ').trim();
    const architecture = field('Architecture') ?? '';
    const file = field('Filename');
    if (file === undefined || (architecture !== this.#architecture && architecture !== 'all')) return undefined;
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw badEntry(name, 'that is no name of a package');
    // Found by one name, it must not go by another.
    if (field('Package') !== name) throw badEntry(name, `it also says to be '${field('Package') ?? ''}'`);
    const version = field('Version') ?? '';
    if (!/^(?:\d+:)?[0-9A-Za-z][0-9A-Za-z.+~:-]*$/.test(version)) throw badEntry(name, `'${version}' is no version`);
    const path = file.replace(/^(?:\.\/+)+/, '');
    if (!isPlainPath(path)) throw badEntry(name, `'${file}' is no path of a file on the mirror`);
    const sha256 = field('SHA256') ?? '';
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw badEntry(name, sha256 === '' ? 'it has no SHA-256' : `'${sha256}' is no SHA-256`);
    const sizeBytes = Number(/^\d{1,12}$/.exec(field('Size') ?? '')?.[0] ?? Number.NaN);
    if (!(sizeBytes > 0 && sizeBytes < MAX_DEB_BYTES)) throw badEntry(name, `'${field('Size') ?? ''}' is no size of a package`);
    const depends = ['Pre-Depends', 'Depends'].flatMap((relation) => {
      const text = field(relation) ?? '';
      const groups = parseRelations(text);
      if (groups === undefined) throw badEntry(name, `'${text}' is no list of packages`);
      return groups;
    });
    return { name, version, architecture, file: path, sizeBytes, sha256, depends };
  }

  #readProviders(): ReadonlyMap<string, readonly string[]> {
    const providers = new Map<string, Set<string>>();
    for (const [name, stanzas] of this.#stanzas)
      for (const stanza of stanzas) {
        const text = /\nProvides: *([^\n]*)/.exec(stanza)?.[1];
        for (const [provided] of text === undefined ? [] : (parseRelations(text) ?? [])) {
          const known = providers.get(provided!.name);
          if (known === undefined) providers.set(provided!.name, new Set([name]));
          else known.add(name);
        }
      }
    return new Map([...providers].map(([name, names]) => [name, [...names].sort(compareBytes)]));
  }
}

const badEntry = (name: string, reason: string) =>
  buildFault('E-BUILD-052', `the list of packages has a bad entry for '${name}': ${reason}`, {
    hints: ['refresh the lists (apt-get update), or name a mirror: --mirror "URL SUITE main"'],
  });
