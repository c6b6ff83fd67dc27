/** Random trees in file systems that Linux mounts: what it finds there is what was put there, whatever its names, owners and attributes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, compareBytes } from '../../base/index.ts';
import { type ImageEntry, layoutExt4, writeSquashfs } from '../../image/index.ts';
import { checked } from './ext4-support.ts';
import { made, missing, output, scratch } from './support.ts';

const MOST_SECONDS: number = 2 ** 32 - 1;

const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-c]{1,2}$/) },
  {
    weight: 2,
    // Any bytes that a name may have: most are no UTF-8.
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 255, min: 1 }).map((bytes) =>
      Buffer.from(bytes)
        .toString('latin1')
        .replaceAll('/', '_')
        .replace(/^\.{1,2}$/, 'dots'),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(255), '-', ' ', '...', '\n') },
);
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
const owner = fc.oneof(fc.constantFrom(0, 1, 65_535, 65_536, 2 ** 31, 2 ** 32 - 2), fc.nat(70_000));
const attributes = fc.uniqueArray(
  fc.tuple(
    fc.oneof(fc.stringMatching(/^(user|trusted)\.[a-z]{1,40}$/), fc.constant(`trusted.${'z'.repeat(247)}`)),
    fc.oneof(fc.nat(60), fc.nat(900)),
    fc.nat(255),
  ),
  { maxLength: 3, selector: ([own]) => own },
);
/** Blocks of zeros or of something else, and bytes behind them. */
const content = fc.record({
  blocks: fc.oneof(
    fc.array(fc.boolean(), { maxLength: 80 }),
    fc.constantFrom(31, 32).map((n) => Array<boolean>(n).fill(true)),
  ),
  more: fc.oneof(fc.constantFrom(0, 1, 4095), fc.nat(5000)),
  byte: fc.nat(255),
});
const device = fc.oneof(fc.nat(255), fc.constantFrom(256, 4095));
const own = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('file'), content, link: fc.constantFrom('', '', 'a', 'b') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('directory') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('symlink'), length: fc.constantFrom(1, 59, 60, 61, 300, 4095) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('char', 'block'),
      major: device,
      minor: fc.oneof(device, fc.constant(2 ** 20 - 1)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fifo', 'socket') }) },
);
const seed = fc.tuple(fc.record({ path, mode: fc.nat(0o7777), uid: owner, gid: owner, attributes }), own);
type Seed = typeof seed extends fc.Arbitrary<infer T> ? T : never;

/** Each path once and below folders only; names of one file agree; Linux gives attributes of users to files and folders alone. */
function entriesOf(seeds: readonly Seed[]): ImageEntry[] {
  const kinds = new Map<Bytes, string>();
  const byLink = new Map<string, ImageEntry>();
  const entries: ImageEntry[] = [];
  for (const [{ attributes: given, ...rest }, what] of seeds) {
    const above = foldersAbove(rest.path);
    if (kinds.has(rest.path) || above.some((folder) => (kinds.get(folder) ?? 'directory') !== 'directory')) continue;
    for (const folder of above) kinds.set(folder, 'directory');
    kinds.set(rest.path, what.kind);
    const isPlain = what.kind === 'file' || what.kind === 'directory';
    const kept = given
      .filter(([own]) => isPlain || !own.startsWith('user.'))
      .map(([own, length, byte]) => [own, new Uint8Array(length).fill(byte)] as const);
    const entry = {
      ...rest,
      ...(kept.length === 0 ? {} : { attributes: new Map(kept) }),
      ...holding(what),
    } as unknown as ImageEntry;
    const known = entry.kind === 'file' && entry.link !== undefined ? byLink.get(entry.link) : undefined;
    if (entry.kind === 'file' && entry.link !== undefined && known === undefined) byLink.set(entry.link, entry);
    entries.push(known === undefined ? entry : { ...known, path: entry.path });
  }
  return entries;
}

function holding(what: Seed[1]): object {
  if ('length' in what) return { kind: what.kind, target: 't'.repeat(what.length) };
  if (!('content' in what)) return what;
  const { blocks, more, byte } = what.content;
  const pieces = blocks.map((some) => Buffer.alloc(4096, some ? byte : 0));
  return {
    kind: what.kind,
    content: Buffer.concat([...pieces, Buffer.alloc(more, byte)]),
    ...(what.link === '' ? {} : { link: what.link }),
  };
}

const foldersAbove = (path: Bytes): Bytes[] =>
  path
    .split('/')
    .slice(1)
    .map((_, index) =>
      path
        .split('/')
        .slice(0, index + 1)
        .join('/'),
    );

/** What is found of one path: mode, owners, links and time, then attributes, then what it holds. */
type Found = ReadonlyMap<Bytes, readonly [about: string, attributes: readonly string[], holds: string]>;

const KINDS = { fifo: 1, char: 2, directory: 4, block: 6, file: 8, symlink: 10, socket: 12 };
const hashOf = (bytes: Uint8Array): string => `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;

function expected(entries: readonly ImageEntry[], seconds: number): Found {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const folder of entries.flatMap(({ path }) => foldersAbove(path)))
    if (!all.has(folder)) all.set(folder, { path: folder, kind: 'directory', mode: 0o755, uid: 0, gid: 0 });
  const nLinks = (entry: ImageEntry): number => {
    if (entry.kind === 'directory')
      return (
        2 + [...all.values()].filter(({ kind, path }) => kind === 'directory' && foldersAbove(path).at(-1) === entry.path).length
      );
    if (entry.kind !== 'file' || entry.link === undefined) return 1;
    return entries.filter((other) => other.kind === 'file' && other.link === entry.link).length;
  };
  return new Map(
    [...all].map(([path, entry]) => {
      const about = [(KINDS[entry.kind] << 12) | entry.mode, entry.uid, entry.gid, nLinks(entry), seconds].join(' ');
      const given = [...(entry.attributes ?? [])].map(([own, bytes]) => `${own} ${Buffer.from(bytes).toString('hex')}`);
      return [path, [about, given.toSorted(compareBytes), holdsOf(entry)]];
    }),
  );
}

function holdsOf(entry: ImageEntry): string {
  if (entry.kind === 'file') return hashOf(entry.content as Uint8Array);
  if (entry.kind === 'symlink') return entry.target;
  return entry.kind === 'char' || entry.kind === 'block' ? `${entry.major}:${entry.minor}` : '';
}

function foundIn(root: string): Found {
  const found = new Map<Bytes, [string, string[], string]>();
  const waiting: Bytes[] = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const own of readdirSync(Buffer.from(`${root}/${folder}`, 'latin1'), { encoding: 'latin1' })) {
      const path = folder === '' ? own : `${folder}/${own}`;
      if (path === 'lost+found') continue;
      const place = Buffer.from(`${root}/${path}`, 'latin1');
      const { mode, uid, gid, nlink, mtimeMs, rdev } = lstatSync(place);
      const kind = mode >> 12;
      let holds = '';
      if (kind === KINDS.file) holds = hashOf(readFileSync(place));
      else if (kind === KINDS.symlink) holds = readlinkSync(place, { encoding: 'latin1' });
      else if (kind === KINDS.char || kind === KINDS.block)
        holds = `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | (Math.floor(rdev / 2 ** 12) & 0xfff00)}`;
      found.set(path, [[mode, uid, gid, nlink, mtimeMs / 1000].join(' '), attributesOf(place), holds]);
      if (kind === KINDS.directory) waiting.push(path);
    }
  }
  return found;
}

function attributesOf(place: Buffer): string[] {
  // No word of a program that Node starts: it may be no UTF-8.
  const script = `IFS= read -r -d '' place; exec getfattr -h -d -m - -e hex --absolute-names -- "$place"`;
  const { stdout } = spawnSync('bash', ['-c', script], { input: Buffer.concat([place, Buffer.of(0)]), encoding: 'latin1' });
  return [...stdout.matchAll(/^((?:user|trusted)\.[a-z]+)(?:=0x([0-9a-f]*))?$/gm)]
    .map(([, own, hex = '']) => `${own} ${hex}`)
    .toSorted(compareBytes);
}

const systems: Record<string, (image: string, entries: readonly ImageEntry[], seconds: number, size: number) => Promise<string>> =
  {
    ext4: (path, entries, seconds, size) =>
      made(path, async (image) => {
        const laid = await layoutExt4(entries, { name: 'test', seconds, ...(size === 0 ? {} : { sizeBytes: 100e6 * size }) });
        image.zeros(laid.sizeBytes);
        await laid.write(image, 0);
      }),
    squashfs: (path, entries, seconds, size) =>
      made(path, async (image) => {
        await writeSquashfs(image, entries, { seconds, level: 1, blockBytes: 4096 << (2 * size) });
      }),
  };

for (const [type, write] of Object.entries(systems)) {
  const knows =
    process.getuid?.() === 0 &&
    spawnSync('sh', ['-c', `modprobe loop ${type}; grep -qw ${type} /proc/filesystems && test -e /dev/loop-control`]).status ===
      0;
  const skip = missing('getfattr', 'e2fsck') || (knows ? false : `no loop device or ${type} for us here`);
  test(`${type}: random trees are mounted as they were`, { skip }, async (t) => {
    const seeds = fc.array(seed, { maxLength: 40 });
    const seconds = fc.constantFrom(1_700_000_000, 2 ** 31 + 5, MOST_SECONDS);
    await fc.assert(
      fc.asyncProperty(seeds, seconds, fc.nat(2), async (given, time, size) => {
        const folder = scratch(t);
        const [image, place] = [join(folder, 'image'), join(folder, 'mounted')];
        const entries = entriesOf(given);
        await write(image, entries, time, size);
        mkdirSync(place);
        output('mount', ['-o', 'loop,ro', image, place]);
        try {
          assert.deepEqual(foundIn(place), expected(entries, time));
        } finally {
          output('umount', [place]);
        }
        if (type === 'ext4' && time < 2 ** 31) checked(image);
        rmSync(image);
      }),
      { numRuns: 20 },
    );
  });
}
