/** A repository behind https: its certificate is checked before its signature is, and one that the user vouches for is taken. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { project } from '../cli/programs.ts';
import { selfSigned } from '../self-signed.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';

async function serveSecurely(t: TestContext, folder: string, files: { key: string; cert: string }): Promise<string> {
  const server: Server = createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) }, (request, response) => {
    const file = join(folder, decodeURIComponent(request.url!));
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) response.writeHead(404).end();
    else response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const pkm = (box: Sandbox, words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: box.base, NO_COLOR: '1', ...environment };
    const all = ['--root', box.root, '--home', join(box.base, 'home'), ...words];
    execFile(join(project, 'bin/pkm'), all, { env }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

test('sync and install from https: not from whoever answers, but from whom SSL_CERT_FILE names', async (t) => {
  const box = new Sandbox(t);
  const files = selfSigned(box.base);
  if (files === undefined) {
    t.skip('openssl is not installed, or makes no certificate');
    return;
  }
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': 'over the wire' });
  await publisher.publish();
  const address = await serveSecurely(t, publisher.folder, files);
  const signer = join(box.base, 'ours.pub');
  writeFileSync(signer, ours.open);

  const stranger = await pkm(box, ['sync', address, '--key', signer]);
  assert.equal(stranger.status, 1, stranger.stderr);
  assert.match(stranger.stderr, /its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  assert.equal(box.read('usr/a'), undefined);

  const known = { NIX_SSL_CERT_FILE: '', SSL_CERT_FILE: files.cert };
  const synced = await pkm(box, ['sync', address, '--key', signer], known);
  assert.equal(synced.status, 0, synced.stderr);
  const refused = await pkm(box, ['install', 'a', '--yes']);
  assert.equal(refused.status, 1, 'the archive comes over the same kind of connection');
  assert.match(refused.stderr, /certificate is not trusted/);
  const installed = await pkm(box, ['install', 'a', '--yes'], known);
  assert.equal(installed.status, 0, installed.stderr);
  assert.equal(box.read('usr/a'), 'over the wire');
  assert.equal((await pkm(box, ['verify'])).status, 0);
});
