/** Folders that a change brings are placed whole, and are what they would be if each file had been placed by itself. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type PackageImage, type RootIo, realIo } from '../../pkm/index.ts';
import { watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 60 }, (_, n) => [`usr/share/p/d${n % 3}/${n}`, `${n}`]),
);

const imageOf = (box: Sandbox): PackageImage =>
  box.image('p 1', {
    ...FILES,
    'usr/share/p/empty': { mode: 0o755 },
    'usr/share/p/closed': { mode: 0o555 },
    'usr/share/p/closed/x': 'x',
    'usr/share/p/shared': { mode: 0o2775 },
    'usr/share/p/shared/link': '-> ../d0/0',
    'etc/p.conf': 'p = 1\n',
    'srv/p': 'beside',
  });

/** Does something when the generation is recorded, and before anything is placed. */
const afterCommit = (work: () => void): RootIo => ({
  ...realIo,
  commit(name, commit) {
    const result = realIo.commit(name, commit);
    if (name === 'generation') work();
    return result;
  },
});

function checkInstalled(box: Sandbox): void {
  assert.deepEqual(
    box.do((root) => root.verify().problems),
    [],
  );
  for (const [path, text] of Object.entries(FILES)) assert.equal(box.read(path), text);
  const modes = ['', '/d1', '/empty', '/closed', '/shared'].map(
    (path) => lstatSync(box.path(`usr/share/p${path}`)).mode & 0o7777,
  );
  assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o555, 0o2775]);
  assert.equal(existsSync(box.path('var/lib/igos/staging')), false);
}

test('many files in new folders are placed by a rename of the topmost', (t) => {
  const box = new Sandbox(t);
  box.write('usr/mine', 'mine');
  chmodSync(box.path('usr'), 0o755);
  const placed: string[] = [];
  const many: string[] = [];
  let isCommitted = false;
  const io: RootIo = {
    ...realIo,
    commit(name, work) {
      const result = realIo.commit(name, work);
      isCommitted ||= name === 'generation';
      return result;
    },
    rename(from, path) {
      if (isCommitted) placed.push(path.slice(box.root.length + 1));
      realIo.rename(from, path);
    },
    renameMany(folder, moves) {
      many.push(...moves.map(({ to }) => to));
      return realIo.renameMany(folder, moves);
    },
  };
  box.do((root) => root.install([imageOf(box)]), { io });
  checkInstalled(box);
  // What is in a folder that not everyone may write to is placed by itself, as is the folder.
  assert.deepEqual(
    placed.filter((path) => !path.startsWith('var/')),
    ['etc', 'srv', 'usr/share', 'usr/share/p/closed/x'],
  );
  assert.ok(many.length > 60 && many.every((path) => path.startsWith('var/lib/igos/staging/whole/')));
});

test('few files, or files in folders that are there, are placed one by one', (t) => {
  const box = new Sandbox(t);
  const many: string[] = [];
  const io: RootIo = {
    ...realIo,
    renameMany(folder, moves) {
      many.push(...moves.map(({ to }) => to));
      return realIo.renameMany(folder, moves);
    },
  };
  box.do((root) => root.install([box.image('few 1', { 'opt/few/a': 'a', 'opt/few/b': 'b' })]), { io });
  assert.equal(many.length, 0);
  for (const folder of ['usr', 'usr/share', 'usr/share/p', 'usr/share/p/d0', 'usr/share/p/d1', 'usr/share/p/d2'])
    mkdirSync(box.path(folder));
  box.do((root) => root.install([imageOf(box)]), { io });
  assert.ok(many.includes('usr/share/p/d0/0'));
  checkInstalled(box);
});

test('who makes the same folders meanwhile keeps what is in them', (t) => {
  const box = new Sandbox(t);
  const meanwhile = (): void => {
    mkdirSync(box.path('usr/share/p/d1'), { recursive: true });
    mkdirSync(box.path('usr/share/p/empty'), { mode: 0o700 });
    writeFileSync(box.path('usr/share/p/d1/mine'), 'mine');
  };
  box.do((root) => root.install([imageOf(box)]), { io: afterCommit(meanwhile) });
  checkInstalled(box);
  assert.equal(box.read('usr/share/p/d1/mine'), 'mine');
});

test('a file or symlink where a folder shall be is left alone, and said', (t) => {
  for (const put of [(path: string) => writeFileSync(path, 'mine'), (path: string) => symlinkSync('elsewhere', path)]) {
    const box = new Sandbox(t);
    mkdirSync(box.path('elsewhere'));
    assert.throws(() => box.do((root) => root.install([imageOf(box)]), { io: afterCommit(() => put(box.path('usr'))) }), {
      code: 'E-PKM-019',
    });
    assert.equal(existsSync(box.path('elsewhere/share')), false);
    rmSync(box.path('usr'));
    checkInstalled(box);
  }
});

test('a merge with folders that somebody made meanwhile may be interrupted anywhere', (t) => {
  for (let step = 0; ; step++) {
    const box = new Sandbox(t);
    let nAfter = -1;
    const watched = watchIo(() => {
      if (nAfter >= 0 && nAfter++ >= step) throw new Error('died');
    });
    const io: RootIo = {
      ...watched,
      commit(name, work) {
        const result = watched.commit(name, work);
        if (name === 'generation') {
          mkdirSync(box.path('usr/share/p/d1'), { recursive: true });
          writeFileSync(box.path('usr/share/p/d1/mine'), 'mine');
          nAfter = 0;
        }
        return result;
      },
    };
    let isDone = true;
    try {
      box.do((root) => root.install([imageOf(box)]), { io });
    } catch {
      isDone = false;
    }
    checkInstalled(box);
    assert.equal(box.read('usr/share/p/d1/mine'), 'mine');
    box.remove();
    if (!isDone) continue;
    assert.ok(step > 30, `only ${step} writes`);
    return;
  }
});

test('without threads they are put together one by one; what fails is undone', (t) => {
  const box = new Sandbox(t);
  const alone: RootIo = { ...realIo, renameMany: () => undefined };
  const failing: RootIo = {
    ...alone,
    rename(from, path) {
      if (path.endsWith('/d2/59')) throw Object.assign(new Error('EIO: injected'), { code: 'EIO', syscall: 'rename' });
      realIo.rename(from, path);
    },
  };
  assert.throws(() => box.do((root) => root.install([imageOf(box)]), { io: failing }), /EIO|input\/output/i);
  assert.deepEqual([existsSync(box.path('usr')), existsSync(box.path('var/lib/igos/staging'))], [false, false]);
  assert.equal(
    box.do((root) => root.generation),
    0,
  );
  box.do((root) => root.install([imageOf(box)]), { io: alone });
  checkInstalled(box);
});

const SOMEBODY = 1234;
const NOBODY_IN_PARTICULAR = 0xffff_ffff;

/** A default access list by which `SOMEBODY` may do everything. @returns false where none can be had */
function handAccessOn(folder: string): boolean {
  const entries: [tag: number, permissions: number, id: number][] = [
    [1, 7, NOBODY_IN_PARTICULAR],
    [2, 7, SOMEBODY],
    [4, 5, NOBODY_IN_PARTICULAR],
    [16, 7, NOBODY_IN_PARTICULAR],
    [32, 5, NOBODY_IN_PARTICULAR],
  ];
  const list = Buffer.alloc(4 + 8 * entries.length);
  list.writeUInt32LE(2); // the version of this form
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    list.writeUInt16LE(tag, 4 + 8 * index);
    list.writeUInt16LE(permissions, 6 + 8 * index);
    list.writeUInt32LE(id, 8 + 8 * index);
  }
  const name = 'system.posix_acl_default';
  return spawnSync('setfattr', ['-n', name, '-v', `0s${list.toString('base64')}`, folder]).status === 0;
}

test('access lists that folders hand on: none from where files are staged, and what is in a folder gets them as ever', (t) => {
  if (process.geteuid!() !== 0) return t.skip('only root can be somebody else');
  const box = new Sandbox(t);
  chmodSync(box.base, 0o755);
  mkdirSync(box.path('var'), { mode: 0o755 });
  if (!handAccessOn(box.path('var'))) return t.skip('no access lists here');
  const shared = { 'srv/shared': { mode: 0o664, text: 's' } };
  box.do((root) => root.install([imageOf(box), box.image('few 1', shared)]));
  const isOpen = (path: string): boolean => {
    const groups = process.getgroups!();
    process.setgroups!([SOMEBODY]);
    process.setegid!(SOMEBODY);
    process.seteuid!(SOMEBODY);
    try {
      closeSync(openSync(box.path(path), 'r+'));
      return true;
    } catch {
      return false;
    } finally {
      process.seteuid!(0);
      process.setegid!(0);
      process.setgroups!(groups);
    }
  };
  assert.equal(isOpen('srv/shared'), false);
  mkdirSync(box.path('opt'), { mode: 0o755 });
  handAccessOn(box.path('opt'));
  const moved: string[] = [];
  const io: RootIo = {
    ...realIo,
    renameMany(folder, moves) {
      moved.push(...moves.map(({ to }) => to));
      return realIo.renameMany(folder, moves);
    },
  };
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`opt/many/${n}`, `${n}`]));
  box.do((root) => root.install([box.image('many 1', files)]), { io });
  assert.ok(moved.length > 0 && moved.every((path) => path.startsWith('opt/many/')));
});
