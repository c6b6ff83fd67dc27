/**
 * Who signs EFI programs, and what a signature says: PKCS #7 as Authenticode has it.
 *
 * @source RFC 2315; Microsoft, "Windows Authenticode Portable Executable Signature Format"
 */
import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { errorCode, sha256 } from '../base/index.ts';
import { BIT_STRING, context, der, INTEGER, NULL, OCTET_STRING, oid, readDer, SEQUENCE, SET, setOf, time } from './der.ts';
import { imageFault } from './faults.ts';

/** Made by `readSigner` alone. */
export interface Signer {
  readonly key: KeyObject;
  /** In DER: its own, then those that lead to it. */
  readonly certificates: readonly Uint8Array[];
  /** How its own is named: who issued it, and the number they gave it. */
  readonly issuerAndSerial: Uint8Array;
}

/** A text, and where it comes from, for messages. */
export interface Pem {
  readonly path: string;
  readonly text: string;
}

const MIN_KEY_BITS = 2048;

/**
 * Key and certificate that belong together. Whether the certificate is still valid is not looked at: firmware does not, either.
 *
 * @param passphrase  of a key that is encrypted
 * @throws Fault E-IMG-015 the key · E-IMG-016 the certificate
 */
export function readSigner(keyPem: Pem, certificatePem: Pem, passphrase?: string): Signer {
  const key = readKey(keyPem, passphrase);
  const texts = certificatePem.text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const { path } = certificatePem;
  if (texts.length === 0) throw imageFault.certificate(path, 'there is none in PEM');
  const certificates = texts.map((text) => {
    try {
      return new X509Certificate(text);
    } catch (cause) {
      throw imageFault.certificate(path, 'it is malformed', undefined, cause);
    }
  });
  if (!certificates[0]!.checkPrivateKey(key))
    throw imageFault.certificate(path, `it is not that of the key '${keyPem.path}'`, 'put the certificate of the key first');
  const issuerAndSerial = issuerAndSerialOf(certificates[0]!.raw);
  if (issuerAndSerial === undefined) throw imageFault.certificate(path, 'it is malformed');
  return { key, certificates: certificates.map(({ raw }) => raw), issuerAndSerial };
}

function readKey({ path, text }: Pem, passphrase: string | undefined): KeyObject {
  if (!/-----BEGIN (RSA |EC |ENCRYPTED )?PRIVATE KEY-----/.test(text))
    throw imageFault.key(path, 'there is no private key in PEM');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/.test(text);
    if (isEncrypted && (passphrase === undefined || errorCode(cause) === 'ERR_MISSING_PASSPHRASE'))
      throw imageFault.key(path, 'it is encrypted', 'give its passphrase');
    throw imageFault.key(
      path,
      isEncrypted ? 'the passphrase is wrong, or the key malformed' : 'it is malformed',
      undefined,
      cause,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa')
    throw imageFault.key(path, `firmware takes RSA keys, and this is '${key.asymmetricKeyType}'`);
  if (bits < MIN_KEY_BITS) throw imageFault.key(path, `it has ${bits} bits, and firmware wants 2048`);
  return key;
}

/** Certificate → what is signed of it → version? serial, algorithm, issuer, … */
function issuerAndSerialOf(certificate: Uint8Array): Buffer | undefined {
  const signed = readDer(readDer(certificate)?.[0]?.content ?? certificate)?.[0];
  const fields = signed && readDer(signed.content);
  const [serial, , issuer] = fields?.[0]?.tag === context(0) ? fields.slice(1) : (fields ?? []);
  if (serial?.tag !== INTEGER || issuer?.tag !== SEQUENCE) return undefined;
  return der(SEQUENCE, issuer.raw, serial.raw);
}

const SHA_256 = der(SEQUENCE, oid('2.16.840.1.101.3.4.2.1'), NULL);
const RSA = der(SEQUENCE, oid('1.2.840.113549.1.1.1'), NULL);
const SIGNED_DATA = oid('1.2.840.113549.1.7.2');
const CONTENT_TYPE = oid('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = oid('1.2.840.113549.1.9.4');
const SIGNING_TIME = oid('1.2.840.113549.1.9.5');
const INDIRECT_DATA = oid('1.3.6.1.4.1.311.2.1.4');
const STATEMENT_TYPE = oid('1.3.6.1.4.1.311.2.1.11');
const PE_IMAGE_DATA = oid('1.3.6.1.4.1.311.2.1.15');
const INDIVIDUAL = oid('1.3.6.1.4.1.311.2.1.21');
const ONE = der(INTEGER, Buffer.from([1]));

/** Of no meaning, but all others write the same: the flag for resources, and a name for the file that nobody looks at. */
const PE_IMAGE = der(
  SEQUENCE,
  der(BIT_STRING, Buffer.from([7, 0x80])),
  der(context(0), der(context(2), der(0x80, Buffer.from('<<<Obsolete>>>', 'utf16le').swap16()))),
);

/**
 * A signature for a program with this hash, by RSA (PKCS #1 v1.5): it depends on nothing but what is given.
 *
 * @param hash  32 bytes: the SHA-256 of the program without checksum and signatures
 */
export function signedData(signer: Signer, hash: Uint8Array, timeSeconds: number | undefined): Buffer {
  const digest = der(SEQUENCE, SHA_256, der(OCTET_STRING, hash));
  const indirect = [der(SEQUENCE, PE_IMAGE_DATA, PE_IMAGE), digest];
  const attributes = [
    attribute(CONTENT_TYPE, INDIRECT_DATA),
    ...(timeSeconds === undefined ? [] : [attribute(SIGNING_TIME, time(timeSeconds))]),
    attribute(STATEMENT_TYPE, der(SEQUENCE, INDIVIDUAL)),
    // Of the content without its tag and length.
    attribute(MESSAGE_DIGEST, der(OCTET_STRING, Buffer.from(sha256(Buffer.concat(indirect)), 'hex'))),
  ];
  const signature = sign('sha256', setOf(SET, attributes), signer.key);
  const signerInfo = der(
    SEQUENCE,
    ONE,
    signer.issuerAndSerial,
    SHA_256,
    setOf(context(0), attributes),
    RSA,
    der(OCTET_STRING, signature),
  );
  const signed = der(
    SEQUENCE,
    ONE,
    der(SET, SHA_256),
    der(SEQUENCE, INDIRECT_DATA, der(context(0), der(SEQUENCE, ...indirect))),
    der(context(0), ...signer.certificates),
    der(SET, signerInfo),
  );
  return der(SEQUENCE, SIGNED_DATA, der(context(0), signed));
}

const attribute = (type: Uint8Array, value: Uint8Array): Buffer => der(SEQUENCE, type, der(SET, value));
