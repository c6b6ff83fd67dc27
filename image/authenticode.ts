/**
 * Signatures of EFI programs, as Secure Boot wants them: the hash that is signed, and where signatures stand.
 *
 * @source Microsoft, "Windows Authenticode Portable Executable Signature Format"; UEFI Specification, "UEFI Image Signing"
 */
import { Sha256 } from '../base/index.ts';
import { imageFault } from './faults.ts';
import { bytesOfImage, type FileBytes, HostFile, piecesBetween } from './file-bytes.ts';
import type { ImageFile } from './output.ts';
import { PeChecksum, type PeProgram, readPe } from './pe.ts';
import { type Signer, signedData } from './signer.ts';

/** Signatures begin and end at multiples of it. */
const UNIT_BYTES = 8;
const ENTRY_HEADER_BYTES = 8;
const REVISION_2 = 0x0200;
const PKCS_SIGNED_DATA = 0x0002;
/** Those of real programs have a few KiB. */
const MAX_TABLE_BYTES: number = 1 << 20;

interface Measured {
  readonly program: PeProgram;
  /** Where what is signed ends: at the signatures, or at the end of the file. */
  readonly end: number;
  /**
   * The SHA-256 by which firmware knows it, signed or not. Checksum and signatures are left out; where the length is no multiple of 8, zeros
   * are behind it, as they will be once it is signed.
   */
  readonly hash: Buffer;
  /** Of the file without signatures, and with zeros where they are named. */
  readonly checksum: PeChecksum;
}

/**
 * Signs the program that the image holds so far, behind the signatures that it has. The same key, program and time give the same bytes.
 * Cost: one read of the program.
 *
 * @param timeSeconds  when it was signed, since 1970; without it, the signature says nothing about that
 * @throws Fault E-IMG-012 · E-IMG-017 · SystemFault
 */
export function signProgram(image: ImageFile, signer: Signer, timeSeconds?: number): void {
  const { program, end, hash, checksum } = measure(bytesOfImage(image));
  const start = aligned(end);
  // Signatures that are there end at such a multiple already.
  image.pad(UNIT_BYTES);
  const data = signedData(signer, hash, timeSeconds);
  const entry = Buffer.alloc(aligned(ENTRY_HEADER_BYTES + data.length));
  entry.writeUInt32LE(entry.length);
  entry.writeUInt16LE(REVISION_2, 4);
  entry.writeUInt16LE(PKCS_SIGNED_DATA, 6);
  entry.set(data, ENTRY_HEADER_BYTES);
  image.write(entry);
  const table = Buffer.alloc(image.position - start);
  image.read(start, table);
  const directory = Buffer.alloc(8);
  directory.writeUInt32LE(start);
  directory.writeUInt32LE(table.length, 4);
  const word = Buffer.alloc(4);
  word.writeUInt32LE(checksum.add(table).add(directory).of(image.position));
  image.patch(program.securityAt, directory);
  image.patch(program.checksumAt, word);
}

/** The SHA-256 by which firmware knows a program, whoever signed it: lower-case hex. @throws Fault E-IMG-012 · E-IMG-017 · SystemFault */
export function programHash(path: string): string {
  using file = new HostFile(path);
  return measure(file).hash.toString('hex');
}

const aligned = (n: number): number => Math.ceil(n / UNIT_BYTES) * UNIT_BYTES;

function measure(file: FileBytes): Measured {
  const program = readPe(file);
  const end = startOfSignatures(file, program);
  const { checksumAt, securityAt } = program;
  const hash = new Sha256();
  const checksum = new PeChecksum();
  let isFirst = true;
  for (const piece of piecesBetween(file, 0, end)) {
    if (isFirst) {
      // Headers are within the first piece.
      hash
        .update(piece.subarray(0, checksumAt))
        .update(piece.subarray(checksumAt + 4, securityAt))
        .update(piece.subarray(securityAt + 8));
      piece.fill(0, checksumAt, checksumAt + 4).fill(0, securityAt, securityAt + 8);
    } else hash.update(piece);
    checksum.add(piece);
    isFirst = false;
  }
  hash.update(Buffer.alloc(aligned(end) - end));
  return { program, end, hash: Buffer.from(hash.digest(), 'hex'), checksum };
}

/** The table has to be the end of the file, and nothing but signatures. @returns the end of the file where there is none */
function startOfSignatures(file: FileBytes, { signatures, sectionsEnd }: PeProgram): number {
  const { start, sizeBytes } = signatures;
  if (start === 0 && sizeBytes === 0) return file.sizeBytes;
  const refuse = (why: string): Error => imageFault.signatures(file.path, why);
  if (start < sectionsEnd || start % UNIT_BYTES !== 0) throw refuse(`they begin at ${start}`);
  if (start + sizeBytes !== file.sizeBytes) throw refuse(`they end at ${start + sizeBytes}, and the file at ${file.sizeBytes}`);
  if (sizeBytes === 0 || sizeBytes > MAX_TABLE_BYTES) throw refuse(`they have ${sizeBytes} bytes`);
  const table = Buffer.alloc(sizeBytes);
  file.read(start, table);
  for (let at = 0, nth = 1; at < table.length; nth++) {
    const length = at + ENTRY_HEADER_BYTES <= table.length ? table.readUInt32LE(at) : 0;
    if (length <= ENTRY_HEADER_BYTES || at + aligned(length) > table.length) throw refuse(`signature ${nth} has ${length} bytes`);
    at += aligned(length);
  }
  return start;
}
