/** `hostTools` with a real store: the path is the content's, read-only or not. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEvaluator, evalTree, NodeEvalIO, StoreBridge } from '../../../eval/index.ts';
import { openStore } from '../../../store/index.ts';
import { faultText, TIER, writeTree } from './harness.ts';

const realise = (): never => {
  throw new Error('nothing is built here');
};

test('host tools become a source named by its content', (context) => {
  if (!existsSync('/bin/sh')) return context.skip('there is no /bin/sh');
  const folder = writeTree(context, {
    'a.igos': `${TIER}package shell "1" { tier = core; summary = "S"; style = hostTools { tools = [ "sh" ]; files = [ "/etc/hostname-that-is-not-there" ]; }; }
package missing "1" { tier = core; summary = "S"; style = hostTools { tools = [ "no-such-tool-anywhere" ]; }; }`,
  });
  const home = mkdtempSync(join(tmpdir(), 'igos-home-'));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  using store = openStore({ home, storeDir: '/igos/store' });
  let bridge: StoreBridge;
  const open = (isReadOnly: boolean) => {
    bridge = new StoreBridge(store, { isReadOnly });
    return evalTree(createEvaluator({ io: new NodeEvalIO({ store: bridge, realise }) }), folder);
  };
  const computed = open(true).select('shell').outPath!;
  assert.match(computed, /^\/igos\/store\/[0-9a-z]{32}-shell-1$/);
  assert.equal(store.isValid(computed), false);
  assert.equal(open(false).select('shell').outPath, computed);
  bridge!.flush();
  assert.equal(store.isValid(computed), true);
  assert.ok(store.manifest(computed).some((entry) => entry.path === 'usr/bin/sh'));
  assert.match(
    faultText(folder, () => open(true).select('missing').outPath),
    /^error\[E-STORE-021\]: .*no-such-tool-anywhere[\s\S]*while making package 'missing' from tools of the host/,
  );
});
