/** Signatures as part of what a store knows of a path. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathFingerprint } from '../../../store/cache/fingerprint.ts';
import { generateKey, keyRing, parseSecretKey, signText, trustedSigner } from '../../../store/cache/keys.ts';
import { openStore } from '../../../store/index.ts';
import { nixStore, nixStoreDir } from './caches.ts';

test('signatures are kept, once each, and come back where the index is made anew', (t) => {
  const store = nixStore(t);
  const [path] = store.addTexts([{ name: 'a', text: 'a', references: [] }]) as [ReturnType<typeof store.addTexts>[0]];
  const keys = [generateKey('x-1'), generateKey('y-1')];
  const fingerprint = pathFingerprint(store.info(path!)!);
  for (const key of [...keys, keys[0]!]) store.addSignatures(new Map([[path!, [signText(key, fingerprint)]]]));
  const { signatures } = store.info(path!)!;
  assert.equal(signatures?.length, 2);
  for (const key of keys) assert.equal(trustedSigner(fingerprint, signatures!, keyRing([key.publicKey.text])), key.name);
  const { home } = store;
  store.close();
  rmSync(join(home, 'var/index'), { recursive: true });
  const again = openStore({ home, storeDir: nixStoreDir });
  t.after(() => again.close());
  again.rebuildIndex();
  assert.deepEqual(again.info(path!)!.signatures, signatures);
});

test('a secret key says its public key, and a text has one meaning', () => {
  const key = generateKey('a-1');
  assert.equal(parseSecretKey(`${key.text}\n`).publicKey.text, key.publicKey.text);
  assert.throws(() => parseSecretKey(key.text.slice(0, -1)));
  assert.equal(trustedSigner('text', [signText(key, 'text'), 'a-1:####', 'a-1', ''], keyRing([key.publicKey.text])), 'a-1');
  assert.equal(trustedSigner('other', [signText(key, 'text')], keyRing([key.publicKey.text])), undefined);
});
