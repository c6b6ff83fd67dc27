/** Archives that are larger than they look are refused in time, and those that hold what we would not make as they mean it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar/header';
import { unpackArchive } from '../../depot/unpack.ts';

function member(path: string, data?: Buffer, mode = 0o644): Buffer {
  const block = Buffer.alloc(512);
  const type = data === undefined ? 'Directory' : 'File';
  new Header({ path, type, mode, uid: 0, gid: 0, mtime: new Date(0), size: data?.length ?? 0 } as HeaderData).encode(block, 0);
  return Buffer.concat([block, data ?? Buffer.alloc(0)]);
}

/** As GNU tar writes files with holes. */
function sparse(type: 'S' | 'x', extension = ''): Buffer {
  const block = Buffer.alloc(512);
  new Header({ path: '1/holes', type: 'File', mode: 0o644, size: extension.length, mtime: new Date(0) } as HeaderData).encode(
    block,
    0,
  );
  block.write(type, 156, 'latin1');
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([block, Buffer.from(extension.padEnd(Math.ceil(extension.length / 512) * 512, '\0'))]);
}

/** A file with a name that only an extended header has room for. */
function named(path: string): Buffer {
  const record = ` path=${path}\n`;
  let length = record.length + 1;
  while (String(length).length + record.length !== length) length++;
  const text = Buffer.from(`${length}${record}`);
  const header = member('PaxHeader', text);
  header.write('x', 156, 'latin1');
  header.write(`${sumOf(header.subarray(0, 512)).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.alloc((512 - (text.length % 512)) % 512), member('f', Buffer.alloc(0))]);
}

const sumOf = (block: Buffer): number => block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);

const BYTES = 1 << 20;
const END = Buffer.alloc(1024);
const file = (name: string, size: number): Buffer => member(`1/${name}`, Buffer.alloc(size));
const CASES: Readonly<Record<string, readonly [parts: readonly Buffer[], says: RegExp | undefined]>> = {
  'as large as it may be': [[file('a', BYTES), END], undefined],
  'too many bytes': [[file('a', BYTES), file('b', 512), END], /it has more than 1048576 bytes/],
  'too many members': [[...Array.from({ length: 5 }, (_, n) => file(`${n}`, 0)), END], /it has more than 5 members/],
  'a sparse file': [[sparse('S'), END], /'1\/holes' is of a kind that archives do not have: SparseFile/],
  'a sparse file, in the way of pax': [[sparse('x', '22 GNU.sparse.major=1\n'), file('a', 0), END], /a file in it is sparse/],
  'a name of 100,000 folders': [[named(`1/${'a/'.repeat(100_000)}f`), END], /a path in it has more than 4095 bytes/],
  'folders that no member is': [[named('1/a/b/c/d/e/f'), END], /it has more than 5 members/],
  'a file below a file': [[file('a', 0), file('a/b/c', 0), END], /'a\/b\/c' is below 'a', which is no folder/],
  'a file twice, by two names': [[file('a', 0), file('./a', 0), END], /'a' is there twice/],
  'zeros behind its end': [[END, Buffer.alloc(3 * BYTES)], /nothing comes to an end in it/],
};

for (const [name, [parts, says]] of Object.entries(CASES)) {
  test(`archives: ${name}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'igos-unpack-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const packed = gzipSync(Buffer.concat([member('1/'), ...parts]));
    mkdirSync(join(folder, 'to'));
    const options = { archive: 'a/raw/b/1', top: '1', layout: '2017', limits: { members: 5, bytes: BYTES } } as const;
    const done = unpackArchive(packed, join(folder, 'to'), options);
    if (says === undefined) await done;
    else await assert.rejects(done, (error: Error) => says.test(error.message));
  });
}

test('archives: without xz it is xz that is missing, and no archive is damaged', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-unpack-'));
  const { PATH } = process.env;
  t.after(() => {
    process.env['PATH'] = PATH;
    rmSync(folder, { recursive: true });
  });
  process.env['PATH'] = folder;
  const packed = Buffer.from('\xfd7zXZ\0', 'latin1');
  await assert.rejects(unpackArchive(packed, folder, { archive: 'a/raw/b/1', top: '1', layout: 'present' }), {
    code: 'E-CACHE-008',
  });
});

test('archives: modes are what they are meant to be whatever the umask, and no file stays open', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-unpack-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const nOpen = (): number => readdirSync('/proc/self/fd').filter((fd) => pathOf(fd).startsWith(folder)).length;
  const members = [member('1/'), member('1/plain', Buffer.alloc(512)), member('1/program', Buffer.alloc(0), 0o4755), END];
  const umask = process.umask(0o077);
  try {
    await unpackArchive(gzipSync(Buffer.concat(members)), folder, { archive: 'a/raw/b/1', top: '1', layout: '2017' });
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(
    ['plain', 'program'].map((name) => statSync(join(folder, name)).mode & 0o7777),
    [0o644, 0o755],
  );
  assert.equal(nOpen(), 0);
});

function pathOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
