/** Records of FAT's folders: 32 bytes for a file, and before it as many as its long name takes. */
import type { Bytes } from '../../base/index.ts';
import { RECORD_BYTES } from './geometry.ts';
import type { FatName } from './names.ts';

const UNITS_A_RECORD = 13;
const LONG_NAME = 0x0f;
const VOLUME = 0x08;
const FOLDER = 0x10;
const FILE = 0x20;
const YEAR_1980 = 315532800;
const YEAR_2108 = 4354819200;

/** Where something stands. */
export interface FatPlace {
  readonly isFolder: boolean;
  /** 0 for what is empty, and for the root as others name it. */
  readonly cluster: number;
  /** 0 for folders. */
  readonly sizeBytes: number;
}

export const recordsOf = ({ long }: FatName): number => 1 + (long === undefined ? 0 : Math.ceil(long.length / UNITS_A_RECORD));

/** Fills a folder from its start. */
export class FatRecords {
  readonly #bytes: Buffer;
  readonly #date: number;
  readonly #time: number;
  readonly #tenMs: number;
  #at = 0;

  constructor(sizeBytes: number, timeSeconds: number) {
    this.#bytes = Buffer.alloc(sizeBytes);
    // What these records can say: even seconds from 1980 to 2107.
    const date = new Date(Math.min(Math.max(Math.floor(timeSeconds), YEAR_1980), YEAR_2108 - 1) * 1000);
    this.#date = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
    this.#time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
    this.#tenMs = (date.getUTCSeconds() & 1) * 100;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  label(label: Bytes): void {
    const record = this.#next(label.padEnd(11), VOLUME);
    // A label has no other times, and no place.
    record.writeUInt16LE(this.#time, 22);
    record.writeUInt16LE(this.#date, 24);
  }

  add({ short, caseFlags, long }: FatName, place: FatPlace): void {
    if (long !== undefined) this.#long(long, short);
    this.special(short, place).writeUInt8(caseFlags, 12);
  }

  /** One without a long name: `.` and `..` are such. */
  special(short: Bytes, { isFolder, cluster, sizeBytes }: FatPlace): Buffer {
    const record = this.#next(short, isFolder ? FOLDER : FILE);
    record.writeUInt8(this.#tenMs, 13);
    record.writeUInt16LE(this.#time, 14);
    record.writeUInt16LE(this.#date, 16);
    record.writeUInt16LE(this.#date, 18);
    record.writeUInt16LE(cluster >>> 16, 20);
    record.writeUInt16LE(this.#time, 22);
    record.writeUInt16LE(this.#date, 24);
    record.writeUInt16LE(cluster & 0xffff, 26);
    record.writeUInt32LE(sizeBytes, 28);
    return record;
  }

  #next(short: Bytes, attributes: number): Buffer {
    const record = this.#bytes.subarray(this.#at, this.#at + RECORD_BYTES);
    this.#at += RECORD_BYTES;
    record.write(short, 0, 11, 'latin1');
    record.writeUInt8(attributes, 11);
    return record;
  }

  /** The end of the name stands first; after it come a zero and ones. */
  #long(long: string, short: Bytes): void {
    const nRecords = Math.ceil(long.length / UNITS_A_RECORD);
    const units = Buffer.alloc(nRecords * UNITS_A_RECORD * 2, 0xff);
    units.write(`${long}\0`, 'utf16le');
    const sum = checksum(short);
    for (let index = nRecords - 1; index >= 0; index--) {
      const record = this.#next('', LONG_NAME);
      record.writeUInt8((index + 1) | (index === nRecords - 1 ? 0x40 : 0), 0);
      record.writeUInt8(sum, 13);
      const from = index * UNITS_A_RECORD * 2;
      units.copy(record, 1, from, from + 10);
      units.copy(record, 14, from + 10, from + 22);
      units.copy(record, 28, from + 22, from + 26);
    }
  }
}

/** Ties a long name to its short one: who knows no long names changes the short one only. */
function checksum(short: Bytes): number {
  let sum = 0;
  for (let index = 0; index < 11; index++) sum = (((sum & 1) << 7) + (sum >> 1) + short.charCodeAt(index)) & 0xff;
  return sum;
}
