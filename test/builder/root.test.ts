/** The files of the machine that are in the root of a build with network, and not in another's. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../base/index.ts';
import { makeSkeleton } from '../../builder/root.ts';
import { storeDir, temporaryFolder } from '../store/fixture.ts';

test('a build with network trusts whom igos trusts', (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE']) {
    const before = process.env[name];
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
    delete process.env[name];
  }
  const certificates = (name: string, hasNetwork: boolean): string => {
    mkdirSync(join(folder, name));
    makeSkeleton(join(folder, name), { storeDir, hasNetwork });
    return join(folder, name, 'etc/ssl/certs/ca-certificates.crt');
  };
  const certificate = '-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n';
  const own = join(folder, 'own.pem');
  writeFileSync(own, `of the company\n${certificate}`);
  process.env['SSL_CERT_FILE'] = own;
  assert.equal(readFileSync(certificates('open', true), 'utf8'), certificate);
  assert.equal(existsSync(certificates('closed', false)), false);
  process.env['SSL_CERT_FILE'] = '/no-cert-file.crt';
  assert.throws(
    () => certificates('nobody', true),
    (error) => error instanceof Fault && error.code === 'E-BUILD-004' && error.notes[0]!.includes("'/no-cert-file.crt'"),
  );
});
