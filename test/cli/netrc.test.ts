/** Users and passwords of `~/.netrc` go to the host that they are for: over https, from whatever fetches, and to nobody else. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { selfSigned } from '../self-signed.ts';
import { temporaryFolder } from '../store/fixture.ts';
import { runIgos } from '../store/ordeal/program.ts';
import { project } from './programs.ts';

const EXPRESSION = `{ url }: derivation {
  name = "x"; system = "builtin"; builder = "builtin:fetchurl"; inherit url;
  outputHash = builtins.hashString "sha256" "hello\\n"; outputHashAlgo = "sha256"; outputHashMode = "flat";
}
`;

const ENTRY = 'machine 127.0.0.1 login joe password "pass word"\n';

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('fetches, caches and repositories', async (t) => {
  const folder = temporaryFolder(t);
  const made = selfSigned(folder);
  if (made === undefined) return t.skip('openssl is not installed, or makes no certificate');
  const seen: string[] = [];
  const answer: RequestListener = (request, response) => {
    const { authorization = '' } = request.headers;
    const user = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
    seen.push(`${request.url} ${user}`);
    if (user !== 'joe:pass word') response.writeHead(401).end();
    else if (request.url === '/hello') response.end('hello\n');
    else response.writeHead(404).end();
  };
  const options = { key: readFileSync(made.key), cert: readFileSync(made.cert) };
  const safe = `https://${await listen(t, createServer(options, answer))}`;
  const plain = `http://${await listen(t, createPlainServer(answer))}`;
  const home = join(folder, 'home');
  const file = join(folder, 'x.nix');
  writeFileSync(file, EXPRESSION);
  const run = async (words: readonly string[], env: Record<string, string> = {}) => {
    seen.length = 0;
    const ending = await runIgos(home, words, { env: { SSL_CERT_FILE: made.cert, ...env } });
    assert.doesNotMatch(ending.stdout + ending.stderr, /pass word/);
    return ending;
  };
  const fetching = (url: string): string[] => ['realize', file, '--argstr', 'url', url];

  const nobody = await run(fetching(`${safe}/hello`));
  assert.match(
    nobody.stderr,
    /\/hello: 401 Unauthorized: it wants a user and a password, in the address or, for https, in ~\/.netrc/,
  );
  assert.deepEqual(seen, ['/hello ']);

  writeFileSync(join(folder, '.netrc'), ENTRY, { mode: 0o600 });
  await run(fetching(`${plain}/hello`));
  assert.deepEqual(seen, ['/hello '], 'not where others listen');
  await run(fetching(`${safe.replace('//', '//jim:x@')}/hello`));
  assert.deepEqual(seen, ['/hello jim:x'], 'an address that names a user means it');
  await run(['cache', 'pull', safe, `/igos/store/${'0'.repeat(32)}-x`]);
  assert.deepEqual(seen, ['/nix-cache-info joe:pass word']);
  const program = join(project, 'bin/pkm');
  const words = ['--root', join(folder, 'root'), '--home', home, 'sync', `${safe}/`];
  seen.length = 0;
  const env = { SSL_CERT_FILE: made.cert };
  await runIgos(home, [program, ...words], { under: ['sh', '-c', 'shift; exec "$@"', 'sh'], env });
  assert.deepEqual(seen, ['/index.json.sig joe:pass word']);
  const fetched = await run(fetching(`${safe}/hello`));
  assert.equal(fetched.status, 0, fetched.stderr);
  assert.deepEqual(seen, ['/hello joe:pass word']);

  const other = join(folder, 'other');
  writeFileSync(other, ENTRY.replace('joe', 'jim'));
  await run(['store', 'fetch', `${safe}/none`], { NETRC: other });
  assert.deepEqual(seen, ['/none jim:pass word'], 'the variable names the file');
  const missing = await run(['store', 'fetch', `${safe}/none`], { NETRC: '/none/netrc' });
  assert.match(missing.stderr, /the variable 'NETRC' names '\/none\/netrc', which cannot be read \(ENOENT\)/);
  assert.deepEqual(seen, []);
});
