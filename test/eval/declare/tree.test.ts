/** What declarations mean: names, late binding, overrides, values, splits, closures. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { evalTree } from '../../../eval/declare/index.ts';
import { openTree, TIER } from './harness.ts';

const pkg = (name: string, fields = '', version = '1.0'): string =>
  `package ${name} "${version}" { tier = core; summary = "About ${name.replaceAll('"', '')}"; phases.install = "true"; ${fields} }\n`;

test('names see the final fields: an override of the version changes the source', (context) => {
  const { print } = openTree(context, {
    'a.igos': `${TIER}${pkg('zlib', 'homepage = "https://x/${name}-${version}"; license = "L ${homepage}";', '1.3.2')}`,
    'b.igos': 'override zlib { version = "1.3.3"; }',
  });
  assert.equal(print('zlib.homepage'), '"https://x/zlib-1.3.3"');
  assert.equal(print('zlib.license'), '"L https://x/zlib-1.3.3"');
});

test('a tree may lie in a folder of any name', (context) => {
  const place = 'Jürgen Müller';
  const seed = pkg('seed', 'style = debianSeed { lock = ./seed.lock; packages = [ "gcc" ]; };').replace(
    'phases.install = "true";',
    '',
  );
  const { tree, folder, print } = openTree(
    context,
    {
      [`${place}/a.igos`]: `${TIER}${pkg('p', 'source = ./src; homepage = import ./address.nix;')}${seed}`,
      [`${place}/tree.igos`]: 'tree { name = "t"; over = [ ./below ]; include = [ "a.igos" ]; }',
      [`${place}/below/b.igos`]: pkg('below'),
      [`${place}/src/x`]: 'x',
      [`${place}/address.nix`]: '"https://x/"',
    },
    place,
  );
  assert.equal(print('p.homepage'), '"https://x/"');
  assert.match(tree.select('p').drvPath!, /-p-1\.0\.drv$/);
  assert.equal(print('below.version'), '"1.0"');
  assert.equal(tree.seeds()[0]!.lock, `${folder}/${place}/seed.lock`);
});

test('overrides apply in the order of the files, super is what stands below', (context) => {
  const { print } = openTree(context, {
    'a.igos': TIER + pkg('p', 'config = [ "a" ];'),
    'c.igos': 'override p { config = super.config ++ [ "c" ]; summary = "${super.summary}, third"; }',
    'b.igos': 'override p { config = super.config ++ [ "b" ]; summary = "second"; }',
  });
  assert.equal(print('p.config'), '[ "a" "b" "c" ]');
  assert.equal(print('p.summary'), '"second, third"');
});

test('builtins need no prefix in declarations, and the tree comes before them', (context) => {
  const { print } = openTree(context, {
    'a.igos': `${TIER}${pkg('p', 'provides = filter (x: x != "b") [ "a" "b" ]; conflicts = [ sort ];')}${pkg('sort')}`,
    'plain.nix': 'attrNames { a = 1; }',
  });
  assert.equal(print('p.provides'), '[ "a" ]');
  assert.equal(print('sort.version'), '"1.0"');
  assert.equal(print('head (attrNames { a = 1; })'), '"a"');
  assert.throws(() => print('import ./plain.nix'), /undefined variable 'attrNames'/);
});

test('super has empty lists where nothing is given', (context) => {
  const { print } = openTree(
    context,
    `${TIER}${pkg('p')}override p { provides = [ "x" ] ++ super.provides ++ super.conflicts; }`,
  );
  assert.equal(print('p.provides'), '[ "x" ]');
});

test('how a system starts: merged by part', (context) => {
  const { tree, print } = openTree(
    context,
    `${TIER}${pkg('linux')}${pkg('efi-stub')}${pkg('first')}
     system s { packages = [ ]; boot = { kernel = linux; stub = efi-stub; commandLine = "quiet"; root = "ext4"; }; }
     override s { boot.initrd = [ first ]; boot.commandLine = super.boot.commandLine + " rw"; }
     system none { packages = [ ]; }`,
  );
  const { kernel, stub, initrd, commandLine } = tree.selectSystem('s').boot!;
  assert.deepEqual(
    [kernel.name, stub.name, initrd.map(({ name }) => name), commandLine],
    ['linux', 'efi-stub', ['first'], 'quiet rw'],
  );
  assert.equal(print('systems.s.boot.kernel.name'), '"linux"');
  assert.equal(tree.selectSystem('none').boot, undefined);
  assert.equal(print('systems.none.boot'), 'null');
});

test('phases and env are merged key by key, null takes a key away', (context) => {
  const { print, tree } = openTree(
    context,
    `${TIER}${pkg('p', 'phases.build = "one"; env = { A = "1"; B = "2"; }; modes."usr/bin/x" = "4755";')}
     override p { phases.check = "two"; env.B = null; env.C = "3"; modes."usr/bin/x" = null; modes."usr/bin/y" = "755"; }`,
  );
  assert.equal(print('builtins.attrNames p.phases'), '[ "build" "check" "install" ]');
  assert.deepEqual([...tree.select('p').modes], [['usr/bin/y', '0755']]);
});

test('triggers and services: text for the shell or words, merged by name', (context) => {
  const { tree, print } = openTree(
    context,
    `${TIER}${pkg('p', 'triggers.a = { paths = [ "usr/a/**" ]; run = "one | two"; }; triggers.b = { paths = [ "b" ]; run = [ "x" "y" ]; fatal = true; }; services.sshd = "enable";')}
     override p { triggers.c = { paths = [ "c" ]; run = "c"; }; triggers.b = null; services.cron = "disable"; }
     system s { packages = [ p ]; services.sshd = "disable"; }`,
  );
  assert.deepEqual(tree.select('p').triggers, [
    { name: 'a', paths: ['usr/a/**'], run: ['sh', '-ec', 'one | two'], isFatal: false },
    { name: 'c', paths: ['c'], run: ['sh', '-ec', 'c'], isFatal: false },
  ]);
  assert.deepEqual(
    [...tree.select('p').services],
    [
      ['cron', false],
      ['sshd', true],
    ],
  );
  assert.deepEqual([...tree.selectSystem('s').services], [['sshd', false]]);
  assert.equal(print('p.triggers.a.run + s.services.sshd'), '"one | twodisable"');
});

test('a file-level let is that file alone, and goes before the tree', (context) => {
  const { print } = openTree(context, {
    'a.igos': `let q = "lexical"; major = "4"; in ${TIER}${pkg('p', 'license = q + major;')}`,
    'b.igos': pkg('q') + pkg('r', 'license = q.summary;'),
  });
  assert.equal(print('p.license'), '"lexical4"');
  assert.equal(print('r.license'), '"About q"');
});

test('in style the names of styles come first, elsewhere a package of that name', (context) => {
  const { print, tree } = openTree(
    context,
    TIER + pkg('make') + pkg('p', 'build = [ make ]; style = make { flags = [ "CC=cc" ]; };'),
  );
  assert.equal(print('p.style.flags'), '[ "CC=cc" ]');
  assert.deepEqual(tree.select('p').build, ['make']);
  assert.equal(tree.select('p').style, 'make');
  assert.equal(print('styles.make.name'), '"make"');
});

test('tiers and packages may share names: fields know which is meant', (context) => {
  const { print, tree } = openTree(context, `${TIER}${pkg('core')}${pkg('p', 'runtime = [ core ];')}`);
  assert.equal(tree.select('p').tier, 'core');
  assert.deepEqual(tree.select('p').runtime, ['core']);
  assert.equal(print('[ core.summary tiers.core.summary ]'), '[ "About core" "Essential" ]');
});

test('inherit works in declarations', (context) => {
  const { print } = openTree(
    context,
    `let license = "MIT"; common = { homepage = "https://x"; }; in ${TIER}${pkg('p', 'inherit license; inherit (common) homepage;')}`,
  );
  assert.equal(print('[ p.license p.homepage ]'), '[ "MIT" "https://x" ]');
});

test('metadata of a whole tree is read without making a derivation', (context) => {
  const { print, evaluator } = openTree(context, TIER + pkg('a', 'source = throw "not now";') + pkg('b', 'build = [ a ];'));
  assert.equal(print('map (p: "${p.name} ${p.version}") (attrValues packages)'), '[ "a 1.0" "b 1.0" ]');
  assert.equal(evaluator.texts.length, 0);
});

test('override in expressions: late-bound, with a set or a function of super', (context) => {
  const { print } = openTree(context, TIER + pkg('p', 'homepage = "https://x/${version}"; config = [ "a" ];'));
  assert.equal(print('(p.override { version = "2"; }).homepage'), '"https://x/2"');
  assert.equal(print('(p.override (super: { config = super.config ++ [ "b" ]; })).config'), '[ "a" "b" ]');
  assert.equal(print('((p.override { version = "2"; }).override { license = "MIT"; }).version'), '"2"');
  assert.equal(print('p.version'), '"1.0"');
  assert.equal(print('let q = p.override { version = "2"; }; in [ (q == p) (p == p) ]'), '[ false true ]');
});

test('an overridden package can be a dependency', (context) => {
  const { tree } = openTree(context, `${TIER}${pkg('p')}${pkg('q', 'runtime = [ (p.override { version = "2"; }) ];')}`);
  assert.deepEqual(
    tree.runtimeClosure([tree.select('q')]).map((info) => `${info.name} ${info.version}`),
    ['p 2', 'q 1.0'],
  );
});

test('splits are packages of their own, taking from their parent what they do not say', (context) => {
  const { print, tree } = openTree(
    context,
    TIER +
      pkg('libc') +
      pkg(
        'util',
        `license = "GPL-2.0-only"; runtime = [ libc ]; supersedes = [ "old-util" ];
         split core { files = [ "usr/bin/mount" ]; supersedes = [ "u" ]; }
         split extra { name = "util-more"; files = [ ]; }`,
      ),
  );
  assert.deepEqual([...tree.packages.keys()], ['libc', 'util', 'util-core', 'util-more']);
  const core = tree.select('util-core');
  assert.deepEqual(
    [core.version, core.tier, core.license, core.runtime, core.supersedes, core.outputName],
    ['1.0', 'core', 'GPL-2.0-only', ['libc'], ['u'], 'core'],
  );
  assert.deepEqual(tree.select('util-more').supersedes, []);
  assert.equal(
    print('[ util.core.name util.core.version util.core.outputName util.extra.name ]'),
    '[ "util-core" "1.0" "core" "util-more" ]',
  );
  assert.equal(print('util.core.drvPath == util.drvPath'), 'true');
});

test('an override can add a split, and change one', (context) => {
  const { tree } = openTree(
    context,
    `${TIER}${pkg('"gtk+"', 'split dev { files = [ "a" ]; summary = "Old"; }')}
     override "gtk+" { split doc { files = [ "b" ]; } split dev { summary = super.summary + " and new"; files = [ "c" ] ++ super.files; } }`,
  );
  assert.deepEqual([...tree.packages.keys()], ['gtk+', 'gtk+-dev', 'gtk+-doc']);
  assert.equal(tree.select('gtk+-dev').summary, 'Old and new');
  assert.ok(tree.select('gtk+').drvPath);
});

test('runtime closure: each behind what it needs, cycles and diamonds tolerated', (context) => {
  const { tree } = openTree(
    context,
    TIER +
      pkg('a', 'runtime = [ b c ];') +
      pkg('b', 'runtime = [ d ];') +
      pkg('c', 'runtime = [ d ];') +
      pkg('d', 'runtime = [ e ];') +
      pkg('e', 'runtime = [ d ];'),
  );
  const names = tree.runtimeClosure([tree.select('a')]).map((info) => info.name);
  assert.deepEqual(names, ['e', 'd', 'b', 'c', 'a']);
});

test('a tree of its own below is left out, and so are expressions, dot-folders and links', (context) => {
  const { tree, folder, evaluator } = openTree(context, {
    'a.igos': TIER + pkg('a'),
    'b.igos': '{ x }: x',
    '.hidden/c.igos': 'syntax error (',
    'node_modules/d.igos': 'syntax error (',
    'other/tree.igos': 'tree { name = "other"; }',
    'other/deep/e.igos': pkg('e'),
  });
  // Looked at again with links in it: to a file of the tree, and to a folder with a tree's file.
  symlinkSync('a.igos', join(folder, 'z.igos'));
  symlinkSync('other/deep', join(folder, 'result'));
  const again = evalTree(evaluator.interpreter, folder);
  assert.deepEqual([...again.packages.keys()], ['a']);
  assert.deepEqual([...tree.packages.keys()], ['a']);
});

test('files come in bytewise order of their paths, other kinds of file never', (context) => {
  const { tree } = openTree(context, {
    'tree.igos': 'tree { include = [ "**/*" ]; }',
    'b.igos': pkg('b'),
    'a/z.igos': pkg('az'),
    'B.igos': TIER + pkg('B'),
    'a.b.igos': pkg('ab'),
    'a/README': 'not a declaration (',
  });
  assert.deepEqual([...tree.packages.keys()], ['B', 'ab', 'az', 'b']);
});

test('include narrows a tree, over lays it over others', (context) => {
  const { tree, print } = openTree(
    context,
    {
      'base/tree.igos': 'tree { name = "base"; }',
      'base/a.igos': TIER + pkg('a', 'config = [ "x" ];'),
      'top/tree.igos': 'tree { name = "top"; version = "2026.11"; include = [ "in/**/*.igos" ]; over = [ ../base ]; }',
      'top/in/a.igos': 'override a { version = "2"; config = super.config ++ [ "y" ]; }',
      'top/out/b.igos': pkg('b'),
    },
    'top',
  );
  assert.deepEqual([tree.name, tree.version], ['top', '2026.11']);
  assert.deepEqual([...tree.packages.keys()], ['a']);
  assert.equal(print('[ a.version a.config ]'), '[ "2" [ "x" "y" ] ]');
});

test('a tree can be one file', (context) => {
  const { tree } = openTree(context, { 'one.igos': TIER + pkg('a'), 'two.igos': pkg('b') }, 'one.igos');
  assert.deepEqual([...tree.packages.keys()], ['a']);
});

test('tiers come in an order that respects `after`', (context) => {
  const { tree } = openTree(
    context,
    `tier desktop { summary = "D"; after = [ base ]; } tier base { summary = "B"; after = [ core ]; } ${TIER} tier toolchain { summary = "T"; ships = false; }`,
  );
  assert.deepEqual([...tree.tiers.keys()], ['core', 'base', 'desktop', 'toolchain']);
  assert.equal(tree.tiers.get('toolchain')?.ships, false);
});

test('systems list packages and files of etc', (context) => {
  const { tree, print } = openTree(
    context,
    [
      TIER,
      pkg('a'),
      'system s { packages = [ a ]; etc."motd" = "v${a.version}\\n"; etc.issue = "x"; }',
      'override s { etc.issue = null; etc."d/e" = "f"; }',
    ].join('\n'),
  );
  const system = tree.selectSystem('s');
  assert.deepEqual(
    system.packages.map((info) => info.name),
    ['a'],
  );
  assert.deepEqual([...system.etc].join(' '), 'd/e,f motd,v1.0\n');
  assert.equal(print('s.etc.motd'), '"v1.0\\n"');
});

test('provides, conflicts, supersedes take packages and names', (context) => {
  const { tree } = openTree(
    context,
    TIER + pkg('a') + pkg('b', 'supersedes = [ a "gone" ]; conflicts = [ a ]; provides = [ "c" ];'),
  );
  const info = tree.select('b');
  assert.deepEqual([info.supersedes, info.conflicts, info.provides], [['a', 'gone'], ['a'], ['c']]);
});

test('makePackage makes from a set what package declares', (context) => {
  const generated =
    'map (n: makePackage { name = "gen-${n}"; version = "1"; tier = "core"; summary = "S"; phases.install = "true"; }) [ "a" "b" ]';
  const { tree } = openTree(context, `let generated = ${generated}; in ${TIER} system s { packages = generated; }`);
  assert.deepEqual(
    tree.selectSystem('s').packages.map((info) => `${info.name} ${info.tier}`),
    ['gen-a core', 'gen-b core'],
  );
});

test('check reports what is wrong anywhere, once', (context) => {
  const { tree } = openTree(context, TIER + pkg('a', 'release = "x";') + pkg('b', 'homepage = 1;') + pkg('c', 'build = [ a ];'));
  assert.deepEqual(
    tree.check().map((fault) => [fault.code, fault.message]),
    [
      ['E-DECL-003', `'release' of package 'a' is a string ("x")`],
      ['E-DECL-003', "'homepage' of package 'b' is an integer (1)"],
    ],
  );
});

test('the library is behind the tree, the language behind the library', (context) => {
  const { print } = openTree(context, TIER + pkg('lib') + pkg('p', 'license = lib.summary; homepage = toString 5;'));
  assert.equal(print('[ p.license p.homepage ]'), '[ "About lib" "5" ]');
});

test('lib', (context) => {
  const { print } = openTree(context, TIER);
  const cases: Record<string, string> = {
    'lib.versions.majorMinor "1.2.3"': '"1.2"',
    'lib.splitString "." "a.b"': '[ "a" "b" ]',
    'lib.filterAttrs (n: v: v > 1) { a = 1; b = 2; }': '{ b = 2; }',
    'lib.recursiveUpdate { a = { b = 1; c = 2; }; } { a.b = 3; }': '{ a = { b = 3; c = 2; }; }',
    'lib.concatMapStringsSep ", " toString [ 1 2 ]': '"1, 2"',
    'lib.unique [ 1 2 1 ]': '[ 1 2 ]',
    'lib.escapeShellArg "it\'s"': "\"'it'\\\\''s'\"",
    'lib.versionAtLeast "1.10" "1.9"': 'true',
    'lib.removeSuffix ".c" "x.c"': '"x"',
    'lib.foldr (a: b: a - b) 0 [ 1 2 3 ]': '2',
    'lib.genAttrs [ "a" ] (n: n)': '{ a = "a"; }',
    "lib.mapAttrs' (n: v: lib.nameValuePair (n + n) v) { a = 1; }": '{ aa = 1; }',
  };
  for (const [expression, expected] of Object.entries(cases)) assert.equal(print(expression), expected, expression);
});
