/** Attributes that the builder itself reads: what outputs may refer to, and graphs of references. Meaning and formats are Nix's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Fault } from '../../base/index.ts';
import { readLog, realize } from '../../builder/index.ts';
import { type ObjectStore, type PathInfo, placeholder, type StorePath } from '../../store/index.ts';
import { addDerivation, type DerivationSpec, needsSandbox, temporaryStore } from './support.ts';

/** A chain of two outputs, and a way to build what refers to its upper end. */
async function chain(t: TestContext) {
  const store = temporaryStore(t);
  const low = addDerivation(store, { name: 'low', kind: 'input-addressed', script: 'echo low > $out' });
  const lowPath = (await build(store, low)).get('out')!;
  const high = addDerivation(store, {
    ...{ name: 'high', kind: 'input-addressed', script: `echo ${lowPath} > $out` },
    inputs: [{ drvPath: low }],
  });
  const highPath = (await build(store, high)).get('out')!;
  const make = (env: Record<string, string>, spec: Partial<DerivationSpec> = {}) =>
    addDerivation(store, { name: 'top', script: `echo ${highPath} > $out`, inputs: [{ drvPath: high }], env, ...spec });
  return { store, low, lowPath, high, highPath, make };
}

const build = async (store: ObjectStore, drvPath: StorePath): Promise<ReadonlyMap<string, StorePath>> =>
  (await realize(store, [{ drvPath, outputs: [] }])).outputs.get(drvPath)!;

/** The code of the error that a build ends with; '' where it goes well. */
const codeOf = async (store: ObjectStore, drvPath: StorePath): Promise<string> => {
  try {
    await build(store, drvPath);
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return '';
};

test('references and requisites are held against what is allowed', async (t) => {
  if (!needsSandbox(t)) return;
  const { store, lowPath, highPath, make } = await chain(t);
  const self = { script: 'echo $out > $out' };
  const cases: [Record<string, string>, string, Partial<DerivationSpec>?][] = [
    [{ allowedReferences: '' }, 'E-BUILD-042'],
    [{ allowedReferences: highPath }, ''],
    [{ allowedReferences: `out ${lowPath}` }, 'E-BUILD-042'],
    [{ allowedRequisites: highPath }, 'E-BUILD-042'],
    [{ allowedRequisites: `${highPath}\n${lowPath}` }, ''],
    [{ disallowedReferences: lowPath }, ''],
    [{ disallowedReferences: highPath }, 'E-BUILD-042'],
    [{ disallowedRequisites: lowPath }, 'E-BUILD-042'],
    [{ allowedReferences: '' }, 'E-BUILD-042', self],
    [{ allowedReferences: 'out' }, '', self],
    [{ allowedRequisites: '' }, '', self],
    [{ allowedReferences: 'lib' }, 'E-BUILD-044', self],
  ];
  for (const kind of ['floating', 'input-addressed'] as const) {
    for (const [env, code, spec] of cases) {
      assert.equal(await codeOf(store, make(env, { kind, ...spec })), code, `${kind} ${JSON.stringify(env)}`);
    }
  }
});

test('structured attributes have rules for each output, and limits', async (t) => {
  if (!needsSandbox(t)) return;
  const { store, highPath, make } = await chain(t);
  const rules = (outputChecks: unknown, spec: Partial<DerivationSpec> = {}) =>
    make({ __json: JSON.stringify({ outputChecks }) }, { script: `echo ${highPath} > ${placeholder('out')}`, ...spec });
  const two = { outputs: ['out', 'doc'], script: `echo ${highPath} > ${placeholder('out')}; echo > ${placeholder('doc')}` };
  const self = { script: `echo ${placeholder('out')} > ${placeholder('out')}` };
  assert.equal(await codeOf(store, rules({ doc: { allowedReferences: [] } }, two)), '');
  assert.equal(await codeOf(store, rules({ out: { allowedReferences: [] } }, two)), 'E-BUILD-042');
  assert.equal(await codeOf(store, rules({ out: { allowedRequisites: [] } }, self)), 'E-BUILD-042', 'itself counts');
  assert.equal(await codeOf(store, rules({ out: { maxSize: 167 } })), 'E-BUILD-043');
  assert.equal(await codeOf(store, rules({ out: { maxSize: 168 } })), '');
  assert.equal(await codeOf(store, rules({ out: { maxClosureSize: 400 } })), 'E-BUILD-043');
  for (const wrong of [[], null, 'out', 1, { out: 'x' }, { out: null }])
    assert.equal(await codeOf(store, rules(wrong)), 'E-BUILD-044', JSON.stringify(wrong));
  assert.equal(await codeOf(store, rules({ out: { maxSize: -1 } })), 'E-BUILD-044');
});

test('references that are discarded are none, and the own name is still put in', async (t) => {
  if (!needsSandbox(t)) return;
  const { store, highPath, make } = await chain(t);
  const own = placeholder('out');
  for (const kind of ['floating', 'input-addressed'] as const) {
    const drvPath = make(
      { __json: '{"unsafeDiscardReferences":{"out":true}}' },
      { kind, script: `echo ${highPath} ${own} > ${own}` },
    );
    const path = (await build(store, drvPath)).get('out')!;
    assert.deepEqual(store.info(path)!.references, [], kind);
    assert.equal(readFileSync(store.toReal(path), 'latin1'), `${highPath} ${path}\n`, kind);
  }
});

test('graphs of references are written for the build', async (t) => {
  if (!needsSandbox(t)) return;
  const { store, low, lowPath, high, highPath, make } = await chain(t);
  const script = 'while read -r line; do echo "$line"; done < graph > $out';
  const text = (graph: readonly Pick<PathInfo, 'path' | 'references'>[]) =>
    graph.map(({ path, references }) => `${[path, '', references.length, ...references].join('\n')}\n`).join('');
  const pair = [
    { path: highPath, references: [lowPath] },
    { path: lowPath, references: [] },
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const written = (await build(store, make({ exportReferencesGraph: `graph ${highPath}` }, { script }))).get('out')!;
  assert.equal(readFileSync(store.toReal(written), 'latin1'), text(pair));

  const ofDrv = make({ exportReferencesGraph: `graph ${high}` }, { script, sources: [high], name: 'of-drv' });
  const found = readFileSync(store.toReal((await build(store, ofDrv)).get('out')!), 'latin1');
  for (const path of [low, high, lowPath, highPath]) assert.match(found, new RegExp(`^${path}$`, 'm'));

  const json = JSON.stringify({ exportReferencesGraph: { graph: [[highPath]] } });
  const failing = make({ __json: json }, { script: 'read -r line < .attrs.json || true; printf "%s\\n" "$line"; exit 1' });
  assert.equal(await codeOf(store, failing), 'E-BUILD-001');
  const { graph } = JSON.parse(readLog(store, failing).toString()) as { graph: Record<string, unknown>[] };
  assert.deepEqual(
    graph.map(({ path, references }) => ({ path, references })),
    pair,
  );
  const sizes = new Map(graph.map(({ path, closureSize, narSize }) => [path, [closureSize, narSize]]));
  assert.deepEqual(sizes.get(highPath), [store.info(highPath)!.narSizeBytes + store.info(lowPath)!.narSizeBytes, 168]);
});
