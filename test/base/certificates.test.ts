/** Whose certificates are trusted, by what the environment says. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BadCertificates, machineCertificates } from '../../base/index.ts';
import { temporaryFolder } from '../store/fixture.ts';

const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

test('the file that a variable names counts alone, and says what is wrong with it', (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const two = file('two', `# a comment\n${pem('QQ==')}\nbetween\n${pem('Qg==')}\n`);
  const one = file('one', pem('Qw=='));
  assert.deepEqual(machineCertificates({ SSL_CERT_FILE: two })?.texts, [pem('QQ=='), pem('Qg==')]);
  assert.deepEqual(machineCertificates({ SSL_CERT_FILE: two, NIX_SSL_CERT_FILE: one }), {
    texts: [pem('Qw==')],
    file: one,
    variable: 'NIX_SSL_CERT_FILE',
  });
  assert.deepEqual(machineCertificates({ SSL_CERT_FILE: two, NIX_SSL_CERT_FILE: '' })?.variable, 'SSL_CERT_FILE');
  assert.deepEqual(machineCertificates({ SSL_CERT_FILE: '' }), machineCertificates({}));

  const bad = (name: string, what: RegExp): void =>
    assert.throws(
      () => machineCertificates({ SSL_CERT_FILE: name }),
      (error: Error) => error instanceof BadCertificates && what.test(error.message) && error.message.includes(name),
    );
  bad(join(folder, 'missing'), /^the variable 'SSL_CERT_FILE' names '.*', which cannot be read \(ENOENT\)$/);
  bad(folder, /cannot be read \(EISDIR\)/);
  bad(file('empty', ''), /holds no certificate/);
  bad(file('key', '-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n'), /holds no certificate/);
});
