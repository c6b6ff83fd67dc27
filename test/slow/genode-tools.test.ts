/**
 * Genode's own tools on the other side, in both directions. `IGOS_GENODE` names a checkout of Genode, of which `tool/depot` is copied.
 * They end with 0 whatever happens, so the depot is what is looked at.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { ALL, exchange } from '../depot/published.ts';
import { keyOf } from '../depot/signers.ts';

const genode = process.env['IGOS_GENODE'];
const skip =
  genode === undefined
    ? 'not part of igos: IGOS_GENODE does not name a checkout of Genode'
    : existsSync(join(genode, 'tool', 'depot', 'download'))
      ? false
      : `${genode} holds no tool/depot`;

interface RealTool {
  /** Top of the copy: `depot/` and `public/` are in it. */
  readonly folder: string;
  readonly gnupgHome: string;
  addUser(user: string, publicKey: string | Buffer, url: string): void;
  run(tool: string, ...args: string[]): { status: number | null; output: string };
}

function realTool(t: TestContext, scratch: string): RealTool {
  const folder = join(scratch, 'genode');
  mkdirSync(join(folder, 'repos', 'test', 'recipes'), { recursive: true });
  cpSync(join(genode!, 'tool', 'depot'), join(folder, 'tool', 'depot'), { recursive: true });
  const gnupgHome = join(scratch, 'gnupg');
  mkdirSync(gnupgHome);
  chmodSync(gnupgHome, 0o700);
  t.after(() => spawnSync('gpgconf', ['--homedir', gnupgHome, '--kill', 'all']));
  const { MAKEFLAGS: _, ...environment } = process.env;
  return {
    folder,
    gnupgHome,
    addUser: (user, publicKey, url) => {
      const place = join(folder, 'repos', 'test', 'sculpt', 'depot', user);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, 'pubkey'), publicKey);
      writeFileSync(join(place, 'download'), `${url}\n`);
    },
    run: (tool, ...args) => {
      const { status, stdout, stderr } = spawnSync(`tool/depot/${tool}`, [...args, 'SQ=false'], {
        cwd: folder,
        env: { ...environment, GNUPGHOME: gnupgHome },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 120_000,
        encoding: 'utf8',
      });
      return { status, output: stdout + stderr };
    },
  };
}

const sameTrees = (a: string, b: string) =>
  execFileSync('diff', ['-r', '--no-dereference', '-x', 'pubkey', '-x', 'download', '-x', 'index', '-x', 'var', a, b]);

test("what igos publishes, Genode's tools download, verify and import", { skip }, async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/pkg/x86_64/wall/1']);
  const tool = realTool(t, at.folder);
  for (const user of ['alan', 'bob']) tool.addUser(user, (await keyOf(user)).publicKey, `file://${at.published}`);
  const { output } = tool.run('download', 'alan/pkg/x86_64/wall/1');
  const { status, output: listed } = tool.run('dependencies', 'alan/pkg/x86_64/wall/1');
  assert.equal(status, 0, output + listed);
  assert.deepEqual([...new Set(listed.trim().split(/\s+/))].sort(compareBytes), ALL);
  sameTrees(at.from.folder, join(tool.folder, 'depot'));
});

test("what igos published and somebody changed, Genode's tools refuse", { skip }, async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  const file = join(at.published, 'alan/raw/face/1.tar.xz');
  const bytes = readFileSync(file);
  bytes[40]! ^= 1;
  writeFileSync(file, bytes);
  const tool = realTool(t, at.folder);
  tool.addUser('alan', (await keyOf('alan')).publicKey, `file://${at.published}`);
  const { output } = tool.run('download', 'alan/raw/face/1');
  assert.match(output, /signature does not match/);
  assert.equal(existsSync(join(tool.folder, 'depot/alan/raw/face/1')), false);
});

test("what Genode's tools publish, igos downloads, verifies and imports", { skip }, async (t) => {
  const at = await exchange(t);
  const tool = realTool(t, at.folder);
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', tool.gnupgHome, '--batch', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const user of ['alan', 'bob']) {
    gpg('--passphrase', '', '--quick-gen-key', `${user} <${user}@example.org>`, 'rsa2048', 'sign', 'never');
    const key = gpg('--armor', '--export', `${user}@example.org`);
    tool.addUser(user, key, at.url);
    writeFileSync(join(at.to.folder, user, 'pubkey'), key);
  }
  cpSync(at.from.folder, join(tool.folder, 'depot'), { recursive: true });
  const { status, output } = tool.run('publish', 'alan/pkg/x86_64/wall/1', 'alan/index/26.04');
  assert.equal(status, 0, output);
  rmSync(at.published, { recursive: true, force: true });
  cpSync(join(tool.folder, 'public'), at.published, { recursive: true });
  assert.deepEqual((await at.download(['alan/pkg/x86_64/wall/1'])).sort(compareBytes), ALL);
  sameTrees(at.from.folder, at.to.folder);
  assert.deepEqual(await at.download(['alan/index/26.04']), ['alan/index/26.04']);
});
