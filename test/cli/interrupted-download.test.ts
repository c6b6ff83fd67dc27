import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadOpenPgp } from '../../depot/index.ts';
import { programs, project } from './programs.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends a download from a server that says nothing`, async (t) => {
    const { work } = programs(t);
    const server = createServer(() => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const depot = join(work, 'depot');
    mkdirSync(join(depot, 'alan'), { recursive: true });
    writeFileSync(join(depot, 'alan/pubkey'), (await (await loadOpenPgp()).generateKey('alan', { bits: 2048 })).publicKey);
    writeFileSync(join(depot, 'alan/download'), `http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
    const words = ['depot', 'download', 'alan/raw/face/1', '--depot', depot, '--public', join(work, 'public')];
    const child = spawn(join(project, 'bin/igos'), words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: join(work, 'home') },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(server, 'request');
    child.kill(signal);
    const [status] = await once(child, 'close');
    assert.deepEqual([status, said], [130, 'interrupted\n']);
    assert.deepEqual(readdirSync(depot), ['alan']);
  });
}
