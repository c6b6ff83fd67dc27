import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOpenPgp, type NewKey, type Signer } from '../../depot/index.ts';

const keys = new Map<string, Promise<NewKey>>();

/** One key for each user and test file: making them takes time. */
export function keyOf(user: string): Promise<NewKey> {
  const known = keys.get(user) ?? loadOpenPgp().then(({ generateKey }) => generateKey(user, { bits: 2048 }));
  keys.set(user, known);
  return known;
}

/** Signs with the key of a user of the tests; the secret key goes through a file in `folder`. */
export async function keySignerOf(folder: string, user: string): Promise<Signer> {
  const { keySigner } = await loadOpenPgp();
  const file = join(folder, `${user}.secret`);
  if (!existsSync(file)) writeFileSync(file, (await keyOf(user)).secretKey);
  return keySigner(file, async () => undefined);
}
