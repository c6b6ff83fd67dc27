/** Kernels whose modules go: where what starts the machine is not in the packages, nothing else would say so before the next start. */
import { compareBytes } from '../../base/index.ts';
import { isOfFirmware } from '../firmware.ts';
import type { Database } from '../state/database.ts';
import { NO_FILES } from '../state/plain-files.ts';
import type { StateDelta } from '../state/state.ts';
import type { DueTrigger } from '../triggers/due.ts';
import type { Warning } from '../types.ts';

const MODULES = /^((?:usr\/)?lib\/modules\/([^/]+)\/)/;
const OF_KERNELS = /^(?:boot|(?:usr\/)?lib\/modules)\//;

/**
 * Says of each kernel that loses all of its modules that its image has to be renewed, unless somebody sees to that: the change brings
 * another image for the EFI partition, or for a boot loader that reads `/boot`, or a package's own trigger is told of it. On a root that
 * `igos image` made, `/boot` is read by nobody.
 */
export function kernelsLeft(database: Database, delta: StateDelta, due: readonly DueTrigger[]): Warning[] {
  const drops = [...delta.dropFiles.filter(isThing).map(({ path }) => path), ...(delta.dropPlain ?? NO_FILES).paths];
  const versions = new Map(drops.flatMap((path) => modulesOf(path)));
  const puts = delta.putFiles.filter(isThing).map(({ path }) => path);
  for (const [version] of puts.flatMap(modulesOf)) versions.delete(version);
  if (versions.size === 0 || puts.some(isOfFirmware)) return [];
  if ([...drops, ...puts].some((path) => path.startsWith('boot/')) && !isOfImage(database)) return [];
  if (due.some((trigger) => trigger.package !== '' && trigger.matched.some((path) => OF_KERNELS.test(path)))) return [];
  const dropped = new Set(drops);
  const gone = new Set(delta.dropRecords);
  return [...versions]
    .filter(([, folder]) => nothingIsLeft(database, folder, (path, owner) => dropped.has(path) || gone.has(owner)))
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([version]) => ({ kind: 'note', text: textOf(version) }));
}

const isThing = ({ kind }: { readonly kind: string }): boolean => kind !== 'directory';

function modulesOf(path: string): [version: string, folder: string][] {
  const [, folder, version] = MODULES.exec(path) ?? [];
  return folder === undefined ? [] : [[version!, folder]];
}

function nothingIsLeft(database: Database, folder: string, isGone: (path: string, owner: string) => boolean): boolean {
  const end = `${folder.slice(0, -1)}0`;
  const there = database.lists(
    "SELECT path, package FROM files WHERE path > ? AND path < ? AND kind <> 'directory'",
    folder,
    end,
  );
  return there.every(([path, owner]) => isGone(String(path), String(owner)));
}

const isOfImage = (database: Database): boolean =>
  database.get(`SELECT 1 FROM history WHERE detail LIKE '{"command":"igos image"%' LIMIT 1`) !== undefined;

const textOf = (version: string): string =>
  `the modules of kernel ${version} go: where its image is started from outside of this root, as from a disk of 'igos image', renew that before the next start, or the kernel has no modules`;
