import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderFault } from '../../base/index.ts';
import {
  contentAddressedPath,
  fixedOutputPath,
  formatContentAddress,
  hashBytes,
  parseContentAddress,
  parseStoreName,
  parseStorePath,
  placeholder,
  sourcePath,
  splitStorePath,
  storePathName,
  textPath,
  tryParseStorePath,
  upstreamPlaceholder,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { drvTexts, storeDir, vectorDerivation, vectorFile, vectorJson } from './vectors.ts';

interface NarVector {
  name: string;
  sha1: { hex: string; flatHex?: string };
  sha256: { hex: string; flatHex?: string };
  sourcePath: string;
  fixedRecSha1: string;
  fixedRecSha256: string;
  fixedFlatSha1?: string;
  fixedFlatSha256?: string;
}

test('paths of sources and fixed outputs are those of nix-store --add and --add-fixed', () => {
  for (const vector of vectorJson<NarVector[]>('nar/nars.json')) {
    const { name } = vector;
    const fixed = (method: 'nar' | 'flat', algorithm: 'sha1' | 'sha256', hex: string) =>
      fixedOutputPath({ name, method, digest: { algorithm, hex } }, storeDir);
    assert.equal(sourcePath(name, vector.sha256.hex, storeDir), vector.sourcePath);
    assert.equal(fixed('nar', 'sha256', vector.sha256.hex), vector.fixedRecSha256);
    assert.equal(fixed('nar', 'sha1', vector.sha1.hex), vector.fixedRecSha1);
    if (vector.fixedFlatSha256) assert.equal(fixed('flat', 'sha256', vector.sha256.flatHex!), vector.fixedFlatSha256);
    if (vector.fixedFlatSha1) assert.equal(fixed('flat', 'sha1', vector.sha1.flatHex!), vector.fixedFlatSha1);
  }
});

test('paths of texts', () => {
  const vector = vectorJson<{ f: string; g: string }>('drv/08-paths.json');
  const plain = textPath('note.txt', 'plain text\n', [], storeDir);
  assert.equal(plain, vector.f);
  assert.equal(textPath('ref.txt', `refers to ${plain}\n`, [plain], storeDir), vector.g);
});

test('placeholders', () => {
  for (const [output, expected] of Object.entries(vectorJson<Record<string, string>>('placeholders.json'))) {
    assert.equal(placeholder(output), expected);
  }
  const paths = [...drvTexts.keys()];
  const upstream = paths.find((path) => path.endsWith('-ca-a.drv'))!;
  const user = vectorDerivation(paths.find((path) => path.endsWith('-ca-b.drv'))!);
  assert.ok(user.args[1]!.includes(upstreamPlaceholder(upstream, 'out')));
});

test('every content address that Nix recorded leads to the path it recorded', () => {
  interface Info {
    path: string;
    ca?: string;
    references: string[];
  }
  let nChecked = 0;
  for (const info of vectorJson<Info[]>('path-info.json')) {
    if (info.ca === undefined) continue;
    const address = parseContentAddress(info.ca);
    assert.equal(formatContentAddress(address), info.ca);
    const others = info.references.filter((path) => path !== info.path).map((path) => parseStorePath(path, storeDir));
    const path = parseStorePath(info.path, storeDir);
    const self = info.references.includes(info.path);
    assert.equal(contentAddressedPath(address, storePathName(path), { others, self }, storeDir), path);
    nChecked++;
  }
  assert.ok(nChecked > 15, String(nChecked));
});

test('a flat file keeps its name out of its hash', () => {
  const vector = vectorJson<{ flat: string }>('drv/08-paths.json');
  assert.ok(tryParseStorePath(vector.flat, storeDir));
  assert.equal(hashBytes('md5', vectorFile('nar/empty-file.nar')), 'dbe35227fd596019bace4c5d38d1be23');
});

test('only whole paths in the store folder are store paths', () => {
  const path = '/igos/store/0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-zlib-1.3.2';
  assert.equal(parseStorePath(path, '/igos/store'), path);
  assert.deepEqual(splitStorePath(`${path}/bin/x`, '/igos/store'), { path, rest: '/bin/x' });
  assert.deepEqual(splitStorePath(path, '/igos/store'), { path, rest: '' });
  for (const text of ['/igos/store', '/igos/store/', '/igos/stor', `${path}/`, '', '/', `x${path}`]) {
    assert.equal(tryParseStorePath(text, '/igos/store'), undefined, text);
    assert.equal(splitStorePath(text, '/igos/store')?.rest ?? '/', '/', text);
  }
});

test('parsing and trying to parse agree on any text', () => {
  const part = fc.oneof(
    fc.constantFrom('/igos/store/', '0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx', '-', '.', '..', 'a', 'e', '/', '\0', 'ÿ'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const text = parts.join('');
      const tried = tryParseStorePath(text, '/igos/store');
      if (tried === undefined) faultOf(() => parseStorePath(text, '/igos/store'));
      else assert.equal(parseStorePath(text, '/igos/store'), tried);
    }),
  );
});

test('names and paths that are refused', (t) => {
  const inStore = (rest: string) => () => parseStorePath(`/igos/store/${rest}`, '/igos/store');
  const faults = [
    ...['', 'my notes.txt', '.', '..', '.-a', '..-b', 'a/b', 'x'.repeat(212), 'caf\xc3\xa9'].map(
      (name) => () => parseStoreName(name),
    ),
    inStore('zlib-1.3.2'),
    inStore('0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-zlib/bin'),
    inStore('0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx'),
    inStore('ec0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-zlib'),
    () => parseStorePath('/usr/bin/cc', '/igos/store'),
    () => parseContentAddress('sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73'),
    () =>
      fixedOutputPath(
        {
          name: 'a',
          method: 'flat',
          digest: { algorithm: 'sha256', hex: '0'.repeat(64) },
          references: { others: [], self: true },
        },
        '/igos/store',
      ),
  ].map((run) => renderFault(faultOf(run)));
  golden(t, 'errors/store-path.txt', faults.join('\n'));
});
