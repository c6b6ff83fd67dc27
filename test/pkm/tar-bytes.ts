/** Tar archives byte by byte, hostile ones too; independent of the codecs under test. */
export interface TarSpec {
  readonly name: string;
  readonly type?: string;
  readonly data?: string;
  readonly mode?: number;
  readonly link?: string;
  /** What the header says, where it is not the length of the data. */
  readonly size?: number;
}

export function member({ name, type = '0', data = '', mode = 0o644, link = '', size }: TarSpec): Buffer {
  const header = Buffer.alloc(512);
  const body = Buffer.from(data, 'latin1');
  header.write(name, 0, 100, 'latin1');
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100, 'latin1');
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

export const tarOf = (members: readonly TarSpec[]): Buffer => Buffer.concat([...members.map(member), Buffer.alloc(1024)]);

/** The body of a pax extended header. */
export const pax = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length += 1;
      return `${length}${rest}`;
    })
    .join('');

/** An extended header for the member that follows. */
export const paxMember = (fields: Record<string, string>): TarSpec => ({ name: 'PaxHeader', type: 'x', data: pax(fields) });
