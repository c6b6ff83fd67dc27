/** Passphrases: typed twice for a new key and once for a signature, never shown; or read from a file descriptor. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

const igos = join(project, 'bin', 'igos');

function scene(t: TestContext) {
  const work = mkdtempSync(join(tmpdir(), 'igos-passphrase-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'depot/alan/raw/face/1'), { recursive: true });
  writeFileSync(join(work, 'depot/alan/raw/face/1/face'), 'round');
  const env = { PATH: process.env['PATH'] ?? '', HOME: work, IGOS_HOME: join(work, 'home'), TERM: 'xterm', NO_COLOR: '1' };
  return { work, env, signature: join(work, 'public/alan/raw/face/1.tar.xz.sig') };
}

test('on a terminal', { skip: noTerminal() }, (t) => {
  const { work, env, signature } = scene(t);
  const made = runInTerminal(
    [igos, 'depot', 'keygen', 'alan', '--bits', '2048'],
    [
      { until: "new passphrase for 'alan': " },
      { press: 'sesamX\u007f\r', until: 'the same again: ' },
      { press: 'sesam\r', until: 'secret key in' },
    ],
    { cwd: work, env },
  );
  assert.equal(made.problem, '', made.screen);
  assert.equal(made.status, 0);
  assert.ok(!made.screen.includes('sesam'), made.screen);
  assert.ok(!readFileSync(join(work, 'home/etc/depot-keys/alan.asc'), 'utf8').includes('sesam'));

  const wrong = runInTerminal(
    [igos, 'depot', 'publish', 'alan/raw/face/1'],
    [{ until: "passphrase of the key of 'alan': " }, { press: 'simsalabim\r', until: 'the passphrase is wrong' }],
    { cwd: work, env },
  );
  assert.equal(wrong.problem, '', wrong.screen);
  assert.equal(existsSync(signature), false);

  const right = runInTerminal(
    [igos, 'depot', 'publish', 'alan/raw/face/1'],
    [{ until: "passphrase of the key of 'alan': " }, { press: 'sesam\r', until: 'publish /' }],
    { cwd: work, env },
  );
  assert.equal(right.problem, '', right.screen);
  assert.ok(!right.screen.includes('sesam'));
  assert.ok(existsSync(signature));
});

test('two that differ make no key', { skip: noTerminal() }, (t) => {
  const { work, env } = scene(t);
  const made = runInTerminal(
    [igos, 'depot', 'keygen', 'alan', '--bits', '2048'],
    [{ until: 'new passphrase' }, { press: 'one\r', until: 'again' }, { press: 'two\r', until: 'the two passphrases differ' }],
    { cwd: work, env },
  );
  assert.equal(made.problem, '', made.screen);
  assert.equal(made.status, 2);
  assert.equal(existsSync(join(work, 'depot/alan/pubkey')), false);
});

test('from a file descriptor, and without any', (t) => {
  const { work, env, signature } = scene(t);
  const run = (words: string[], input?: string) =>
    spawnSync(igos, ['depot', ...words], { cwd: work, env, encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  const made = run(['keygen', 'alan', '--bits', '2048', '--passphrase-fd', '0'], 'sesam\nmore');
  assert.equal(made.status, 0, made.stderr);
  const none = run(['publish', 'alan/raw/face/1'], '');
  assert.match(none.stderr, /it is locked, and there is no passphrase/);
  assert.equal(none.status, 1);
  assert.ok(!existsSync(join(work, 'public')), 'what published nothing leaves no folder');
  const signed = run(['publish', 'alan/raw/face/1', '--passphrase-fd', '0'], 'sesam\n');
  assert.equal(signed.status, 0, signed.stderr);
  assert.ok(existsSync(signature));
});
