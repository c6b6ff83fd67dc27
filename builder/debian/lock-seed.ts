/** What `igos seed lock` asks of the builder: the packages of a seed, from this machine's apt or from mirrors that were named. */
import { mkdirSync } from 'node:fs';
import { sys } from '../../base/index.ts';
import type { ObjectStore } from '../../store/index.ts';
import { buildFault } from '../build-fault.ts';
import { removeScratch } from '../remove.ts';
import { aptPackages, machineApt } from './apt.ts';
import { type Mirror, mirrorPackages } from './mirror.ts';
import { PackageIndex } from './package-index.ts';
import { resolveSeed, type SeedPackage, type SeedRequest } from './resolve.ts';

export interface SeedLists {
  /** Debian's name: `amd64`. */
  readonly architecture: string;
  /** None: what this machine's apt offers. */
  readonly mirrors: readonly Mirror[];
  /** File of keys that the mirrors' lists must be signed with; `undefined`: the machine's, where it has some; `null`: unsigned will do. */
  readonly keyring?: string | null | undefined;
  /** For tests. */
  readonly aptFolder?: string;
  /** For tests: what a list may have when it is unpacked. */
  readonly maxListBytes?: number;
  readonly signal: AbortSignal;
}

export interface LockedSeed {
  readonly packages: readonly SeedPackage[];
  /** What the user should know: a list that nobody vouched for. */
  readonly warnings: readonly string[];
}

/**
 * Fetches or reads the lists, and chooses. Cost: a second or two for a Debian release, and the transfer of its lists.
 *
 * @throws Fault E-BUILD-010 a list cannot be had · E-BUILD-050, E-BUILD-051, E-BUILD-052 · SystemFault
 */
export async function lockSeed(store: ObjectStore, request: SeedRequest, lists: SeedLists): Promise<LockedSeed> {
  const scratch = store.makeScratch();
  try {
    const { texts, warnings } =
      lists.mirrors.length > 0 ? await mirrorPackages(store, scratch, lists) : await fromApt(request, scratch, lists);
    const index = new PackageIndex(texts, lists.architecture);
    return { packages: resolveSeed(index, request), warnings };
  } finally {
    removeScratch(scratch);
  }
}

async function fromApt(
  request: SeedRequest,
  scratch: string,
  lists: SeedLists,
): Promise<{ texts: string[]; warnings: string[] }> {
  sys('prepare', scratch, () => mkdirSync(`${scratch}/lists/partial`, { recursive: true }));
  const { aptFolder = machineApt, signal } = lists;
  const { texts, reason } = await aptPackages([...request.locked.keys()], { aptFolder, scratch, signal });
  if (texts.length > 0) return { texts, warnings: [] };
  throw buildFault('E-BUILD-010', 'cannot get a list of Debian packages from the apt of this machine', {
    notes: [reason],
    hints: ['name a mirror: --mirror "https://deb.debian.org/debian bookworm main"'],
  });
}
