/** Finishing a derivation in one go gives what the functions that do one thing each give. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../../base/index.ts';
import {
  type CompleteDerivation,
  completeDerivation,
  type Derivation,
  type DerivationLookup,
  type DerivationOutput,
  derivationPath,
  derivationReferences,
  encodeDerivation,
  fillOutputPaths,
  fixedOutput,
  hashDerivationModulo,
  type ModuloMemo,
  type StorePath,
} from '../../store/index.ts';
import { faultOf } from './faults.ts';
import { drvTexts, storeDir, vectorDerivation } from './vectors.ts';

const complete = (drv: Derivation, lookup: DerivationLookup, memo: ModuloMemo = new Map()): CompleteDerivation =>
  completeDerivation(
    {
      ...drv,
      inputs: [...drv.inputDrvs].flatMap(([path, outputs]) => outputs.map((output) => ({ path, output }))),
      variables: [...drv.env.keys()],
      values: [...drv.env.values()],
    },
    storeDir,
    (path) => ({ outputNames: [...lookup(path).outputs.keys()], modulo: hashDerivationModulo(path, lookup, memo) }),
  );

test('every .drv of Nix is made again from what it is made of', () => {
  const memo: ModuloMemo = new Map();
  for (const [path, text] of drvTexts) {
    const drv = vectorDerivation(path);
    const env = new Map(drv.env);
    const outputs = new Map<string, DerivationOutput>();
    for (const [name, output] of drv.outputs) {
      env.delete(name);
      outputs.set(name, output.kind === 'input-addressed' ? { kind: 'deferred' } : output);
    }
    const made = complete({ ...drv, outputs, env }, vectorDerivation, memo);
    assert.equal(made.text.text, text);
    assert.equal(made.text.path, path);
    assert.deepEqual(made.outputs, drv.outputs);
    assert.deepEqual(made.text.references, derivationReferences(drv));
    assert.deepEqual(made.modulo, hashDerivationModulo(path, vectorDerivation, new Map()));
  }
});

const bytes = fc.string({ unit: fc.constantFrom('a', 'Z', '"', '\\', '\n', '\t', '\r', '\0', '\xe9', '$'), maxLength: 60 });
const outputNames = fc.uniqueArray(fc.constantFrom('out', 'dev', 'lib', 'a', 'z'), { minLength: 1, maxLength: 3 });
const node = fc.record({
  kind: fc.constantFrom('deferred', 'deferred', 'floating', 'fixed'),
  outputs: outputNames,
  env: fc.dictionary(fc.oneof(bytes, fc.constantFrom('out', 'dev', 'PATH')), bytes, { maxKeys: 5 }),
  args: fc.array(bytes, { maxLength: 3 }),
  inputs: fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 4 }),
  sources: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
});

test('random graphs are completed as by the functions that do one thing each', () => {
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 7 }), (nodes) => {
      const known = new Map<StorePath, Derivation>();
      const lookup = (path: StorePath): Derivation => known.get(path)!;
      const [memo, expectedMemo]: ModuloMemo[] = [new Map(), new Map()];
      nodes.forEach(({ kind, outputs, env, args, inputs, sources }, i) => {
        const before = [...known];
        const inputDrvs = new Map<StorePath, readonly string[]>();
        for (const [from, which] of before.length === 0 ? [] : inputs) {
          const [path, drv] = before[from % before.length]!;
          const names = [...drv.outputs.keys()];
          inputDrvs.set(path, [...new Set([...(inputDrvs.get(path) ?? []), names[which % names.length]!])]);
        }
        const digest = { algorithm: 'sha256', hex: `${i % 2}`.repeat(64) } as const;
        const outputOf = (): DerivationOutput =>
          kind === 'floating' ? { kind, method: 'nar', algorithm: 'sha256' } : { kind: 'deferred' };
        const drv: Derivation = {
          name: `n${i}`,
          outputs:
            kind === 'fixed'
              ? new Map([['out', fixedOutput(`n${i}`, 'nar', digest, storeDir)]])
              : new Map(outputs.map((name) => [name, outputOf()])),
          inputDrvs,
          inputSrcs: [...new Set(sources)].sort(compareBytes).map((name) => `${storeDir}/${'0'.repeat(32)}-${name}` as StorePath),
          system: 's"',
          builder: 'b\n',
          args,
          env: new Map(Object.entries(env)),
        };
        const made = complete(drv, lookup, memo!);
        const withVariables = new Map([...drv.env, ...Array.from(drv.outputs.keys(), (name): [string, string] => [name, ''])]);
        const expected = fillOutputPaths({ ...drv, env: withVariables }, storeDir, lookup, expectedMemo!);
        assert.equal(made.text.text, encodeDerivation(expected));
        assert.equal(made.text.path, derivationPath(expected, storeDir));
        assert.deepEqual(made.text.references, derivationReferences(expected));
        assert.deepEqual(new Map(made.outputs), new Map(expected.outputs));
        known.set(made.text.path, expected);
        assert.deepEqual(made.modulo, hashDerivationModulo(made.text.path, lookup, expectedMemo!));
      });
    }),
    { numRuns: 150, seed: 21 },
  );
});

test('an output that an input does not have is an error', () => {
  const [path] = drvTexts.keys();
  const drv: Derivation = {
    ...vectorDerivation(path!),
    outputs: new Map([['out', { kind: 'deferred' }]]),
    inputDrvs: new Map([[path!, ['nope']]]),
  };
  assert.equal(faultOf(() => complete(drv, vectorDerivation)).code, 'E-STORE-008');
});
