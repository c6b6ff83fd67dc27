/** An independent witness: Nix makes the same derivation of what a package says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { decodeDerivation, derivationName } from '../../../store/index.ts';
import { openTree, TIER } from './harness.ts';

const quoted = (text: string): string => `"${text.replace(/[\\"$]/g, (character) => `\\${character}`)}"`;

test('the .drv path of a package is what nix-instantiate computes for its attributes', (context) => {
  const { tree, evaluator } = openTree(
    context,
    `${TIER}package hello "2.10" {
       tier = core; summary = "Greets"; style = autotools { flags = [ "--with-x='y'" ]; };
       env = { CFLAGS = "-O2"; N = 1; };
       split doc { files = [ "usr/share/info" ]; }
     }`,
  );
  const path = tree.select('hello').drvPath!;
  const drv = decodeDerivation(derivationName(path), evaluator.texts.find((text) => text.path === path)!.text, '/igos/store');
  const outputs = drv.env.get('outputs')!.split(' ');
  const attributes = [...drv.env].filter(([name]) => ![...outputs, 'outputs'].includes(name));
  const expression = `derivation {
    ${attributes.map(([name, text]) => `${name} = ${quoted(text)};`).join('\n')}
    args = [ ${drv.args.map(quoted).join(' ')} ];
    outputs = [ ${outputs.map(quoted).join(' ')} ];
    __contentAddressed = true;
  }`;
  const words = [
    '--readonly-mode',
    '--option',
    'experimental-features',
    'ca-derivations',
    '--eval',
    '-E',
    `(${expression}).drvPath`,
  ];
  const nix = spawnSync('nix-instantiate', words, {
    encoding: 'latin1',
    env: { ...process.env, NIX_STORE_DIR: '/igos/store', NIX_REMOTE: 'dummy://' },
  });
  if (nix.error !== undefined) return context.skip('nix-instantiate is not installed');
  assert.equal(nix.stdout.trim(), JSON.stringify(path), nix.stderr);
});
