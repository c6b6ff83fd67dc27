/** `igos gc`, roots and explanations, as a user meets them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, processStartTime } from '../../base/index.ts';
import { openStore, type StorePath } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { noSandbox, programs } from './programs.ts';

const skip = await noSandbox();
const storeDir = '/igos/store';

/** Three texts, each referring to the one before it. */
const chain = (work: string): [StorePath, StorePath, StorePath] =>
  chainOf(work, ['a', 'b', 'c']) as [StorePath, StorePath, StorePath];

function chainOf(work: string, names: readonly string[]): [StorePath, ...StorePath[]] {
  using store = openStore({ home: join(work, 'home'), storeDir });
  const paths: StorePath[] = [];
  for (const name of names) {
    const [path] = store.addTexts([{ name, text: `${paths.at(-1) ?? ''}\n`, references: paths.slice(-1) }]);
    paths.push(path!);
  }
  return paths as [StorePath, ...StorePath[]];
}

test('roots, why-live, why-depends and gc agree', (t) => {
  const { igos, work } = programs(t);
  const [a, b, c] = chain(work);
  const link = join(work, 'kept');
  const ok = (...words: string[]): string => {
    const { status, stdout, stderr } = igos(...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(ok('store', 'roots', 'add', link, b), '');
  assert.equal(readlinkSync(link), join(work, 'home/store', b.slice(storeDir.length + 1)));
  assert.equal(ok('store', 'roots'), `result    ${link} -> ${b}\n`);
  const sizes = ok('store', 'info', '-rsS', c)
    .trimEnd()
    .split('\n')
    .map((row) => row.split(/\s+/));
  const own = new Map(sizes.map(([path, size]) => [path, Number(size)]));
  assert.deepEqual(
    new Map(sizes.map(([path, , size]) => [path, Number(size)])),
    new Map(
      [
        [a, own.get(a)],
        [b, own.get(a)! + own.get(b)!],
        [c, own.get(a)! + own.get(b)! + own.get(c)!],
      ].sort(([x], [y]) => compareBytes(String(x), String(y))) as [string, number][],
    ),
  );
  assert.equal(ok('store', 'why-live', a), `result link ${link}\n  ${b}\n    refers to ${a}\n`);
  assert.equal(ok('why-depends', c, a), `${c}\n└─${b}\n  └─${a}\n`);
  assert.match(ok('why-depends', '--precise', link, a), new RegExp(`in the file itself, byte ${storeDir.length + 1}: ${a}`));
  const none = igos('store', 'why-depends', a, c);
  assert.deepEqual([none.status, none.stdout, none.stderr], [1, '', `${a} does not depend on ${c}\n`]);
  const dead = igos('why-live', c);
  assert.equal(dead.status, 1);
  assert.equal(dead.stderr, `nothing keeps ${c}: the next igos gc removes it\n`);
  const dry = igos('gc', '--dry-run');
  assert.equal(dry.stdout, `${c}\n`);
  assert.match(dry.stderr, /^would remove 1 path of \d+ B; 2 stay\n$/);
  const report = JSON.parse(ok('store', 'gc', '--json')) as { removed: { path: string }[]; kept: number; dryRun: boolean };
  assert.deepEqual([report.removed.map(({ path }) => path), report.kept, report.dryRun], [[c], 2, false]);
  ok('store', 'roots', 'remove', link);
  assert.equal(existsSync(link), false);
  assert.equal(ok('gc'), `${b}\n${a}\n`);
  assert.equal(ok('gc'), '');
  assert.deepEqual(readdirSync(join(work, 'home/store')), []);
});

test('usage errors of gc and roots', (t) => {
  const { igos, work } = programs(t);
  for (const words of [
    ['gc', '--max-freed', '10Q'],
    ['gc', '--older-than', '30'],
    ['gc', '--keep-outputs', '--no-keep-outputs'],
    ['store', 'roots', 'frob'],
    ['store', 'roots', 'add', 'x'],
    ['store', 'roots', 'remove'],
  ]) {
    const { status, stderr } = igos(...words);
    assert.equal(status, 2, `${words.join(' ')}: ${stderr}`);
  }
  const clash = join(work, 'mine');
  writeFileSync(clash, '');
  const [a] = chain(work);
  assert.equal(igos('store', 'roots', 'add', clash, a).status, 1);
});

test('gc of a store that is not there makes none', (t) => {
  const { igos, work } = programs(t);
  assert.equal(igos('gc').status, 0);
  assert.equal(existsSync(join(work, 'home')), false);
});

test('downloads from caches that broke off go, and those that somebody is at stay', (t) => {
  const { igos, work } = programs(t);
  chain(work);
  const folder = join(work, 'home/var/cache/partial');
  mkdirSync(folder, { recursive: true });
  const busy = `key.${process.pid}-${processStartTime(process.pid)}`;
  for (const name of ['one-none.0-0', 'two-zstd.999999999-1', busy]) writeFileSync(join(folder, name), 'half');
  const said = (...words: string[]) =>
    igos('gc', ...words)
      .stderr.split('\n')
      .filter((line) => line.includes('broke off'));
  assert.deepEqual(said('--dry-run'), ['would remove 2 downloads that broke off, 8 B']);
  assert.deepEqual(said(), ['removed 2 downloads that broke off, 8 B']);
  assert.deepEqual(readdirSync(folder), [busy]);
  const { brokenOff } = JSON.parse(igos('gc', '--json').stdout) as { brokenOff: object };
  assert.deepEqual(brokenOff, { nFiles: 0, sizeBytes: 0 });
});

test('what was evaluated before is evaluated again after gc took it', (t) => {
  const { igos, work } = programs(t);
  mkdirSync(join(work, 'src'));
  writeFileSync(join(work, 'src/file'), 'text');
  const file = join(work, 'x.nix');
  writeFileSync(file, 'derivation { name = "x"; system = "s"; builder = "b"; src = ./src; }');
  const first = igos('instantiate', file);
  assert.equal(first.status, 0, first.stderr);
  const isThere = (path: string) => existsSync(join(work, 'home/store', path.slice(storeDir.length + 1)));
  const drvPath = first.stdout.trim();
  assert.equal(isThere(drvPath), true);
  assert.equal(igos('instantiate', file).stdout, first.stdout);
  assert.deepEqual(igos('gc').stdout.split('\n').length, 3);
  assert.equal(isThere(drvPath), false);
  assert.equal(igos('instantiate', file).stdout, first.stdout);
  assert.equal(isThere(drvPath), true);
  assert.equal(igos('store', 'verify', '--contents').status, 0);
});

test('realize --out-link keeps what was built, with what it was built from', { skip }, (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'x.nix');
  const build = (name: string, script: string, more = '') =>
    `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "${script}" ]; ${more} }`;
  writeFileSync(
    file,
    `{ one = ${build('one', 'echo 1 > $out; echo 2 > $dev', 'outputs = [ "out" "dev" ];')}; two = ${build('two', 'echo 3 > $out')}; }`,
  );
  const built = igos('realize', file, '-A', 'one', '-A', 'two', '--out-link', join(work, 'result'));
  assert.equal(built.status, 0, built.stderr);
  const links = readdirSync(work).filter((name) => name.startsWith('result'));
  assert.deepEqual(links.sort(compareBytes), ['result', 'result-2']);
  const dry = igos('gc', '--dry-run').stdout;
  assert.match(dry, /-one-dev\n$/);
  assert.equal(dry.split('\n').length, 2);
  assert.match(igos('gc', '--no-keep-derivations').stdout, /-one\.drv\n/);
  rmSync(join(work, 'result-2'));
  assert.match(igos('gc').stdout, /-two\n/);
  assert.equal(igos('realize', file, '-A', 'one', '-o', join(work, 'result'), '--no-out-link').status, 2);
  // Built again after it was collected, through a realisation that is gone with it.
  const again = igos('realize', file, '-A', 'two');
  assert.equal(again.status, 0, again.stderr);
  assert.equal(igos('store', 'verify', '--contents').status, 0);
});

test('delete removes what it is asked for with what refers to it, or nothing', (t) => {
  const { igos, work } = programs(t);
  const [a, b, c] = chain(work);
  const [other] = chainOf(work, ['d']);
  writeFileSync(join(work, 'home/store/leftover'), '');
  assert.equal(igos('store', 'roots', 'add', join(work, 'kept'), b).status, 0);
  const refused = igos('store', 'delete', c, a);
  assert.deepEqual([refused.status, refused.stdout], [1, '']);
  golden(t, 'errors/store-delete-kept.txt', refused.stderr.replaceAll(a, '<path>'));
  assert.equal(igos('store', 'delete', '--dry-run', c).stdout, `${c}\n`);
  assert.equal(igos('store', 'delete', c).stdout, `${c}\n`);
  assert.match(igos('store', 'delete', c).stderr, /E-CLI-008/);
  assert.equal(igos('store', 'roots', 'remove', join(work, 'kept')).status, 0);
  const gone = JSON.parse(igos('store', 'delete', '--json', a).stdout) as { removed: { path: string }[]; leftovers: string[] };
  assert.deepEqual([gone.removed.map(({ path }) => path), gone.leftovers], [[b, a], []]);
  assert.deepEqual(readdirSync(join(work, 'home/store')).sort(), [other.slice(storeDir.length + 1), 'leftover']);
});

test('delete removes nothing where something of it comes to use meanwhile', (t) => {
  const { work } = programs(t);
  const [a, , c] = chain(work);
  using store = openStore({ home: join(work, 'home'), storeDir });
  const link = join(work, 'home/var/gcroots/late');
  assert.throws(
    () =>
      store.collect({
        paths: [a],
        onProgress: (step) => {
          if (step !== 'removing' || existsSync(link)) return;
          mkdirSync(join(work, 'home/var/gcroots'), { recursive: true });
          symlinkSync(c, link);
        },
      }),
    { code: 'E-STORE-062' },
  );
  assert.deepEqual(
    readdirSync(join(work, 'home/var/temproots')).filter((name) => !/^\d/.test(name)),
    [],
  );
  assert.equal(readdirSync(join(work, 'home/store')).length, 3);
  assert.deepEqual(store.verify({ contents: true }), []);
});
