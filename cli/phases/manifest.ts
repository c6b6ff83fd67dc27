/** The manifest of a whole build: every output with its hash, as an object of the store that keeps them all. */
import { compareBytes, textToBytes } from '../../base/index.ts';
import type { PackageInfo } from '../../eval/index.ts';
import { formatHash, type ObjectStore, type StorePath, textPath } from '../../store/index.ts';
import { systemFilesPath } from '../system-files.ts';
import type { TreeBuild } from './status.ts';

/** What stands in a manifest, and the paths that it refers to. */
export interface ManifestText {
  readonly text: string;
  readonly references: readonly StorePath[];
}

/**
 * JSON, the same bytes for the same outputs: no time and no machine stands in it.
 *
 * @source docs/phases.md
 */
export function manifestText(build: TreeBuild): ManifestText {
  const { store, tree, targets } = build;
  const outputs = targets.flatMap((target) => {
    const path = build.outputOf(target);
    return path === undefined ? [] : [{ ...aboutPackage(target.info!), ...aboutPath(store, path) }];
  });
  const systems = [...tree.systems.values()].flatMap((system) => {
    const path = systemFilesPath(store, system);
    return path === undefined || !store.isValid(path) ? [] : [{ system: system.name, ...aboutPath(store, path) }];
  });
  const byName = [...outputs].sort((a, b) => compareBytes(a.name, b.name));
  const record = { format: 'igos manifest 1', tree: tree.name, version: tree.version ?? null, packages: byName, systems };
  const references = new Set([...outputs, ...systems].map(({ path }) => path));
  return { text: textToBytes(`${JSON.stringify(record, null, 2)}\n`), references: [...references].sort(compareBytes) };
}

export const manifestPath = (store: ObjectStore, treeName: string, { text, references }: ManifestText): StorePath =>
  textPath(manifestName(treeName), text, references, store.storeDir);

/** Adds it to the store. */
export function addManifest(store: ObjectStore, treeName: string, { text, references }: ManifestText): StorePath {
  return store.addTexts([{ name: manifestName(treeName), text, references }])[0]!;
}

const manifestName = (treeName: string): string => `${treeName}-manifest.json`;

const aboutPackage = (info: PackageInfo): { name: string; version: string; tier: string } => ({
  name: info.name,
  version: info.version,
  tier: info.tier,
});

function aboutPath(
  store: ObjectStore,
  path: StorePath,
): { path: StorePath; narHash: string; narSizeBytes: number; nFiles: number } {
  const { narHash, narSizeBytes } = store.info(path)!;
  const nFiles = store.manifest(path).filter((entry) => entry.kind === 'file').length;
  return { path, narHash: formatHash({ algorithm: 'sha256', hex: narHash }, 'sri'), narSizeBytes, nFiles };
}
