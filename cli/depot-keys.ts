/** Whose secret key signs for a user of a depot, and where it is. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '../base/index.ts';
import { type DepotCode, gpgHasSecretKey, gpgSigner, loadOpenPgp, readPublicKeyFile, type Signer } from '../depot/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import type { DepotWords } from './depot-words.ts';
import { readPassphrase } from './passphrase.ts';

/** Where `igos depot keygen` puts a secret key, and `publish` looks for it. */
export const secretKeyPath = (context: Context, user: string): string => join(context.home, 'etc', 'depot-keys', `${user}.asc`);

/**
 * The file of `--key`, that of `igos depot keygen`, or GnuPG with the key that is the user's `pubkey`.
 *
 * @throws Fault E-DEPOT-011, E-DEPOT-013
 */
export async function signerFor(user: string, context: Context, args: Arguments, words: DepotWords): Promise<Signer> {
  const { keySigner, readPublicKeys } = await loadOpenPgp();
  const given = args.value('key');
  const file = given === undefined ? secretKeyPath(context, user) : resolve(context.workingDirectory, given);
  const places = { depot: words.depot.folder, ...(words.treeFolder === undefined ? {} : { tree: words.treeFolder }) };
  const { bytes, path } = readPublicKeyFile(user, places);
  const { keys } = await readPublicKeys(bytes, path);
  const fingerprints = keys.map((key) => key.getFingerprint());
  if (given !== undefined || existsSync(file)) {
    const signer = await keySigner(file, () => readPassphrase(context, args, `passphrase of the key of '${user}'`));
    if (fingerprints.includes(signer.fingerprint)) return signer;
    throw new Fault(
      'E-DEPOT-013' satisfies DepotCode,
      `the key in '${file}' is not that of '${user}': '${path}' is another one`,
      {
        hints: ['name the right one with --key, or publish archives of one user at a time'],
      },
    );
  }
  for (const fingerprint of fingerprints) if (await gpgHasSecretKey(fingerprint)) return gpgSigner(fingerprint);
  throw new Fault('E-DEPOT-013' satisfies DepotCode, `there is no secret key of '${user}' to sign with`, {
    notes: [`looked for '${file}', and in GnuPG for ${fingerprints.join(', ')}`],
    hints: ['name its file with --key FILE', 'archives of others are downloaded with their signatures, not signed by you'],
  });
}
