/** Outputs that take long to look through: igos does not stand still meanwhile. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realize } from '../../builder/index.ts';
import type { ObjectStore, StorePath } from '../../store/index.ts';
import { addDerivation, type DerivationSpec, needsSandbox, rootOf, temporaryStore, toolsLayer } from './support.ts';

/** All of it a hole, which is read as zeros. */
function build(store: ObjectStore, size: string, spec: Partial<DerivationSpec> = {}): StorePath {
  const tools = toolsLayer(store, 'truncate', 'mkdir');
  return addDerivation(store, {
    name: 'large',
    script: `mkdir $out; truncate -s ${size} $out/hole; echo "see /build/x" > $out/text; echo made`,
    sources: [tools],
    ...spec,
    env: { igosRoot: rootOf({ name: 'tools', path: tools }), ...spec.env },
  });
}

test('a build that made more than anybody waits for is ended like others', async (t: TestContext) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const controller = new AbortController();
  const running = realize(store, [{ drvPath: build(store, '8G'), outputs: [] }], {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind === 'log' && event.line === 'made') setTimeout(() => controller.abort(), 500);
    },
  });
  await assert.rejects(running, { code: 'E-BUILD-015' });
  assert.deepEqual(readdirSync(join(store.home, 'tmp')), []);
});

test('what is looked through by a thread comes out the same, with its remarks and faults', async (t: TestContext) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const remarks: string[] = [];
  const drvPath = build(store, '520M');
  const result = await realize(store, [{ drvPath, outputs: [] }], {
    onEvent: (event) => {
      if (event.kind === 'remark') remarks.push(...event.lines);
    },
  });
  const path = result.outputs.get(drvPath)!.get('out')!;
  assert.equal(store.info(path)!.narSizeBytes > 520 * 2 ** 20, true);
  assert.match(remarks.join('\n'), /text.*\/build\/x/s);
  assert.deepEqual(store.verify({ contents: true }), []);
  const failing = build(store, '520M', { name: 'failing', env: { igosOutputs: '{"verify":["usr/bin/x"]}' } });
  await assert.rejects(realize(store, [{ drvPath: failing, outputs: [] }]), { code: 'E-BUILD-040', drvPath: failing });
  assert.deepEqual(readdirSync(join(store.home, 'tmp')), []);
});
