/** The checksum of ext4's metadata. @source RFC 3720, appendix B.4 (CRC-32C of Castagnoli) */

const POLYNOMIAL = 0x82f63b78;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

/** What every checksum begins with. */
export const CRC_START = 0xffffffff;

/** Goes on from the checksum of what stands before. As Linux has it, nothing is turned round at the end. */
export function crc32c(before: number, bytes: Uint8Array): number {
  let crc = before;
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return crc >>> 0;
}

/** The same of one number, low byte first. */
export function crc32cOf(before: number, number: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return crc32c(before, bytes);
}
