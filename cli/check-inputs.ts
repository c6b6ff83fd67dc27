/** What the gates look at besides the declarations: audits, sources and logs of the store. Read once, remembered in the store. */
import { existsSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { bytesToText, Fault, sys } from '../base/index.ts';
import {
  type BuildSystem,
  type Features,
  type KnownSource,
  type LoggedFeatures,
  readFeatures,
  readSource,
  type SourceScan,
  scanSource,
  type TreeFacts,
} from '../check/index.ts';
import type { PackageInfo, SourceOrigin, Tree } from '../eval/index.ts';
import { type ObjectStore, parseStorePath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';

/** `--audits`, or `audits/` in the tree's folder. */
export const auditsFolder = (context: Context, args: Arguments, tree: Tree): string => {
  const given = args.value('audits');
  return given === undefined ? join(tree.root, 'audits') : resolve(context.workingDirectory, given);
};

/** Overrides end by days of UTC. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Version of what is remembered of a source or a log: what reads them differently counts it up. */
const SCAN_VERSION = 2;

export interface FoundSource {
  readonly path: string;
  /** `undefined`: not in the store. A text: why it cannot be read. */
  readonly scan: SourceScan | string | undefined;
  readonly systems: ReadonlySet<BuildSystem>;
}

/** The first source of each package: what a build configures. Nothing is fetched. */
export async function findSources(tree: Tree, facts: TreeFacts, store: ObjectStore): Promise<Map<string, FoundSource>> {
  const found = new Map<string, FoundSource>();
  const learnt: [string, string][] = [];
  for (const name of facts.packages.keys()) {
    const info = tree.packages.get(name)!;
    if (facts.packages.get(name)?.style === 'hostTools') continue;
    const origin = firstOrigin(info);
    if (origin === undefined) continue;
    const there = placeOf(store, origin);
    if (there === undefined) {
      found.set(name, { path: shownPath(tree, origin), scan: undefined, systems: new Set() });
      continue;
    }
    // what lies in the store does not change
    const key = there.isKept ? `check:source:${SCAN_VERSION}:${there.path}` : undefined;
    const known = key === undefined ? undefined : store.cacheGet(key);
    const scan = known === undefined ? await scanPath(there.path) : (JSON.parse(known) as SourceScan | string);
    if (known === undefined && key !== undefined) learnt.push([key, JSON.stringify(scan)]);
    const systems = systemsOf(scan, facts.packages.get(name)!.style, () => phaseText(tree, name));
    found.set(name, { path: shownPath(tree, origin), scan, systems });
  }
  remember(store, learnt);
  return found;
}

async function scanPath(path: string): Promise<SourceScan | string> {
  const entries = await readSource(path);
  return typeof entries === 'string' ? entries : scanSource(entries);
}

/** As records have it: the same on every machine. */
function shownPath(tree: Tree, origin: SourceOrigin): string {
  const path = bytesToText(origin.path);
  return origin.kind === 'local' ? relative(tree.root, path) : path;
}

/** A source that cannot be evaluated is told by other gates; here it is as if there were none. */
function firstOrigin(info: PackageInfo): SourceOrigin | undefined {
  try {
    return info.origins[0];
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Where a source lies on this machine, if it does. */
function placeOf(store: ObjectStore, origin: SourceOrigin): { readonly path: string; readonly isKept: boolean } | undefined {
  if (origin.kind === 'local') {
    const path = bytesToText(origin.path);
    return existsSync(path) ? { path, isKept: false } : undefined;
  }
  const { path, drvPath } = origin;
  const realised = store.isValid(path) ? path : drvPath === undefined ? undefined : store.realisation(drvPath, 'out');
  return realised !== undefined && store.isValid(realised) ? { path: store.toReal(realised), isKept: true } : undefined;
}

const SYSTEMS: readonly BuildSystem[] = ['autotools', 'meson', 'cmake'];

/** Which build files count: the style's; of a source with several those that the phases name. */
function systemsOf(scan: SourceScan | string, style: string, phases: () => string): ReadonlySet<BuildSystem> {
  if (typeof scan === 'string') return new Set();
  if ((SYSTEMS as readonly string[]).includes(style)) return new Set([style as BuildSystem]);
  const present = new Set(scan.requires.map(({ by }) => by));
  if (present.size <= 1) return present;
  const text = phases();
  const uses = { autotools: /\b(configure|autoreconf|autogen\.sh)\b/, meson: /\bmeson\b/, cmake: /\bcmake\b/ } as const;
  return new Set([...present].filter((system) => uses[system].test(text)));
}

function phaseText(tree: Tree, name: string): string {
  try {
    return Object.values(tree.packages.get(name)!.package.recipe.phases(new Set())).join('\n');
  } catch (error) {
    if (error instanceof Fault) return '';
    throw error;
  }
}

export const knownSources = (sources: ReadonlyMap<string, FoundSource>): Map<string, KnownSource> =>
  new Map(
    [...sources].map(([name, { scan, systems }]): [string, KnownSource] => {
      if (scan === undefined) return [name, { kind: 'absent' }];
      if (typeof scan === 'string') return [name, { kind: 'unreadable', reason: scan }];
      return [name, { kind: 'scanned', requires: scan.requires, offers: scan.offers, systems }];
    }),
  );

/** The newest log of each package that was built, of whatever version it was. Cost: the names of all logs; each new log is read once. */
export function findLogs(facts: TreeFacts, store: ObjectStore): Map<string, LoggedFeatures> {
  const newest = new Map<string, { path: string; version: string; stat: Stats }>();
  for (const path of logFiles(store)) {
    const file = /^[0-9a-z]{30}-(.+)\.drv$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1];
    const split = file === undefined ? undefined : splitName(file, facts);
    if (split === undefined || !wasBuilt(store, path)) continue;
    const stat = statSync(path, { throwIfNoEntry: false });
    const known = newest.get(split.name);
    if (stat === undefined || (known !== undefined && known.stat.mtimeMs >= stat.mtimeMs)) continue;
    newest.set(split.name, { path, version: split.version, stat });
  }
  const learnt: [string, string][] = [];
  const logs = new Map<string, LoggedFeatures>();
  for (const [name, { path, version, stat }] of newest) {
    const key = `check:log:${SCAN_VERSION}:${path.slice(path.lastIndexOf('/var/log/'))}:${stat.size}:${stat.mtimeMs}`;
    const known = store.cacheGet(key);
    const features: Features =
      known === undefined
        ? readFeatures(sys('read the log', path, () => readFileSync(path, 'utf8')))
        : new Map(JSON.parse(known) as [string, boolean][]);
    if (known === undefined) learnt.push([key, JSON.stringify([...features])]);
    logs.set(name, { version, features });
  }
  remember(store, learnt);
  return logs;
}

function logFiles(store: ObjectStore): string[] {
  const root = join(store.home, 'var', 'log');
  if (!existsSync(root)) return [];
  const folders = sys('read', root, () => readdirSync(root, { withFileTypes: true }));
  return folders
    .filter((each) => each.isDirectory() && each.name.length === 2)
    .flatMap(({ name }) => readdirSync(join(root, name)).map((file) => join(root, name, file)));
}

/** A build that failed has a log too, and says nothing about what was built. */
function wasBuilt(store: ObjectStore, logPath: string): boolean {
  const [folder, file] = logPath.split('/').slice(-2);
  return store.realisation(parseStorePath(`${store.storeDir}/${folder}${file}`, store.storeDir), 'out') !== undefined;
}

/** `gtk-4.0-4.14.1`: both names and versions may hold dashes and digits; the longest name that the tree has counts. */
function splitName(text: string, { packages }: TreeFacts): { name: string; version: string } | undefined {
  for (let dash = text.lastIndexOf('-'); dash > 0; dash = text.lastIndexOf('-', dash - 1)) {
    const name = text.slice(0, dash);
    if (packages.has(name)) return { name, version: text.slice(dash + 1) };
  }
  return undefined;
}

/** What is remembered may be forgotten: a store that cannot be written is none the worse. */
function remember(store: ObjectStore, entries: readonly (readonly [string, string])[]): void {
  try {
    store.cachePut(entries);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined && !(error instanceof Error && error.name === 'SystemFault'))
      throw error;
  }
}
