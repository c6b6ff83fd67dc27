import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { Fault, SystemFault, sys } from '../base/index.ts';
import { type ConfigFile, listConfig } from './config/list-config.ts';
import { type ConfigVersions, configVersions } from './config/settle-config.ts';
import { folderInside, rootDisk } from './disk.ts';
import { checkInvariants } from './invariants.ts';
import { REPOSITORIES, type RootLayout } from './layout.ts';
import { type DeclaredUpgrades, declaredUpgrades } from './plan/declared-upgrades.ts';
import { orphans } from './plan/marks.ts';
import type { Candidate } from './plan/offers.ts';
import { notInstalled } from './plan/remove.ts';
import { resolvePackages } from './plan/resolve.ts';
import * as query from './query.ts';
import { availablePackages, hiddenPackages, keptBack, type OutdatedPackage, outdatedPackages } from './repository/available.ts';
import type { PackageFiles } from './repository/file-list.ts';
import { filesOffered, type KnownRepository, knownRepositories } from './repository/known.ts';
import { type RepositorySettings, readRepositories } from './repository/settings.ts';
import type { Database } from './state/database.ts';
import { type HistoryEntry, type HistoryOptions, readHistory } from './state/history.ts';
import { type Hold, readHolds } from './state/holds.ts';
import {
  checkGeneration,
  currentGeneration,
  databaseState,
  emptyState,
  readGenerations,
  recordsAt,
  type StateView,
} from './state/state.ts';
import { hasJournal } from './transaction.ts';
import { isAtomic, nameOfPlace } from './trees.ts';
import type { FileRow, GenerationRecord, KeptBack, PackageRecord } from './types.ts';
import { type VerifyOptions, type VerifyReport, verifyRoot } from './verify.ts';

const NOTHING_TO_VERIFY: VerifyReport = {
  nChecked: 0,
  nBytes: 0,
  problems: [],
  drift: [],
  manifests: [],
  history: undefined,
  isUnfinished: false,
  unowned: [],
  isClean: true,
};

/** What can be asked of a root. Nothing is written. */
export class RootQuestions {
  readonly layout: RootLayout;
  /** `undefined`: pkm never wrote anything here, or the root was closed. */
  protected database: Database | undefined;

  constructor(layout: RootLayout, database: Database | undefined) {
    this.layout = layout;
    this.database = database;
  }

  /** The current generation; 0 is the empty root. */
  get generation(): number {
    return this.database === undefined ? 0 : currentGeneration(this.database);
  }

  list(options: query.ListOptions = {}): PackageRecord[] {
    return this.database === undefined ? [] : query.listPackages(this.database, options);
  }

  /** @throws Fault E-PKM-015 */
  info(name: string): query.PackageInfo {
    const record = this.known(name);
    return query.packageInfo(this.database!, record);
  }

  /** The managed paths of a package, sorted. @throws Fault E-PKM-015 */
  files(name: string): readonly FileRow[] {
    this.known(name);
    return this.state().filesOf(name);
  }

  /** Rows of the packages that own a path, or where it leads through symlinks in its parents (`/bin/sh`); empty where none does. */
  owns(path: string): FileRow[] {
    if (this.database === undefined) return [];
    const named = query.ownersOf(this.database, path);
    return named.length > 0 ? named : query.ownersOf(this.database, this.#placeOf(path));
  }

  /** The path itself where it leads out of the root, or to nothing. */
  #placeOf(path: string): string {
    try {
      return nameOfPlace(this.layout, rootDisk(this.layout).physical(posix.resolve('/', path).slice(1)));
    } catch (error) {
      if (error instanceof Fault || error instanceof SystemFault) return path;
      throw error;
    }
  }

  /** How each path stands whose owner is not root, or that has capabilities. */
  notPlain(): ReadonlyMap<string, FileRow> {
    return this.database === undefined ? new Map() : query.notPlain(this.database);
  }

  /** Newest first. @throws Fault E-PKM-015 */
  history(options: HistoryOptions = {}): HistoryEntry[] {
    return this.database === undefined ? [] : readHistory(this.database, options);
  }

  /** Oldest first. */
  generations(): GenerationRecord[] {
    return this.database === undefined ? [] : readGenerations(this.database);
  }

  /** The packages of a kept generation. @throws Fault E-PKM-016 */
  packagesAt(generation: number): PackageRecord[] {
    if (this.database === undefined) return [];
    checkGeneration(this.database, generation);
    return recordsAt(this.database, generation);
  }

  /** @throws Fault E-PKM-016 */
  diff(a: number, b: number): query.GenerationDiff {
    if (this.database === undefined) return { packages: [], added: [], removed: [], changed: [] };
    for (const number of [a, b]) checkGeneration(this.database, number);
    return query.diffGenerations(this.database, a, b);
  }

  /** What the synced repositories offer: by name, the newest first; names that a repository of higher priority has are hidden in others. */
  available(name?: string): query.AvailablePackage[] {
    return this.database === undefined ? [] : availablePackages(this.database, name);
  }

  /** Installed packages of which something newer is offered, sorted by name. */
  outdated(): OutdatedPackage[] {
    return outdatedPackages(this.available(), this.list({ all: true }));
  }

  /** The files of all that a synced repository offers. Cost: its list is read from end to end. */
  filesOffered(address: string): Iterable<PackageFiles> {
    return filesOffered(this.layout, address);
  }

  /** What is known of the synced repositories, the highest priority first. */
  repositories(): KnownRepository[] {
    return this.database === undefined ? [] : knownRepositories(this.database).filter((known) => known.syncedAt > 0);
  }

  /** What `etc/igos/repositories.d` says, the highest priority first. @throws Fault E-PKM-070 */
  repositorySettings(): RepositorySettings[] {
    return readRepositories(folderInside(this.layout, REPOSITORIES));
  }

  /** That pkm's state may be written to, so that nobody waits for what cannot be taken then. @throws SystemFault */
  checkWritable(): void {
    let folder = this.layout.state;
    while (!existsSync(folder)) folder = dirname(folder);
    sys('write', this.layout.holder, () => accessSync(folder, constants.W_OK | constants.X_OK));
  }

  /** Packages that no transaction may change, sorted by name. */
  holds(): Hold[] {
    return this.database === undefined ? [] : readHolds(this.database);
  }

  /** @throws Fault E-PKM-015 `packages` names one that is not */
  verify(options: VerifyOptions = {}): VerifyReport {
    for (const name of options.packages ?? []) this.known(name);
    if (this.database !== undefined) return verifyRoot(this.layout, this.database, options);
    return NOTHING_TO_VERIFY;
  }

  /** Every configuration file that packages brought, and how it stands. */
  config(): ConfigFile[] {
    return this.database === undefined ? [] : listConfig(this.database, rootDisk(this.layout));
  }

  /** The texts that a merge of a configuration file is made of. @throws Fault E-PKM-060 */
  configVersions(path: string): ConfigVersions {
    if (this.database === undefined) return { hasLink: false, mine: undefined, original: undefined, theirs: undefined };
    return configVersions({ layout: this.layout, database: this.database }, path);
  }

  /** What is wrong inside the database itself; empty where it is consistent. */
  checkInvariants(): string[] {
    return this.database === undefined ? [] : checkInvariants(this.database);
  }

  /** A transaction was interrupted; opening the root for writing finishes it. */
  get isUnfinished(): boolean {
    return this.database !== undefined && hasJournal(this.database);
  }

  /** Dependencies that nothing explicit needs any more. Sorted by name. */
  orphans(): string[] {
    return orphans(this.list({ all: true }), new Set(this.holds().map((hold) => hold.name)));
  }

  /** How files are placed: one by one, or as whole trees that are switched. */
  get layoutKind(): 'live' | 'atomic' {
    return this.database !== undefined && isAtomic(this.database) ? 'atomic' : 'live';
  }

  /**
   * What has to be fetched so that packages of the synced repositories can be installed (`name` or `name>=1.2`), in the order of
   * installation. With `upgrade`: so that these installed packages (none: all) become the newest, their successors with them.
   * Held packages stay as they are, unless `ignoreHolds`.
   * @throws Fault E-PKM-013 something that is needed is offered nowhere, or cannot be had together; it says what was tried
   */
  resolve(wanted: readonly string[], options: { upgrade?: boolean; ignoreHolds?: boolean } = {}): query.AvailablePackage[] {
    if (options.upgrade === true) for (const name of wanted) this.known(name);
    return resolvePackages({
      offered: this.available(),
      isSynced: this.repositories().length > 0,
      installed: this.list({ all: true }),
      wanted,
      upgrade: options.upgrade === true,
      hidden: (name) => (this.database === undefined ? [] : hiddenPackages(this.database, name)),
      holds: this.#held(options.ignoreHolds === true),
      isInstalled: ({ version, sha256 }, { version: there, origin }) =>
        version === there && origin.kind === 'archive' && origin.sha256 === sha256,
    });
  }

  /**
   * Installed packages that stay behind what is offered when what was resolved is installed. Sorted by name.
   * @param options.names  of these alone
   */
  keptBack(
    chosen: readonly query.AvailablePackage[],
    { names, ignoreHolds = false }: { names?: readonly string[]; ignoreHolds?: boolean } = {},
  ): KeptBack[] {
    if (names?.length === 0) return [];
    const held = this.#held(ignoreHolds);
    const outdated = this.outdated().filter(({ record }) => names?.includes(record.name) !== false);
    return keptBack(outdated, chosen, (name) => held.has(name));
  }

  /** What an upgrade takes of the packages of a tree, `name` alone or all. Held ones stay as they are, unless `ignoreHolds`. */
  upgradesAmong<T extends Candidate>(
    declared: readonly T[],
    { name, ignoreHolds = false }: { name: string | undefined; ignoreHolds?: boolean },
  ): DeclaredUpgrades<T> {
    return declaredUpgrades(declared, this.list({ all: true }), { name, holds: this.#held(ignoreHolds) });
  }

  // ---- inside

  #held(ignoreHolds: boolean): ReadonlySet<string> {
    return new Set(ignoreHolds ? [] : this.holds().map((hold) => hold.name));
  }

  protected state(): StateView {
    return this.database === undefined ? emptyState : databaseState(this.database);
  }

  protected known(name: string): PackageRecord {
    const record = this.state().record(name);
    if (record !== undefined) return record;
    throw notInstalled(
      name,
      this.list({ all: true }).map((other) => other.name),
      this.config().flatMap(({ path, owner, state }) => (owner === name && state === 'left' ? [path] : [])),
    );
  }
}
