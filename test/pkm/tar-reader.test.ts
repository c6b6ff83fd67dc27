/** The pieces in which an archive comes mean nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TarReader } from '../../pkm/archive/tar-reader.ts';
import { paxMember, tarOf } from './tar-bytes.ts';

/** What is told of an archive that comes in pieces of this size, the bytes of each file together. */
function told(archive: Buffer, size: number): string[] {
  const lines: string[] = [];
  let parts: Buffer[] = [];
  const reader = new TarReader({
    begin: ({ name, kind, mode, sizeBytes, target }) => {
      lines.push([kind, name, mode.toString(8), sizeBytes, target].join(' '));
      parts = [];
    },
    data: (bytes) => parts.push(Buffer.from(bytes)),
    end: () => lines.push(Buffer.concat(parts).toString('latin1')),
  });
  for (let at = 0; at < archive.length; at += size) reader.push(archive.subarray(at, at + size));
  reader.finish();
  return lines;
}

const SIZES = [1, 7, 511, 512, 513, 1024, 10_240];

const FILES = { empty: '', short: 'x', block: 'b'.repeat(512), 'one-more': 'm'.repeat(513), long: 'l'.repeat(5000) };

test('an archive says the same in pieces of any size', () => {
  const long = `${'d'.repeat(90)}/${'n'.repeat(90)}`;
  const archive = tarOf([
    { name: 'usr/', type: '5', mode: 0o755 },
    ...Object.entries(FILES).map(([name, data]) => ({ name, data })),
    { name: 'link', type: '2', link: 'short', mode: 0o777 },
    paxMember({ path: long }),
    { name: 'cut', data: 'named' },
  ]);
  const expected = [
    'directory usr/ 755 0 ',
    '',
    ...Object.entries(FILES).flatMap(([name, data]) => [`file ${name} 644 ${data.length} `, data]),
    'symlink link 777 0 short',
    '',
    `file ${long} 644 5 `,
    'named',
  ];
  for (const size of SIZES) assert.deepEqual(told(archive, size), expected, `by ${size}`);
  for (let length = archive.length - 513; length > 0; length -= 97)
    assert.throws(() => told(archive.subarray(0, length), 1000), { code: 'E-PKM-023' }, `${length} bytes`);
});

const formats = ['ustar', 'gnu', 'pax'].map((name) => `--format=${name}`);
const skip = !spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU') && 'there is no GNU tar here';

test('what GNU tar writes, in each of its formats', { skip }, (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-tar-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const deep = join('d'.repeat(70), 'e'.repeat(70));
  mkdirSync(join(folder, deep), { recursive: true });
  for (const [name, data] of Object.entries(FILES)) writeFileSync(join(folder, deep, name), data, { mode: 0o600 });
  symlinkSync('short', join(folder, deep, 'link'));
  for (const format of formats) {
    const { stdout } = spawnSync('tar', [format, '--sort=name', '-C', folder, '-c', 'd'.repeat(70)], { maxBuffer: 1 << 26 });
    for (const size of SIZES) {
      const lines = told(stdout, size);
      for (const [name, data] of Object.entries(FILES)) {
        const at = lines.indexOf(`file ${deep}/${name} 600 ${data.length} `);
        assert.equal(lines[at + 1], data, `${format} ${name} by ${size}`);
      }
      assert.ok(lines.includes(`symlink ${deep}/link 777 0 short`), format);
      assert.equal(lines.length, 2 * (2 + Object.keys(FILES).length + 1), format);
    }
  }
});
