/**
 * Composed roots: which layers, in which order, and whether they fit together.
 *
 * @source docs/decisions/0002-package-derivations.md
 */
import { type Bytes, bytesToText, dependencyOrder, type Fault } from '../base/index.ts';
import { hashBytes, type ManifestEntry, type ObjectStore, type StorePath, tryParseStorePath } from '../store/index.ts';
import { buildFault } from './build-fault.ts';

export interface Layer {
  /** Package that it comes from. */
  readonly name: string;
  readonly path: StorePath;
  /** Names of packages whose files this one's replace. */
  readonly supersedes: readonly string[];
  /** Files of layers on a higher level replace those on a lower one. */
  readonly level: number;
}

/** Top-level names that are links into `usr` in every root. */
export const rootLinks: ReadonlyMap<string, string> = new Map(
  ['bin', 'sbin', 'lib', 'lib64'].map((name) => [name, `usr/${name}`]),
);

/** Reads `igosRoot`. @throws Fault E-BUILD-008 */
export function parseLayers(text: Bytes, storeDir: string): Layer[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRoot('it is not JSON');
  }
  const layers = (value as { layers?: unknown } | null)?.layers;
  if (!Array.isArray(layers)) throw badRoot("it has no list 'layers'");
  const seen = new Set<string>();
  return layers.flatMap((item: unknown, index) => {
    const { name, path, supersedes = [], level = 0 } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string') throw badRoot(`layer ${index + 1} has no name`);
    const storePath = typeof path === 'string' ? tryParseStorePath(path, storeDir) : undefined;
    if (storePath === undefined) throw badRoot(`the path of layer '${name}' is no store path`);
    if (!Array.isArray(supersedes) || !supersedes.every((other) => typeof other === 'string'))
      throw badRoot(`'supersedes' of layer '${name}' is no list of names`);
    if (typeof level !== 'number' || !Number.isSafeInteger(level) || level < 0)
      throw badRoot(`'level' of layer '${name}' is no whole number from 0`);
    if (seen.has(storePath)) return [];
    seen.add(storePath);
    return [{ name, path: storePath, supersedes, level }];
  });
}

export const badRoot = (reason: string): Fault =>
  buildFault('E-BUILD-008', `bad 'igosRoot': ${reason}`, {
    hints: ["let 'package' write it: { layers = [ { name, path, supersedes, level } … ] } as JSON"],
  });

/**
 * The layers from top to bottom: what supersedes stands above what it supersedes, otherwise a higher level above a lower one, and on
 * one level the order stays.
 *
 * @throws Fault E-BUILD-007 a circle of supersedes
 */
export function orderLayers(layers: readonly Layer[]): Layer[] {
  const byName = Map.groupBy(layers, (layer) => layer.name);
  const bottomUp = dependencyOrder(
    [...layers].sort((a, b) => a.level - b.level),
    (layer) => layer.supersedes.flatMap((name) => byName.get(name) ?? []),
    (circle) => {
      const names = [...circle, circle[0]!].map((each) => each.name).join(' → ');
      throw buildFault('E-BUILD-007', `packages supersede each other: ${names}`, {
        hints: [`decide which one wins, and remove the other 'supersedes'`],
      });
    },
  );
  return bottomUp.reverse();
}

/**
 * Checks that the layers can be laid over each other. The answer for a set of layers is remembered in the store.
 *
 * Cost: reads every manifest the first time, and compares what stands in folders that more than one layer has; one look-up after that.
 *
 * @param layers  top first, as `orderLayers` gives them
 * @throws Fault E-BUILD-005 two disagree · E-BUILD-006 a real folder in place of a root link
 */
export function checkLayers(store: ObjectStore, layers: readonly Layer[]): void {
  const key = `layers ${hashBytes('sha256', JSON.stringify(layers))}`;
  if (store.cacheGet(key) !== undefined) return;
  const supersedes = transitiveSupersedes(layers);
  const { runs, sharedFolders } = readLayers(store, layers);
  const owners = new Map<Bytes, Owned>();
  for (const { layer, folder, entries } of runs) {
    if (!sharedFolders.has(folder)) continue;
    for (const entry of entries) {
      const owner = owners.get(entry.path);
      if (owner === undefined) owners.set(entry.path, { layer, entry });
      else if (!isEqual(owner.entry, entry) && owner.layer.level <= layer.level && !supersedes(owner.layer, layer.name))
        throw conflict(owner, { layer, entry });
    }
  }
  store.cachePut([[key, '1']]);
}

/** Entries of one folder of a layer that follow each other in its manifest. */
interface Run {
  readonly layer: Layer;
  readonly folder: Bytes;
  readonly entries: ManifestEntry[];
}

/** @returns with the folders that more than one layer has something in @throws Fault E-BUILD-006 */
function readLayers(store: ObjectStore, layers: readonly Layer[]): { runs: readonly Run[]; sharedFolders: ReadonlySet<Bytes> } {
  const runs: Run[] = [];
  const firstLayers = new Map<Bytes, Layer>();
  const sharedFolders = new Set<Bytes>();
  for (const layer of layers) {
    const manifest = store.manifest(layer.path);
    if (manifest[0]?.kind !== 'directory') throw badRoot(`the layer '${layer.name}' is not a folder`);
    let run: Run | undefined;
    for (const entry of manifest) {
      if (entry.path === '') continue;
      if (run === undefined || !isDirectlyIn(run.folder, entry.path)) {
        const folder = entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0));
        run = { layer, folder, entries: [] };
        runs.push(run);
        const first = firstLayers.get(folder);
        if (first === undefined) firstLayers.set(folder, layer);
        else if (first !== layer) sharedFolders.add(folder);
      }
      if (run.folder === '') checkTopLevel(entry, `the package '${layer.name}'`);
      run.entries.push(entry);
    }
  }
  return { runs, sharedFolders };
}

const isDirectlyIn = (folder: Bytes, path: Bytes): boolean =>
  folder === '' ? !path.includes('/') : path.startsWith(folder) && path.lastIndexOf('/') === folder.length;

/** @throws Fault E-BUILD-006 the entry stands where the root has a link */
export function checkTopLevel(entry: ManifestEntry, owner: string): void {
  const target = rootLinks.get(entry.path);
  if (target === undefined || (entry.kind === 'symlink' && entry.target.replace(/^\//, '') === target)) return;
  throw buildFault(
    'E-BUILD-006',
    `${owner} has ${kindOf(entry)} '/${entry.path}', which is a link to '/${target}' in every root`,
    {
      hints: [
        `install under /${target}`,
        `many build systems take it as an option: --prefix=/usr, --${entry.path}dir=/${target}`,
      ],
    },
  );
}

/** Whether a layer supersedes another, or one that does. Only those that meet another are followed: along a chain all together are its square. */
function transitiveSupersedes(layers: readonly Layer[]): (layer: Layer, name: string) => boolean {
  const byName = Map.groupBy(layers, (layer) => layer.name);
  const found = new Map<Layer, Set<string>>();
  const follow = (layer: Layer): Set<string> => {
    const names = new Set(layer.supersedes);
    for (const name of names) for (const lower of byName.get(name) ?? []) for (const next of lower.supersedes) names.add(next);
    found.set(layer, names);
    return names;
  };
  return (layer, name) => (found.get(layer) ?? follow(layer)).has(name);
}

function isEqual(a: ManifestEntry, b: ManifestEntry): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.sha256 === b.sha256 && a.isExecutable === b.isExecutable;
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target;
  return b.kind === 'directory';
}

interface Owned {
  readonly layer: Layer;
  readonly entry: ManifestEntry;
}

function conflict(upper: Owned, lower: Owned) {
  // The one that comes later in the build's list is usually the newer one.
  const [first, second] = [lower, upper];
  const path = `/${bytesToText(upper.entry.path)}`;
  return buildFault('E-BUILD-005', `'${first.layer.name}' and '${second.layer.name}' both have '${path}', and not the same`, {
    notes: [`${first.layer.name}: ${describe(first.entry)}\n${second.layer.name}: ${describe(second.entry)}`],
    hints: [
      `if '${second.layer.name}' is meant to replace it: supersedes = [ ${first.layer.name} ] in package '${second.layer.name}'`,
      'otherwise let one of them not install it, or declare only one of them as an input',
    ],
  });
}

function describe(entry: ManifestEntry): string {
  if (entry.kind === 'symlink') return `a link to '${bytesToText(entry.target)}'`;
  if (entry.kind === 'directory') return 'a folder';
  return `${entry.isExecutable ? 'a program' : 'a file'} of ${entry.sizeBytes} bytes, sha256 ${entry.sha256.slice(0, 16)}…`;
}

const kindOf = (entry: ManifestEntry): string =>
  entry.kind === 'directory' ? 'a real folder' : entry.kind === 'file' ? 'a file' : `a link (to '${bytesToText(entry.target)}')`;
