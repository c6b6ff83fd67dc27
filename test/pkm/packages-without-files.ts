/** Packages without files, and what a transaction makes of them: for tests of who needs, excludes and supersedes whom. */
import { rootDisk } from '../../pkm/disk.ts';
import type { PackageImage, PackageRecord } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { Draft } from '../../pkm/plan/draft.ts';
import { installImages } from '../../pkm/plan/install.ts';
import { checkHolds } from '../../pkm/plan/marks.ts';
import type { Candidate } from '../../pkm/plan/offers.ts';
import { KnownRows } from '../../pkm/state/path-rows.ts';
import { NO_FILES } from '../../pkm/state/plain-files.ts';
import type { StateView } from '../../pkm/state/state.ts';

type More = Partial<Omit<Candidate, 'name' | 'version'>>;
type Records = readonly PackageRecord[];

export const pack = (about: string, more: More = {}): Candidate => {
  const [name, version = '1'] = about.split(' ') as [string, string?];
  return { ...{ name, version, release: 1, runtime: [], provides: [], conflicts: [], supersedes: [] }, ...more };
};

const image = (item: Candidate): PackageImage => ({
  ...item,
  ...{ tier: '', summary: '', license: '', homepage: '', config: [], entries: [], notes: [], contentPath: () => '' },
  origin: { kind: 'store', storePath: `/igos/store/${JSON.stringify(item)}` },
});

const byName = (records: Records): ((name: string) => PackageRecord | undefined) => {
  const map = new Map(records.map((record) => [record.name, record]));
  return (name) => map.get(name);
};

export const stateOf = (records: Records): StateView => ({
  generation: 1,
  record: byName(records),
  records: () => records,
  filesOf: () => [],
  departing: () => ({ plain: NO_FILES, rest: [] }),
  rowsAt: () => [],
  at: () => new KnownRows([]),
  config: () => undefined,
  prefetch: () => {},
});

/** The records after a transaction of packages without files. @throws Fault it is refused */
export function after(records: Records, items: readonly Candidate[], holds: readonly string[] = []): Records {
  const draft = new Draft(stateOf(records));
  const disk = rootDisk(rootLayout('/nowhere'));
  installImages(draft, items.map(image), disk, { now: 1, explicit: new Set(), isDeclared: () => true });
  checkHolds(
    draft.base,
    draft.delta(),
    holds.map((name) => ({ name, time: 1, user: '' })),
  );
  return draft.records();
}
