/**
 * What InterGenOS's validate scripts know about its packages, as data of the tree: `igos check` holds the tree to it. The lists
 * are read out of the scripts of the checkout; nothing is run, and what cannot be read is reported.
 */
import type { Folder } from '../folder.ts';
import { reference } from '../names.ts';
import type { Finding } from '../report.ts';
import { writeList, writeName, writeString } from '../written.ts';
import { pythonStrings } from './python-data.ts';
import { type Recipe, TIERS, type TierName } from './recipe.ts';

type Find = (kind: Finding['kind'], about: string, text: string) => void;

const TIER_SCRIPT = 'scripts/validate-package-tiers.py';
const ALIASES = 'scripts/pkg-aliases.json';
/** Scripts that build a tier package by package, in their order; all others are built in the order of the graph. */
const SEQUENCES: Readonly<Partial<Record<TierName, readonly string[]>>> = {
  core: ['scripts/chroot-build-ch8.sh', 'scripts/chroot-build-core-extra.sh'],
  base: ['scripts/chroot-build-base.sh'],
};
/** Built by chapter 10's script without `run_package`, after everything else of core. */
const LAST_OF_CORE = 'linux-kernel';
const KINDS: Readonly<Record<string, string>> = {
  'pkg-config': 'pkgconfig',
  header: 'header',
  library: 'library',
  program: 'program',
};

/** `policy.igos`, or undefined where the checkout has none of the scripts. */
export function writePolicy(folder: Folder, packages: ReadonlyMap<string, Recipe>, find: Find): string | undefined {
  const read = (path: string): string | undefined => (folder.kindOf(path) === 'file' ? folder.text(path) : undefined);
  const sequences = new Map<TierName, readonly string[]>();
  for (const [tier, scripts] of Object.entries(SEQUENCES) as [TierName, readonly string[]][]) {
    const names = scripts.flatMap((script) => runPackageNames(read(script) ?? ''));
    if (names.length > 0) sequences.set(tier, tier === 'core' && packages.has(LAST_OF_CORE) ? [...names, LAST_OF_CORE] : names);
  }
  const book = runPackageNames(read('scripts/chroot-build-ch8.sh') ?? '');
  const holds = readHolds(read(TIER_SCRIPT), book, find);
  const known = foundAs(read(ALIASES), packages, find);
  if (sequences.size === 0 && holds.size === 0 && known.size === 0) return undefined;
  const nameOf = (name: string): string => (packages.has(name) ? reference(name) : writeString(name));
  const list = (names: readonly string[]): string =>
    writeList(
      [...new Set(names)].map((name) => ({ text: nameOf(name) })),
      '  ',
    );
  const out = ['# What the validate scripts of InterGenOS know about its packages; `igos check` reads it.\n'];
  for (const tier of TIERS) {
    const own =
      tier === 'toolchain'
        ? [...packages.values()].filter((each) => each.tier === 'toolchain').map((each) => each.name)
        : // its own check of the folder `toolchain` comes before all lists
          (holds.get(tier) ?? []).filter((name) => packages.get(name)?.tier !== 'toolchain');
    const fields = [
      ...(own.length === 0 ? [] : [`  holds = ${list(own)};\n`]),
      ...(sequences.has(tier) ? [`  sequence = ${list(sequences.get(tier)!)};\n`] : []),
      ...(tier === 'toolchain' ? ['  unaudited = [ "*" ];\n'] : []),
      ...(tier === 'core' && book.length > 0 ? [`  # Built as the book says, chapter 8.\n  unaudited = ${list(book)};\n`] : []),
    ];
    if (fields.length > 0) out.push(`override ${tier} {\n${fields.join('\n')}}\n`);
  }
  for (const [name, names] of known) {
    const items = writeList(
      names.map((each) => ({ text: writeString(each) })),
      '  ',
    );
    out.push(`override ${writeName(name)} {\n  foundAs = ${items};\n}\n`);
  }
  return out.join('\n');
}

/** `run_package "zlib" …`, each once. */
const runPackageNames = (script: string): readonly string[] => [
  ...new Set([...script.matchAll(/^[ \t]*run_package[ \t]+"([A-Za-z0-9_][A-Za-z0-9+._-]*)"/gm)].map((match) => match[1]!)),
];

/**
 * Names and patterns of each tier, out of `hard_category_tier`: a chain of `if name in LIST: return "TIER"` in which the first
 * that matches counts. Here a name counts before a pattern, so names that an earlier pattern takes are left to it.
 */
function readHolds(script: string | undefined, book: readonly string[], find: Find): ReadonlyMap<TierName, readonly string[]> {
  const holds = new Map<TierName, string[]>();
  if (script === undefined) return holds;
  const lists = new Map([...pythonStrings(script), ['lfs_ch8', book] as const]);
  const start = script.search(/^def hard_category_tier\(/m);
  const body = start === -1 ? '' : script.slice(start).split(/\n(?=\S)/)[0]!;
  const lines = body
    .replace(/"""[\s\S]*?"""/g, '')
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
  const taken = new Set<string>();
  const patterns: RegExp[] = [];
  const add = (tier: string, names: readonly string[]): void => {
    if (!(TIERS as readonly string[]).includes(tier)) {
      unread(`tier '${tier}'`);
      return;
    }
    const own = holds.get(tier as TierName) ?? [];
    for (const name of names) {
      if (taken.has(name) || patterns.some((pattern) => pattern.test(name))) continue;
      taken.add(name);
      own.push(name);
    }
    holds.set(tier as TierName, own);
  };
  const unread = (line: string): void => find('lost', TIER_SCRIPT, `is not understood: ${line}`);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (/^return (""|'')$/.test(line)) continue;
    const isIn = /^if name in (\w+):$/.exec(line);
    const forPrefix = /^for (\w+) in (\w+):$/.exec(line);
    const isSuffix = /^if name\.endswith\("([^"]+)"\)(?: and not name\.startswith\("([^"]+)"\))?:$/.exec(line);
    const tierAt = (offset: number): string | undefined => /^return "(\w+)"$/.exec(lines[index + offset] ?? '')?.[1];
    if (isIn !== null && lists.has(isIn[1]!) && tierAt(1) !== undefined) {
      add(tierAt(1)!, lists.get(isIn[1]!)!);
      index += 1;
    } else if (
      forPrefix !== null &&
      lists.has(forPrefix[2]!) &&
      lines[index + 1] === `if name.startswith(${forPrefix[1]!}):` &&
      tierAt(2) !== undefined
    ) {
      for (const prefix of lists.get(forPrefix[2]!)!) {
        add(tierAt(2)!, [`${prefix}*`]);
        patterns.push(new RegExp(`^${literally(prefix)}`));
      }
      index += 2;
    } else if (isSuffix !== null && tierAt(1) !== undefined) {
      add(tierAt(1)!, [`*${isSuffix[1]!}`]);
      patterns.push(new RegExp(`${literally(isSuffix[1]!)}$`));
      index += 1;
    } else unread(line);
  }
  if (lines.length === 0) unread('there is no function hard_category_tier');
  return holds;
}

/** Package → the names by which configure steps look for it, sorted by package. */
function foundAs(
  text: string | undefined,
  packages: ReadonlyMap<string, Recipe>,
  find: Find,
): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, string[]>();
  if (text === undefined) return known;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    find('lost', ALIASES, 'is no JSON');
    return known;
  }
  for (const [group, names] of Object.entries(data as Record<string, unknown>)) {
    const kind = Object.hasOwn(KINDS, group) ? KINDS[group] : undefined;
    if (kind === undefined || typeof names !== 'object' || names === null) {
      if (!group.startsWith('_')) find('lost', ALIASES, `has a group '${group}' of no known kind`);
      continue;
    }
    for (const [name, providers] of Object.entries(names)) {
      if (name.startsWith('_')) continue;
      const all = (Array.isArray(providers) ? providers : [providers]).filter((each) => typeof each === 'string');
      for (const provider of all) {
        if (!packages.has(provider))
          find('dangling', ALIASES, `'${provider}', which gives ${kind}(${name}), is not in this tree`);
        else if (/^[^()\s]+$/.test(name)) known.set(provider, [...(known.get(provider) ?? []), `${kind}(${name})`]);
        else find('lost', ALIASES, `'${name}' is not a name to look for`);
      }
    }
  }
  return new Map([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
