/** A cache behind https: its certificate is checked, and one that the user vouches for is taken. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { openTransport, push } from '../../../store/cache/index.ts';
import { openStore } from '../../../store/index.ts';
import { selfSigned } from '../../self-signed.ts';
import { makeTree, storeDir, temporaryFolder } from '../fixture.ts';
import { runIgos } from '../ordeal/program.ts';

test('pull from https: not from whoever answers, but from whom a variable names', async (t) => {
  const folder = temporaryFolder(t);
  const made = selfSigned(folder);
  if (made === undefined) {
    t.skip('openssl is not installed, or makes no certificate');
    return;
  }
  const cache = join(folder, 'cache');
  const path = await (async () => {
    using store = openStore({ home: join(folder, 'other'), storeDir });
    const added = store.addPath('x', textToBytes(makeTree(join(folder, 'x'), { a: 'some text', 'd/b': 'more' })));
    await push(store, openTransport(`file://${cache}`), [added], [], { compression: 'zstd', keys: [] });
    return added;
  })();
  const server = createServer({ key: readFileSync(made.key), cert: readFileSync(made.cert) }, (request, response) => {
    const file = join(cache, request.url!);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) response.writeHead(404).end();
    else response.end(request.method === 'HEAD' ? undefined : readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const home = join(folder, 'home');
  const words = ['cache', 'pull', `https://127.0.0.1:${(server.address() as AddressInfo).port}`, path];

  const stranger = await runIgos(home, words);
  assert.equal(stranger.status, 1, stranger.stderr);
  assert.match(stranger.stderr, /certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\): SSL_CERT_FILE can name a file/);
  for (const variable of ['SSL_CERT_FILE', 'NIX_SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    const own = join(folder, variable);
    const known = await runIgos(own, words, { env: { [variable]: made.cert } });
    assert.deepEqual([known.status, known.stdout], [0, `${path}\n`], known.stderr);
  }
  const known = await runIgos(home, words, { env: { SSL_CERT_FILE: made.cert } });
  assert.equal(known.status, 0, known.stderr);
  const nobody = await runIgos(join(folder, 'none'), words, { env: { SSL_CERT_FILE: '/no-cert-file.crt' } });
  assert.equal(nobody.status, 1, nobody.stderr);
  assert.match(nobody.stderr, /the variable 'SSL_CERT_FILE' names '\/no-cert-file.crt', which cannot be read \(ENOENT\)/);
  const checked = await runIgos(home, ['store', 'verify', '--contents']);
  assert.equal(checked.status, 0, checked.stdout);
});
