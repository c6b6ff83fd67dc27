/** Who may not read everything can still ask: what is closed to them is said, and everything else too. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Root } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const CLOSED_FOLDERS = ['etc/ssl/private', 'srv/secret'];

/** Asks as somebody who owns nothing here; who is no root is not asked by modes of 0 either. */
function asNobody<T>(box: Sandbox, ask: (root: Root) => T): T {
  const user = process.geteuid!();
  chmodSync(box.base, 0o755);
  if (user === 0) process.seteuid!(65_534);
  try {
    return box.do(ask, { readOnly: true });
  } finally {
    process.seteuid!(user);
    for (const path of CLOSED_FOLDERS) chmodSync(box.path(path), 0o755); // to be removed
  }
}

/** @param nMore  files of no interest */
function closed(t: ConstructorParameters<typeof Sandbox>[0], nMore = 0): Sandbox {
  const box = new Sandbox(t);
  const files = {
    ...Object.fromEntries(Array.from({ length: nMore }, (_, n) => [`usr/share/${n}`, `${n}`])),
    'etc/open': '1',
    'etc/shadow': '1',
    'etc/ssl/private/key': '1',
    'srv/secret/deep/x': '1',
    'usr/key': '1',
    'usr/x': '1',
  };
  box.do((root) => root.install([box.image('a 1', files)]));
  box.write('etc/open', 'mine');
  for (const path of [...CLOSED_FOLDERS, 'etc/shadow', 'usr/key']) chmodSync(box.path(path), 0);
  return box;
}

test('verify goes on behind what may not be read', (t) => {
  // Of many files others look as well.
  for (const nMore of [0, 400]) {
    const report = asNobody(closed(t, nMore), (root) => root.verify());
    assert.deepEqual(
      report.problems.filter(({ kind }) => kind === 'unreadable').map(({ path }) => path),
      ['srv/secret/deep', 'srv/secret/deep/x', 'usr/key'],
    );
    assert.deepEqual(
      report.drift.map(({ kind, path }) => `${kind} ${path}`),
      ['modified etc/open', 'unreadable etc/shadow', 'unreadable etc/ssl/private/key'],
    );
    assert.equal(
      report.problems.some(({ path }) => path.startsWith('usr/') && path !== 'usr/key'),
      false,
    );
  }
});

test('configuration is listed, with what may not be read', (t) => {
  const box = closed(t);
  assert.deepEqual(
    asNobody(box, (root) => root.config().map(({ path, state }) => `${state} ${path}`)),
    ['modified etc/open', 'unreadable etc/shadow', 'unreadable etc/ssl/private/key'],
  );
});

test('a package with folders that are closed to their owner can be installed, upgraded and removed by an ordinary user', (t) => {
  const child = join(import.meta.dirname, 'closed-folders-child.ts');
  const user = process.geteuid!() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const run = (...words: string[]) => spawnSync(process.execPath, words, { ...user, encoding: 'utf8' });
  if (run('--eval', `require('node:fs').accessSync(${JSON.stringify(child)})`).status !== 0)
    return t.skip('only root may read the project here');
  const { stdout, stderr } = run(child);
  assert.equal(stdout, 'done\n', stderr);
});
