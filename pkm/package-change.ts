/** What became of a package between two states of a root. */
import type { StateDelta, StateView } from './state/state.ts';
import type { FileRow, Origin, PackageChange, PackageRecord } from './types.ts';
import { compareVersions } from './versions.ts';

/** The files of a declared system have a hash for a version: none is newer. */
const HASH = /^[0-9a-f]{12}$/;

/** Which way it went from one version to another; `renew`: an equal version with other bytes, its build or what it was built with changed. */
export function changeOf(name: string, from: string, to: string): PackageChange {
  if (from === to) return { name, action: 'renew', from, to };
  if (HASH.test(from) && HASH.test(to)) return { name, action: 'change', from, to };
  return { name, action: compareVersions(to, from) < 0 ? 'downgrade' : 'upgrade', from, to };
}

export const supersededChange = ({ name, version, supersededBy }: PackageRecord): PackageChange => ({
  name,
  action: 'supersede',
  from: version,
  by: supersededBy.join(', '),
});

/** Says of superseded packages how many files stay with their record. */
export function withFilesLeft(changes: readonly PackageChange[], base: StateView, delta: StateDelta): PackageChange[] {
  const superseded = new Set(changes.flatMap(({ action, name }) => (action === 'supersede' ? [name] : [])));
  if (superseded.size === 0) return [...changes];
  const dropped = pathsByOwner(delta.dropFiles, superseded);
  const put = pathsByOwner(delta.putFiles, superseded);
  return changes.map((change) => {
    const { action, name } = change;
    if (action !== 'supersede') return change;
    const left = pathsOf(base.filesOf(name));
    for (const path of dropped.get(name) ?? []) left.delete(path);
    for (const path of put.get(name) ?? []) left.add(path);
    return left.size === 0 ? change : { ...change, nFilesLeft: left.size };
  });
}

const pathsOf = (rows: readonly FileRow[]): Set<string> =>
  new Set(rows.flatMap(({ kind, path }) => (kind === 'directory' ? [] : [path])));

function pathsByOwner(rows: readonly FileRow[], owners: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { owner, path, kind } of rows) {
    if (kind === 'directory' || !owners.has(owner)) continue;
    const paths = found.get(owner);
    if (paths === undefined) found.set(owner, [path]);
    else paths.push(path);
  }
  return found;
}

/** Another version, or another build of it. */
export const isOther = (a: PackageRecord, b: PackageRecord): boolean =>
  a.version !== b.version || a.release !== b.release || !sameOrigin(a.origin, b.origin);

/** The same bytes, wherever an archive of them was read. */
export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.kind === 'store' ? b.kind === 'store' && a.storePath === b.storePath : b.kind === 'archive' && a.sha256 === b.sha256;
}
