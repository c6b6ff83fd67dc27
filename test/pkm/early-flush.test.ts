/** What many files need to reach the disk begins while they are made; a flush that fails, whichever it is, is no success. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Sandbox } from './support.ts';
import { noStrace } from './syscalls.ts';
import { tarOf } from './tar-bytes.ts';

const skip = noStrace();
const PROGRAM = join(import.meta.dirname, '../../cli/start.cjs');
/** More than the first flush waits for. */
const N_FILES = 4200;

test('a flush that fails before the commit leaves no trace, and one after it is made up for', { skip }, (t) => {
  const box = new Sandbox(t);
  const members = Array.from({ length: N_FILES }, (_, n) => ({ name: `opt/p/${n % 7}/${n}`, data: `${n}` }));
  const file = join(box.base, 'p.igos.tar.gz');
  writeFileSync(file, gzipSync(tarOf([{ name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' }, ...members])));
  const log = join(box.base, 'strace');
  const install = (options: readonly string[]): number | null => {
    const words = [
      '--root',
      box.root,
      '--home',
      join(box.base, 'home'),
      'install',
      '--archive-trust',
      'loose',
      '--archive',
      file,
    ];
    const command = [process.execPath, PROGRAM, 'pkm', ...words];
    return spawnSync('strace', ['-f', '-qq', '-o', log, '-e', 'trace=syncfs', ...options, ...command]).status;
  };
  box.do(() => {});
  // In the main thread: of the staged files, of what failed in earlier flushes, of what was placed.
  for (const when of [1, 2, 3]) {
    assert.notEqual(install(['-e', `inject=syncfs:error=EIO:when=${when}`]), 0, `${when}`);
    assert.equal(
      box.do((root) => root.generation),
      when < 3 ? 0 : 1,
      `${when}`,
    );
    assert.equal(existsSync(box.path('opt/p/0/0')), when === 3);
    assert.equal(existsSync(box.path('var/lib/igos/staging')), false);
  }
  box.do((root) => root.remove(['p']));
  assert.equal(install([]), 0);
  const [main, ...others] = new Set(readFileSync(log, 'utf8').match(/^\d+(?= +syncfs)/gm));
  assert.ok(main !== undefined && others.length > 0, 'no other thread began one');
});
