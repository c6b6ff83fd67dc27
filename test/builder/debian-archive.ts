/** Debian packages and mirrors made for tests, byte by byte: nothing of dpkg is needed. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type TarSpec, tarOf } from '../pkm/tar-bytes.ts';

/** An `ar` archive of members in this order. */
export function arOf(members: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const parts: Buffer[] = [Buffer.from('!<arch>\n')];
  for (const [name, data] of members) {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(data.length).padEnd(10)}\`\n`;
    parts.push(Buffer.from(header), data, Buffer.alloc(data.length & 1, '\n'));
  }
  return Buffer.concat(parts);
}

const control = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');

export interface DebSpec {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  readonly depends?: string;
  readonly provides?: string;
  /** Members of data.tar; folders are added as they are needed. */
  readonly files?: readonly TarSpec[];
}

const fieldsOf = ({ name, version = '1.0', architecture = 'amd64', depends, provides }: DebSpec): Record<string, string> => ({
  Package: name,
  Version: version,
  Architecture: architecture,
  Maintainer: 'nobody <nobody@example.org>',
  Description: 'for tests',
  ...(depends === undefined ? {} : { Depends: depends }),
  ...(provides === undefined ? {} : { Provides: provides }),
});

export function debOf(spec: DebSpec): Buffer {
  return arOf([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzipSync(tarOf([{ name: './control', data: control(fieldsOf(spec)) }]))],
    ['data.tar.gz', gzipSync(tarOf(withFolders(spec.files ?? [])))],
  ]);
}

function withFolders(files: readonly TarSpec[]): TarSpec[] {
  const made = new Set<string>();
  return files.flatMap((file) => {
    const folders: TarSpec[] = [];
    for (let at = file.name.indexOf('/', 2); at !== -1; at = file.name.indexOf('/', at + 1)) {
      const name = file.name.slice(0, at + 1);
      if (made.has(name) || name === file.name) continue;
      made.add(name);
      folders.push({ name, type: '5', mode: 0o755 });
    }
    made.add(file.name);
    return [...folders, file];
  });
}

/** The entry of a package in a list. */
export function stanzaOf(spec: DebSpec, deb: Buffer, changes: Readonly<Record<string, string>> = {}): string {
  const { name, version = '1.0', architecture = 'amd64' } = spec;
  return control({
    ...fieldsOf(spec),
    Filename: `pool/main/${name[0]}/${name}/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`,
    Size: String(deb.length),
    SHA256: createHash('sha256').update(deb).digest('hex'),
    ...changes,
  });
}

/** What `Packages` holds of these. */
export const listOf = (specs: readonly DebSpec[]): string => specs.map((spec) => stanzaOf(spec, debOf(spec))).join('\n');

/** A mirror in a folder: the packages in its pool, their list, and a Release file that names it. */
export function writeMirror(folder: string, specs: readonly DebSpec[], options: { suite?: string } = {}): void {
  const write = (path: string, data: string | Buffer): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), data);
  };
  for (const spec of specs) {
    const deb = debOf(spec);
    write(/^Filename: (.*)$/m.exec(stanzaOf(spec, deb))![1]!, deb);
  }
  const suite = options.suite ?? 'stable';
  const plain = Buffer.from(listOf(specs));
  // apt wants to know what comes out, too
  const lists: readonly (readonly [string, Buffer])[] = [
    ['Packages.gz', gzipSync(plain, { level: 9 })],
    ['Packages', plain],
  ];
  const sums = lists.map(([name, data]) => {
    write(`dists/${suite}/main/binary-amd64/${name}`, data);
    return ` ${createHash('sha256').update(data).digest('hex')} ${data.length} main/binary-amd64/${name}\n`;
  });
  const head = `Suite: ${suite}\nDate: Sat, 01 Jan 2000 00:00:00 UTC\nComponents: main\nArchitectures: amd64\n`;
  write(`dists/${suite}/Release`, `${head}SHA256:\n${sums.join('')}`);
}
