/** Somebody changes a folder after a change was recorded, and before it reaches that folder: nothing is done through a symlink. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Root, type RootIo, realIo } from '../../pkm/index.ts';
import { type FileSpec, Sandbox } from './support.ts';

/** Does something when the generation is recorded, and before anything is placed. */
const afterCommit = (work: () => void): RootIo => ({
  ...realIo,
  commit(name, commit) {
    const result = realIo.commit(name, commit);
    if (name === 'generation') work();
    return result;
  },
});

const KINDS: Readonly<Record<string, readonly [number, string]>> = {
  'a folder': [0, 'usr/d'],
  'few files': [2, 'usr/d'],
  // They go together, in another thread.
  'many files': [120, 'usr/d'],
  'files of a folder further down': [2, 'usr/d/e/f'],
};

for (const [what, [nFiles, folder]] of Object.entries(KINDS)) {
  const filesOf = (word: string): Record<string, FileSpec> =>
    nFiles === 0
      ? { [`${folder}/${word}`]: { mode: 0o755 } }
      : Object.fromEntries(Array.from({ length: nFiles }, (_, n) => [`${folder}/${n}`, `${word} ${n}`]));
  const old = { 'usr/d/stays': 'stays', [`${folder}/stays`]: 'stays' };

  for (const by of ['a symlink', 'nothing'] as const) {
    test(`${what} are not placed where ${by} stands instead of a folder, until that is put right`, (t) => {
      const box = new Sandbox(t);
      const outside = join(box.base, 'outside');
      mkdirSync(join(outside, folder.slice('usr/d'.length)), { recursive: true });
      box.do((root) => root.install([box.image('a 1', old)]));
      const io = afterCommit(() => {
        renameSync(box.path('usr/d'), box.path('usr/away'));
        if (by === 'a symlink') symlinkSync(outside, box.path('usr/d'));
      });
      const code = by === 'a symlink' ? 'E-PKM-007' : 'E-PKM-019';
      assert.throws(() => box.do((root) => root.install([box.image('a 2', { ...old, ...filesOf('new') })]), { io }), { code });
      assert.deepEqual(readdirSync(join(outside, folder.slice('usr/d'.length))), []);
      rmSync(box.path('usr/d'), { force: true });
      renameSync(box.path('usr/away'), box.path('usr/d'));
      box.do((root) => root.recover());
      for (const [path, text] of Object.entries(filesOf('new')))
        assert.equal(box.read(path), typeof text === 'string' ? text : '(directory)');
      assert.deepEqual(
        box.do((root) => root.verify().problems),
        [],
      );
    });
  }

  const goes: Readonly<Record<string, (box: Sandbox) => (root: Root) => unknown>> = {
    'with their package': () => (root) => root.remove(['a']),
    'in an upgrade': (box) => (root) => root.install([box.image('a 2', { 'usr/other': 'x' })]),
  };
  for (const [how, change] of Object.entries(goes)) {
    test(`${what} that go ${how} are not removed through a symlink that stands instead of their folder`, (t) => {
      const box = new Sandbox(t);
      const outside = join(box.base, 'outside');
      box.do((root) => root.install([box.image('a 1', { ...old, ...filesOf('old') })]));
      const io = afterCommit(() => {
        renameSync(box.path('usr/d'), outside);
        symlinkSync(outside, box.path('usr/d'));
      });
      const before = readdirSync(box.path('usr/d'), { recursive: true }).length;
      box.do(change(box), { io });
      assert.equal(readdirSync(outside, { recursive: true }).length, before);
    });
  }
}
