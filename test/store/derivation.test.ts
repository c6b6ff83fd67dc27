import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, renderFault } from '../../base/index.ts';
import {
  type Derivation,
  type DerivationOutput,
  decodeDerivation,
  derivationKind,
  derivationName,
  derivationPath,
  derivationToJson,
  encodeDerivation,
  fillOutputPaths,
  fixedOutput,
  hashDerivationModulo,
  type ModuloMemo,
  makeStorePath,
  needsResolution,
  parseStorePath,
  placeholder,
  resolveDerivation,
  type StorePath,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { drvTexts, storeDir, vectorDerivation, vectorJson } from './vectors.ts';

test('every .drv is read, written back byte for byte, and named as Nix names it', () => {
  for (const [path, text] of drvTexts) {
    const drv = vectorDerivation(path);
    assert.equal(encodeDerivation(drv), text);
    assert.equal(derivationPath(drv, storeDir), path);
  }
});

test('output paths are computed from inputs as Nix computes them', () => {
  const memo: ModuloMemo = new Map();
  const kinds = new Set<string>();
  for (const path of drvTexts.keys()) {
    const drv = vectorDerivation(path);
    kinds.add(derivationKind(drv));
    const outputs = new Map<string, DerivationOutput>();
    const env = new Map(drv.env);
    for (const [name, output] of drv.outputs) {
      env.set(name, 'not yet known');
      outputs.set(name, output.kind === 'input-addressed' ? { kind: 'deferred' } : output);
      if (output.kind === 'fixed') outputs.set(name, fixedOutput(drv.name, output.method, output.digest, storeDir));
    }
    const filled = fillOutputPaths({ ...drv, outputs, env }, storeDir, vectorDerivation, memo);
    assert.equal(encodeDerivation(filled), drvTexts.get(path), path);
  }
  assert.deepEqual([...kinds].sort(compareBytes), ['deferred', 'fixed', 'floating', 'input-addressed']);
});

test('the JSON view is that of nix show-derivation', () => {
  const expected = vectorJson<Record<string, unknown>>('drv/show-derivation.json');
  for (const [path, json] of Object.entries(expected)) {
    assert.deepEqual(derivationToJson(vectorDerivation(parseStorePath(path, storeDir))), json);
  }
  assert.ok(Object.keys(expected).length > 10);
});

test('resolving replaces inputs, placeholders and deferred outputs', () => {
  const find = (name: string) => [...drvTexts.keys()].find((path) => derivationName(path) === name)!;
  const realised = new Map([
    ['ca-a!out', '/nix/store/bcxcd47kzzbjnjshh2hijb17mnkn521z-ca-a'],
    ['ca-b!out', '/nix/store/wzragbc0ikvll8zw60lc0gnd9zj0vlgq-ca-b'],
  ]);
  const lookup = (path: StorePath, output: string) => realised.get(`${derivationName(path)}!${output}`) as StorePath | undefined;
  const unresolved = vectorDerivation(find('ia-on-ca'));
  assert.ok(needsResolution(unresolved));
  const resolved = resolveDerivation(unresolved, storeDir, lookup)!;
  assert.deepEqual(resolved.inputSrcs, ['/nix/store/wzragbc0ikvll8zw60lc0gnd9zj0vlgq-ca-b']);
  assert.equal(resolved.args[1], 'cat /nix/store/wzragbc0ikvll8zw60lc0gnd9zj0vlgq-ca-b > $out');
  // The path that Nix's own build of the resolved derivation got: vector realisations.jsonl.
  assert.equal(resolved.env.get('out'), '/nix/store/6q9vb9vxj0qgv7xdn1z6d2np47wlrn53-ia-on-ca');
  const floating = resolveDerivation(vectorDerivation(find('ca-b')), storeDir, lookup)!;
  assert.equal(floating.args[1], 'echo uses /nix/store/bcxcd47kzzbjnjshh2hijb17mnkn521z-ca-a > $out; echo lib > $lib');
  assert.equal(floating.env.get('out'), placeholder('out'));
  assert.ok(!needsResolution(floating));
  assert.equal(
    resolveDerivation(unresolved, storeDir, () => undefined),
    undefined,
  );
});

const token = fc.string({ unit: fc.constantFrom(...'"\\\n\r\t,()[]aÿ\0\x80 /'), maxLength: 8 });
const name = fc.string({ unit: fc.constantFrom(...'abc-.+_?=09'), minLength: 1, maxLength: 8 }).map((text) => `x${text}`);
const storePath = fc
  .tuple(fc.string(), name)
  .map(([seed, base]) => makeStorePath('source', Buffer.from(seed).toString('hex'), base, storeDir));
const drvPath = fc
  .tuple(fc.string(), name)
  .map(([seed, base]) => makeStorePath('text', Buffer.from(seed).toString('hex'), `${base}.drv`, storeDir));
const outputsOf = fc.oneof(
  fc
    .uniqueArray(fc.tuple(name, storePath), { minLength: 1, selector: ([key]) => key })
    .map((pairs) => pairs.map(([key, path]) => [key, { kind: 'input-addressed', path }])),
  fc
    .uniqueArray(name, { minLength: 1 })
    .map((names) => names.map((key) => [key, { kind: 'floating', method: 'nar', algorithm: 'sha256' }])),
  fc.uniqueArray(name, { minLength: 1 }).map((names) => names.map((key) => [key, { kind: 'deferred' }])),
  fc
    .constantFrom('nar', 'flat')
    .map((method) => [
      ['out', fixedOutput('x', method as 'nar' | 'flat', { algorithm: 'sha1', hex: 'ab'.repeat(20) }, storeDir)],
    ]),
) as fc.Arbitrary<[string, DerivationOutput][]>;

const anyDerivation: fc.Arbitrary<Derivation> = fc.record({
  name,
  outputs: outputsOf.map((entries) => new Map(entries)),
  inputDrvs: fc.array(fc.tuple(drvPath, fc.uniqueArray(name))).map((entries) => new Map(entries)),
  inputSrcs: fc.uniqueArray(storePath),
  system: token,
  builder: token,
  args: fc.array(token),
  env: fc.array(fc.tuple(token, token)).map((entries) => new Map(entries)),
});

test('any derivation survives writing and reading', () => {
  fc.assert(
    fc.property(anyDerivation, (drv) => {
      const text = encodeDerivation(drv);
      const back = decodeDerivation(drv.name, text, storeDir);
      assert.equal(encodeDerivation(back), text);
      assert.deepEqual(back.env, drv.env);
      assert.deepEqual(back.args, drv.args);
    }),
  );
});

test('any damage is refused with a fault, or leaves a canonical text', () => {
  const texts = [...drvTexts.values()];
  fc.assert(
    fc.property(fc.nat(texts.length - 1), fc.nat(), fc.nat(8), token, (which, at, nRemoved, inserted) => {
      const text = texts[which]!;
      const start = at % text.length;
      const damaged = text.slice(0, start) + inserted + text.slice(start + nRemoved);
      let drv: Derivation;
      try {
        drv = decodeDerivation('x', damaged, storeDir);
      } catch (error) {
        faultOf(() => {
          throw error;
        });
        return;
      }
      assert.equal(encodeDerivation(drv), damaged);
    }),
  );
});

test('a chain of 20,000 derivations is hashed without recursion', () => {
  const chain: Derivation[] = [];
  const paths: StorePath[] = [];
  for (let i = 0; i < 20_000; i++) {
    paths.push(makeStorePath('text', i.toString(16).padStart(64, '0'), `n${i}.drv`, storeDir));
    chain.push({
      ...vectorDerivation([...drvTexts.keys()].find((path) => derivationName(path) === 'simple')!),
      inputDrvs: i === 0 ? new Map() : new Map([[paths[i - 1]!, ['out']]]),
    });
  }
  const index = new Map(paths.map((path, i) => [path, chain[i]!]));
  assert.equal(hashDerivationModulo(paths.at(-1)!, (path) => index.get(path)!, new Map()).kind, 'hash');
});

test('what is not a derivation', (t) => {
  const simple = [...drvTexts].find(([path]) => path.endsWith('-simple.drv'))![1];
  const multi = [...drvTexts].find(([path]) => path.endsWith('-multi.drv'))![1];
  const faults = [
    '',
    'Derive(',
    simple.slice(0, -1),
    `${simple}\n`,
    simple.replace('[("out"', '[("o t"'),
    simple.replace('/nix/store/', '/nix/stare/'),
    simple.replace('"x86_64-linux"', '"x86\\q"'),
    multi.replace('[("bin"', '[("zin"'),
    simple.replace('","","")]', '","sha256","")]'),
    simple.replace('","","")]', '","sha9","00")]'),
    simple.replace('","","")]', '","","impure")]'),
    simple.replace(/\[\("out.*?\]/, '[]'),
    'DrvWithVersion("xp-dyn-drv",…',
  ].map((text) => renderFault(faultOf(() => decodeDerivation('bad', text, storeDir))));
  golden(t, 'errors/store-derivation.txt', faults.join('\n'));
});

test('an output that an input does not have', (t) => {
  const multi = [...drvTexts.keys()].find((path) => derivationName(path) === 'multi')!;
  const drv: Derivation = {
    ...vectorDerivation(multi),
    name: 'user',
    outputs: new Map([['out', { kind: 'deferred' }]]),
    inputDrvs: new Map([[multi, ['dve']]]),
  };
  const fault = faultOf(() => fillOutputPaths(drv, storeDir, vectorDerivation, new Map()));
  golden(t, 'errors/store-missing-output.txt', renderFault(fault));
});
