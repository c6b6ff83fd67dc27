/** What became of a package between two states of a root. */
import type { Origin, PackageChange, PackageRecord } from './types.ts';
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

/** Another version, or another build of it. */
export const isOther = (a: PackageRecord, b: PackageRecord): boolean =>
  a.version !== b.version || a.release !== b.release || !sameOrigin(a.origin, b.origin);

/** The same bytes, wherever an archive of them was read. */
export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.kind === 'store' ? b.kind === 'store' && a.storePath === b.storePath : b.kind === 'archive' && a.sha256 === b.sha256;
}
