/** NARs put together word by word, the broken ones too. */

/** Each text as the format writes strings; Buffers as they are. */
export const words = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      if (typeof part !== 'string') return part;
      const text = Buffer.from(part, 'latin1');
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([size, text, Buffer.alloc((8 - (text.length % 8)) % 8)]);
    }),
  );

type Words = readonly (string | Buffer)[];

export const file = (contents = ''): Words => ['(', 'type', 'regular', 'contents', contents, ')'];
export const link = (target: string): Words => ['(', 'type', 'symlink', 'target', target, ')'];
export const folder = (...entries: readonly Words[]): Words => ['(', 'type', 'directory', ...entries.flat(), ')'];
export const entry = (name: string, node: Words = file()): Words => ['entry', '(', 'name', name, 'node', ...node, ')'];
export const nar = (...node: Words): Buffer => words('nix-archive-1', ...node);
/** A length field that no string follows. */
export const sizeOf = (size: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(size);
  return bytes;
};
