import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/index.ts';
import { ImageFile, readSigner, type Signer, signProgram } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { at, changed, program, STUB } from './pe-program.ts';
import { flipped, made, missing, output, refusal, run, scratch } from './support.ts';

const TIME = 1_700_000_000;
const noOpenssl = missing('openssl');
const skip =
  missing('openssl', 'sbverify', 'sbsign', 'osslsigncode') || (!existsSync(STUB) && "not installed: systemd's EFI stub");

/** Files of keys and certificates, by name. */
const keys = new Map<string, { key: string; certificate: string; signer: Signer }>();

function certify(folder: string, name: string, keyWords = ['-newkey', 'rsa:2048']): { key: string; certificate: string } {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const words = ['req', '-x509', ...keyWords, '-nodes', '-days', '2', '-set_serial', '7', '-subj', `/O=igos/CN=${name}`];
  output('openssl', [...words, '-keyout', key, '-out', certificate]);
  return { key, certificate };
}

const pem = (path: string) => ({ path: path.replace(/.*\//, ''), text: readFileSync(path, 'utf8') });

before((t) => {
  if (noOpenssl !== false) return;
  const folder = scratch(t as unknown as Parameters<typeof scratch>[0]);
  for (const name of ['one', 'other']) {
    const { key, certificate } = certify(folder, name);
    keys.set(name, { key, certificate, signer: readSigner(pem(key), pem(certificate)) });
  }
});

const signed = (path: string, from: string, name: string, timeSeconds?: number): Promise<string> =>
  made(path, (image) => {
    image.copy({ file: from, sizeBytes: statSync(from).size });
    signProgram(image, keys.get(name)!.signer, timeSeconds);
  });

const accepts = (path: string, name: string): boolean =>
  run('sbverify', ['--cert', keys.get(name)!.certificate, path]).status === 0;

/** Programs of several lengths: one is no multiple of 8. */
function programs(folder: string): readonly string[] {
  const own = join(folder, 'own.efi');
  writeFileSync(own, program());
  const longer = join(folder, 'longer.efi');
  writeFileSync(longer, Buffer.concat([program(), Buffer.from('behind')]));
  return [STUB, own, longer];
}

test('with a time, the bytes are those of osslsigncode; without one, nothing depends on it', { skip }, async (t) => {
  const folder = scratch(t);
  const { key, certificate } = keys.get('one')!;
  for (const [index, from] of programs(folder).entries()) {
    const theirs = join(folder, `theirs-${index}`);
    const words = ['sign', '-certs', certificate, '-key', key, '-h', 'sha256', '-time', `${TIME}`];
    output('osslsigncode', [...words, '-in', from, '-out', theirs]);
    const ours = await signed(join(folder, 'ours'), from, 'one', TIME);
    assert.ok(readFileSync(ours).equals(readFileSync(theirs)), from);
    const timeless = await signed(join(folder, 'timeless'), from, 'one');
    assert.ok(readFileSync(timeless).equals(readFileSync(await signed(join(folder, 'again'), from, 'one'))));
    assert.ok(accepts(timeless, 'one'));
    assert.doesNotMatch(output('openssl', ['asn1parse', '-inform', 'DER'], signatureOf(timeless)), /signingTime/);
  }
});

test('from 2050 on, a time has four digits for the year, and another place among the attributes', { skip }, async (t) => {
  const path = await signed(join(scratch(t), 'signed'), STUB, 'one', 2_600_000_000);
  assert.ok(accepts(path, 'one'));
  const told = output('openssl', ['asn1parse', '-inform', 'DER'], signatureOf(path));
  assert.match(
    told,
    /Microsoft Individual Code Signing[\s\S]*:signingTime[\s\S]{0,90}GENERALIZEDTIME +:20520522141320Z[\s\S]*:messageDigest/,
  );
});

const signatureOf = (path: string): Buffer => {
  const bytes = readFileSync(path);
  const directory = bytes.readUInt32LE(0x3c) + 24 + 112 + 32;
  const start = bytes.readUInt32LE(directory);
  return bytes.subarray(start + 8, start + bytes.readUInt32LE(start));
};

test('sbverify and osslsigncode accept it, and no byte of it turned round', { skip }, async (t) => {
  const folder = scratch(t);
  for (const from of programs(folder)) {
    const path = await signed(join(folder, 'signed'), from, 'one');
    assert.ok(accepts(path, 'one'), from);
    assert.ok(!accepts(path, 'other'));
    const verified = output('osslsigncode', ['verify', '-CAfile', keys.get('one')!.certificate, path]);
    assert.match(verified, /Signature verification: ok/);
    const sums = [...verified.matchAll(/(?:Current|Calculated) PE checksum *: *(\w+)/g)].map(([, sum]) => sum);
    assert.equal(sums[0], sums[1]);
    const size = statSync(from).size;
    const last = readFileSync(from).readUInt32LE(0x3c) + 24 + 56;
    for (const place of [2, last, 0x400, 0x5ff, size >> 1, size - 1])
      assert.ok(!accepts(flipped(path, place), 'one'), `${place}`);
    for (const place of [200, 800, 1200]) assert.ok(!accepts(flipped(path, Math.ceil(size / 8) * 8 + place), 'one'), `${place}`);
  }
});

test('signatures stand behind those that are there, whoever made them', { skip }, async (t) => {
  const folder = scratch(t);
  const { key, certificate } = keys.get('other')!;
  for (const from of programs(folder)) {
    const theirs = join(folder, 'theirs');
    output('sbsign', ['--key', key, '--cert', certificate, '--output', theirs, from]);
    const both = await signed(join(folder, 'both'), theirs, 'one');
    assert.ok(accepts(both, 'one') && accepts(both, 'other'), from);
    const thrice = await signed(join(folder, 'thrice'), both, 'one', TIME);
    const nSignatures = (path: string): number => output('sbverify', ['--list', path]).match(/^signature \d/gm)!.length;
    assert.deepEqual([theirs, both, thrice].map(nSignatures), [1, 2, 3]);
  }
});

test('certificates that lead to its own come with it', { skip }, async (t) => {
  const folder = scratch(t);
  const [leaf, request] = [join(folder, 'leaf.crt'), join(folder, 'leaf.csr')];
  const leafKey = join(folder, 'leaf.key');
  const { key, certificate } = keys.get('other')!;
  output('openssl', ['req', '-newkey', 'rsa:3072', '-nodes', '-subj', '/CN=leaf', '-keyout', leafKey, '-out', request]);
  const authority = ['-CA', certificate, '-CAkey', key, '-set_serial', '0x80ff'];
  output('openssl', ['x509', '-req', '-in', request, ...authority, '-days', '2', '-out', leaf]);
  const chain = { path: 'chain', text: `a text\n${readFileSync(leaf, 'utf8')}${readFileSync(certificate, 'utf8')}` };
  const path = await made(join(folder, 'signed'), (image) => {
    image.write(program());
    signProgram(image, readSigner(pem(leafKey), chain));
  });
  assert.equal(run('sbverify', ['--cert', certificate, path]).status, 0);
  assert.deepEqual(output('sbverify', ['--list', path]).match(/(?<=subject: ).*/g), ['/CN=leaf', '/O=igos/CN=other']);
  const issuer = output('openssl', ['pkcs7', '-inform', 'DER', '-print', '-noout'], signatureOf(path));
  assert.match(issuer, /serial: (33023|0x80FF)/);
});

test('keys and certificates that are refused', { skip: noOpenssl }, async (t) => {
  const folder = scratch(t);
  const { key, certificate } = keys.get('one')!;
  const encrypted = join(folder, 'encrypted.key');
  output('openssl', ['rsa', '-aes128', '-passout', 'pass:secret', '-in', key, '-out', encrypted]);
  const old = join(folder, 'old.key');
  output('openssl', ['rsa', '-traditional', '-aes128', '-passout', 'pass:secret', '-in', key, '-out', old]);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const withKey = (path: string, text: string, passphrase?: string): Promise<string> =>
    refusal(folder, () => readSigner({ path, text }, pem(certificate), passphrase));
  golden(
    t,
    'errors/E-IMG-015.txt',
    [
      await withKey('none.key', readFileSync(certificate, 'utf8')),
      await withKey('broken.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
      await withKey('encrypted.key', readFileSync(encrypted, 'utf8')),
      await withKey('old.key', readFileSync(old, 'utf8')),
      await withKey('old.key', readFileSync(old, 'utf8'), ''),
      await withKey('encrypted.key', readFileSync(encrypted, 'utf8'), 'wrong'),
      await withKey('small.key', small),
      await withKey('curve.key', curve),
      await withKey('pss.key', pss),
    ].join('\n'),
  );
  assert.ok(readSigner(pem(encrypted), pem(certificate), 'secret'));
  assert.ok(readSigner(pem(old), pem(certificate), 'secret'));
  const withCertificate = (path: string, text: string): Promise<string> =>
    refusal(folder, () => readSigner(pem(key), { path, text }));
  golden(
    t,
    'errors/E-IMG-016.txt',
    [
      await withCertificate('none.crt', readFileSync(key, 'utf8')),
      await withCertificate('broken.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      await withCertificate('other.crt', readFileSync(keys.get('other')!.certificate, 'utf8')),
    ].join('\n'),
  );
});

test('tables of signatures that are refused', { skip }, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, 'plain'), program());
  const whole = readFileSync(await signed(join(folder, 'whole'), join(folder, 'plain'), 'one'));
  const start = whole.readUInt32LE(at.security);
  const size = whole.readUInt32LE(at.security + 4);
  const refused = (bytes: Buffer): Promise<string> =>
    refusal(folder, () =>
      made(join(folder, 'image'), (image) => {
        image.write(bytes);
        signProgram(image, keys.get('one')!.signer);
      }),
    );
  const lines = [
    await refused(changed(whole, at.security, 0)),
    await refused(changed(whole, at.security, start - 8)),
    await refused(changed(whole, at.security, start + 4)),
    await refused(changed(whole, at.security + 4, size - 8)),
    await refused(changed(whole, at.security + 4, 0xffff_fff8)),
    await refused(changed(whole, start, 8)),
    (await refused(changed(whole, start, size - 16))).replace(/has \d+ bytes/, 'has any number of bytes'),
    await refused(changed(whole, start, 0xffff_ffff)),
    await refused(Buffer.concat([whole, Buffer.from('appended')])),
  ];
  golden(t, 'errors/E-IMG-017.txt', lines.join('\n'));
});

test('headers of any content are signed within the file, or refused', { skip }, (t) => {
  const folder = scratch(t);
  const { signer } = keys.get('one')!;
  const value = fc.oneof(fc.nat({ max: 0x4000 }), fc.constantFrom(0xffff_ffff, 0x8000_0000, 0xffff_f000), fc.nat(0xffff_ffff));
  let nSigned = 0;
  fc.assert(
    fc.property(fc.nat({ max: at.table + 79 }), value, (offset, word) => {
      using image = new ImageFile(join(folder, 'image'));
      image.write(changed(program(), offset, word));
      try {
        signProgram(image, signer, TIME);
      } catch (error) {
        if (error instanceof Fault) return;
        throw error;
      }
      nSigned += 1;
      assert.ok(image.position < 8192);
    }),
    { numRuns: 300 },
  );
  assert.ok(nSigned > 20, `${nSigned}`);
});
