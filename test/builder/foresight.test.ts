/** What is guessed of builds to come, and when it counts. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { madeEntries } from '../../builder/foresight.ts';
import { planWith } from '../../builder/plan.ts';
import { Realised } from '../../builder/realised.ts';
import { derivationPath, type ObjectStore, resolveDerivation, type StorePath } from '../../store/index.ts';
import { addDerivation, outputOf, storeDir, temporaryStore } from './support.ts';

/** Derivations a → b → c of which the last two were built over an earlier a, which made `guess`. */
function chain(t: TestContext, { isThere = true } = {}) {
  const store = temporaryStore(t);
  const output = (name: string, text: string): StorePath => store.addTexts([{ name, text, references: [] }])[0]!;
  const a = addDerivation(store, { name: 'a' });
  const b = addDerivation(store, { name: 'b', inputs: [{ drvPath: a }], env: { a: outputOf(a) } });
  const c = addDerivation(store, { name: 'c', inputs: [{ drvPath: b }], env: { b: outputOf(b), igosMemory: '4096' } });
  const guess = output('a', 'what a made');
  const ofB = output('b', 'what b made of it');
  const ofC = isThere ? output('c', 'what c made of that') : (`${storeDir}/${'0'.repeat(32)}-c` as StorePath);
  const built = (drvPath: StorePath, input: StorePath, path: StorePath) => {
    const drv = store.readDerivation(drvPath);
    const own = { ...drv, env: new Map([...drv.env].filter(([name]) => name !== 'igosMemory')) };
    return { drvPath: derivationPath(resolveDerivation(own, storeDir, () => input)!, storeDir), output: 'out', path };
  };
  store.addRealisations(
    [built(b, guess, ofB), built(c, ofB, ofC)],
    madeEntries(store.readDerivation(a), new Map([['out', guess]])),
  );
  return { store, a, b, c, guess, ofB, ofC, other: output('a', 'something else') };
}

function lookAhead(store: ObjectStore, goal: StorePath): Realised {
  const realised = new Realised(store);
  realised.lookAhead(planWith(store, [{ drvPath: goal, outputs: ['out'] }], realised).steps);
  return realised;
}

test('a guess that comes true says what resolving and looking up would have said', (t) => {
  const { store, a, b, c, guess, ofB, ofC } = chain(t);
  const plain = new Realised(store);
  const ahead = lookAhead(store, c);
  for (const realised of [plain, ahead]) {
    assert.equal(realised.path(c, 'out'), undefined);
    realised.record(a, new Map([['out', guess]]));
    assert.equal(realised.areValid(b, ['out']), false, 'nothing counts before it is resolved');
  }
  for (const [drvPath, path] of [
    [b, ofB],
    [c, ofC],
  ] as const) {
    assert.deepEqual(ahead.resolve(drvPath), plain.resolve(drvPath));
    for (const realised of [plain, ahead]) {
      assert.equal(realised.path(drvPath, 'out'), path);
      assert.ok(realised.areValid(drvPath, ['out']) && realised.cutoffs.has(drvPath));
    }
  }
});

test('a guess that does not come true counts for nothing', (t) => {
  const { store, a, b, c, other } = chain(t);
  const realised = lookAhead(store, c);
  realised.record(a, new Map([['out', other]]));
  const resolved = realised.resolve(b)!;
  assert.deepEqual(resolved.drv.inputSrcs, [other]);
  assert.equal(realised.areValid(b, ['out']), false);
  assert.equal(realised.resolve(c), undefined);
});

test('an output that is not there is not foreseen', (t) => {
  const { store, a, b, c, guess } = chain(t, { isThere: false });
  const realised = lookAhead(store, c);
  realised.record(a, new Map([['out', guess]]));
  assert.notEqual(realised.resolve(b), undefined);
  assert.equal(realised.areValid(b, ['out']), true);
  assert.notEqual(realised.resolve(c), undefined);
  assert.equal(realised.areValid(c, ['out']), false);
});
