/** One root and what can be done with it. The facade, with what can be asked in root-questions.ts: arguments in, data out. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { count, EarlyFlush, Fault, sys, temporaryFolder } from '../base/index.ts';
import type { ArchiveReading } from './archive/read-archive.ts';
import { type ConfigChoice, type ConfigSettled, settleConfig } from './config/settle-config.ts';
import { imageContents } from './contents.ts';
import { type Disk, rootDisk } from './disk.ts';
import { collectGenerations, type GcOptions, type GcReport } from './gc.ts';
import { realIo } from './io.ts';
import type { RootLayout } from './layout.ts';
import { syncManifests } from './manifest-text.ts';
import { clock } from './open-database.ts';
import { originContents } from './origin-contents.ts';
import { asDeclared } from './plan/as-declared.ts';
import { unmetDependencies } from './plan/dependencies.ts';
import { Draft } from './plan/draft.ts';
import { installImages, withoutReplaced } from './plan/install.ts';
import { checkHolds, markPackages } from './plan/marks.ts';
import { removePackages } from './plan/remove.ts';
import { rollPackages } from './plan/roll-packages.ts';

import { withAncestors } from './plan/roster.ts';
import { processUser } from './process-user.ts';

import type * as query from './query.ts';
import { type RepairReport, repairRoot } from './repair.ts';
import { namesOffered } from './repository/available.ts';
import type { CleanCacheOptions, CleanCacheReport } from './repository/clean-cache.ts';
import type { FetchOptions } from './repository/fetch.ts';
import { forgetRepository } from './repository/known.ts';
import type { RepositorySettings } from './repository/settings.ts';
import type { FetchedRepository, SyncReport, SyncWish } from './repository/sync.ts';
import { checkTrust, isVouchedPrivileged } from './repository/trust.ts';
import type { ChangeOptions, InstallRequest, OpenOptions, RemoveRequest } from './requests.ts';
import { type RoomMade, withRoom } from './reserve.ts';
import { RootQuestions } from './root-questions.ts';
import { type Actor, runWish } from './run.ts';
import type { Database } from './state/database.ts';
import { changeHolds } from './state/holds.ts';
import { checkGeneration, databaseState, deltaTo, filesOfAt, lastChangeOf, recordsAt, type StateDelta } from './state/state.ts';
import { applyJournal, emptyStaging, type RootContext } from './transaction.ts';
import { collectTrees, initAtomic, isAtomic } from './trees.ts';
import { runPending } from './triggers/pending.ts';
import { type RunInRoot, runInRoot } from './triggers/run-in-root.ts';
import type { FileRow, InstallReason, PackageImage, PackageRecord, TransactionReport, Warning } from './types.ts';

/** For questions and, where it was opened for that, for changes. */
export class Root extends RootQuestions implements Disposable {
  readonly #options: OpenOptions;
  #unlock: (() => void) | undefined;
  readonly #made: RoomMade;
  /** Of what is written while archives are read. */
  #early: EarlyFlush | undefined;
  #nScratch = 0;
  /** Of a root that is open for plans. */
  #planFolder: string | undefined;

  /** Use `openRoot` of open-root.ts. */
  constructor(
    layout: RootLayout,
    database: Database | undefined,
    options: OpenOptions,
    unlock?: () => void,
    made: RoomMade = { hasReserve: false, cache: { nFiles: 0, sizeBytes: 0 } },
  ) {
    super(layout, database);
    this.#options = options;
    this.#made = made;
    this.#unlock = unlock;
  }

  /**
   * Installs, upgrades and supersedes. They are in order: what is needed, and what is superseded, first.
   * Images that are installed already, equal in every path, change nothing; nor do those that came along and were superseded.
   */
  install(coming: readonly PackageImage[], request: InstallRequest = {}): TransactionReport {
    const context = this.#contextFor(request);
    const actor = this.#actor();
    const draft = new Draft(databaseState(context.database));
    const records = draft.records();
    const here = request.explicit === undefined ? coming : withoutReplaced(coming, records, new Set(request.explicit));
    const images = asDeclared(here, records, draft.base);
    const disk = rootDisk(this.layout);
    const warnings = this.#place({ draft, disk, images, request, now: actor.now });
    return this.#run({
      kind: 'install',
      summary: `install ${names(images)}`,
      draft,
      disk,
      images,
      request,
      warnings,
      actor,
      withdrawal: () => 'replace',
    });
  }

  /** Like `install`, for packages that are installed already. @throws Fault E-PKM-015 */
  upgrade(images: readonly PackageImage[], request: InstallRequest = {}): TransactionReport {
    const explicit = new Set(request.explicit ?? images.map((image) => image.name));
    for (const name of explicit) this.known(name);
    return this.install(images, {
      ...request,
      explicit: [...explicit].filter((name) => this.known(name).reason === 'explicit'),
    });
  }

  /** Makes the images, and nothing else, what is installed: a declared system. Configuration of what goes stays. */
  switchTo(images: readonly PackageImage[], request: InstallRequest = {}): TransactionReport {
    const context = this.#contextFor(request);
    const actor = this.#actor();
    const draft = new Draft(databaseState(context.database));
    const disk = rootDisk(this.layout);
    const stays = withAncestors(images, draft.records());
    const gone = new Set(draft.records().flatMap((record) => (stays.has(record.name) ? [] : [record.name])));
    for (const name of gone) {
      draft.dropFilesOf(name);
      draft.dropRecord(name);
    }
    const warnings = this.#place({ draft, disk, images, request, now: actor.now });
    const explicit = request.explicit === undefined ? undefined : new Set(request.explicit);
    for (const record of explicit === undefined ? [] : draft.records()) {
      if (record.reason === 'explicit' && !explicit!.has(record.name)) draft.putRecord({ ...record, reason: 'dependency' });
    }
    return this.#run({
      kind: 'switch',
      summary: `switch to ${count(images.length, 'package')}`,
      draft,
      disk,
      images,
      request,
      warnings,
      actor,
      withdrawal: (row) => (gone.has(row.owner) ? 'remove' : 'replace'),
    });
  }

  /** @throws Fault E-PKM-015 · E-PKM-014 */
  remove(packages: readonly string[], request: RemoveRequest = {}): TransactionReport {
    const context = this.#contextFor(request);
    const before = this.generation;
    let planned: TransactionReport | undefined;
    const onPlan = (plan: TransactionReport): void => {
      planned = plan;
    };
    // Asked once about a plan, though it may be begun again.
    let asked: { readonly plan: TransactionReport; readonly answer: boolean } | undefined;
    const ask = (plan: TransactionReport): boolean => {
      if (!isDeepStrictEqual(plan, asked?.plan)) asked = { plan, answer: request.confirm!(plan) };
      return asked!.answer;
    };
    const confirm = request.confirm === undefined ? {} : { confirm: ask };
    return this.#inRoom(context, () => {
      if (planned !== undefined && this.generation > before) {
        this.recover(); // the room ran out behind the commit
        return planned;
      }
      for (const name of packages) this.known(name);
      const draft = new Draft(databaseState(context.database));
      // In a tree of its own nothing is removed, and who is shown the plan, or asked, is told of modified files before.
      const isLate = request.dryRun !== true && request.confirm === undefined && !isAtomic(context.database);
      const gone = removePackages(draft, packages, { ...request, isLate });
      return this.#run({
        kind: 'remove',
        summary: `remove ${gone.join(', ')}`,
        draft,
        disk: rootDisk(this.layout),
        images: [],
        request: { ...request, ...confirm },
        onPlan,
        warnings: [],
        actor: this.#actor(),
        withdrawal: () => (request.force === true ? 'remove-by-force' : 'remove'),
      });
    });
  }

  /** Where the root was opened to make room on a full disk. @param work  may be begun again */
  #inRoom<T>({ layout, io }: RootContext, work: () => T): T {
    return this.#options.makesRoom === true ? withRoom(layout, io, this.#made, work) : work();
  }

  /** Says of packages that they were asked for, or came along and may go when nothing needs them. @throws Fault E-PKM-015 */
  mark(packages: readonly string[], reason: InstallReason, request: ChangeOptions = {}): TransactionReport {
    const draft = new Draft(databaseState(this.#contextFor(request).database));
    markPackages(draft, packages, reason);
    return this.#run({
      kind: 'mark',
      summary: `mark ${packages.join(', ')} as ${reason}`,
      draft,
      disk: rootDisk(this.layout),
      images: [],
      request,
      warnings: [],
      actor: this.#actor(),
      withdrawal: () => 'replace',
    });
  }

  /** Writes the database anew, without what is left in it of changes that are over: equal roots then have equal ones. */
  compact(): void {
    const { database, io } = this.#context();
    io.commit('compact', () => database.exec('VACUUM'));
  }

  /** Pins packages, or lets them go; no new generation. @returns those for which that is new @throws Fault E-PKM-015 */
  hold(packages: readonly string[], isHeld: boolean): string[] {
    if (isHeld) for (const name of packages) this.known(name);
    const { database, io } = this.#context();
    return io.commit('hold', () => changeHolds(database, packages, isHeld, this.#actor()));
  }

  /**
   * Makes a new generation that is equal to an earlier one: every package, path, mode and byte. Configuration that the user
   * changed is merged or kept, as in an upgrade.
   */
  async rollback(asked: number | undefined, request: ChangeOptions = {}): Promise<TransactionReport> {
    const context = this.#contextFor(request);
    const generation = asked ?? Math.max(0, this.generation - 1);
    const gone = `the generation before ${this.generation} is not kept any more`;
    checkGeneration(context.database, generation, asked === undefined ? gone : undefined);
    const delta = deltaTo(context.database, generation);
    const target = new Map(recordsAt(context.database, generation).map((record) => [record.name, record]));
    return this.#runBack(context, {
      summary: `rollback to generation ${generation}`,
      target: generation,
      records: target,
      delta,
      warnings: unmetDependencies([...target.values()]).map(
        (unmet): Warning => ({
          kind: 'dependency',
          package: unmet.package,
          text: `it needs '${unmet.needs}', which generation ${generation} does not have`,
        }),
      ),
      request,
    });
  }

  /**
   * Makes some packages what they were in an earlier generation, and leaves the others as they are. Those that one of them
   * superseded since, or was superseded by, go back with it; what was not installed then goes.
   * @param request.generation  default: the one before the last change of any of them
   * @throws Fault E-PKM-015 · E-PKM-016 · E-PKM-003 · E-PKM-004 · E-PKM-012 · E-PKM-013 they do not fit with the others any more
   */
  async rollbackPackages(
    packages: readonly string[],
    request: ChangeOptions & { readonly generation?: number } = {},
  ): Promise<TransactionReport> {
    const context = this.#contextFor(request);
    const { database } = context;
    const changed = lastChangeOf(database, packages);
    const generation = request.generation ?? Math.max(0, (changed ?? this.generation) - 1);
    const gone = `what '${packages.join("', '")}' was before generation ${changed} is not kept any more`;
    checkGeneration(database, generation, request.generation === undefined ? gone : undefined);
    const records = new Map(recordsAt(database, generation).map((record) => [record.name, record]));
    const draft = new Draft(databaseState(database));
    const filesOf = (names: ReadonlySet<string>): readonly FileRow[] => filesOfAt(database, generation, names);
    const back = rollPackages(draft, packages, { generation, records, filesOf }, rootDisk(this.layout));
    return this.#runBack(context, {
      summary: `rollback of ${back.join(', ')} to generation ${generation}`,
      records,
      delta: draft.delta(),
      warnings: [],
      request,
    });
  }

  /**
   * Gives a fresh root the atomic layout: see `trees.ts`. @returns false where it has it already
   * @throws Fault E-PKM-041 there is something on the root
   */
  initAtomic(): boolean {
    return initAtomic(this.#context());
  }

  /** Puts back what `verify` finds wrong. Configuration only where it is missing, and only with `config`. */
  async repair(options: { packages?: readonly string[]; config?: boolean; dryRun?: boolean } = {}): Promise<RepairReport> {
    for (const name of options.packages ?? []) this.known(name);
    return repairRoot(this.#contextFor(options), {
      ...options,
      actor: this.#actor(),
      storeFolder: this.#options.storeFolder,
      scratch: this.#scratch(),
    });
  }

  /** Settles conflicts of configuration: all of the choices or none. The generation stays. @throws Fault E-PKM-060 · 061 · 062 */
  settleConfig(choices: readonly ConfigChoice[]): ConfigSettled[] {
    return settleConfig(this.#context(), choices, this.#actor());
  }

  /** Forgets old generations, and lets go of the bytes that only they needed; on a full disk too, where the root was opened for that. */
  gc(options: GcOptions): GcReport {
    const room = this.#options.makesRoom === true ? this.#made : undefined;
    const context = options.dryRun === true ? this.#readable() : this.#context();
    if (context === undefined) return { removed: [], nObjects: 0, unpinned: [] };
    return collectGenerations(context, options, { actor: this.#actor(), pins: this.#options.pins, room });
  }

  /** Downloaded archives that went when the root was opened, so that there was room to work in. */
  get roomMade(): CleanCacheReport {
    return this.#made.cache;
  }

  /**
   * Reads an archive into a private folder below the root, ready for `install`. Nothing else is changed.
   * @param options.allowPrivileged  setuid files and file capabilities that the archive does not declare are accepted
   */
  async readArchive(file: string, options: { allowPrivileged?: boolean } = {}): Promise<PackageImage> {
    const [image] = await this.readArchives([file], options);
    return image!;
  }

  /** `readArchive` of several, in order. Two are unpacked while the one before them is read. */
  async readArchives(files: readonly string[], options: { allowPrivileged?: boolean } = {}): Promise<PackageImage[]> {
    const context = this.#contextFor({ dryRun: this.#isForPlans });
    const { startReading } = await import('./archive/read-archive.ts');
    this.#early ??= this.#isForPlans ? undefined : EarlyFlush.of(this.layout.state);
    const images: PackageImage[] = [];
    const readings: ArchiveReading[] = [];
    let nStarted = 0;
    let nEntries = 0;
    try {
      for (const file of files) {
        for (; nStarted < files.length && readings.length <= N_AHEAD; nStarted++) {
          readings.push(
            startReading(files[nStarted]!, {
              folder: this.#scratch(),
              io: context.io,
              mtimeSeconds: this.#actor().now,
              isKept: !this.#isForPlans,
              mayBePrivileged: (path, sha256) =>
                options.allowPrivileged === true || isVouchedPrivileged(context.database, sha256, path),
            }),
          );
        }
        try {
          const image = await readings.shift()!.image();
          images.push(image);
          nEntries += image.entries.length;
          this.#early?.written(nEntries);
        } catch (error) {
          // there may be many of them
          if (error instanceof Fault) error.notes = [`in the archive '${file}'`, ...error.notes];
          throw error;
        }
      }
      return images;
    } finally {
      for (const reading of readings) reading.abandon();
    }
  }

  /**
   * Fetches and checks the index of a repository: of the settings given, or (a `file:`, `http:` or `https:` address) of a folder.
   * Nothing is written, and the root may be open for reading: others may change it while a mirror is slow.
   * @throws Fault E-PKM-026; what was known before stays in use
   */
  async fetchIndex(repository: string | RepositorySettings, options: SyncWish = {}): Promise<FetchedRepository> {
    const { fetchRepository, settingsOfAddress } = await import('./repository/sync.ts');
    const settings = typeof repository === 'string' ? settingsOfAddress(repository) : repository;
    return fetchRepository({ layout: this.layout, database: this.database }, settings, { ...options, now: this.#now() });
  }

  /**
   * Makes what was fetched what is known. @returns `undefined` where others changed so much meanwhile that it must be fetched again
   * @throws Fault E-PKM-026
   */
  async putIndex(
    fetched: FetchedRepository,
    options: Pick<SyncWish, 'force' | 'identity'> = {},
  ): Promise<SyncReport | undefined> {
    const { putFetched } = await import('./repository/sync.ts');
    return putFetched(this.#context(), fetched, { ...options, now: this.#now() });
  }

  /** Both, for a root that is open for changes. @throws Fault E-PKM-026 */
  async sync(repository: string | RepositorySettings, options: SyncWish = {}): Promise<SyncReport> {
    this.#context();
    for (;;) {
      const report = await this.putIndex(await this.fetchIndex(repository, options), options);
      if (report !== undefined) return report;
    }
  }

  /** Nothing is offered from there any more. Its serial is remembered. */
  forget(address: string): void {
    forgetRepository(this.#context(), address);
  }

  /** The archive that an index offers: from the cache, or fetched and checked. @returns absolute path. @throws Fault E-PKM-071 */
  async fetch(item: query.AvailablePackage, options: FetchOptions = {}): Promise<string> {
    const [path] = await this.fetchAll([item], options);
    return path!;
  }

  /** The archives of several, a few at a time. @returns absolute paths, in order. @throws Fault E-PKM-071 */
  async fetchAll(items: readonly query.AvailablePackage[], options: FetchOptions = {}): Promise<string[]> {
    const { fetchArchives } = await import('./repository/fetch.ts');
    const context = this.#contextFor({ dryRun: this.#isForPlans });
    return fetchArchives(context, items, this.#isForPlans ? { ...options, into: () => this.#ownFolder() } : options);
  }

  /** Downloads what is not here yet; for a root that is open for reading, so that others may change it meanwhile. @throws Fault E-PKM-071 */
  async fetchAhead(
    items: readonly query.AvailablePackage[],
    options: FetchOptions & { readonly isOptional?: boolean } = {},
  ): Promise<void> {
    const context = this.#readable();
    if (context === undefined) return;
    const { fetchArchives, isToBeDownloaded, mayKeepDownloads } = await import('./repository/fetch.ts');
    // Whoever plans a change of a root that is not theirs fetches for themselves, later.
    if (options.isOptional === true && !mayKeepDownloads(this.layout)) return;
    const missing = items.filter((item) => isToBeDownloaded(context, item));
    await fetchArchives(context, missing, options);
  }

  /** Removes downloaded archives: those that no synced repository offers any more, or all. What is installed needs none of them. */
  async cleanCache(options: CleanCacheOptions = {}): Promise<CleanCacheReport> {
    const { cleanCache } = await import('./repository/clean-cache.ts');
    const context = options.dryRun === true ? this.#readable() : this.#context();
    return context === undefined ? { nFiles: 0, sizeBytes: 0 } : cleanCache(context, options);
  }

  /** Finishes what a crash interrupted, and removes what it left. Happens at every opening for writing. */
  recover(): { nOperations: number } {
    const context = this.#context();
    const nOperations = applyJournal(context);
    sys('remove', this.layout.staging, () => emptyStaging(context));
    collectTrees(context);
    syncManifests(this.layout, context.database, context.io);
    runPending(context, this.#actor(), this.#runInRoot());
    return { nOperations };
  }

  close(): void {
    const database = this.database;
    const unlock = this.#unlock;
    const hasScratch = this.#nScratch > 0;
    this.database = undefined;
    this.#unlock = undefined;
    if (database === undefined) return;
    try {
      if (this.#planFolder !== undefined) rmSync(this.#planFolder, { recursive: true, force: true });
      else if (hasScratch && !this.#isForPlans) emptyStaging({ layout: this.layout, database, io: this.#options.io ?? realIo });
    } finally {
      this.#early?.close();
      database.close();
      unlock?.();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- inside

  /** A generation of what others before it had. */
  async #runBack(
    context: RootContext,
    wish: {
      summary: string;
      target?: number;
      records: ReadonlyMap<string, PackageRecord>;
      delta: StateDelta;
      warnings: readonly Warning[];
      request: ChangeOptions;
    },
  ): Promise<TransactionReport> {
    const { records, request, warnings, ...rest } = wish;
    const actor = this.#actor();
    const contents = await originContents(context, {
      rows: wish.delta.putFiles,
      records,
      now: actor.now,
      storeFolder: this.#options.storeFolder,
      scratch: this.#scratch(),
    });
    return runWish(
      context,
      {
        ...rest,
        kind: 'rollback',
        disk: rootDisk(this.layout),
        contents,
        withdrawal: () => 'replace',
        overwrite: request.overwrite === true,
        dryRun: request.dryRun === true,
        confirm: request.confirm,
        runInRoot: this.#runInRoot(),
        warnings: [...warnings, ...this.#unfinished()],
        images: [],
      },
      actor,
      this.#options.pins,
    );
  }

  #run(wish: {
    kind: 'install' | 'switch' | 'remove' | 'mark';
    summary: string;
    draft: Draft;
    disk: ReturnType<typeof rootDisk>;
    images: readonly PackageImage[];
    request: ChangeOptions & Pick<InstallRequest, 'keptBack' | 'leftToSwitch'>;
    warnings: readonly Warning[];
    actor: Actor;
    withdrawal: (row: FileRow) => 'remove' | 'remove-by-force' | 'replace';
    onPlan?: (plan: TransactionReport) => void;
  }): TransactionReport {
    const { draft, request, actor, ...rest } = wish;
    const delta = draft.delta();
    if (request.ignoreHolds !== true) checkHolds(draft.base, delta, this.holds());
    return runWish(
      this.#contextFor(request),
      {
        ...rest,
        warnings: [...rest.warnings, ...this.#unfinished()],
        delta,
        base: draft.base,
        contents: imageContents(wish.images),
        keptBack: request.keptBack,
        leftToSwitch: request.leftToSwitch,
        overwrite: request.overwrite === true,
        dryRun: request.dryRun === true,
        confirm: request.confirm,
        runInRoot: this.#runInRoot(),
        flush: this.#early,
      },
      actor,
      this.#options.pins,
    );
  }

  /** Puts images into a draft. @returns what to say of it */
  #place(wish: { draft: Draft; disk: Disk; images: readonly PackageImage[]; request: InstallRequest; now: number }): Warning[] {
    const { draft, disk, images, request, now } = wish;
    const { database } = this.#contextFor(request);
    const warnings = this.#warningsOf(database, images, request);
    const declared = new Set(request.declared);
    let offered: ReadonlySet<string> | undefined;
    const isOffered = (name: string): boolean => {
      offered ??= namesOffered(database);
      return offered.has(name);
    };
    installImages(draft, images, disk, {
      now,
      isDeclared: (name) => declared.has(name) || isOffered(name),
      ...(request.explicit === undefined ? {} : { explicit: new Set(request.explicit) }),
    });
    return warnings;
  }

  #warningsOf(database: Database, images: readonly PackageImage[], request: InstallRequest): Warning[] {
    const notes = images.flatMap((image) => image.notes.map((text): Warning => ({ kind: 'note', package: image.name, text })));
    return [...checkTrust(database, images, request.archiveTrust ?? 'strict', this.#now()), ...notes];
  }

  /** Without a lock: for what changes nothing of the root. */
  #readable(): RootContext | undefined {
    return this.database === undefined
      ? undefined
      : { layout: this.layout, database: this.database, io: this.#options.io ?? realIo };
  }

  #context(): RootContext {
    const context = this.#readable();
    if (context !== undefined && this.#unlock !== undefined) return context;
    throw this.#onlyForReading();
  }

  get #isForPlans(): boolean {
    return this.#options.plansIn !== undefined;
  }

  /** A dry run needs no lock where the root was opened for that. */
  #contextFor({ dryRun = false }: Pick<ChangeOptions, 'dryRun'>): RootContext {
    const context = dryRun && this.#isForPlans ? this.#readable() : this.#context();
    if (context === undefined) throw this.#onlyForReading();
    return context;
  }

  /** A plan that is made beside another pkm, or of what one left, compares with files that are still going to change. */
  #unfinished(): Warning[] {
    if (!this.#isForPlans || !this.isUnfinished) return [];
    return [
      { kind: 'note', text: 'a transaction is being applied, or was interrupted: what it has still to do may show as changes' },
    ];
  }

  #onlyForReading(): Fault {
    return new Fault('E-PKM-022', `the root '${this.layout.root}' was opened for reading only`, {
      hints: ['open it for writing'],
    });
  }

  #actor(): Actor {
    const { user, command = 'pkm' } = this.#options;
    return { user: user ?? processUser(), command, now: this.#now() };
  }

  #now(): number {
    return (this.#options.now ?? clock)();
  }

  #runInRoot(): RunInRoot {
    return this.#options.runInRoot ?? runInRoot;
  }

  /** Of this user, for what plans are made from. */
  #ownFolder(): string {
    const { plansIn = '' } = this.#options;
    this.#planFolder ??= temporaryFolder('pkm-plan', plansIn);
    return this.#planFolder;
  }

  /** A fresh folder below the staging folder; gone with the next recovery. */
  #scratch(): string {
    if (this.#isForPlans) return join(this.#ownFolder(), `x${this.#nScratch++}`);
    const { io } = this.#context();
    sys('create the folder', this.layout.staging, () => io.makeOwnFolder(this.layout.staging, 0o700));
    return `${this.layout.staging}/x${this.#nScratch++}`;
  }
}

/** So many archives come out of their frames while one is read. */
const N_AHEAD = 2;

const names = (images: readonly PackageImage[]): string => {
  const shown = images.slice(0, 5).map((image) => `${image.name} ${image.version}`);
  return images.length > 5 ? `${shown.join(', ')} and ${images.length - 5} more` : shown.join(', ');
};
