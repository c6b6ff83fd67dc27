/**
 * A `package.yml` of InterGenOS: every field that its tools read, checked where they only hope.
 *
 * @source the fields are those of igos-build's parser (21), and of the scripts around it: verify_paths, tests, build_artifacts,
 *   payload_license, pending_acquisition
 */
import { Fault, type SourceFile } from '../../base/index.ts';
import type { Finding } from '../report.ts';
import { readYaml, type YamlEntry, type YamlMap, type YamlScalar, type YamlValue, yamlData } from '../yaml.ts';

export const TIERS = ['toolchain', 'core', 'base', 'desktop', 'ai', 'extra'] as const;
const STYLES = ['autotools', 'cmake', 'meson', 'make', 'custom'] as const;
export const EDGES = ['build', 'host', 'runtime'] as const;

export type TierName = (typeof TIERS)[number];
export type EdgeKind = (typeof EDGES)[number];

export interface Dependency {
  readonly name: string;
  readonly comment?: string;
}
export interface RecipeSource {
  /** With `${…}` as it was written. */
  readonly url: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly filename?: string;
  readonly comment?: string;
}
export interface TestPolicy {
  readonly isEnabled: boolean;
  readonly policy: 'strict' | 'known_failures';
  readonly reason?: string;
}

export interface Recipe {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly summary: string;
  readonly license: string;
  readonly homepage?: string;
  readonly tier: TierName;
  readonly style: (typeof STYLES)[number];
  readonly sources: readonly RecipeSource[];
  readonly patches: readonly { readonly file: string; readonly sha256?: string }[];
  readonly dependencies: Readonly<Record<EdgeKind, readonly Dependency[]>>;
  readonly flags: readonly string[];
  readonly installFunction: string;
  readonly isDirectInstall: boolean;
  readonly supersedes: readonly string[];
  readonly bundled: readonly { readonly source: string; readonly place: string }[];
  readonly targetTriple?: string;
  readonly verifyPaths: readonly string[];
  readonly tests?: TestPolicy;
  /** Why its source is not there yet. */
  readonly pending?: string;
  /** File names of `build_artifacts`, with `${version}` as it was written. */
  readonly artifacts: readonly string[];
  /** What only tools read, under names of our own. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** Comments that stand at no dependency and no source. */
  readonly comments: readonly string[];
}

/** What a package may be called; also what its folder and its file may be called. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9+._-]*$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9+._?=-]*$/;
/** As build.sh can define one. */
const FUNCTION = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const FILE = /^(?!\.)[A-Za-z0-9+._?=~@-]+$/;

/**
 * Reads one recipe.
 *
 * @param folder  the tier and the name that its place says
 * @throws Fault E-IMPORT-002, 003, 004, 007
 */
export function readRecipe(source: SourceFile, folder: { readonly name: string }, findings: Finding[]): Recipe {
  const map = readYaml(source);
  const seen = new Set<string>();
  const comments: string[] = [...map.comments];
  // until it is known: YAML takes a name like `y` for something else, of which something is to be told
  let { name } = folder;
  const find = (kind: Finding['kind'], about: string, said: string): void => {
    findings.push({ kind, name, about, text: said });
  };
  name = requireName(text('name'), 'package');
  if (name !== folder.name) find('odd', 'name', `the folder is called '${folder.name}'`);

  const recipe: Recipe = {
    name,
    version: requireVersion(text('version')),
    release: release(),
    summary: oneLine('description'),
    license: oneLine('license'),
    ...present('homepage', optionalText('homepage')),
    tier: oneOf('tier', TIERS, 'core'),
    style: oneOf('build_style', STYLES),
    sources: list('source', true).map((item, index) => readSource(item, index)),
    patches: list('patches').map((item, index) => readPatch(item, index)),
    dependencies: readDependencies(),
    flags: list('configure_flags').map((item) => scalar(item, 'configure_flags').text),
    installFunction: installFunction(),
    isDirectInstall: bool('direct_install', false),
    supersedes: list('supersedes').map((item) => requireName(scalar(item, 'supersedes'), 'package')),
    bundled: list('bundled_deps').flatMap((item) => readBundled(scalar(item, 'bundled_deps').text)),
    ...present('targetTriple', optionalText('target_triple')),
    verifyPaths: list('verify_paths').map((item) => absolutePath(scalar(item, 'verify_paths'))),
    ...present('tests', readTests()),
    ...present('pending', readPending()),
    meta: readMeta(),
    artifacts: [],
    comments: [],
  };
  if (bool('skip_tracking', false)) find('lost', 'skip_tracking', 'every file of a package is known to pkm');
  for (const [key, entry] of map.entries) {
    if (seen.has(key)) continue;
    const data = JSON.stringify(yamlData(entry.value));
    find(
      'unknown',
      key,
      `'${key}' is read by no tool of InterGenOS; it says ${data.length > 200 ? `${data.slice(0, 200)}…` : data}`,
    );
  }
  if (recipe.supersedes.includes(name)) throw wrong(entryOf('supersedes')!.value, `'supersedes' names '${name}' itself`);
  const made = (recipe.meta['buildArtifacts'] ?? []) as readonly { readonly name?: string }[];
  return { ...recipe, artifacts: made.flatMap((each) => each.name ?? []), comments };

  function entryOf(key: string): YamlEntry | undefined {
    const entry = map.entries.get(key);
    if (entry !== undefined && !seen.has(key)) {
      seen.add(key);
      comments.push(...entry.comments);
    }
    return entry;
  }

  function required(key: string): YamlEntry {
    const entry = entryOf(key);
    if (entry !== undefined) return entry;
    throw new Fault('E-IMPORT-003', `'${source.name}' has no '${key}'`, {
      labels: [{ source, start: map.start, end: Math.min(map.start + 1, source.text.length), text: 'a recipe must have it' }],
    });
  }

  function wrong(at: YamlValue, message: string, expected = ''): Fault {
    return new Fault('E-IMPORT-003', `${message} in '${source.name}'`, { labels: [{ ...at, text: expected }] });
  }

  function scalar(value: YamlValue, key: string): YamlScalar {
    if (value.kind !== 'scalar' || value.value === null) throw wrong(value, `'${key}' is not text`, 'expected text');
    if (typeof value.value !== 'string' && key !== 'release') {
      // PyYAML makes a number or a boolean of it, and igos-build makes text of that again.
      find('odd', key, `not in quotes, so YAML takes '${value.text}' for a ${typeof value.value}; it is kept as it was written`);
    }
    return value;
  }

  function text(key: string): YamlScalar {
    return scalar(required(key).value, key);
  }

  function oneLine(key: string): string {
    const value = text(key).text.trim();
    if (value === '') throw wrong(required(key).value, `'${key}' is empty`);
    if (!/[\n\r\0]/.test(value)) return value;
    find('changed', key, 'has several lines; they are joined to one');
    return value.replace(/[\n\r\0]+/g, ' ');
  }

  function optionalText(key: string): string | undefined {
    const entry = entryOf(key);
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return undefined;
    const value = scalar(entry.value, key).text.trim();
    return value === '' ? undefined : value.replace(/[\n\r\0]+/g, ' ');
  }

  function release(): number {
    const value = text('release');
    const number = Number(value.text);
    if (Number.isInteger(number) && number >= 1) return number;
    throw wrong(value, `'release' is '${value.text}'`, 'expected a whole number from 1');
  }

  function bool(key: string, orElse: boolean): boolean {
    const entry = entryOf(key);
    if (entry === undefined) return orElse;
    if (entry.value.kind === 'scalar' && typeof entry.value.value === 'boolean') return entry.value.value;
    throw wrong(entry.value, `'${key}' is neither true nor false`);
  }

  function oneOf<T extends string>(key: string, allowed: readonly T[], orElse?: T): T {
    if (orElse !== undefined && !map.entries.has(key)) return orElse;
    const value = text(key);
    if ((allowed as readonly string[]).includes(value.text)) return value.text as T;
    throw wrong(value, `'${key}' is '${value.text}'`, `expected one of: ${allowed.join(', ')}`);
  }

  function list(key: string, isRequired = false): readonly YamlValue[] {
    const entry = isRequired ? required(key) : entryOf(key);
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return [];
    if (entry.value.kind === 'list') return entry.value.items;
    throw wrong(entry.value, `'${key}' is not a list`, 'expected a list');
  }

  function mapOf(value: YamlValue, what: string): YamlMap {
    if (value.kind === 'map') return value;
    throw wrong(value, `${what} is not a map`, 'expected a map');
  }

  function requireName(value: YamlScalar, what: string): string {
    if (NAME.test(value.text)) return value.text;
    throw new Fault('E-IMPORT-004', `'${value.text}' is not a name for a ${what}, in '${source.name}'`, {
      labels: [{ ...value, text: 'letters, digits, + . _ and - only' }],
    });
  }

  function requireVersion(value: YamlScalar): string {
    if (VERSION.test(value.text)) return value.text;
    throw new Fault('E-IMPORT-004', `'${value.text}' is not a version, in '${source.name}'`, {
      labels: [{ ...value, text: 'letters, digits and + . _ ? = - only' }],
    });
  }

  function requireFile(value: YamlScalar): string {
    if (FILE.test(value.text)) return value.text;
    throw new Fault('E-IMPORT-004', `'${value.text}' is not the name of a file, in '${source.name}'`, {
      labels: [{ ...value, text: 'a name, not a path' }],
    });
  }

  function installFunction(): string {
    const called = optionalText('install_func') ?? 'do_install';
    if (FUNCTION.test(called)) return called;
    const { value } = map.entries.get('install_func')!;
    throw new Fault('E-IMPORT-004', `'${called}' is not a name for a function, in '${source.name}'`, {
      labels: [{ ...value, text: 'letters, digits, _ and - only' }],
    });
  }

  function absolutePath(value: YamlScalar): string {
    const steps = value.text.split('/');
    if (value.text.startsWith('/') && !steps.includes('..') && !/[\n\0]/.test(value.text)) return value.text;
    throw new Fault('E-IMPORT-004', `'${value.text}' is not an absolute path, in '${source.name}'`, {
      labels: [{ ...value, text: 'expected a path from / on, without ..' }],
    });
  }

  function part(of: YamlMap, key: string, names: Set<string>): YamlScalar | undefined {
    names.add(key);
    const entry = of.entries.get(key);
    return entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)
      ? undefined
      : scalar(entry.value, key);
  }

  function others(of: YamlMap, names: ReadonlySet<string>, where: string): void {
    for (const [key, { value }] of of.entries) {
      if (!names.has(key))
        find('unknown', `${where}.${key}`, `is read by no tool of InterGenOS; it says ${JSON.stringify(yamlData(value))}`);
    }
  }

  function readSource(item: YamlValue, index: number): RecipeSource {
    const of = mapOf(item, `source ${index + 1}`);
    const names = new Set<string>();
    const url = part(of, 'url', names);
    const hash = part(of, 'sha256', names);
    if (url === undefined || hash === undefined) {
      throw wrong(of, `source ${index + 1} has no '${url === undefined ? 'url' : 'sha256'}'`);
    }
    if (!/^[0-9a-f]{64}$/.test(hash.text)) throw wrong(hash, "'sha256' is no SHA-256", 'expected 64 hexadecimal digits');
    if (/[\s\0]/.test(url.text)) throw wrong(url, `'url' has a blank`);
    const filename = part(of, 'filename', names);
    const comment = [...of.comments, ...[...of.entries.values()].flatMap((entry) => entry.comments)].join('\n');
    others(of, names, 'source');
    return {
      url: url.text,
      sha256: hash.text,
      ...present('filename', filename === undefined ? undefined : requireFilename(filename)),
      ...present('comment', comment === '' ? undefined : comment),
    };
  }

  /** May hold `${version}`. */
  function requireFilename(value: YamlScalar): string {
    requireFile({ ...value, text: value.text.replace(/\$\{\w+\}/g, 'x') });
    return value.text;
  }

  function readPatch(item: YamlValue, index: number): Recipe['patches'][number] {
    if (item.kind === 'scalar') return { file: requireFile(scalar(item, 'patches')) };
    const of = mapOf(item, `patch ${index + 1}`);
    const names = new Set<string>();
    const file = part(of, 'file', names);
    if (file === undefined) throw wrong(of, `patch ${index + 1} has no 'file'`);
    const hash = part(of, 'sha256', names);
    comments.push(...of.comments, ...[...of.entries.values()].flatMap((entry) => entry.comments));
    others(of, names, 'patches');
    return { file: requireFile(file), ...present('sha256', hash?.text) };
  }

  function readDependencies(): Recipe['dependencies'] {
    const found: Record<EdgeKind, readonly Dependency[]> = { build: [], host: [], runtime: [] };
    const entry = entryOf('dependencies');
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return found;
    const of = mapOf(entry.value, "'dependencies'");
    for (const kind of EDGES) {
      const inner = of.entries.get(kind);
      if (inner === undefined || (inner.value.kind === 'scalar' && inner.value.value === null)) continue;
      comments.push(...inner.comments);
      if (inner.value.kind !== 'list')
        throw wrong(inner.value, `'dependencies.${kind}' is not a list`, 'expected a list of names');
      const names = new Set<string>();
      found[kind] = inner.value.items.flatMap((item) => {
        const value = scalar(item, `dependencies.${kind}`);
        const needed = requireName(value, 'package');
        if (names.has(needed)) {
          find('odd', `dependencies.${kind}`, `names '${needed}' twice`);
          return [];
        }
        names.add(needed);
        return [{ name: needed, ...present('comment', value.comments.length === 0 ? undefined : value.comments.join('\n')) }];
      });
    }
    others(of, new Set(EDGES), 'dependencies');
    return found;
  }

  function readBundled(line: string): Recipe['bundled'] {
    const match = /^(\S+) -> (\S+)$/.exec(line);
    if (match === null) {
      find('unknown', 'bundled_deps', `'${line}' is not read: it is not of the form NAME -> PLACE`);
      return [];
    }
    const place = match[2]!;
    if (place.startsWith('/') || place.split('/').includes('..')) {
      throw new Fault('E-IMPORT-004', `bundled_deps of '${name}' leads out of its sources: '${place}'`);
    }
    return [{ source: match[1]!, place }];
  }

  function readTests(): TestPolicy | undefined {
    const entry = entryOf('tests');
    if (entry === undefined) return undefined;
    const of = mapOf(entry.value, "'tests'");
    const enabled = of.entries.get('enabled')?.value;
    const names = new Set(['enabled']);
    const policy = part(of, 'failure_policy', names)?.text ?? 'strict';
    const reason = part(of, 'reason', names)
      ?.text.replace(/[\n\r\0]+/g, ' ')
      .trim();
    if (policy !== 'strict' && policy !== 'known_failures') {
      throw wrong(entry.value, `'failure_policy' is '${policy}'`, 'expected strict or known_failures');
    }
    if (enabled !== undefined && (enabled.kind !== 'scalar' || typeof enabled.value !== 'boolean')) {
      throw wrong(enabled, "'tests.enabled' is neither true nor false");
    }
    const isEnabled = enabled === undefined || (enabled as YamlScalar).value === true;
    if ((!isEnabled || policy === 'known_failures') && (reason === undefined || reason === '')) {
      find('odd', 'tests', 'an exception without a reason fails in InterGenOS');
    }
    others(of, names, 'tests');
    return { isEnabled, policy, ...present('reason', reason === '' ? undefined : reason) };
  }

  function readPending(): string | undefined {
    const value = entryOf('pending_acquisition')?.value;
    if (value === undefined) return undefined;
    if (value.kind === 'scalar' && typeof value.value === 'string' && value.value.trim() !== '') {
      return value.text.trim().replace(/[\n\r\0]+/g, ' ');
    }
    throw wrong(value, "'pending_acquisition' gives no reason", 'expected text');
  }

  /** Fields that change no build: in the words of our own language. */
  function readMeta(): Record<string, unknown> {
    const meta: Record<string, unknown> = {};
    const entry = (key: string): YamlValue | undefined => entryOf(key)?.value;
    const iso = entry('iso_include');
    if (iso !== undefined && !(iso.kind === 'scalar' && iso.value === null)) meta['isoInclude'] = bool('iso_include', false);
    const payload = optionalText('payload_license');
    if (payload !== undefined) meta['payloadLicense'] = payload;
    const artifacts = entry('build_artifacts');
    if (artifacts !== undefined) {
      meta['buildArtifacts'] = list('build_artifacts').map((item) => {
        const of = mapOf(item, "an item of 'build_artifacts'");
        const names = new Set<string>();
        const file = part(of, 'name', names)?.text;
        const by = part(of, 'generated_by', names)?.text;
        others(of, names, 'build_artifacts');
        return { ...present('name', file), ...present('generatedBy', by) };
      });
    }
    const validation = list('validation').map((item) => {
      const of = mapOf(item, "an item of 'validation'");
      const names = new Set(['fatal']);
      const type = part(of, 'type', names);
      if (type === undefined) throw wrong(of, "an item of 'validation' has no 'type'");
      const fatal = of.entries.get('fatal')?.value;
      const rest = {
        ...present('description', part(of, 'description', names)?.text),
        ...present('script', part(of, 'script', names)?.text),
        ...present('expectContains', part(of, 'expect_contains', names)?.text),
      };
      others(of, names, 'validation');
      return { type: type.text, ...rest, fatal: fatal === undefined ? true : yamlData(fatal) === true };
    });
    if (validation.length > 0) meta['validation'] = validation;
    const pass = entry('pass_number');
    if (pass !== undefined && !(pass.kind === 'scalar' && pass.value === null)) {
      if (pass.kind !== 'scalar' || !Number.isInteger(pass.value)) throw wrong(pass, "'pass_number' is no whole number");
      meta['passNumber'] = pass.value;
    }
    return meta;
  }
}

const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
