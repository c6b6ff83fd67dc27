import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden } from '../../golden.ts';
import { faultText, openTree, TIER } from './harness.ts';

test('meta is plain data, merged by overrides, and changes no derivation', (t) => {
  const { tree, print } = openTree(
    t,
    `${TIER}
package a "1" { tier = core; summary = "a"; phases.install = ":"; meta = { n = 1; deep = { list = [ true "é" 1.5 null ]; }; gone = 1; }; }
package b "1" { tier = core; summary = "a"; phases.install = ":"; }
override a { meta = { more = a.version; gone = null; }; }
`,
  );
  assert.deepEqual(tree.packages.get('a')!.meta, { deep: { list: [true, 'é', 1.5, null] }, more: '1', n: 1 });
  assert.deepEqual(tree.packages.get('b')!.meta, {});
  assert.equal(print('a.meta.deep.list'), '[ true "é" 1.5 null ]'.replace('é', Buffer.from('é').toString('latin1')));
  assert.equal(print('b.meta'), '{ }');
  assert.equal(print('(a.override { meta = { }; }).drvPath == a.drvPath'), 'true');
});

test('what is no data is refused where it stands', (t) => {
  const open = (meta: string) => {
    const { folder, tree } = openTree(
      t,
      `${TIER}package a "1" { tier = core; summary = "a"; phases.install = ":"; meta = ${meta}; }\n`,
    );
    return faultText(folder, () => tree.packages.get('a')!.meta);
  };
  golden(
    t,
    'errors/decl-meta.txt',
    ['{ f = x: x; }', '{ p = ./x; }', '{ list = [ a ]; }', '(let loop = { inherit loop; }; in loop)'].map(open).join('\n'),
  );
});
