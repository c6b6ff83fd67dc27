/** Where the keys and addresses of users are looked for. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readDownloadLocation, readPublicKeyFile } from '../../depot/index.ts';

test('what the depot does not know of a user, the repositories of a source tree do', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const [depot, tree] = [join(folder, 'depot'), join(folder, 'tree')];
  write('depot/alan/pubkey', 'of the depot');
  write('tree/repos/one/README', '');
  write('tree/repos/two/sculpt/depot/alan/pubkey', 'of the tree');
  write('tree/repos/two/sculpt/depot/alan/download', "'http://example.org/alan/'\n");
  assert.equal(readPublicKeyFile('alan', { depot, tree }).bytes.toString(), 'of the depot');
  assert.equal(readDownloadLocation('alan', { depot, tree }), 'http://example.org/alan');
  for (const places of [{ depot }, { depot, tree: join(folder, 'nowhere') }])
    assert.throws(() => readDownloadLocation('alan', places), { code: 'E-DEPOT-011' });
  rmSync(depot, { recursive: true });
  const { bytes, path } = readPublicKeyFile('alan', { depot, tree });
  assert.deepEqual([bytes.toString(), path], ['of the tree', join(tree, 'repos/two/sculpt/depot/alan/pubkey')]);
});
