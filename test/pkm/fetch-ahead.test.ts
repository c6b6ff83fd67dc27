/** While archives come in, a root can be changed by others; and nobody fetches an archive that another process is fetching. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { project } from '../cli/programs.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';
import { serve, type WebServer } from './web-server.ts';

interface Offered {
  readonly box: Sandbox;
  readonly web: WebServer;
  readonly name: string;
  /** Resolves when somebody asks for the archive; no answer before `release`. */
  readonly asked: Promise<void>;
  readonly release: () => void;
}

async function offered(t: TestContext): Promise<Offered> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const name = basename(await publisher.add('a 1', { 'usr/a': 'from afar' }));
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  const key = join(box.base, 'ours.pub');
  writeFileSync(key, ours.open);
  assert.equal((await pkm(box, ['sync', web.address, '--key', key])).status, 0);
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  web.instead = (file, request, response) => {
    if (file !== name) return false;
    asked.resolve();
    void released.promise.then(() => {
      web.instead = undefined;
      (request.socket as unknown as { server: EventEmitter }).server.emit('request', request, response);
    });
    return true;
  };
  return { box, web, name, asked: asked.promise, release: released.resolve };
}

const pkm = (box: Sandbox, words: readonly string[]): Promise<{ status: number; stderr: string }> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: box.base, NO_COLOR: '1' };
    const all = ['--root', box.root, '--home', join(box.base, 'home'), ...words];
    execFile(join(project, 'bin/pkm'), all, { env }, (error, _stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stderr });
    });
  });

for (const [what, words] of [
  ['install', ['install', 'a', '--yes']],
  ['upgrade', ['upgrade', '--yes']],
] as const) {
  test(`${what}: the root is changed by another while the archive is on its way`, async (t) => {
    const { box, asked, release } = await offered(t);
    if (what === 'upgrade') box.do((root) => root.install([box.image('a 0', { 'usr/a': 'old' })]));
    const changing = pkm(box, words);
    await asked;
    box.do((root) => root.install([box.image('b 1', { 'usr/b': 'meanwhile' })])); // would say who holds the lock
    release();
    const { status, stderr } = await changing;
    assert.equal(status, 0, stderr);
    assert.equal(box.read('usr/a'), 'from afar');
    assert.equal(box.read('usr/b'), 'meanwhile');
  });
}

test('two at once fetch an archive once', async (t) => {
  const { box, web, name, asked, release } = await offered(t);
  const first = pkm(box, ['install', 'a', '--yes']);
  await asked;
  const second = pkm(box, ['install', 'a', '--yes', '--dry-run']);
  await new Promise((resolve) => setTimeout(resolve, 700));
  release();
  for (const { status, stderr } of [await first, await second]) assert.equal(status, 0, stderr);
  assert.equal(
    web.requests.filter((request) => request.startsWith(name)).length,
    2,
    'the answer that was held back counts twice',
  );
});

test('who may not write there is told so', async (t) => {
  const { box } = await offered(t);
  mkdirSync(`${join(box.root, 'var/lib/igos/lock.db')}.downloads`); // stands in the way of root, too
  const { status, stderr } = await pkm(box, ['install', 'a', '--yes']);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error: cannot write '.*lock\.db\.downloads'/m);
});
