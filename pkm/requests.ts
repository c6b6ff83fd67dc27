/** What a caller may say when a root is opened, and of each change. */
import type { RootIo } from './io.ts';
import type { LockHolder } from './lock.ts';
import type { ArchiveTrust } from './repository/trust.ts';
import type { StorePins } from './store-pins.ts';
import type { RunInRoot } from './triggers/run-in-root.ts';
import type { KeptBack, LeftToSwitch, TransactionReport } from './types.ts';

export interface OpenOptions {
  /** Takes no lock and writes nothing; a root without state is an empty one. */
  readonly readOnly?: boolean;
  /**
   * For dry runs alone: takes no lock and writes nothing, as `readOnly`. What is to be unpacked or downloaded for a plan goes into a private
   * folder below this one, and is removed when the root is closed.
   */
  readonly plansIn?: string;
  /** Who, for the history and for others that wait. Default: the user of the process. */
  readonly user?: string;
  readonly command?: string;
  /** How long to wait for another process that changes the root. Default 0. */
  readonly waitMs?: number;
  readonly onWait?: (holder: LockHolder | undefined) => void;
  /** Real folder of a store path: where rollback and repair find the bytes of store packages. */
  readonly storeFolder?: (storePath: string) => string;
  readonly pins?: StorePins;
  /** Tests fail or observe writes here. */
  readonly io?: RootIo;
  /** How triggers are run; default: inside the root, with chroot where it is not `/`. */
  readonly runInRoot?: RunInRoot;
  /** Of a root that is new. `declared` for one whose files somebody else gives to whom packages say: default only for root. */
  readonly owners?: 'declared';
  /** Seconds since 1970. */
  readonly now?: () => number;
  /** The change frees space, and must be possible where there is none: what can be done without is taken away for it. */
  readonly makesRoom?: boolean;
  /** Most files of the root will be read: where it is large, threads for that start while it is opened. */
  readonly manyFiles?: boolean;
}

export interface ChangeOptions {
  /** Plans and checks everything, changes nothing. */
  readonly dryRun?: boolean;
  /** Replace files that belong to no package. */
  readonly overwrite?: boolean;
  /** Change held packages too; they stay held. */
  readonly ignoreHolds?: boolean;
  /** Shown the plan when everything was checked; false leaves the root alone. */
  readonly confirm?: (plan: TransactionReport) => boolean;
}

export interface InstallRequest extends ChangeOptions {
  /** Names that were asked for; the other images came along as dependencies. Default: all. */
  readonly explicit?: Iterable<string>;
  /** Default 'strict'. */
  readonly archiveTrust?: ArchiveTrust;
  /** Further names that the source of the images declares: predecessors among them need not be installed. */
  readonly declared?: Iterable<string>;
  /** What was found to stay behind what is offered: told in the report. */
  readonly keptBack?: readonly KeptBack[];
  /** The same of systems. */
  readonly leftToSwitch?: readonly LeftToSwitch[];
}

export interface RemoveRequest extends ChangeOptions {
  /** Configuration too; a modified file is kept as `<path>.pkmsave`. */
  readonly force?: boolean;
  /** Packages that need the removed ones too. */
  readonly cascade?: boolean;
}
