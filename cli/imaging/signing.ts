/** By whom kernel images are signed, and the time that all of their files have. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import { type Pem, readSigner, type Signer } from '../../image/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { readPassphrase } from '../passphrase.ts';

/** As builds have it. */
const SECONDS = 315_619_200;
/** The latest that a squashfs and an initramfs can hold: in 2106. */
const MAX_SECONDS: number = 2 ** 32 - 1;

/** Of all files: before 1980 FAT has no time. */
export function imageSeconds(context: Context): number {
  const given = context.environment['SOURCE_DATE_EPOCH'] ?? '';
  const seconds = /^\d{1,10}$/.test(given) ? Number(given) : SECONDS;
  return Math.min(Math.max(seconds, SECONDS), MAX_SECONDS);
}

/** Files of a key and its certificate. */
export interface KeyFiles {
  readonly key: string;
  readonly certificate: string;
}

/**
 * Who signs, by `--sign-key` and `--sign-certificate`.
 * @param usual  absolute; taken where no others are named, and the key is there
 * @throws UsageError · Fault E-IMG-015 · E-IMG-016 · SystemFault
 */
export async function signerOf(context: Context, args: Arguments, usual?: KeyFiles): Promise<Signer | undefined> {
  const files = keyFiles(args) ?? (usual !== undefined && existsSync(usual.key) ? usual : undefined);
  if (files === undefined) return undefined;
  const pem = (name: string): Pem => {
    const path = resolve(context.workingDirectory, name);
    return { path: name, text: sys('read', path, () => readFileSync(path, 'utf8')) };
  };
  const key = pem(files.key);
  const isEncrypted = /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key.text);
  const passphrase = isEncrypted ? await readPassphrase(context, args, `passphrase of '${files.key}'`) : undefined;
  return readSigner(key, pem(files.certificate), passphrase);
}

function keyFiles(args: Arguments): KeyFiles | undefined {
  const [key, certificate] = [args.value('sign-key'), args.value('sign-certificate')];
  if (key === undefined && certificate === undefined) return undefined;
  if (key !== undefined && certificate !== undefined) return { key, certificate };
  throw new UsageError(
    `--sign-${key === undefined ? 'certificate' : 'key'} needs --sign-${key === undefined ? 'key' : 'certificate'}`,
    ['--sign-key db.key --sign-certificate db.crt'],
  );
}
