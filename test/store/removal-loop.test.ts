/** The loop that threads of the C library run to remove files: it removes what is as recorded, and touches nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeFolders } from '../../store/lanes/placed-files.ts';
import type { TimedFile, TimedFiles } from '../../store/lanes/timed-files.ts';
import { LISTINGS } from '../../store/removing/machine-code.ts';
import { removeInLoop } from '../../store/removing/removal-loop.ts';
import { temporaryFolder } from './fixture.ts';
import { testListings } from './listings.ts';

const skip =
  removeInLoop('/', { paths: [], areFolders: false }) === undefined
    ? `no loop for ${process.platform} on ${process.arch}`
    : false;
const TIME = 1_700_000_000;

/** What may be the matter with a file, and whether it stays then. */
const KINDS: Record<string, (path: string) => { sizeBytes: number; mtimeSeconds: number } | undefined> = {
  plain: (path) => write(path, 'text'),
  empty: (path) => write(path, ''),
  longer: (path) => ({ ...write(path, 'text'), sizeBytes: 3 }),
  'longer by 4 GiB': (path) => ({ ...write(path, 'text'), sizeBytes: 4 + 2 ** 32 }),
  'of no size that can be': (path) => ({ ...write(path, 'text'), sizeBytes: -1 }),
  'of 4 GiB less one': (path) => {
    write(path, '');
    truncateSync(path, 2 ** 32 - 1);
    utimesSync(path, TIME, TIME);
    return { sizeBytes: -1, mtimeSeconds: TIME };
  },
  later: (path) => {
    write(path, 'text');
    utimesSync(path, TIME + 1, TIME + 1);
    return { sizeBytes: 4, mtimeSeconds: TIME };
  },
  'later by part of a second': (path) => {
    write(path, 'text');
    utimesSync(path, TIME + 0.001, TIME + 0.001);
    return { sizeBytes: 4, mtimeSeconds: TIME };
  },
  gone: () => ({ sizeBytes: 4, mtimeSeconds: TIME }),
  folder: (path) => {
    mkdirSync(path);
    utimesSync(path, TIME, TIME);
    return { sizeBytes: 4096, mtimeSeconds: TIME };
  },
  link: (path) => {
    symlinkSync('plain0', path);
    return { sizeBytes: 4, mtimeSeconds: TIME };
  },
  pipe: (path) => {
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    utimesSync(path, TIME, TIME);
    return { sizeBytes: 0, mtimeSeconds: TIME };
  },
};

const columns = (files: readonly TimedFile[]): TimedFiles => ({
  paths: files.map(({ path }) => path),
  sizesBytes: files.map(({ sizeBytes }) => sizeBytes),
  mtimesSeconds: files.map(({ mtimeSeconds }) => mtimeSeconds),
});

const GO = new Set(['plain', 'empty', 'large', 'ümlaut']);

function write(path: string, text: string): { sizeBytes: number; mtimeSeconds: number } {
  writeFileSync(path, text);
  utimesSync(path, TIME, TIME);
  return { sizeBytes: text.length, mtimeSeconds: TIME };
}

for (const extra of ['large', 'ümlaut']) {
  test(`files that are as given go, no others, with some called ${extra}`, { skip }, (t) => {
    const folder = temporaryFolder(t);
    const kinds = { ...KINDS, [extra]: (path: string) => write(path, 'x'.repeat(5000)) };
    const names = Array.from({ length: 60 }, (_, n) => Object.keys(kinds).map((kind) => ({ kind, path: `${kind}${n}` }))).flat();
    const files = names.map(({ kind, path }) => ({ path, ...kinds[kind]!(join(folder, path))! }));
    const stays = names.flatMap(({ kind }, index) => (GO.has(kind) ? [] : [index]));
    assert.deepEqual(removeInLoop(folder, columns(files)), stays);
    const left = stays.map((index) => files[index]!.path).filter((path) => !path.startsWith('gone'));
    assert.deepEqual(readdirSync(folder).sort(), left.sort());
    // By their names alone all go but folders, or folders alone.
    const kindsLeft = (): string[] => [...new Set(readdirSync(folder).map((path) => path.replace(/\d+$/, '')))];
    const named = names.map(({ path }) => join(folder, path));
    assert.equal(removeInLoop('/', { paths: named, areFolders: false })!.length, names.length - left.length + 60);
    assert.deepEqual(kindsLeft(), ['folder']);
    writeFileSync(join(folder, 'file'), '');
    writeFileSync(join(folder, 'folder3', 'inside'), '');
    const folders = [...named, join(folder, 'file')];
    assert.equal(removeInLoop('/', { paths: folders, areFolders: true })!.length, names.length + 1 - 59);
    assert.deepEqual(readdirSync(folder), ['file', 'folder3']);
  });
}

test('folders go with those in them, and stay where something else is in one', (t) => {
  for (const few of [1, 40]) {
    const root = temporaryFolder(t);
    const paths: string[] = [];
    for (let i = 0; i < few; i++) for (const path of [`${i}/a/b`, `${i}/a`, `${i}`]) paths.push(join(root, path));
    for (const path of paths) mkdirSync(path, { recursive: true });
    writeFileSync(join(root, '0/a/mine'), '');
    const left = removeFolders([...paths, join(root, 'none')]);
    if (few === 1) assert.deepEqual(left, [...paths, join(root, 'none')]);
    else {
      assert.deepEqual(left, [join(root, '0/a'), join(root, '0'), join(root, 'none')]);
      assert.deepEqual(readdirSync(root), ['0']);
      assert.deepEqual(readdirSync(join(root, '0/a')), ['mine']);
    }
  }
});

const noStrace = spawnSync('strace', ['true']).status === 0 ? false : 'strace is not installed, or may not trace';

/** How many threads the removal of 400 folders starts, each in the last one or all side by side. */
function threadsStarted(root: string, areChained: boolean): number {
  const script = `
    import { accessSync, mkdirSync } from 'node:fs';
    import { removeFolders } from ${JSON.stringify(join(import.meta.dirname, '../../store/lanes/placed-files.ts'))};
    const name = (n) => ${JSON.stringify(root)} + (${areChained} ? '/d'.repeat(n + 1) : '/' + n);
    const paths = Array.from({ length: 400 }, (_, n) => name(n));
    for (const path of paths) mkdirSync(path);
    paths.reverse();
    try { accessSync('/marked'); } catch {}
    if (removeFolders(paths).length > 0) throw new Error('some are left');
    try { accessSync('/marked'); } catch {}`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { status, stderr } = spawnSync('strace', ['-f', '-qq', '-e', 'trace=clone,clone3,/access', ...node], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const [, between, ...after] = stderr.split(/^.*"\/marked".*$/m);
  assert.equal(after.length, 1, stderr);
  return between!.split('\n').filter((line) => /\bclone3?\(/.test(line)).length;
}

test('a chain of folders starts no threads; many side by side do', { skip: skip || noStrace }, (t) => {
  assert.equal(threadsStarted(temporaryFolder(t), true), 0);
  assert.notEqual(threadsStarted(temporaryFolder(t), false), 0);
});

test('of a folder that is none, or is a file, nothing is removed', { skip }, (t) => {
  const folder = temporaryFolder(t);
  const file = { path: 'a', ...write(join(folder, 'a'), 'x') };
  assert.equal(removeInLoop(join(folder, 'a'), columns([file])), undefined);
  assert.equal(removeInLoop(join(folder, 'none'), columns([file])), undefined);
  assert.deepEqual(readdirSync(folder), ['a']);
});

testListings('the removal loop', LISTINGS);
