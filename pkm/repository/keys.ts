/**
 * Ed25519 keys of repositories: in Nix's text form, as `igos key generate` makes them, or as PEM. An id names a key, in signatures and
 * messages, whatever form it has: the first 16 hex digits of the SHA-256 of its DER (SPKI).
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, Fault, sys } from '../../base/index.ts';
import { loadCaches } from '../../store/index.ts';
import { printable } from '../names.ts';

export const keyId = (key: KeyObject): string => hash('sha256', key.export({ type: 'spki', format: 'der' })).slice(0, 16);

/** The keys of `*.pub` files of a folder; none where it does not exist. @throws Fault E-PKM-026 */
export async function readTrustedKeys(folder: string): Promise<KeyObject[]> {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.pub'));
  const keys: KeyObject[] = [];
  for (const name of names.sort(compareBytes)) {
    const path = join(folder, name);
    const text = sys('read', path, () => readFileSync(path, 'utf8'));
    keys.push(await parsePublicKey(text, path));
  }
  return keys;
}

/** @param from  for messages. @throws Fault E-PKM-026 */
export async function parsePublicKey(text: string, from: string): Promise<KeyObject> {
  try {
    if (!text.includes('-----BEGIN')) return (await loadCaches()).parsePublicKey(text.trim()).key;
    const key = createPublicKey(text);
    if (key.asymmetricKeyType === 'ed25519' && !text.includes('PRIVATE KEY')) return key;
  } catch {
    // said below
  }
  const isSecret = text.includes('PRIVATE KEY') || /^[^:\n]+:[A-Za-z0-9+/]{86}==\s*$/.test(text);
  const what = isSecret ? 'a secret key, which only its owner should have; the public one is wanted' : 'no ed25519 public key';
  throw new Fault('E-PKM-026', `'${printable(from)}' is ${what}`, {
    hints: [
      'make a pair with: igos key generate NAME -o SECRET-FILE',
      'and print its public half with: igos key public SECRET-FILE',
    ],
  });
}

/** @throws Fault E-PKM-026 */
export async function parseSigningKey(text: string): Promise<KeyObject> {
  try {
    if (!text.includes('-----BEGIN')) return (await loadCaches()).parseSecretKey(text).key;
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // said below
  }
  throw new Fault('E-PKM-026', 'the signing key is no ed25519 secret key', {
    hints: ['make one with: igos key generate NAME -o SECRET-FILE'],
  });
}
