/** While an index comes in, a root can be changed by others, also by another sync; and nothing counts before all of it was checked. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { project } from '../cli/programs.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';
import { serve, type WebServer } from './web-server.ts';

const keys = [ours.open];

interface Offered {
  readonly box: Sandbox;
  readonly publisher: Publisher;
  readonly web: WebServer;
}

async function offered(t: TestContext): Promise<Offered> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': '1' });
  await publisher.publish();
  writeFileSync(join(box.base, 'ours.pub'), ours.open);
  return { box, publisher, web: await serve(t, publisher.folder) };
}

/** Holds the next answer of that name back. */
function hold(web: WebServer, name: string): { asked: Promise<void>; release: () => void } {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  web.instead = (file, request, response) => {
    if (file !== name) return false;
    web.instead = undefined;
    asked.resolve();
    void released.promise.then(() => {
      (request.socket as unknown as { server: EventEmitter }).server.emit('request', request, response);
    });
    return true;
  };
  return { asked: asked.promise, release: released.resolve };
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param before  a command that runs the one behind it */
function sync({ box, web }: Offered, before: readonly string[] = []): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { PATH: process.env['PATH'] ?? '', HOME: box.base, NO_COLOR: '1' };
  const words = ['--root', box.root, '--home', join(box.base, 'home'), 'sync', web.address, '--key', join(box.base, 'ours.pub')];
  const ended = Promise.withResolvers<Ended>();
  const [program, ...rest] = [...before, join(project, 'bin/pkm'), ...words];
  const child = execFile(program!, rest, { env }, (error, stdout, stderr) => {
    ended.resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr });
  });
  return { child, ended: ended.promise };
}

test('the root is changed by another while the index is on its way', async (t) => {
  const all = await offered(t);
  const { asked, release } = hold(all.web, 'index.json');
  const { ended } = sync(all);
  await asked;
  all.box.do((root) => root.install([all.box.image('b 1', { 'usr/b': 'meanwhile' })])); // would say who holds the lock
  release();
  const { status, stdout, stderr } = await ended;
  assert.equal(status, 0, stderr);
  assert.match(stdout, /: 1 package, serial 1/);
  assert.deepEqual(
    all.box.do((root) => [root.list().map((one) => one.name), root.available().map((one) => one.name)]),
    [['b'], ['a']],
  );
});

test('a sync that overtakes a slower one stays, and is what the slower one tells of', async (t) => {
  const all = await offered(t);
  const { box, publisher, web } = all;
  const before = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  await publisher.add('a 2', { 'usr/a': '2' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys }));
  const report = await box.do((root) => root.putIndex(before));
  assert.deepEqual([report?.serial, report?.isUnchanged], [2, true]);
  assert.deepEqual(
    box.do((root) => root.available().map((one) => one.version)),
    ['2', '1'],
  );
  const forced = await box.do((root) => root.putIndex(before, { force: true }));
  assert.deepEqual([forced?.serial, forced?.isUnchanged], [1, false], 'by force the older one is taken');

  // And two commands.
  const { asked, release } = hold(web, 'index.json.sig');
  const { ended } = sync(all);
  await asked;
  const second = sync(all);
  assert.equal((await second.ended).status, 0);
  release();
  const { status, stdout } = await ended;
  assert.equal(status, 0);
  assert.match(stdout, /serial 2/);
});

test('two indexes of one serial are noticed also where they came at once', async (t) => {
  const { box, publisher } = await offered(t);
  const one = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  publisher.publishRaw({ format: 1, serial: 1, packages: [] });
  const other = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  assert.equal((await box.do((root) => root.putIndex(one)))?.serial, 1);
  await assert.rejects(
    box.do((root) => root.putIndex(other)),
    /another index of that serial is known/,
  );
  assert.equal(box.do((root) => root.available()).length, 1);
});

test('what was as before, and was forgotten meanwhile, is fetched again', async (t) => {
  const { box, publisher } = await offered(t);
  await box.do((root) => root.sync(publisher.address, { keys }));
  const unchanged = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  box.do((root) => root.forget(publisher.address));
  assert.equal(await box.do((root) => root.putIndex(unchanged)), undefined);
  const whole = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  assert.equal((await box.do((root) => root.putIndex(whole)))?.isUnchanged, false);
  // The list of files, which is the same as before, goes with it.
  await publisher.publish();
  const sameFiles = await box.do((root) => root.fetchIndex(publisher.address, { keys }));
  assert.equal(sameFiles.list, undefined);
  box.do((root) => root.forget(publisher.address));
  assert.equal(await box.do((root) => root.putIndex(sameFiles)), undefined);
});

test('a sync that is killed leaves nothing', async (t) => {
  const all = await offered(t);
  const { box, web } = all;
  mkdirSync(box.path('var/lib/igos'), { recursive: true });
  const { asked, release } = hold(web, 'index.json');
  const { child, ended } = sync(all);
  await asked;
  child.kill('SIGKILL');
  assert.equal((await ended).status, null);
  release();
  assert.deepEqual(readdirSync(box.path('var/lib/igos')), []);
  assert.equal((await sync(all).ended).status, 0);
});

/** Root may write whatever the permissions are, but not where nothing can be written. */
const UNSHARE = process.geteuid?.() === 0 ? '-m' : '-rm';
const READ_ONLY = ['unshare', UNSHARE, 'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'];
const skip = spawnSync('unshare', [UNSHARE, 'true']).status === 0 ? false : 'nothing can be mounted here, not even in namespaces';

test('who may not write there is told so before anything is fetched', { skip }, async (t) => {
  const all = await offered(t);
  mkdirSync(all.box.path('var/lib/igos'), { recursive: true });
  chmodSync(all.box.path('var/lib/igos'), 0o555);
  const { status, stderr } = await sync(all, [...READ_ONLY, all.box.root]).ended;
  assert.deepEqual([status, all.web.requests], [1, []], stderr);
});

test('a root that cannot be written is named with the reason, locked before or not', { skip }, (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('var/lib/igos'), { recursive: true });
  const remove = (): string => {
    const words = [
      ...READ_ONLY,
      box.root,
      join(project, 'bin/pkm'),
      '--root',
      box.root,
      '--home',
      join(box.base, 'home'),
      'remove',
      'x',
    ];
    const { stderr, status } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' });
    assert.equal(status, 1, stderr);
    return stderr;
  };
  assert.match(remove(), /^error: cannot write '.*lock\.db': read-only file system\n/);
  box.do(() => {});
  assert.match(remove(), /^error: cannot write '.*lock': read-only file system\n/);
});
