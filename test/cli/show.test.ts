/** `igos show TREE#NAME`: where sources come from. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

const HASH = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

test('a package shows where its sources come from: files of the tree, and what must arrive from where', (t) => {
  const scene = programs(t);
  const tree = join(scene.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'patch'), 'x');
  writeFileSync(
    join(tree, 'tree.igos'),
    `tier base { summary = "All"; }
package mixed "1" {
  tier = base;
  summary = "Has sources of both kinds";
  source = [
    (fetchurl {
      url = "https://user:secret@example.org/x.tar";
      mirrors = [ "https://example.net/x.tar" ];
      sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    })
    ./patch
  ];
  phases.install = "true";
}
package none "1" { tier = base; summary = "Has none"; phases.install = "true"; }
`,
  );
  const { igos } = programs(t, { cwd: scene.work });
  const show = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('show', ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const places = ['https://example.org/x.tar', 'https://example.net/x.tar'];
  assert.deepEqual(
    show('tree#mixed')
      .split('\n')
      .filter((line) => line.startsWith('source')),
    [`source      ${HASH} ${places.join(' ')}`, 'source      tree/patch'],
  );
  const { sources } = JSON.parse(show('tree#mixed', '--json')) as { sources: unknown };
  assert.deepEqual(sources, [{ urls: places, hash: HASH }, { path: 'tree/patch' }]);
  assert.deepEqual(JSON.parse(show('tree#none', '--json')).sources, []);
  assert.doesNotMatch(show('tree#none'), /^source/m);
});

test('a tree as JSON: tiers by name, and nothing of how they are kept', (t) => {
  const scene = programs(t);
  const tree = join(scene.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'tree.igos'), 'tier core { summary = "C"; }\ntier base { summary = "B"; after = [ core ]; }\n');
  const { stdout } = scene.igos('show', tree, '--json');
  assert.deepEqual(JSON.parse(stdout), {
    name: 'tree',
    version: null,
    tiers: [
      { name: 'core', summary: 'C', after: [], ships: true },
      { name: 'base', summary: 'B', after: ['core'], ships: true },
    ],
    packages: [],
    systems: [],
  });
});
