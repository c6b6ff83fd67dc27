/** Derivations equal those that Nix 2.8 made from the same expressions, byte for byte. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../../base/index.ts';
import type { StorePath } from '../../../store/index.ts';
import { interpreter } from './evaluate.ts';
import { realDisk } from './real-disk.ts';

const vectors = join(import.meta.dirname, '../../vectors/nix');
const expected = new Map<string, StorePath[]>();
for (const line of readFileSync(join(vectors, 'drv/index.txt'), 'utf8').trim().split('\n')) {
  const [file, path] = line.split(' ') as [string, StorePath];
  expected.set(file, [...(expected.get(file) ?? []), path]);
}

for (const [file, paths] of expected) {
  test(`${file} makes Nix's derivations`, () => {
    using disk = realDisk();
    const nix = interpreter(disk.io);
    const value = nix.evalFile(join(disk.folder, file));
    const drvPaths = nix.ctx.forceAttrs(value, 'the file').has('drvPath')
      ? [nix.selectAttrPath(value, 'drvPath', new Map())]
      : nix.ctx.forceAttrs(value, 'the file').slots.map((slot) => nix.selectAttrPath(nix.force(slot), 'drvPath', new Map()));
    for (const drvPath of drvPaths) nix.force(drvPath);
    for (const path of paths) {
      const text = readFileSync(join(vectors, 'drv', path.slice('/nix/store/'.length)), 'latin1');
      assert.equal(disk.texts.get(path)?.text, text);
    }
  });
}

test('every derivation among the vectors is made by some expression', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  for (const file of expected.keys()) nix.toJson(nix.evalFile(join(disk.folder, file)));
  const made = [...disk.texts.keys()].map((path) => path.slice('/nix/store/'.length)).filter((name) => name.endsWith('.drv'));
  const known = readdirSync(join(vectors, 'drv')).filter((name) => name.endsWith('.drv'));
  assert.deepEqual(made.sort(compareBytes), known.sort(compareBytes));
});

test('texts, trees and files get Nix\u2019s paths', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  const json = nix.toJson(nix.evalFile(join(disk.folder, '08-text-and-files.nix')));
  assert.deepEqual(JSON.parse(json), JSON.parse(readFileSync(join(vectors, 'drv/08-paths.json'), 'utf8')));
});

test('placeholders are those of Nix', () => {
  const nix = interpreter();
  const known = JSON.parse(readFileSync(join(vectors, 'placeholders.json'), 'utf8')) as Record<string, string>;
  for (const [output, text] of Object.entries(known)) {
    assert.equal(nix.evalExpr(`placeholder "${output}"`, { basePath: '/' }), text);
  }
});

test('fetchurl makes the derivation that <nix/fetchurl.nix> makes', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  const arguments_ =
    '{ url = "http://127.0.0.1:9/hello.txt"; sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"; }';
  const context = nix.print(nix.evalExpr(`builtins.getContext (builtins.fetchurl ${arguments_})`, { basePath: '/' }), {
    isStrict: true,
  });
  assert.equal(context, '{ "/nix/store/l0bhdhzmk1cwby2nnhkkj2xvg2qpjy9l-hello.txt.drv" = { outputs = [ "out" ]; }; }');
});

test('the facts of the language are those that Nix prints', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  const printed = nix.print(nix.evalFile(join(vectors, 'lang-facts.nix')), { isStrict: true });
  // What current Nix changed since 2.8: floats in JSON.
  const recorded = readFileSync(join(vectors, 'lang-facts.txt'), 'latin1')
    .trimEnd()
    .replace('[0.1,1.5,100000,1e+07,1e-05,0.333333,2,1e+20]', '[0.1,1.5,100000.0,10000000.0,1e-05,0.3333333333333333,2.0,1e+20]');
  assert.equal(printed, recorded);
});
