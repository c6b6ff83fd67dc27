import { count, formatBytes } from '../../base/index.ts';
import type { AvailablePackage, Root } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { formatTime } from '../time.ts';
import { shownVersion } from './offers.ts';
import { shownAddress } from './shown-address.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const name = args.operands[0]!;
  const offers = root.available(name);
  const isInstalled = root.list({ all: true }).some((record) => record.name === name);
  if (!isInstalled && offers.length > 0) showOffers(context, offers);
  else showInstalled(context, root, name, offers);
}

function showInstalled(context: Context, root: Root, name: string, offers: readonly AvailablePackage[]): void {
  const { record, nFiles, sizeBytes, requiredBy } = root.info(name);
  const hold = root.holds().find((one) => one.name === name);
  if (context.isJson) {
    context.out.json({ ...record, files: nFiles, sizeBytes, requiredBy, isHeld: hold !== undefined, available: offers });
    return;
  }
  print(context, [
    ['name', record.name],
    ['version', shownVersion(record)],
    ['offered', offers.map((offer) => `${shownVersion(offer)} by ${offer.repository}`).join(', ')],
    ['tier', record.tier],
    ['summary', record.summary],
    ['license', record.license],
    ['homepage', record.homepage],
    ['installed', `${formatTime(record.installedAt)}, ${record.reason === 'explicit' ? 'asked for' : 'as a dependency'}`],
    ['held', hold === undefined ? '' : `since ${formatTime(hold.time)}, by ${hold.user}`],
    ['origin', record.origin.kind === 'store' ? record.origin.storePath : `archive sha256:${record.origin.sha256}`],
    ['needs', record.runtime.join(' ')],
    ['needed by', requiredBy.join(' ')],
    ['provides', record.provides.join(' ')],
    ['conflicts', record.conflicts.join(' ')],
    ['supersedes', record.supersedes.join(' ')],
    [
      'superseded',
      record.supersededBy.length === 0 ? '' : `by ${record.supersededBy.join(' ')}, ${formatTime(record.supersededAt)}`,
    ],
    ['config', record.config.join(' ')],
    ['size', `${formatBytes(sizeBytes)} in ${count(nFiles, 'file')}`],
  ]);
}

function showOffers(context: Context, offers: readonly AvailablePackage[]): void {
  const newest = offers[0]!;
  if (context.isJson) {
    context.out.json({ name: newest.name, available: offers });
    return;
  }
  print(context, [
    ['name', newest.name],
    ['version', shownVersion(newest)],
    ['older', offers.slice(1).map(shownVersion).join(', ')],
    ['tier', newest.tier],
    ['summary', newest.summary],
    ['license', newest.license],
    ['homepage', newest.homepage],
    ['installed', 'no'],
    ['offered by', shownAddress(newest.repository)],
    ['needs', newest.runtime.join(' ')],
    ['provides', newest.provides.join(' ')],
    ['conflicts', newest.conflicts.join(' ')],
    ['supersedes', newest.supersedes.join(' ')],
    ['privileged', newest.privileged.join(' ')],
    ['download', formatBytes(newest.sizeBytes)],
    ['size', newest.installedBytes === 0 ? '' : formatBytes(newest.installedBytes)],
  ]);
}

function print(context: Context, rows: readonly (readonly [string, string])[]): void {
  for (const [key, value] of rows) if (value !== '') context.out.line(`${key.padEnd(11)} ${value}`);
}
