/** Builtins over a store on disk, whose logical folder is not where it lives. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../../base/index.ts';
import { NodeEvalIO } from '../../../eval/node-io.ts';
import { StoreBridge } from '../../../eval/store-bridge.ts';
import { openStore, type StorePath, splitStorePath } from '../../../store/index.ts';
import { interpreter } from './evaluate.ts';

test('what evaluation writes can be read, copied and depended on again', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'igos-builtins-store-'));
  const objects = openStore({ home: join(scratch, 'home'), storeDir: '/igos/store' });
  try {
    cpSync(join(import.meta.dirname, '../../vectors/nix/expr/tree'), join(scratch, 'tree'), { recursive: true });
    symlinkSync('../a', join(scratch, 'tree/sub/link'));
    const store = new StoreBridge(objects, { isReadOnly: false });
    const io = new NodeEvalIO({
      store,
      toReal: (path) => {
        const object = splitStorePath(path, '/igos/store');
        return object === undefined ? path : objects.toReal(object.path) + object.rest;
      },
      realise: (path) => {
        throw new Error(`unexpected build of ${path}`);
      },
    });
    const first = interpreter(io);
    const at = (expression: string, nix = first): string =>
      nix.print(nix.evalExpr(expression, { basePath: scratch }), { isStrict: true });

    const tree = at('"${./tree}"').slice(1, -1);
    // For this evaluation; for others once it is registered together with the texts.
    assert.equal(store.isValid(tree as StorePath), true);
    // A folder of the store is a source like any other: same content, same path.
    assert.equal(at(`builtins.path { path = ${tree}/sub; name = "s"; }`), at('builtins.path { path = ./tree/sub; name = "s"; }'));
    const kept = '(p: t: baseNameOf p != "a")';
    assert.equal(
      at(`builtins.filterSource ${kept} ${tree}`).slice(44),
      at(`builtins.path { name = "${tree.slice(12)}"; path = ./tree; filter = ${kept}; }`).slice(44),
    );

    // Links inside of it are followed without leaving the logical folder.
    assert.equal(at(`builtins.findFile [ { path = ${tree}; } ] "sub/link"`), `${tree}/a`);

    const text = at('builtins.toFile "refers" "to ${./tree} and not elsewhere"').slice(1, -1);
    const drvPath = at(
      '(derivation { name = "d"; system = "s"; builder = "b"; src = builtins.toFile "refers" "to ${./tree} and not elsewhere"; }).drvPath',
    ).slice(1, -1);
    store.flush();
    assert.equal(objects.isValid(tree as StorePath), true);
    // A new evaluation knows of it only through the store.
    const second = interpreter(io);
    assert.equal(at(`builtins.attrNames (builtins.getContext (builtins.readFile ${text}))`, second), `[ "${tree}" ]`);
    const whole = `builtins.appendContext "${drvPath}" { "${drvPath}" = { allOutputs = true; }; }`;
    const user = at(
      `builtins.unsafeDiscardStringContext (derivation { name = "u"; system = "s"; builder = "b"; drv = ${whole}; }).drvPath`,
      second,
    ).slice(1, -1);
    const inputs = store.readDerivation(user as StorePath)!;
    assert.deepEqual([...inputs.inputDrvs], [[drvPath, ['out']]]);
    assert.deepEqual(inputs.inputSrcs, [drvPath, text, tree].sort(compareBytes));
  } finally {
    objects.close();
    rmSync(scratch, { recursive: true, force: true });
  }
});
