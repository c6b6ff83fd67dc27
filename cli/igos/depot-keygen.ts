import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault, makeDirectory, writeFileAtomic } from '../../base/index.ts';
import { type DepotCode, loadOpenPgp, parseArchiveName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { secretKeyPath } from '../depot-keys.ts';
import { depotWords } from '../depot-words.ts';
import { readNewPassphrase } from '../passphrase.ts';
import { writeSecret } from '../secret-file.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  const user = parseArchiveName(`${args.operands[0]!}/raw/name`, 'current').user;
  const publicPath = join(words.depot.folder, user, 'pubkey');
  const output = args.value('output');
  const secretPath = output === undefined ? secretKeyPath(context, user) : resolve(context.workingDirectory, output);
  for (const path of [publicPath, secretPath]) {
    if (existsSync(path)) {
      throw new Fault('E-DEPOT-013' satisfies DepotCode, `there is a key in '${path}' already`, {
        hints: ['what it signed could not be signed again: move it away first'],
      });
    }
  }
  const passphrase = args.has('no-passphrase')
    ? undefined
    : await readNewPassphrase(context, args, `new passphrase for '${user}'`);
  const { generateKey } = await loadOpenPgp();
  const key = await generateKey(user, {
    bits: args.number('bits', 4096, 2048),
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  });
  makeDirectory(dirname(secretPath), 0o700);
  writeSecret(secretPath, key.secretKey);
  makeDirectory(dirname(publicPath));
  writeFileAtomic(publicPath, key.publicKey);
  const record = {
    user,
    fingerprint: key.fingerprint,
    publicKey: publicPath,
    secretKey: secretPath,
    isLocked: passphrase !== undefined && passphrase !== '',
  };
  if (context.isJson) context.out.json(record);
  else {
    context.out.line(key.fingerprint);
    context.out.talk(
      `public key in '${publicPath}', secret key in '${secretPath}'${record.isLocked ? '' : ', without a passphrase'}`,
    );
  }
}
