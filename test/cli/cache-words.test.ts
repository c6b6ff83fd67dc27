import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

test('a cache behind the paths is not taken for one of them', (t) => {
  const { igos } = programs(t, {});
  for (const verb of ['push', 'pull']) {
    assert.deepEqual(igos('cache', verb, '/igos/store/00000000000000000000000000000000-x', 'file:///cache'), {
      status: 2,
      stdout: '',
      stderr: `igos: the cache comes first; 'file:///cache' is no store path\nhint: igos cache ${verb} file:///cache PATH…\n`,
    });
  }
});

test('what is pushed and signed is named as everywhere: by a path, a link to one, or a package that is built', (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'tree');
  mkdirSync(tree);
  writeFileSync(
    join(tree, 'a.igos'),
    'tier seed { summary = "s"; }\npackage sh "1" { tier = seed; summary = "s"; style = hostTools { tools = [ "sh" ]; }; }\npackage a "1" { tier = seed; summary = "a"; phases.install = "true"; }\n',
  );
  assert.match(igos('cache', 'push', `file://${work}/cache`, `${tree}#a`).stderr, /E-CLI-040.* 'a' is not built/);
  const path = igos('realize', `${tree}#sh`).stdout.trim();
  symlinkSync(join(work, 'home', 'store', path.slice('/igos/store/'.length)), join(work, 'result'));
  assert.deepEqual(igos('cache', 'push', '-q', `file://${work}/cache`, `${tree}#sh`), {
    status: 0,
    stdout: `${path}\n`,
    stderr: '',
  });
  assert.deepEqual(igos('cache', 'push', '-q', `file://${work}/other`, join(work, 'result')), {
    status: 0,
    stdout: `${path}\n`,
    stderr: '',
  });
  assert.equal(igos('key', 'generate', 'k-1', '-o', join(work, 'key')).status, 0);
  for (const [operand, n] of [
    [join(work, 'result'), 1],
    [`${tree}#sh`, 0],
  ] as const)
    assert.equal(igos('store', 'sign', '-k', join(work, 'key'), operand).stderr, `${n} of 1 path newly signed\n`);
  const none = igos('cache', 'push', `file://${work}/cache`, join(work, 'no such'));
  assert.match(
    none.stderr,
    /E-STORE-001.*\nnote: .*\nhint: name a store path, a place in one, a link that leads to one, or a package/,
  );
  assert.match(
    igos('cache', 'pull', 'file:///a b', `${tree}#sh`).stderr,
    /hint: a package is copied by: igos realize \/.*\/tree#sh --substituters 'file:\/\/\/a b'\n/,
  );
});

test('the file of a key in place of the key', (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'a key.pub');
  writeFileSync(file, 'x');
  const { status, stderr } = igos(
    'realize',
    '--expr',
    'derivation { name = "a"; system = "s"; builder = "b"; }',
    '--substituters',
    'file:///none',
    '--trusted-key',
    file,
  );
  assert.deepEqual(
    [status, stderr],
    [2, `igos: --trusted-key takes the key itself, and '${file}' is a file\nhint: --trusted-key "$(cat '${file}')"\n`],
  );
});
