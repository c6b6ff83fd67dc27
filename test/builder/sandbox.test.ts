import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { realize } from '../../builder/index.ts';
import { addDerivation, needsSandbox, temporaryStore } from './support.ts';

test('plain: trivial', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const drvPath = addDerivation(store, { name: 'hello', script: 'echo "hello from $out" > $out; echo line' });
  const events: string[] = [];
  const result = await realize(store, [{ drvPath, outputs: [] }], { onEvent: (event) => events.push(event.kind) });
  const path = result.outputs.get(drvPath)!.get('out')!;
  assert.equal(readFileSync(store.toReal(path), 'utf8'), `hello from ${path}\n`);
  assert.deepEqual(events, ['plan', 'started', 'log', 'finished']);
});
