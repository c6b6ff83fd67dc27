import { Fault } from '../../base/index.ts';
import type { Database } from '../state/database.ts';
import { isText, listOf } from '../state/wrong-value.ts';
import type { PackageImage, Warning } from '../types.ts';
import { day } from './dates.ts';
import { type KnownRepository, knownRepository } from './known.ts';

/**
 * `strict`: the bytes of an archive must be in a synced, signed index, or signed themselves; store outputs are ours and trusted.
 * `repo-only`: the same, name and version must be the index's, and nothing but archives is installed.
 * `loose`: anything is installed, with a warning where the index does not vouch for it.
 */
export type ArchiveTrust = 'strict' | 'loose' | 'repo-only';

/** @param now  seconds since 1970. @returns warnings. @throws Fault E-PKM-025 */
export function checkTrust(database: Database, images: readonly PackageImage[], trust: ArchiveTrust, now: number): Warning[] {
  const warnings: Warning[] = [];
  const expired = new Set<string>();
  for (const image of images) {
    const { origin } = image;
    if (origin.kind === 'store') {
      if (trust !== 'repo-only') continue;
      throw new Fault('E-PKM-025', `package '${image.name}' comes from the store, and only repositories are trusted here`, {
        hints: ['use --archive-trust strict to install what this machine built'],
      });
    }
    if (origin.signedBy !== undefined && trust !== 'repo-only') continue;
    const why = distrust(database, image, origin.sha256, trust);
    if (why === undefined) {
      for (const { address, expiresAt } of vouchers(database, origin.sha256)) {
        if (expiresAt > 0 && expiresAt < now && !expired.has(address)) warnings.push(expiredWarning(address, expiresAt));
        expired.add(address);
      }
      continue;
    }
    if (trust !== 'loose') throw why;
    warnings.push({ kind: 'trust', package: image.name, text: `${why.message} (SHA-256 ${origin.sha256})` });
  }
  return warnings;
}

/**
 * An index that expired since it was synced still vouches: a machine without a network must be able to install. That there is no newer
 * one is what it cannot say any more.
 */
const expiredWarning = (address: string, expiresAt: number): Warning => ({
  kind: 'trust',
  text: `the index of '${address}' expired on ${day(expiresAt)}: run 'pkm sync', there may be newer versions`,
});

const vouchers = (database: Database, sha256: string): KnownRepository[] =>
  database
    .all('SELECT DISTINCT repository FROM available WHERE sha256 = ?', sha256)
    .flatMap((row) => knownRepository(database, String(row['repository'])) ?? []);

/** Whether the publisher of a synced index answers for a privileged file of an archive. */
export const isVouchedPrivileged = (database: Database, archiveSha256: string, path: string): boolean =>
  database
    .all('SELECT privileged FROM available WHERE sha256 = ?', archiveSha256)
    .some((row) => listOf(String(row['privileged']), 'what an index says of privileged files', isText).includes(path));

function distrust(database: Database, image: PackageImage, sha256: string, trust: ArchiveTrust): Fault | undefined {
  const known = database.all(
    'SELECT name, version, release, sha256 FROM available WHERE sha256 = ?1 OR name = ?2',
    sha256,
    image.name,
  );
  const same = known.find((row) => row['sha256'] === sha256);
  if (same !== undefined) {
    const isNamed = same['name'] === image.name && same['version'] === image.version && same['release'] === image.release;
    if (isNamed || trust !== 'repo-only') return undefined;
    return new Fault('E-PKM-025', `the archive says that it is '${image.name}' ${image.version}, and its index says otherwise`, {
      notes: [`in the index: '${String(same['name'])}' ${String(same['version'])}, release ${String(same['release'])}`],
      hints: ['tell the people who publish the index'],
    });
  }
  const named = known.filter((row) => row['version'] === image.version);
  if (named.length > 0) {
    return new Fault('E-PKM-025', `the archive of '${image.name}' ${image.version} is not the one in the index`, {
      notes: [`expected SHA-256 ${named.map((row) => String(row['sha256'])).join(' or ')}`, `  actual SHA-256 ${sha256}`],
      hints: ["fetch the newest index with 'pkm sync' and try again", 'if it differs still, do not install this archive'],
    });
  }
  return new Fault('E-PKM-025', `no synced index knows the archive of '${image.name}' ${image.version}`, {
    hints: ["fetch the index of its repository with 'pkm sync'", 'or, if you trust the file itself, use --archive-trust loose'],
  });
}
