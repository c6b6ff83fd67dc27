/**
 * OpenPGP, by openpgp.js. Loading it takes 60 ms: this file is imported on first use.
 *
 * A signature of ours is what Genode's tools and its own verifier on the target take: detached, binary, version 4, type 0x00, SHA-256, by an
 * RSA primary key. Besides, it names the archive that it is for, as a notation that others pass over.
 */
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';
import { Fault, sys } from '../base/index.ts';
import type { DepotCode } from './codes.ts';
import { PATH_NOTATION } from './path-notation.ts';

export interface Keys {
  /** Where they come from, for messages. */
  readonly path: string;
  readonly keys: readonly openpgp.PublicKey[];
}

const SIGNING = {
  preferredHashAlgorithm: openpgp.enums.hash.sha256,
  // Else two signatures of the same bytes at the same time differ.
  nonDeterministicSignaturesViaNotation: false,
};

/** Reads a `pubkey` file: armoured, in one block or several, or binary. @throws Fault E-DEPOT-013 */
export async function readPublicKeys(bytes: Buffer, path: string): Promise<Keys> {
  const text = bytes.toString('latin1');
  const blocks = text.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g);
  try {
    const keys =
      blocks === null
        ? await openpgp.readKeys({ binaryKeys: bytes })
        : (await Promise.all(blocks.map((armoredKeys) => openpgp.readKeys({ armoredKeys })))).flat();
    if (keys.length > 0) return { path, keys };
  } catch (error) {
    throw unusable(path, `it holds no OpenPGP public key (${reason(error)})`);
  }
  throw unusable(path, 'it holds no OpenPGP public key');
}

const unusable = (path: string, why: string): Fault =>
  new Fault('E-DEPOT-013' satisfies DepotCode, `the key in '${path}' cannot be used: ${why}`, {
    hints: ["export it anew: gpg --armor --export USER > pubkey, or 'igos depot keygen'"],
  });

function reason(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(/^Error [^:]*: /, '').split('\n')[0]!;
  return text.startsWith('Error during parsing') ? 'it is no OpenPGP data' : text;
}

export interface VerifyRequest {
  /** Path of the archive, `alan/src/zlib/2024-02-01`: named in messages, and compared with what the signature is for. */
  readonly archive: string;
  readonly file: string;
  readonly signature: Buffer;
  readonly keys: Keys;
  /** Refuse a signature that does not say what it is for. */
  readonly needsPath?: boolean;
  readonly now: Date;
}

export interface Verified {
  /** Hex, lower case. */
  readonly fingerprint: string;
  readonly signedAt: Date;
  /** Whether the signature says what it is for. */
  readonly namesPath: boolean;
  /** What was signed. The file may be another one by now: whoever may write in the quarantine need not be trusted. */
  readonly content: Buffer;
}

/** Reads the whole file into memory. @throws Fault E-DEPOT-012, naming what is wrong · SystemFault */
export async function verifyFile(request: VerifyRequest): Promise<Verified> {
  const { archive, keys, now } = request;
  const signature = await readDetached(request);
  const content = sys('read', request.file, () => readFileSync(request.file));
  const message = await openpgp.createMessage({ binary: content });
  let last: Verified | undefined;
  for (const packet of signature.packets) {
    const signers = signersOf(keys, packet.issuerKeyID);
    const [signer] = signers;
    if (signer === undefined) {
      throw refuse(archive, `it is by the key ${packet.issuerKeyID.toHex()}, which is not in '${keys.path}'`, [
        `if its user has a new key, put that into '${keys.path}', after making sure that it is theirs`,
      ]);
    }
    for (const each of signers) await refuseUnusableKey(archive, each, packet.issuerKeyID, now);
    refuseAheadOfClock(archive, packet.created, now);
    const one = new openpgp.Signature(openpgpList(packet));
    const { signatures } = await openpgp.verify({
      message,
      signature: one,
      verificationKeys: signer,
      format: 'binary',
      date: now,
    });
    try {
      await signatures[0]!.verified;
    } catch (error) {
      const why = reason(error);
      throw refuse(archive, explain(why), [isWeak(why) ? WEAK : 'download it again; if it stays so, tell its user']);
    }
    const named = notation(packet);
    if (named !== undefined && named !== archive) {
      throw refuse(archive, `it is for another archive: '${printable(named)}'`, [
        'somebody gave the one out as the other: tell its user',
      ]);
    }
    if (named === undefined && request.needsPath) {
      throw refuse(archive, 'it does not say which archive it is for', ['sign it with igos, or leave --require-path out']);
    }
    last = { fingerprint: signer.getFingerprint(), signedAt: packet.created ?? now, namesPath: named !== undefined, content };
  }
  if (last === undefined) throw refuse(archive, 'it is empty', ['download it again']);
  return last;
}

/** For each of them all of the archive is hashed: the same good one, a hundred times, would take as long as whoever sends it likes. */
const MAX_SIGNATURES = 16;

async function readDetached({ archive, signature }: VerifyRequest): Promise<openpgp.Signature> {
  const text = signature.toString('latin1');
  const notDetached = () =>
    refuse(archive, 'it is a signed message, not a signature of the archive', [
      'somebody passed off another text as signature: tell its user',
    ]);
  if (/-----BEGIN PGP (SIGNED )?MESSAGE-----/.test(text)) throw notDetached();
  let read: openpgp.Signature;
  try {
    read = text.includes('-----BEGIN PGP SIGNATURE-----')
      ? await openpgp.readSignature({ armoredSignature: text })
      : await openpgp.readSignature({ binarySignature: signature });
  } catch (error) {
    if (/disallowed packet|not allowed/i.test(reason(error))) throw notDetached();
    throw refuse(archive, `it is damaged (${reason(error)})`, ['download it again']);
  }
  if (read.packets.length > MAX_SIGNATURES) {
    throw refuse(archive, `it holds ${read.packets.length} signatures, and at most ${MAX_SIGNATURES} are read`, [
      'download it again',
    ]);
  }
  for (const packet of read.packets) {
    if (packet.signatureType !== openpgp.enums.signature.binary)
      throw refuse(archive, 'it is not the signature of a file', ['download it again; if it stays so, tell its user']);
  }
  return read;
}

function openpgpList(packet: openpgp.SignaturePacket): openpgp.PacketList<openpgp.SignaturePacket> {
  const list = new openpgp.PacketList<openpgp.SignaturePacket>();
  list.push(packet);
  return list;
}

/** A key may be there several times: as it was, and as it is since it was revoked. Each copy counts. */
const signersOf = (keys: Keys, id: openpgp.KeyID): openpgp.PublicKey[] => keys.keys.filter((key) => key.getKeys(id).length > 0);

/** Where the clock is wrong it is the clock that must be mended, and nothing is to be downloaded again. */
function refuseAheadOfClock(archive: string, created: Date | null, now: Date): void {
  if (created === null || created <= now) return;
  const text = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
  throw refuse(archive, `it was made on ${text(created)}, and it is ${text(now)} by the clock of this machine`, [
    'see whether this clock is right; if it is, that of its user is wrong: tell them',
  ]);
}

/** openpgp.js refuses what others can forge: signatures over SHA-1 and older hashes, DSA, RSA below 2048 bits. */
const isWeak = (why: string): boolean => /insecure|too weak/i.test(why);
const WEAK = 'its user must sign it anew: with SHA-256, and a key of RSA of 2048 bits or more';

async function refuseUnusableKey(archive: string, key: openpgp.PublicKey, id: openpgp.KeyID, now: Date): Promise<void> {
  const shown = id.toHex();
  // Whenever it was: a clock that is behind makes no key good again.
  if (await key.isRevoked(undefined, undefined, ANY_TIME)) {
    throw refuse(archive, `its key ${shown} was revoked`, ["get the user's new key, and what they signed with it"]);
  }
  const subkey = key.subkeys.find((each) => each.getKeyID().equals(id));
  if (subkey !== undefined && (await subkey.isRevoked(undefined as never, undefined as never, ANY_TIME))) {
    throw refuse(archive, `its key ${shown} was revoked`, ["get the user's new key, and what they signed with it"]);
  }
  for (const expires of [await key.getExpirationTime(), await subkey?.getExpirationTime(now)]) {
    if (expires instanceof Date && expires <= now) {
      throw refuse(archive, `its key ${shown} expired on ${expires.toISOString().slice(0, 10)}`, [
        "get the user's key with its new date",
      ]);
    }
  }
}

/** openpgp.js takes `null` for it, which its types do not say. */
const ANY_TIME = null as unknown as Date;

function notation(packet: openpgp.SignaturePacket): string | undefined {
  const found = packet.rawNotations.find((each) => each.name === PATH_NOTATION);
  return found === undefined ? undefined : Buffer.from(found.value).toString('utf8');
}

function explain(why: string): string {
  if (/digest did not match|verification failed|invalid signature|Signed digest/i.test(why))
    return 'the archive is not what was signed';
  if (isWeak(why)) return `it is too weak to be believed (${why.replace(/\.$/, '')})`;
  if (/expired/i.test(why)) return `${why.charAt(0).toLowerCase()}${why.slice(1)}`;
  return why;
}

const refuse = (archive: string, why: string, hints: readonly string[]): Fault =>
  new Fault('E-DEPOT-012' satisfies DepotCode, `the signature of '${archive}' does not hold: ${why}`, { hints });

const printable = (text: string): string => text.slice(0, 200).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');

export interface NewKey {
  /** Armoured. */
  readonly publicKey: string;
  /** Armoured, locked with the passphrase if there is one. */
  readonly secretKey: string;
  readonly fingerprint: string;
}

/** An RSA key that signs itself, without subkeys: the only kind that Genode verifies on a target. Takes a second or so. */
export async function generateKey(user: string, options: { passphrase?: string; bits?: number }): Promise<NewKey> {
  const { publicKey, privateKey } = await openpgp.generateKey({
    type: 'rsa',
    rsaBits: options.bits ?? 4096,
    userIDs: [{ name: user }],
    subkeys: [],
    format: 'object',
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    config: SIGNING,
  });
  return { publicKey: publicKey.armor(), secretKey: privateKey.armor(), fingerprint: publicKey.getFingerprint() };
}

/** Signs files with a secret key, in this process. */
export interface Signer {
  /** Hex, lower case. */
  readonly fingerprint: string;
  /** A binary detached signature. `archive`: path that it is for. */
  sign(file: string, archive: string): Promise<Buffer>;
}

/**
 * @param passphrase  asked only if the key is locked
 * @throws Fault E-DEPOT-013
 */
export async function keySigner(path: string, passphrase: () => Promise<string | undefined>): Promise<Signer> {
  const bytes = sys('read', path, () => readFileSync(path));
  let key: openpgp.PrivateKey;
  try {
    key = bytes.includes('-----BEGIN PGP')
      ? await openpgp.readPrivateKey({ armoredKey: bytes.toString('latin1') })
      : await openpgp.readPrivateKey({ binaryKey: bytes });
  } catch (error) {
    throw unusable(path, `it holds no OpenPGP secret key (${reason(error)})`);
  }
  if (!key.isDecrypted()) key = await unlock(key, path, await passphrase());
  const fingerprint = key.getFingerprint();
  return {
    fingerprint,
    sign: async (file, archive) =>
      Buffer.from(
        await openpgp.sign({
          message: await openpgp.createMessage({ binary: sys('read', file, () => readFileSync(file)) }),
          signingKeys: key,
          detached: true,
          format: 'binary',
          signatureNotations: [{ name: PATH_NOTATION, value: Buffer.from(archive), humanReadable: true, critical: false }],
          config: SIGNING,
        }),
      ),
  };
}

async function unlock(key: openpgp.PrivateKey, path: string, passphrase: string | undefined): Promise<openpgp.PrivateKey> {
  if (passphrase === undefined) throw unusable(path, 'it is locked, and there is no passphrase');
  try {
    return await openpgp.decryptKey({ privateKey: key, passphrase });
  } catch {
    throw unusable(path, 'the passphrase is wrong');
  }
}
