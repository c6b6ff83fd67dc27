/** What a name proves needs no signature: texts, files and trees by every hash. And nothing else gets in under such a name. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { openTransport, push } from '../../../store/cache/index.ts';
import { hashBytes, type ObjectStore, type StorePath, storePathHash } from '../../../store/index.ts';
import { temporaryFolder } from '../fixture.ts';
import { faultOf, nixStore, pullFrom } from './caches.ts';

const CONTENT = 'eight by';

/** Paths whose only file has these bytes, by what their content address is. */
function addAll(store: ObjectStore, folder: string): Map<string, StorePath> {
  const file = join(folder, 'file');
  writeFileSync(file, CONTENT);
  const paths = new Map<string, StorePath>();
  for (const method of ['flat', 'nar'] as const)
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512'] as const)
      paths.set(`${method} ${algorithm}`, store.addPath(`${method}-${algorithm}`, textToBytes(file), { method, algorithm }));
  const [plain, naming] = store.addTexts([
    { name: 'text', text: CONTENT, references: [] },
    { name: 'naming', text: CONTENT, references: [paths.get('flat sha256')!] },
  ]);
  return paths.set('text', plain!).set('text with a reference', naming!);
}

/** Another NAR, told consistently but for the content address. */
function replaceNar(folder: string, path: StorePath, change: (nar: Buffer) => Buffer): void {
  const narinfo = join(folder, `${storePathHash(path)}.narinfo`);
  const text = readFileSync(narinfo, 'latin1');
  const nar = join(folder, /^URL: (.*)$/m.exec(text)![1]!);
  const bytes = change(readFileSync(nar));
  writeFileSync(nar, bytes);
  const hash = `sha256:${hashBytes('sha256', bytes)}`;
  const told = text.replace(/^(NarHash|FileHash): .*$/gm, `$1: ${hash}`);
  writeFileSync(narinfo, told.replace(/^(NarSize|FileSize): .*$/gm, `$1: ${bytes.length}`), 'latin1');
}

const otherBytes = (nar: Buffer): Buffer => Buffer.from(nar.toString('latin1').replace(CONTENT, 'eight BY'), 'latin1');

/** The word `executable` and an empty one, each behind its length and filled up. */
const EXECUTABLE = Buffer.concat([Buffer.of(10, 0, 0, 0, 0, 0, 0, 0), Buffer.from('executable\0\0\0\0\0\0'), Buffer.alloc(8)]);

function executable(nar: Buffer): Buffer {
  const at = nar.indexOf('contents') - 8;
  return Buffer.concat([nar.subarray(0, at), EXECUTABLE, nar.subarray(at)]);
}

test('content that its name proves is taken from anyone, and nothing else under that name', async (t) => {
  const store = nixStore(t);
  const folder = temporaryFolder(t);
  for (const [what, path] of addAll(store, folder)) {
    const cache = join(folder, 'cache');
    const offer = async () => {
      rmSync(cache, { recursive: true, force: true });
      await push(store, openTransport(`file://${cache}`), [path], [], { compression: 'none', keys: [] });
      assert.ok(readdirSync(cache).some((name) => name.endsWith('.narinfo')));
    };
    await offer();
    const taker = nixStore(t);
    await pullFrom(taker, `file://${cache}`, [path]);
    assert.equal(taker.info(path)?.ca, store.info(path)!.ca, what);
    for (const change of [otherBytes, executable]) {
      await offer();
      replaceNar(cache, path, change);
      const victim = nixStore(t);
      const { code, message } = await faultOf(() => pullFrom(victim, `file://${cache}`, [path]));
      assert.equal(code, 'E-CACHE-004', `${what}, ${change.name}: ${message}`);
      assert.match(message, /does not have the content address/);
      assert.equal(victim.isValid(path), false);
    }
  }
});
