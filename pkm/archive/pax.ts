/**
 * Records of pax extended headers: `<length> <key>=<value>\n`, the length counting all of it. Values are bytes: an extended
 * attribute is no text.
 *
 * @source POSIX.1-2017 pax, "pax Extended Header"; the key prefix of attributes is star's, which GNU tar and libarchive share
 */

export const XATTR_PREFIX = 'SCHILY.xattr.';

/** The last of equal keys counts. `undefined`: no such records. */
export function decodePax(bytes: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    if (space === -1 || space - at > 8) return undefined;
    const digits = bytes.toString('latin1', at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) return undefined;
    if (equals === -1 || equals > end - 2 || equals === space + 1) return undefined;
    records.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

export const encodePax = (records: ReadonlyMap<string, Buffer | string>): Buffer =>
  Buffer.concat(Array.from(records, ([key, value]) => encodeRecord(key, Buffer.from(value as string))));

function encodeRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
