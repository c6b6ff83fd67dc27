/** What generations need stays in the store, wherever their root is copied or moved to, and until somebody lets go of it. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noSandbox, programs } from './programs.ts';

const skip = await noSandbox();

function installedTwice(t: TestContext) {
  const { work, igos, pkm } = programs(t);
  const at = (name: string): string => join(work, name);
  const ok = (run: { status: number | null; stdout: string; stderr: string }): string => {
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };
  const on = (root: string, ...words: string[]): string => ok(pkm('--root', at(root), ...words));
  const tree = (version: number): void =>
    writeFileSync(
      at('a.igos'),
      `tier base { summary = "Base"; }
package app "${version}" { tier = base; summary = "App"; style = hostTools { tools = [ "${version === 1 ? 'true' : 'false'}" ]; }; }`,
    );
  for (const version of [1, 2]) {
    tree(version);
    on('root', 'install', `${at('a.igos')}#app`);
  }
  const inStore = (version: number): boolean => ok(igos('store', 'list')).includes(`-app-${version}\n`);
  return { at, on, igos, ok, inStore };
}

test('a root that was copied or moved keeps what its generations need from its next change on', { skip }, (t) => {
  const { at, on, igos, ok, inStore } = installedTwice(t);
  cpSync(at('root'), at('copy'), { recursive: true, verbatimSymlinks: true });
  on('copy', 'mark', 'dependency', 'app');
  rmSync(at('root'), { recursive: true });
  ok(igos('store', 'roots', 'remove', at('root')));
  renameSync(at('copy'), at('moved'));
  on('moved', 'mark', 'explicit', 'app');
  ok(igos('store', 'roots', 'remove', at('copy')));
  ok(igos('gc'));
  on('moved', 'rollback', '1');
  assert.equal(readFileSync(at('moved/usr/bin/true')).length > 0, true);
  on('moved', 'gc', '--keep', '1');
  ok(igos('gc'));
  assert.deepEqual([inStore(1), inStore(2)], [true, false]);
});

test('what a root that went needs is kept, told, and let go of by name', { skip }, (t) => {
  const { at, igos, ok, inStore } = installedTwice(t);
  const root = at('root');
  const roots = (): string => ok(igos('store', 'roots'));
  assert.match(roots(), new RegExp(`^(pkm {7}${root} -> \\S+-app-[12]\n){2}$`));
  const path = roots().split('\n')[0]!.split(' -> ')[1]!;
  assert.match(ok(igos('store', 'why-live', path)), new RegExp(`^generations of ${root}\n  ${path}\n$`));
  const refused = igos('store', 'roots', 'remove', root);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /E-STORE-061.*is there, and its generations need what it keeps/);
  assert.doesNotMatch(igos('gc').stderr, /not there/);
  rmSync(root, { recursive: true });
  assert.equal(roots().match(/ \(its root is not there\)\n/g)?.length, 2);
  assert.match(
    igos('gc').stderr,
    new RegExp(`the root ${root} is not there, and keeps 2 paths: igos store roots remove ${root} lets go\n`),
  );
  assert.deepEqual([inStore(1), inStore(2)], [true, true]);
  ok(igos('store', 'roots', 'remove', root));
  assert.equal(roots(), '');
  assert.doesNotMatch(igos('gc').stderr, /not there/);
  assert.deepEqual([inStore(1), inStore(2)], [false, false]);
});

test('a root made anew where another was lets go of what that one needed when it is collected', { skip }, (t) => {
  const { at, on, igos, ok, inStore } = installedTwice(t);
  rmSync(at('root'), { recursive: true });
  on('root', 'install', `${at('a.igos')}#app`);
  assert.ok(existsSync(at('root/usr/bin/false')));
  assert.match(on('root', 'gc', '--keep', '1'), /let go of \S+-app-1\n/);
  ok(igos('gc'));
  assert.deepEqual([inStore(1), inStore(2)], [false, true]);
});
