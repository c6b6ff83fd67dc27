/** Directories and path tables as they stand on the medium. */
import { BLOCK_BYTES, bothEndian16, bothEndian32, recordTime } from './fields.ts';
import { EXTENT_BYTES, extentsOf, type IsoNode, type IsoRecord, recordBytes, recordPlace } from './nodes.ts';
import { encodeGroup } from './rock-ridge.ts';

const IS_FOLDER = 0x02;
const GOES_ON = 0x80;

interface Extent {
  readonly block: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

export function encodeRecord(record: IsoRecord, { block, sizeBytes, flags }: Extent, timeSeconds: number): Buffer {
  const { identifier, fields, areas } = record;
  const bytes = Buffer.alloc(recordBytes(record));
  bytes.writeUInt8(bytes.length, 0);
  bothEndian32(block).copy(bytes, 2);
  bothEndian32(sizeBytes).copy(bytes, 10);
  recordTime(timeSeconds).copy(bytes, 18);
  bytes.writeUInt8(flags, 25);
  bothEndian16(1).copy(bytes, 28);
  bytes.writeUInt8(identifier.length, 32);
  bytes.write(identifier, 33, 'latin1');
  encodeGroup(fields, areas, 0).copy(bytes, 33 + identifier.length + ((identifier.length + 1) % 2));
  return bytes;
}

export const folderExtent = ({ block, sizeBytes }: IsoNode): Extent => ({ block, sizeBytes, flags: IS_FOLDER });

export function encodeDirectory(node: IsoNode, parent: IsoNode, timeSeconds: number): Buffer {
  const bytes = Buffer.alloc(node.sizeBytes);
  let end = 0;
  const put = (record: IsoRecord, extent: Extent): void => {
    const encoded = encodeRecord(record, extent, timeSeconds);
    end = recordPlace(end, encoded.length);
    encoded.copy(bytes, end);
    end += encoded.length;
  };
  put(node.special[0]!, folderExtent(node));
  put(node.special[1]!, folderExtent(parent));
  for (const child of node.children) {
    if (child.isFolder) {
      put(child.record, folderExtent(child));
      continue;
    }
    const nExtents = extentsOf(child);
    for (let part = 0; part < nExtents; part++) {
      const before = part * EXTENT_BYTES;
      const sizeBytes = Math.min(EXTENT_BYTES, child.sizeBytes - before);
      put(child.record, { block: child.block + before / BLOCK_BYTES, sizeBytes, flags: part < nExtents - 1 ? GOES_ON : 0 });
    }
  }
  return bytes;
}

/** A directory with the number of the one that it is in, counted from 1. */
export interface TableRow {
  readonly node: IsoNode;
  readonly parent: number;
}

export function encodePathTable(rows: readonly TableRow[], isBigEndian: boolean): Buffer {
  return Buffer.concat(
    rows.map(({ node, parent }) => {
      const { identifier } = node.record;
      const bytes = Buffer.alloc(8 + identifier.length + (identifier.length % 2));
      bytes.writeUInt8(identifier.length, 0);
      if (isBigEndian) bytes.writeUInt32BE(node.block, 2);
      else bytes.writeUInt32LE(node.block, 2);
      if (isBigEndian) bytes.writeUInt16BE(parent, 6);
      else bytes.writeUInt16LE(parent, 6);
      bytes.write(identifier, 8, 'latin1');
      return bytes;
    }),
  );
}
