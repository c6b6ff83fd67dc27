/**
 * `style = debianSeed { lock = ./seed.lock; packages = [ "gcc" ]; }`: a package whose files are those of Debian packages, pinned by a lock
 * file and fetched by their hashes. What a tree is first built with, without a program of the machine.
 *
 * @source docs/seed.md
 */
import { type Bytes, bytesToText, didYouMean, Fault, type Span } from '../../base/index.ts';
import { type Attrs, attrsFromMap } from '../attrs.ts';
import { PathValue, type Slot, withContext } from '../value.ts';
import type { DeclarationCode } from './codes.ts';
import { pathHint } from './path-hint.ts';
import { entries, force, type Reading, readLine, readPatterns, readStrings, wrong, wrongType } from './read-field.ts';
import type { Realm } from './realm.ts';
import type { Recipe } from './recipe.ts';
import { debianArchitecture, type LockedPackage, parseSeedLock, type SeedLock } from './seed-lock.ts';

/** The style as it is written. */
export interface SeedSpec {
  /** Absolute path of the lock file. */
  readonly lock: Bytes;
  /** Names of Debian packages; what they depend on comes along. */
  readonly packages: readonly string[];
  /** Names that do not come along. */
  readonly without: readonly string[];
  readonly omit: readonly string[];
  /** Path → target. */
  readonly links: ReadonlyMap<string, string>;
  /** Addresses of mirrors, asked after those of this machine's apt. */
  readonly mirrors: readonly string[];
  readonly span: Span | undefined;
}

/** What `igos seed lock` needs to know of a package. */
export interface DeclaredSeed {
  /** Name of the package that is made of it. */
  readonly name: string;
  /** Absolute path; the file need not be there. */
  readonly lock: string;
  readonly packages: readonly string[];
  readonly without: readonly string[];
}

/** @param option  gives the reading of an option that was set @throws Fault E-DECL-002 no lock, no packages · E-DECL-003 wrong type */
export function readSeed(reading: Reading, option: (name: string) => Reading | undefined): SeedSpec {
  const need = (name: string): Reading => {
    const found = option(name);
    if (found !== undefined) return found;
    const { span, subject } = reading.place;
    throw new Fault('E-DECL-002', `the style of ${subject} has no '${name}'`, {
      labels: span === undefined ? [] : [{ ...span, text: '' }],
      hints: ['write it like: style = debianSeed { lock = ./seed.lock; packages = [ "gcc" "make" ]; };'],
    });
  };
  const strings = (name: string): readonly string[] => {
    const found = option(name);
    return found === undefined ? [] : readStrings(found, new Set());
  };
  const lockReading = need('lock');
  const lock = force(lockReading);
  if (!(lock instanceof PathValue)) throw wrongType(lockReading, lock, typeof lock === 'string' ? pathHint(lock) : undefined);
  const packagesReading = need('packages');
  const packages = readStrings(packagesReading, new Set());
  if (packages.length === 0) throw wrong(packagesReading, 'is empty');
  const omit = option('omit');
  const links = option('links');
  return {
    lock: lock.path,
    packages,
    without: strings('without'),
    omit: omit === undefined ? [] : readPatterns(omit),
    links: links === undefined ? new Map() : readLinks(links),
    mirrors: strings('mirrors'),
    span: reading.place.span,
  };
}

function readLinks(reading: Reading): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const [path, entry, key] of entries(reading)) {
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw wrong(key, `names '${path}', which is not relative to the root`, { hint: 'write it like "usr/bin/cc"' });
    links.set(path, readLine(entry));
  }
  return links;
}

/** The derivation that unpacks the packages, with one fetch for each. @throws Fault E-DECL-040 lock · E-DECL-041 not in the lock */
export function deriveSeed(recipe: Recipe, spec: SeedSpec, strict: (attributes: Attrs) => Attrs): Attrs {
  const { realm } = recipe;
  const context = new Set<string>();
  const paths = lockedClosure(recipe, spec).map((each) => {
    const { file } = each;
    const base = file.slice(file.lastIndexOf('/') + 1);
    const fetched = strict(
      attrsFromMap(
        new Map<string, Slot>([
          ['builder', 'builtin:fetchurl'],
          ['name', base.replace(/[^A-Za-z0-9+._?=-]/g, '-')],
          ['outputHash', each.sha256],
          ['outputHashAlgo', 'sha256'],
          ['outputHashMode', 'flat'],
          ['preferLocalBuild', true],
          ['system', 'builtin'],
          ['url', `debian-binary:${file}`],
          ['urls', [`debian-binary:${file}`, ...spec.mirrors.map((mirror) => `${mirror.replace(/\/+$/, '')}/${file}`)]],
        ]),
      ),
    );
    return realm.evaluator.forceString(fetched.get('out')!, 'the path of a Debian package', context);
  });
  return strict(
    attrsFromMap(
      new Map<string, Slot>([
        ['__contentAddressed', true],
        ['builder', 'builtin:unpackDebian'],
        ['debs', withContext(paths.join(' '), context)],
        ['links', JSON.stringify(Object.fromEntries(spec.links))],
        ['name', `${recipe.name}-${recipe.version}`],
        ['omit', JSON.stringify(spec.omit)],
        ['outputHashAlgo', 'sha256'],
        ['outputHashMode', 'recursive'],
        ['preferLocalBuild', true],
        ['system', 'builtin'],
      ]),
    ),
  );
}

/** The packages named and all that they need, sorted by name. */
function lockedClosure(recipe: Recipe, spec: SeedSpec): LockedPackage[] {
  const { realm } = recipe;
  const system = systemOf(realm);
  const architecture = debianArchitecture(system) ?? system;
  const locked = readLock(realm, spec).get(architecture);
  const path = displayPath(realm, spec.lock);
  if (locked === undefined) throw notLocked(spec, `'${path}' holds no packages for ${architecture}`);
  const found = new Map<string, LockedPackage>();
  const waiting = [...spec.packages];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name) || spec.without.includes(name)) continue;
    const each = locked.get(name);
    if (each === undefined) throw notLocked(spec, `'${name}' is not in the lock '${path}'`, didYouMean(name, locked.keys()));
    found.set(name, each);
    waiting.push(...each.needs);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const locks = new WeakMap<Realm, Map<Bytes, SeedLock>>();

/** Each file is read once an evaluation. */
function readLock(realm: Realm, spec: SeedSpec): SeedLock {
  let known = locks.get(realm);
  if (known === undefined) {
    known = new Map();
    locks.set(realm, known);
  }
  let lock = known.get(spec.lock);
  if (lock === undefined) {
    const path = displayPath(realm, spec.lock);
    if (!realm.evaluator.io.pathExists(spec.lock)) throw notLocked(spec, `there is no lock file '${path}'`);
    lock = parseSeedLock(bytesToText(realm.evaluator.io.readFile(spec.lock)), path);
    known.set(spec.lock, lock);
  }
  return lock;
}

function systemOf(realm: Realm): string {
  const { evaluator } = realm;
  const builtins = evaluator.forceAttrs(evaluator.globals.get('builtins')!, 'builtins');
  return evaluator.forceString(evaluator.getAttr(builtins, 'currentSystem', 'builtins'), 'the system');
}

const displayPath = (realm: Realm, path: Bytes): string => realm.evaluator.settings.displayPath?.(path) ?? bytesToText(path);

const notLocked = (spec: SeedSpec, message: string, hints: readonly string[] = []): Fault =>
  new Fault('E-DECL-041' satisfies DeclarationCode, message, {
    labels: spec.span === undefined ? [] : [{ ...spec.span, text: 'asked for here' }],
    hints: [...hints, 'write or refresh it: igos seed lock TREE'],
  });
