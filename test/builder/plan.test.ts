import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBuild } from '../../builder/index.ts';
import {
  type Derivation,
  type DerivationOutput,
  derivationPath,
  derivationReferences,
  encodeDerivation,
  fixedOutput,
  type ObjectStore,
  resolveDerivation,
  type StorePath,
} from '../../store/index.ts';
import { addDerivation, outputOf, storeDir, temporaryStore } from './support.ts';

const goal = (drvPath: StorePath, ...outputs: string[]) => [{ drvPath, outputs }];
const names = (store: ObjectStore, drvPath: StorePath, ...outputs: string[]) =>
  planBuild(store, goal(drvPath, ...outputs)).steps.map((step) => `${step.drv.name} ${step.action} ${step.reason}`);

const fetched = (name: string): DerivationOutput =>
  fixedOutput(name, 'flat', { algorithm: 'sha256', hex: 'ab'.repeat(32) }, storeDir);

test('inputs come before dependents, each once, with the reason', (t) => {
  const store = temporaryStore(t);
  const source = addDerivation(store, { name: 'x.tar', builder: 'builtin:fetchurl', fixed: fetched('x.tar'), system: 'builtin' });
  const tool = addDerivation(store, { name: 'tool', inputs: [{ drvPath: source }] });
  const library = addDerivation(store, { name: 'library', inputs: [{ drvPath: source }, { drvPath: tool }] });
  const top = addDerivation(store, { name: 'top', inputs: [{ drvPath: library }, { drvPath: tool }] });
  // The path of a fixed output is known before it is there, so `tool` is resolved already.
  assert.deepEqual(names(store, top), ['x.tar fetch new', 'tool build new', 'library build depends', 'top build depends']);
  const plan = planBuild(store, goal(top));
  assert.deepEqual([plan.nBuild, plan.nFetch, plan.nUncertain, plan.nValid], [3, 1, 2, 0]);
  const last = plan.steps.at(-1)!;
  assert.deepEqual([new Set(last.waitsFor), new Set(last.dependsOn)], [new Set([library, tool]), new Set([library, tool])]);
});

test('what is realised needs none of its inputs', (t) => {
  const store = temporaryStore(t);
  const input = addDerivation(store, { name: 'input' });
  const top = addDerivation(store, { name: 'top', inputs: [{ drvPath: input }] });
  const [path] = store.addTexts([{ name: 'top', text: 'built', references: [] }]);
  store.addRealisations([{ drvPath: top, output: 'out', path: path! }]);
  const plan = planBuild(store, goal(top));
  assert.deepEqual([plan.steps, plan.nValid, plan.nCutoff], [[], 1, 0]);
});

test('a realisation whose object is gone does not count', (t) => {
  const store = temporaryStore(t);
  const top = addDerivation(store, { name: 'top' });
  store.addRealisations([{ drvPath: top, output: 'out', path: `${storeDir}/${'0'.repeat(32)}-top` as StorePath }]);
  assert.deepEqual(names(store, top), ['top build new']);
});

test('an equal resolved derivation is found before anything is built', (t) => {
  const store = temporaryStore(t);
  const source = addDerivation(store, { name: 'x.tar', builder: 'builtin:fetchurl', fixed: fetched('x.tar'), system: 'builtin' });
  const top = addDerivation(store, { name: 'top', inputs: [{ drvPath: source }], env: { src: outputOf(source) } });
  const lookup = (drvPath: StorePath) => (drvPath === source ? (fetched('x.tar') as { path: StorePath }) : undefined)?.path;
  const resolved = resolveDerivation(store.readDerivation(top), storeDir, lookup)!;
  const [path] = store.addTexts([{ name: 'top', text: 'built', references: [] }]);
  store.addRealisations([{ drvPath: derivationPath(resolved, storeDir), output: 'out', path: path! }]);
  const plan = planBuild(store, goal(top));
  // Not even the source is fetched.
  assert.deepEqual([plan.steps, plan.nValid, plan.nCutoff], [[], 1, 1]);
});

test('only the outputs that are asked for have to be there', (t) => {
  const store = temporaryStore(t);
  const top = addDerivation(store, { name: 'top', outputs: ['out', 'dev'] });
  const [path] = store.addTexts([{ name: 'top', text: 'built', references: [] }]);
  store.addRealisations([{ drvPath: top, output: 'out', path: path! }]);
  assert.deepEqual(names(store, top, 'out'), []);
  assert.deepEqual(names(store, top), ['top build output-missing']);
  const user = addDerivation(store, { name: 'user', inputs: [{ drvPath: top, outputs: ['out'] }] });
  assert.deepEqual(names(store, user), ['user build new']);
});

test('chains of any depth are planned quickly', (t) => {
  const store = temporaryStore(t);
  const n = 1000;
  const texts: { name: string; text: string; references: StorePath[] }[] = [];
  let last: StorePath | undefined;
  for (let i = 0; i < n; i++) {
    const drv: Derivation = {
      ...{ name: `d${i}`, inputSrcs: [], system: 'x86_64-linux', builder: '/bin/sh', args: [], env: new Map() },
      outputs: new Map([['out', { kind: 'floating', method: 'nar', algorithm: 'sha256' }]]),
      inputDrvs: new Map(last === undefined ? [] : [[last, ['out']]]),
    };
    texts.push({ name: `d${i}.drv`, text: encodeDerivation(drv), references: derivationReferences(drv) });
    last = derivationPath(drv, storeDir);
  }
  store.addTexts(texts);
  const start = process.threadCpuUsage().user;
  assert.equal(planBuild(store, goal(last!)).steps.length, n);
  // 100 ms are aimed at on a quiet machine; this is for catching what is not linear.
  assert.ok(process.threadCpuUsage().user - start < 2_000_000);
});
