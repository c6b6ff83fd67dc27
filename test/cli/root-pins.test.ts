/** What generations need stays in the store, wherever their root is copied or moved to, and until somebody lets go of it. */
import assert from 'node:assert/strict';
import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pinsOf } from '../../cli/root-pins.ts';
import { storeDir, temporaryFolder } from '../store/fixture.ts';
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

/** Names of the store; those of `there` are in it. */
function pinned(t: TestContext, there: string) {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  for (const place of ['home/store', 'root']) mkdirSync(join(folder, place), { recursive: true });
  const nameOf = (letter: string): string => `${letter.repeat(32)}-${letter}`;
  for (const letter of there) writeFileSync(join(home, 'store', nameOf(letter)), '');
  const pathsOf = (letters: string): string[] => [...letters].map((letter) => `${storeDir}/${nameOf(letter)}`);
  const links = join(home, 'var/gcroots/pkm');
  const kept = (): string[] =>
    existsSync(links)
      ? readdirSync(links).map((name) =>
          readdirSync(join(links, name))
            .map((each) => each.slice(-1))
            .join(''),
        )
      : [];
  return { folder, links, pathsOf, kept, pins: (root: string) => pinsOf({ home, storeDir }, join(folder, root)) };
}

const NEVER = (): never => assert.fail('it is known');

test('what is pinned: all that is there of what generations need at first, from then on what comes', (t) => {
  const { folder, links, pathsOf, kept, pins } = pinned(t, 'abcd');
  const [a] = pathsOf('a');
  const first = pins('root');
  first.add([], () => []);
  first.remove(a!);
  assert.deepEqual([first.besides(new Set()), kept()], [[], []], 'where nothing is to be kept nothing is made');
  first.add(pathsOf('a'), () => pathsOf('bx'));
  assert.deepEqual(kept(), ['abr'], 'and who the owner is');
  assert.equal(readFileSync(join(links, readdirSync(links)[0]!, 'owner'), 'utf8'), join(folder, 'root'));
  symlinkSync('root', join(folder, 'same'));
  pins('same').add(pathsOf('cc'), NEVER);
  assert.deepEqual(kept(), ['abcr']);
  writeFileSync(join(links, readdirSync(links)[0]!, 'a-note'), '');
  assert.deepEqual(first.besides(new Set(pathsOf('a'))).toSorted(), pathsOf('bc'));
  for (const _ of [1, 2]) pins('root').remove(pathsOf('b')[0]!);
  assert.deepEqual(pins('root').besides(new Set()).toSorted(), pathsOf('ac'));
  mkdirSync(join(links, readdirSync(links)[0]!, 'zone'));
  assert.throws(() => first.remove('zone'), { code: 'EISDIR' });
});

test('killed before all of it is pinned, the next change pins it', (t) => {
  const { pathsOf, kept, pins } = pinned(t, 'ab');
  const { symlinkSync: symlink } = fs;
  let nLinks = 0;
  const { mock } = t.mock.method(fs, 'symlinkSync', (...words: Parameters<typeof symlink>) => {
    if (nLinks++ > 0) throw new Error('killed');
    symlink(...words);
  });
  syncBuiltinESMExports();
  assert.throws(() => pins('root').add(pathsOf('a'), () => pathsOf('b')), /killed/);
  mock.restore();
  syncBuiltinESMExports();
  assert.deepEqual(kept(), ['b']);
  pins('root').add([], () => pathsOf('ab'));
  assert.deepEqual(kept(), ['abr']);
});
