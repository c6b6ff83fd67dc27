/** What is done with files on their way into the store, whichever thread does it: they are hashed and written. */
import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { type Bytes, bytesToPath, errorCode, fileCalls } from '../../base/index.ts';
import { executableMode, fileMode } from '../canonical-metadata.ts';
import { createFile, HOLE_BYTES, sealFile, writeSparse } from '../write-tree.ts';
import { createFileAt, writeAndSeal } from './write-calls.ts';

/**
 * Small files, whole, one after the other in a slot:
 *
 * | at | |
 * | --- | --- |
 * | 0 | length of the record, a multiple of 4 |
 * | 4 | 1 where it is executable; 2 where the umask is in the way |
 * | 8, 12 | lengths of path and data |
 * | 16 | what came of it: 0 nothing yet, 1 done, 2 could not be created, 3 could not be written |
 * | 20 | the SHA-256 as hex; or the code of the error, ended by NUL |
 * | 84 | an open folder, or -1 |
 * | 88 | where in the path the names below that folder start |
 * | 92 | path, NUL, data |
 */
const RECORD_BYTES = 92;
const IS_EXECUTABLE = 1;
const IS_MASKED = 2;

const HEX_LENGTH = 64;

/** What failed, by result. */
const OPERATIONS: Readonly<Record<number, string>> = { 2: 'create', 3: 'write' };

/** What a file of this size takes of a slot, path and data included. */
export const recordLength = (path: Bytes, sizeBytes: number): number => (RECORD_BYTES + path.length + 1 + sizeBytes + 3) & ~3;

export interface SmallFile {
  readonly path: Bytes;
  /** An open folder, and where in the path the names below it start: shorter ways are found faster. -1 where there is none. */
  readonly folder: number;
  readonly belowFolder: number;
  readonly isExecutable: boolean;
  readonly isMasked: boolean;
  readonly sizeBytes: number;
}

/** Begins a record. @returns where its data go */
export function putFile(slot: Buffer, at: number, file: SmallFile): number {
  slot.writeUInt32LE(recordLength(file.path, file.sizeBytes), at);
  slot.writeUInt32LE((file.isExecutable ? IS_EXECUTABLE : 0) | (file.isMasked ? IS_MASKED : 0), at + 4);
  slot.writeUInt32LE(file.path.length, at + 8);
  slot.writeUInt32LE(file.sizeBytes, at + 12);
  slot.writeUInt32LE(0, at + 16);
  slot.writeInt32LE(file.folder, at + 84);
  slot.writeUInt32LE(file.belowFolder, at + 88);
  const dataAt = at + RECORD_BYTES + file.path.length + 1;
  slot.write(file.path, at + RECORD_BYTES, 'latin1');
  slot[dataAt - 1] = 0;
  return dataAt;
}

export interface Failure {
  readonly operation: string;
  readonly code: string;
}

/** What came of a record. */
export function outcome(slot: Buffer, at: number): { readonly sha256: string; readonly next: number } | Failure {
  const result = slot.readUInt32LE(at + 16);
  if (result === 1) {
    return { sha256: slot.toString('latin1', at + 20, at + 20 + HEX_LENGTH), next: at + slot.readUInt32LE(at) };
  }
  return { operation: OPERATIONS[result] ?? 'write', code: readCode(slot, at + 20) };
}

/** Hashes and writes all files of a slot. Stops at the first that fails. */
export function copyFiles(slot: Buffer, start: number, end: number): void {
  const calls = fileCalls();
  const slotAt = calls?.addressOf(slot) ?? 0;
  for (let at = start; at < end; at += slot.readUInt32LE(at)) {
    const flags = slot.readUInt32LE(at + 4);
    const dataAt = at + RECORD_BYTES + slot.readUInt32LE(at + 8) + 1;
    const data = slot.subarray(dataAt, dataAt + slot.readUInt32LE(at + 12));
    const mode = (flags & IS_EXECUTABLE) !== 0 ? executableMode : fileMode;
    let stage = 2;
    let fd = -1;
    try {
      const hex = hash('sha256', data, 'hex');
      if (calls === undefined) fd = createFile(bytesToPath(slot.toString('latin1', at + RECORD_BYTES, dataAt - 1)), mode);
      else {
        const folder = slot.readInt32LE(at + 84);
        const path = slotAt + at + RECORD_BYTES;
        fd = createFileAt(calls, folder, folder === -1 ? path : path + slot.readUInt32LE(at + 88), mode);
      }
      stage = 3;
      if (calls === undefined || data.length >= HOLE_BYTES || (flags & IS_MASKED) !== 0) {
        const endsInHole = data.length > 0 && writeSparse(fd, data, 0);
        sealFile(fd, mode, (flags & IS_MASKED) !== 0, endsInHole ? data.length : undefined);
      } else writeAndSeal(calls, fd, slotAt + dataAt, data.length);
      slot.write(hex, at + 20, 'latin1');
      slot.writeUInt32LE(1, at + 16);
    } catch (error) {
      writeCode(slot, at + 20, error);
      slot.writeUInt32LE(stage, at + 16);
      return;
    } finally {
      if (fd !== -1) {
        if (calls === undefined) closeSync(fd);
        else calls.close(fd);
      }
    }
  }
}

/**
 * A piece of a large file, of which pieces come in order and to one thread alone:
 *
 * | at | |
 * | --- | --- |
 * | 0 | file descriptor, which all threads share |
 * | 4 | 1 where it is the first; 2 where it is the last; 4 where it is to be written too |
 * | 8 | length of the data |
 * | 12 | what came of it, as above |
 * | 16 | offset in the file, a double |
 * | 24 | the SHA-256, with the last; or the code of the error |
 * | 88 | data |
 */
export const PIECE_BYTES = 88;
const IS_FIRST = 1;
const IS_LAST = 2;
const IS_TO_WRITE = 4;

export interface Piece {
  readonly fd: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isToWrite: boolean;
  readonly lengthBytes: number;
  readonly offset: number;
}

/** All but the data. */
export function putPiece(slot: Buffer, at: number, piece: Piece): void {
  slot.writeInt32LE(piece.fd, at);
  slot.writeUInt32LE((piece.isFirst ? IS_FIRST : 0) | (piece.isLast ? IS_LAST : 0) | (piece.isToWrite ? IS_TO_WRITE : 0), at + 4);
  slot.writeUInt32LE(piece.lengthBytes, at + 8);
  slot.writeUInt32LE(0, at + 12);
  slot.writeDoubleLE(piece.offset, at + 16);
}

/** The SHA-256 with the last piece, else `''`. */
export function pieceOutcome(slot: Buffer, at: number): string | Failure {
  const result = slot.readUInt32LE(at + 12);
  if (result !== 1) return { operation: 'write', code: readCode(slot, at + 24) };
  return (slot.readUInt32LE(at + 4) & IS_LAST) !== 0 ? slot.toString('latin1', at + 24, at + 24 + HEX_LENGTH) : '';
}

let pieceHash: Hash | undefined;

export function copyPiece(slot: Buffer, at: number): void {
  const flags = slot.readUInt32LE(at + 4);
  const data = slot.subarray(at + PIECE_BYTES, at + PIECE_BYTES + slot.readUInt32LE(at + 8));
  if ((flags & IS_FIRST) !== 0) pieceHash = createHash('sha256');
  try {
    pieceHash!.update(data);
    if ((flags & IS_TO_WRITE) !== 0) writeSparse(slot.readInt32LE(at), data, slot.readDoubleLE(at + 16));
    if ((flags & IS_LAST) !== 0) slot.write(pieceHash!.digest('hex'), at + 24, 'latin1');
    slot.writeUInt32LE(1, at + 12);
  } catch (error) {
    writeCode(slot, at + 24, error);
    slot.writeUInt32LE(3, at + 12);
  }
}

/** The name that the system has for an error, as `ENOSPC`; that of others is their message. */
function writeCode(slot: Buffer, at: number, error: unknown): void {
  slot.fill(0, at, at + HEX_LENGTH);
  slot.write((errorCode(error) ?? (error as Error).message).slice(0, HEX_LENGTH - 1), at, 'latin1');
}

const readCode = (slot: Buffer, at: number): string => slot.toString('latin1', at, at + HEX_LENGTH).replace(/\0.*/s, '');
