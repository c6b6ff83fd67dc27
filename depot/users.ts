import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, sys } from '../base/index.ts';
import type { DepotCode } from './codes.ts';

/** Where `pubkey` and `download` of users are: the depot first, then a Genode source tree. */
export interface UserPlaces {
  readonly depot: string;
  /** Top of a source tree with `repos/`. */
  readonly tree?: string;
}

const MAX_KEY = 1 << 20;

/** @returns bytes of the file, and its path for messages. @throws Fault E-DEPOT-011 */
export function readPublicKeyFile(user: string, places: UserPlaces): { bytes: Buffer; path: string } {
  const path = find(user, 'pubkey', places);
  if (path === undefined) {
    throw new Fault('E-DEPOT-011' satisfies DepotCode, `there is no public key of '${user}'`, {
      hints: [`put it into '${join(places.depot, user, 'pubkey')}', after making sure that it is theirs`],
    });
  }
  const bytes = sys('read', path, () => readFileSync(path));
  if (bytes.length <= MAX_KEY) return { bytes, path };
  throw new Fault('E-DEPOT-011' satisfies DepotCode, `the public key of '${user}' has ${bytes.length} bytes, which is no key`, {
    hints: [`look at '${path}'`],
  });
}

/** Base address of a user's server, without a slash at its end. @throws Fault E-DEPOT-011 */
export function readDownloadLocation(user: string, places: UserPlaces): string {
  const path = find(user, 'download', places);
  const text = path === undefined ? '' : sys('read', path, () => readFileSync(path, 'utf8'));
  const address = text.replaceAll("'", '').trim().replace(/\/+$/, '');
  if (address !== '' && !/\s/.test(address)) return address;
  throw new Fault(
    'E-DEPOT-011' satisfies DepotCode,
    path === undefined
      ? `there is no download location of '${user}'`
      : `the download location of '${user}' is no address: '${path}'`,
    { hints: [`write the address of their server into '${join(places.depot, user, 'download')}', one line`] },
  );
}

function find(user: string, file: 'pubkey' | 'download', { depot, tree }: UserPlaces): string | undefined {
  const inDepot = join(depot, user, file);
  if (existsSync(inDepot)) return inDepot;
  const repos = tree === undefined ? undefined : join(tree, 'repos');
  if (repos === undefined || !existsSync(repos)) return undefined;
  return readdirSync(repos)
    .map((repository) => join(repos, repository, 'sculpt', 'depot', user, file))
    .find(existsSync);
}
