import { dirname, posix } from 'node:path';
import { never } from '../../base/index.ts';
import { liveFingerprint as fingerprintThere } from '../config/list-config.ts';
import type { DiskEntry } from '../disk.ts';
import type { ConfigOutcome, ConfigRow, FileRow } from '../types.ts';
import { type ConfigFacts, decideOffered, decideWithdrawn } from './config-rules.ts';
import type { DiskPlanner } from './disk-plan.ts';
import { mergeText } from './merge.ts';

/** Plans one configuration path. @returns what the disk knew about the new row */
export function planConfig(planner: DiskPlanner, old: FileRow | undefined, next: FileRow | undefined): Partial<FileRow> {
  const path = (next ?? old)!.path;
  const known = planner.input.base.config(path);
  planner.remember(path);
  const there = planner.input.disk.entry(path);
  const facts: ConfigFacts = {
    // A directory of the old generation makes room for the file, or the plan is refused.
    live:
      there === undefined || (there.kind === 'directory' && old?.kind === 'directory')
        ? undefined
        : liveFingerprint(planner, path, there),
    original: known === undefined || known.originalSha256 === '' ? undefined : known.originalSha256,
    upstream: old !== undefined && old.kind !== 'directory' ? fingerprint(old) : known?.upstreamSha256,
    next: next === undefined ? undefined : fingerprint(next),
    isOwned: (old !== undefined && old.kind !== 'directory') || (next !== undefined && isSwitchedOff(planner, next, known)),
  };
  if (next === undefined) {
    withdraw(planner, { row: old!, facts, known, there });
    return {};
  }
  return offer(planner, { old, next, facts, known, there });
}

interface Withdrawal {
  readonly row: FileRow;
  readonly facts: ConfigFacts;
  readonly known: ConfigRow | undefined;
  readonly there: DiskEntry | undefined;
}

function withdraw(planner: DiskPlanner, { row, facts, known, there }: Withdrawal): void {
  const { input } = planner;
  const becomesFolder = planner.standingAfter(row.path) !== undefined;
  const asked = input.withdrawal(row);
  // Nobody's words are in such a link, and where it stays it leads to nothing: a service that is switched on, and not there.
  const rule = becomesFolder ? 'remove-by-force' : asked === 'remove' && leadsToGone(planner, row) ? 'replace' : asked;
  let decision = decideWithdrawn(facts, rule);
  if (there?.kind === 'directory' && decision !== 'leave') decision = becomesFolder ? 'gone' : 'leave';
  if (decision === 'remove' && input.isRollback && row.wasThere) decision = 'leave';
  const report = (outcome: ConfigOutcome, newPath?: string): void => {
    planner.configChanges.push({ path: row.path, owner: row.owner, outcome, ...(newPath === undefined ? {} : { newPath }) });
  };
  if (decision === 'leave') {
    planner.putConfig.push({ ...(known ?? newConfigRow(row)), upstreamSha256: fingerprint(row), orphanedAt: input.now });
    report('left');
    return;
  }
  if (decision === 'gone' && asked === 'remove' && there === undefined && leadsToGone(planner, row)) {
    // A service that somebody switched off: should its package come back, it stays so.
    planner.putConfig.push({ ...(known ?? newConfigRow(row)), upstreamSha256: fingerprint(row), orphanedAt: input.now });
    return;
  }
  if (known !== undefined) planner.dropConfig.push(row.path);
  if (!dropPending(planner, known) && known !== undefined)
    planner.warnings.push({ kind: 'modified-file', path: known.newPath, package: row.owner, text: 'it was modified; it stays' });
  if (decision === 'save') {
    const aside = freeName(planner, row.path, 'pkmsave');
    planner.moveAside(row.path, aside);
    planner.warnings.push({
      kind: 'modified-file',
      path: row.path,
      package: row.owner,
      text: `it was modified; your version is now '/${aside}'`,
    });
    report('saved', aside);
  } else if (decision === 'remove') {
    if (becomesFolder) planner.removeFirst(row.path);
    else planner.unlink(row.path);
    report('removed');
  }
}

/** A symlink to what goes with its package. */
function leadsToGone({ input }: DiskPlanner, { path, kind, target }: FileRow): boolean {
  if (kind !== 'symlink') return false;
  const rows = input.base.rowsAt(posix.resolve('/', dirname(path), target).slice(1));
  return rows.length > 0 && rows.every(({ owner, isConfig }) => !isConfig && input.delta.dropRecords.includes(owner));
}

/** A symlink to what comes with its package, and that somebody had removed when the package went. */
const isSwitchedOff = (planner: DiskPlanner, { path, kind, target }: FileRow, known: ConfigRow | undefined): boolean =>
  kind === 'symlink' &&
  known !== undefined &&
  known.orphanedAt !== 0 &&
  known.upstreamSha256 === `link:${target}` &&
  planner.standingAfter(posix.resolve('/', dirname(path), target).slice(1))?.isConfig === false;

interface Offer {
  readonly old: FileRow | undefined;
  readonly next: FileRow;
  readonly facts: ConfigFacts;
  readonly known: ConfigRow | undefined;
  readonly there: DiskEntry | undefined;
}

function offer(planner: DiskPlanner, { old, next, facts, known, there }: Offer): Partial<FileRow> {
  const { path } = next;
  const offered = fingerprint(next);
  const decision = decideOffered({ ...facts, next: offered });
  const report = (outcome: ConfigOutcome, newPath?: string): void => {
    planner.configChanges.push({ path, owner: next.owner, outcome, ...(newPath === undefined ? {} : { newPath }) });
  };
  const row: ConfigRow = { ...(known ?? newConfigRow(next)), owner: next.owner, upstreamSha256: offered, orphanedAt: 0 };
  const settled: ConfigRow = { ...row, originalSha256: offered, newPath: '', newSha256: '' };
  if (next.kind === 'file') planner.keepBytes.push(next);
  const wasThere = old?.wasThere ?? (there !== undefined && known === undefined);
  const finish = (config: ConfigRow, mtimeSeconds: number): Partial<FileRow> => {
    planner.putConfig.push(config);
    if (config.newPath === '') dropPending(planner, known);
    return { wasThere, mtimeSeconds };
  };
  const keepTime = old?.mtimeSeconds ?? 0;
  // What was offered since is withdrawn, and with it the conflict.
  const kept = offered === facts.original ? settled : row;
  switch (decision) {
    case 'equal':
      if (there !== undefined && there.mode !== next.mode && old?.mode !== next.mode)
        planner.changeMetadata(path, { ...next, ...metadataOf({ old, next, there }) });
      if (next.isConfig !== old?.isConfig || facts.original !== offered || old?.owner !== next.owner)
        return finish(settled, keepTime);
      return { wasThere, mtimeSeconds: keepTime };
    case 'place':
      if (there?.kind === 'directory') planner.replaceFolder(old, next);
      report(there === undefined ? 'placed' : 'replaced');
      return finish(
        settled,
        planner.place(next, { ...metadataOf({ old, next, there }), ...like(planner, path, there) }).mtimeSeconds,
      );
    case 'keep':
      if (old !== undefined && old.mode !== next.mode && there?.mode === old.mode)
        planner.changeMetadata(path, { ...next, ...metadataOf({ old, next, there }) });
      report('kept');
      return finish(kept, keepTime);
    case 'stays-deleted':
      report('stays-deleted');
      return finish(kept, keepTime);
    case 'beside-deleted': {
      const aside = placeBeside(planner, next, known);
      report('stays-deleted', aside);
      return finish({ ...row, newPath: aside, newSha256: offered }, keepTime);
    }
    case 'merge': {
      if (mergeInto(planner, { old, next, facts, known, there })) {
        report('merged');
        return finish(settled, keepTime);
      }
      const aside = placeBeside(planner, next, known);
      report('new-file', aside);
      return finish({ ...row, newPath: aside, newSha256: offered }, keepTime);
    }
    case 'gone':
    case 'remove':
    case 'leave':
    case 'save':
      return {};
    default:
      return never(decision);
  }
}

/** What upstream wants; but a mode, or an owner, that somebody gave the file is a change of theirs, and stays with the new bytes. */
function metadataOf({ old, next, there }: Pick<Offer, 'old' | 'next' | 'there'>): { mode: number; uid: number; gid: number } {
  const { mode, uid, gid } = next;
  if (next.kind !== 'file' || old?.kind !== 'file' || there?.kind !== 'file') return { mode, uid, gid };
  const isGiven = there.uid !== old.uid || there.gid !== old.gid;
  return { mode: there.mode === old.mode ? mode : there.mode, ...(isGiven ? { uid: there.uid, gid: there.gid } : { uid, gid }) };
}

/** What a file takes over from the one that stands there. */
export const like = (planner: DiskPlanner, path: string, there: DiskEntry | undefined): { like?: string } =>
  there?.kind === 'file' ? { like: planner.input.disk.physical(path) } : {};

/** Both changed: takes both changes where they do not touch. */
function mergeInto(planner: DiskPlanner, { old, next, facts, there }: Offer): boolean {
  const { input } = planner;
  if (next.kind !== 'file' || there?.kind !== 'file' || facts.original === undefined) return false;
  const original = input.oldBytes(facts.original);
  if (original === undefined) return false;
  const live = input.disk.bytes(next.path);
  const merged = mergeText(original, live, input.nextBytes(next));
  if (merged === undefined) return false;
  const mode = old !== undefined && old.mode !== next.mode && there.mode === old.mode ? next.mode : there.mode;
  if (!merged.equals(live)) {
    const { uid, gid } = there;
    planner.stage(next.path, { kind: 'bytes', bytes: merged, mode, uid, gid, ...like(planner, next.path, there) }, merged.length);
  } else if (mode !== there.mode) planner.changeMetadata(next.path, { kind: 'file', mode, uid: there.uid, gid: there.gid });
  return true;
}

/** Puts the offered version at `<path>.new`; a pending one that nobody touched is replaced, anything else there is not. */
function placeBeside(planner: DiskPlanner, next: FileRow, known: ConfigRow | undefined): string {
  const isOurs = (path: string): boolean => known?.newPath === path && isUntouched(planner, known);
  const aside = freeName(planner, next.path, 'new', isOurs);
  if (known !== undefined && known.newPath !== aside) dropPending(planner, known);
  const { mode, uid, gid } = next;
  if (next.kind === 'symlink') planner.stage(aside, { kind: 'symlink', target: next.target, mode, uid, gid }, 0);
  else planner.stage(aside, { kind: 'row', row: next, mode, uid, gid }, next.sizeBytes);
  return aside;
}

/** `<path>.<suffix>`, or `<path>.<suffix>.1` and so on where that is taken. */
export function freeName(
  planner: DiskPlanner,
  path: string,
  suffix: string,
  isOurs: (path: string) => boolean = () => false,
): string {
  for (let n = 0; ; n++) {
    const candidate = n === 0 ? `${path}.${suffix}` : `${path}.${suffix}.${n}`;
    if (planner.standingAfter(candidate) !== undefined || planner.input.base.rowsAt(candidate).length > 0) continue;
    planner.remember(candidate);
    if (planner.input.disk.entry(candidate) === undefined || isOurs(candidate)) return candidate;
  }
}

/** The `.new` file of an earlier conflict has had its day: removed, unless somebody edited it. @returns false where it stays */
function dropPending(planner: DiskPlanner, known: ConfigRow | undefined): boolean {
  if (known === undefined || known.newPath === '') return true;
  planner.remember(known.newPath);
  if (isUntouched(planner, known)) planner.unlink(known.newPath);
  else return planner.input.disk.entry(known.newPath) === undefined;
  return true;
}

function isUntouched(planner: DiskPlanner, known: ConfigRow): boolean {
  const there = planner.input.disk.entry(known.newPath);
  return there !== undefined && liveFingerprint(planner, known.newPath, there) === known.newSha256;
}

const newConfigRow = (row: FileRow): ConfigRow => ({
  path: row.path,
  owner: row.owner,
  originalSha256: '',
  upstreamSha256: fingerprint(row),
  newPath: '',
  newSha256: '',
  orphanedAt: 0,
});

const fingerprint = (row: FileRow): string => (row.kind === 'symlink' ? `link:${row.target}` : row.sha256);

const liveFingerprint = (planner: DiskPlanner, path: string, there: DiskEntry): string =>
  fingerprintThere(planner.input.disk, path, there);
