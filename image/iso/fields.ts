/** Numbers and times as ISO 9660 has them: numbers mostly twice, in both byte orders. */
import type { Bytes } from '../../base/index.ts';

export const BLOCK_BYTES = 2048;

export function bothEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

export function bothEndian16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

/** Years of records have one byte, and begin with 1900. */
const YEAR_2156 = 5869584000;

const dateOf = (timeSeconds: number): Date => new Date(Math.min(Math.max(0, timeSeconds), YEAR_2156 - 1) * 1000);

/** A time in a directory record. */
export function recordTime(timeSeconds: number): Buffer {
  const date = dateOf(timeSeconds);
  return Buffer.from([
    date.getUTCFullYear() - 1900,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    0,
  ]);
}

/** A time in a volume descriptor: digits, and the distance from UTC. */
export function descriptorTime(timeSeconds: number): Bytes {
  const digits = dateOf(timeSeconds)
    .toISOString()
    .replaceAll(/[^0-9]/g, '');
  return `${digits.slice(0, 16)}\0`;
}
