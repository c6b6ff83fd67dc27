/** Everything that was done to a published archive or its signature is refused with the reason, and the depot stays as it was. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as openpgp from 'openpgp';
import { Header, type HeaderData } from 'tar/header';
import { Fault, renderFault } from '../../base/index.ts';
import { listDepot, verifyDepot } from '../../depot/index.ts';
import { golden } from '../golden.ts';
import { type Exchange, exchange } from './published.ts';
import { keyOf, keySignerOf } from './signers.ts';

const ARCHIVE = 'alan/raw/face/1';

interface Case {
  readonly name: string;
  /** What is done to the published file and its signature. */
  readonly tamper: (at: Exchange, file: string, t: TestContext) => Promise<void> | void;
  readonly needsPath?: true;
}

function flip(file: string, at: number) {
  const bytes = readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  writeFileSync(file, bytes);
}

/** Replaces the archive by another one that its user really signed for this path. */
const signed =
  (make: (at: Exchange) => Buffer): Case['tamper'] =>
  async (at, file) => {
    const tar = join(at.folder, 'made.tar');
    writeFileSync(tar, make(at));
    writeFileSync(file, execFileSync('xz', ['-c', tar], { maxBuffer: 1 << 26 }));
    await signAs(at, file);
  };

async function signAs(at: Exchange, file: string, user = 'alan', archive = ARCHIVE) {
  writeFileSync(`${file}.sig`, await (await keySignerOf(at.folder, user)).sign(file, archive));
}

type Member = Pick<HeaderData, 'path' | 'linkpath' | 'type'> & { readonly text?: string };

function tarOf(...members: Member[]): Buffer {
  const blocks = members.flatMap(({ text = '', ...data }) => {
    const block = Buffer.alloc(512);
    new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...data, size: text.length } as HeaderData).encode(block, 0);
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return [block, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const TOP: Member = { path: '1/', type: 'Directory' };
const file = (path: string, text = 'x'): Member => ({ path, type: 'File', text });
const link = (path: string, linkpath: string): Member => ({ path, linkpath, type: 'SymbolicLink' });

const privateKey = async (user: string) => openpgp.readPrivateKey({ armoredKey: (await keyOf(user)).secretKey });

const CASES: readonly Case[] = [
  { name: 'a flipped bit in the archive', tamper: (_, path) => flip(path, 40) },
  { name: 'a flipped bit at the end of the archive', tamper: (_, path) => flip(path, -1) },
  { name: 'a flipped bit in the signature', tamper: (_, path) => flip(`${path}.sig`, -5) },
  { name: 'a flipped bit at the start of the signature', tamper: (_, path) => flip(`${path}.sig`, 0) },
  { name: 'a truncated archive', tamper: (_, path) => truncateSync(path, 60) },
  { name: 'a truncated signature', tamper: (_, path) => truncateSync(`${path}.sig`, 50) },
  { name: 'an empty signature', tamper: (_, path) => writeFileSync(`${path}.sig`, '') },
  { name: 'appended bytes', tamper: (_, path) => writeFileSync(path, 'more', { flag: 'a' }) },
  {
    name: 'swapped archives of one user',
    tamper: async (at, path) => {
      await at.publish(['alan/api/clock/2']);
      const other = join(at.published, 'alan/api/clock/2.tar.xz');
      copyFileSync(other, path);
      copyFileSync(`${other}.sig`, `${path}.sig`);
    },
  },
  {
    name: 'a good signature a hundred times',
    tamper: (_, path) =>
      writeFileSync(`${path}.sig`, Buffer.concat(Array.from({ length: 100 }, () => readFileSync(`${path}.sig`)))),
  },
  {
    name: 'a clear-signed text as signature',
    tamper: async (_, path) => {
      const message = await openpgp.createCleartextMessage({ text: 'Dear all, …' });
      writeFileSync(`${path}.sig`, await openpgp.sign({ message, signingKeys: await privateKey('alan') }));
    },
  },
  {
    name: 'a signed message as signature',
    tamper: async (_, path) => {
      const message = await openpgp.createMessage({ text: 'Dear all, …' });
      writeFileSync(`${path}.sig`, await openpgp.sign({ message, signingKeys: await privateKey('alan'), format: 'binary' }));
    },
  },
  {
    name: 'a signature of text type',
    tamper: async (_, path) => {
      const message = await openpgp.createMessage({ text: 'Dear all, …' });
      writeFileSync(`${path}.sig`, await openpgp.sign({ message, signingKeys: await privateKey('alan'), detached: true }));
    },
  },
  { name: "another user's key", tamper: (at, path) => signAs(at, path, 'bob') },
  { name: 'a stranger’s key', tamper: (at, path) => signAs(at, path, 'mallory') },
  {
    name: 'a revoked key',
    tamper: async (at) => {
      const { publicKey } = await openpgp.revokeKey({ key: await privateKey('alan'), format: 'armored' });
      writeFileSync(join(at.to.folder, 'alan', 'pubkey'), publicKey);
    },
  },
  {
    name: 'an expired key',
    tamper: async (at, path) => {
      const date = new Date('2024-01-01T00:00:00Z');
      const key = await openpgp.generateKey({
        type: 'rsa',
        rsaBits: 2048,
        userIDs: [{ name: 'alan' }],
        subkeys: [],
        keyExpirationTime: 86_400,
        date,
        format: 'object',
      });
      writeFileSync(join(at.to.folder, 'alan', 'pubkey'), key.publicKey.armor());
      const message = await openpgp.createMessage({ binary: readFileSync(path) });
      writeFileSync(
        `${path}.sig`,
        await openpgp.sign({
          message,
          signingKeys: key.privateKey,
          detached: true,
          format: 'binary',
          date: new Date(+date + 1000),
        }),
      );
      // The issuer of a test key is random.
      at.mask.push(key.publicKey.getKeyID().toHex());
    },
  },
  {
    name: 'a signature that does not say what it is for, where that is wanted',
    needsPath: true,
    tamper: async (_, path) => {
      const message = await openpgp.createMessage({ binary: readFileSync(path) });
      writeFileSync(
        `${path}.sig`,
        await openpgp.sign({ message, signingKeys: await privateKey('alan'), detached: true, format: 'binary' }),
      );
    },
  },
  {
    name: 'a second signature by a stranger',
    tamper: async (at, path) => {
      const first = readFileSync(`${path}.sig`);
      await signAs(at, path, 'mallory');
      writeFileSync(`${path}.sig`, Buffer.concat([first, readFileSync(`${path}.sig`)]));
    },
  },
  {
    name: 'no xz',
    tamper: async (at, path) => {
      writeFileSync(path, 'not compressed');
      await signAs(at, path);
    },
  },
  { name: 'no tar', tamper: signed(() => Buffer.alloc(3000, 'x')) },
  { name: 'an empty tar', tamper: signed(() => tarOf()) },
  { name: 'another name at the top', tamper: signed(() => tarOf({ path: '2/', type: 'Directory' }, file('2/x'))) },
  { name: 'a second name at the top', tamper: signed(() => tarOf(TOP, file('1/x'), { path: '2/', type: 'Directory' })) },
  { name: 'a file in place of the top', tamper: signed(() => tarOf(file('1'))) },
  { name: 'a name that leads out', tamper: signed(() => tarOf(TOP, file('1/../../evil'))) },
  { name: 'an absolute name', tamper: signed(() => tarOf(TOP, file('/tmp/evil'))) },
  { name: 'a link that leads out', tamper: signed(() => tarOf(TOP, link('1/out', '../../../etc'))) },
  {
    name: 'a link that leads out by one folder',
    tamper: signed(() => tarOf(TOP, { path: '1/a/', type: 'Directory' }, link('1/a/in', '../x'), link('1/a/out', '../../x'))),
  },
  { name: 'an absolute link', tamper: signed(() => tarOf(TOP, link('1/out', '/etc/passwd'))) },
  {
    name: 'a link that leads out over another link',
    tamper: signed(() => tarOf(TOP, { path: '1/a/', type: 'Directory' }, link('1/a/b', '.'), link('1/out', 'a/b/../..'))),
  },
  { name: 'a file below a link', tamper: signed(() => tarOf(TOP, link('1/a', 'b'), file('1/a/x'))) },
  { name: 'a file below a file', tamper: signed(() => tarOf(TOP, file('1/a'), file('1/a/x'))) },
  { name: 'a link over a file', tamper: signed(() => tarOf(TOP, file('1/a'), link('1/a', 'b'))) },
  { name: 'a hard link to outside', tamper: signed(() => tarOf(TOP, { path: '1/a', linkpath: '/etc/passwd', type: 'Link' })) },
  { name: 'a hard link to what is not there', tamper: signed(() => tarOf(TOP, { path: '1/a', linkpath: '1/b', type: 'Link' })) },
  { name: 'a device', tamper: signed(() => tarOf(TOP, { path: '1/null', type: 'CharacterDevice' })) },
  { name: 'a pipe', tamper: signed(() => tarOf(TOP, { path: '1/pipe', type: 'FIFO' })) },
  { name: 'a tar that is cut off', tamper: signed(() => tarOf(TOP, file('1/x', 'y'.repeat(2000))).subarray(0, 1800)) },
  {
    name: 'a header with a wrong sum',
    tamper: signed(() => {
      const bytes = tarOf(TOP, file('1/x'));
      bytes[512]! ^= 1;
      return bytes;
    }),
  },
];

test('tampering is refused with the reason, and the depot is unchanged', async (t) => {
  const texts: string[] = [];
  for (const { name, tamper, needsPath } of CASES) {
    await t.test(name, async (t) => {
      const at = await exchange(t);
      await at.publish([ARCHIVE]);
      await tamper(at, join(at.published, `${ARCHIVE}.tar.xz`), t);
      const before = readdirSync(at.to.folder, { recursive: true, encoding: 'utf8' }).sort();
      await assert.rejects(at.download([ARCHIVE], needsPath ? { needsPath } : {}), (error: unknown) => {
        assert.ok(error instanceof Fault, String(error));
        const masked = at.mask.reduce((text, secret) => text.replaceAll(secret, 'KEYID'), renderFault(error));
        texts.push(`${name}\n${masked.replaceAll(at.folder, '/tmp').replace(/\b[0-9a-f]{16}\b/g, 'KEYID')}`);
        return true;
      });
      const after = readdirSync(at.to.folder, { recursive: true, encoding: 'utf8' });
      // The folder that would have held the version may be there; nothing in it.
      assert.deepEqual(after.filter((path) => !/^alan\/raw(\/face)?$/.test(path)).sort(), before);
      assert.equal(existsSync(join(at.to.folder, '..', 'evil')), false);
      assert.equal(existsSync('/tmp/evil'), false);
      // Nothing bad stays in the quarantine either: the next attempt starts anew.
      assert.equal(existsSync(join(at.quarantine, `${ARCHIVE}.tar.xz`)), false);
    });
  }
  golden(t, 'errors/depot-tampering.txt', texts.join('\n'));
});

test('missing keys and addresses are named', async (t) => {
  const at = await exchange(t);
  const refusals: string[] = [];
  const refused = async (name: string) => {
    await assert.rejects(at.download([name]), (error: unknown) => {
      assert.ok(error instanceof Fault, String(error));
      refusals.push(
        renderFault(error)
          .replaceAll(at.folder, '/tmp')
          .replaceAll(at.url, 'http://server')
          .replace(/127\.0\.0\.1:\d+/g, 'elsewhere'),
      );
      return true;
    });
  };
  await refused('carol/raw/x/1');
  mkdirSync(join(at.to.folder, 'carol'));
  writeFileSync(join(at.to.folder, 'carol', 'pubkey'), 'no key');
  await refused('carol/raw/x/1');
  writeFileSync(join(at.to.folder, 'carol', 'pubkey'), (await keyOf('alan')).publicKey);
  await refused('carol/raw/x/1');
  writeFileSync(join(at.to.folder, 'carol', 'download'), '\n');
  await refused('carol/raw/x/1');
  await refused('alan/raw/nothing/1');
  // A port that nobody listens at.
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  writeFileSync(join(at.to.folder, 'bob', 'download'), `http://127.0.0.1:${port}\n`);
  await refused('bob/raw/frame/3');
  golden(t, 'errors/depot-download.txt', refusals.join('\n'));
});

/** Whoever may write in the quarantine, and is quick: the file is another one as soon as it was read. */
function replacedOnceRead(t: TestContext, file: string, content: Buffer): void {
  const { readFileSync: read } = fs;
  const { mock } = t.mock.method(fs, 'readFileSync', (path: fs.PathOrFileDescriptor, ...rest: never[]): string | Buffer => {
    const bytes = read(path, ...rest);
    if (path === file) writeFileSync(file, content);
    return bytes;
  });
  syncBuiltinESMExports();
  t.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
}

const packed = (tar: string | Buffer): Buffer => execFileSync('xz', ['-c'], { input: tar });
const EVIL = packed(tarOf(TOP, file('1/face.config', 'evil')));

test('what is unpacked and compared is what was signed, though the file is another one when it is read again', async (t) => {
  const at = await exchange(t);
  await at.publish([ARCHIVE]);
  const quarantined = join(at.quarantine, `${ARCHIVE}.tar.xz`);
  mkdirSync(dirname(quarantined), { recursive: true });
  for (const end of ['', '.sig']) copyFileSync(join(at.published, `${ARCHIVE}.tar.xz${end}`), `${quarantined}${end}`);
  const good = readFileSync(quarantined);
  replacedOnceRead(t, quarantined, EVIL);
  assert.deepEqual([await at.download([ARCHIVE]), at.requests], [[ARCHIVE], []]);
  assert.equal(readFileSync(join(at.to.folder, ARCHIVE, 'face.config'), 'utf8'), 'face: round\n');
  writeFileSync(quarantined, good);
  const options = { depot: at.to, publicFolder: at.quarantine, jobs: 1, now: new Date(Date.now() + 1000) };
  assert.deepEqual(
    (await verifyDepot(listDepot(at.to), options)).map(({ outcome }) => outcome),
    ['signed'],
  );
  assert.deepEqual(readFileSync(quarantined), EVIL);
});

test('an index is what was signed, though the file is another one when it is read again', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/index/26.04']);
  replacedOnceRead(t, join(at.quarantine, 'alan/index/26.04.xz'), packed('evil'));
  await at.download(['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index/>\n');
});

test('an index that unpacks to more than anybody reads is refused', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/index/26.04']);
  const published = join(at.published, 'alan/index/26.04.xz');
  writeFileSync(published, execFileSync('xz', ['-0', '-c'], { input: Buffer.alloc((64 << 20) + 1) }));
  await signAs(at, published, 'alan', 'alan/index/26.04');
  await assert.rejects(at.download(['alan/index/26.04']), { code: 'E-DEPOT-014', message: /it has more than 67108864 bytes/ });
  assert.ok(!existsSync(join(at.to.folder, 'alan/index/26.04')));
});
