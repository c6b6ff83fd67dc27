/** Every code of declarations, as its reader sees it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { declarationCodes } from '../../../eval/declare/codes.ts';
import { pathHint } from '../../../eval/declare/path-hint.ts';
import { goldenRoot } from '../../golden.ts';
import { goldenFault, openTree, TIER } from './harness.ts';

const pkg = (name: string, fields: string): string =>
  `package ${name} "1.0" {\n  tier = core;\n  summary = "Test";\n  phases.install = "true";\n  ${fields}\n}\n`;

test('an unknown field, with what was meant', (context) => {
  goldenFault(
    context,
    'unknown-field',
    `${TIER}package zlib "1.3" {\n  tier = core;\n  sumary = "Compression";\n  frobnicate = 1;\n}\n`,
  );
});

test('fields that other package managers have', (context) => {
  const fields = [
    'src = ./.;',
    'nativeBuildInputs = [ ];',
    'installPhase = "";',
    'postFixup = "";',
    'pkgver = "1";',
    'pkgdesc = "";',
    'frob = 1;',
    'frob2 = 1;',
  ];
  goldenFault(
    context,
    'foreign-fields',
    `${TIER}package zlib "1.3" {\n  tier = core;\n  summary = "x";\n  ${fields.join('\n  ')}\n}\nsystem box { packages = [ ]; environment = { }; }\n`,
  );
});

test('a name that is near to nothing: how a package comes into the tree', (context) => {
  goldenFault(context, 'unknown-package', TIER + pkg('zlib', 'build = [ gcc ];'));
});

test('the packages of the tree are not in a set called pkgs', (context) => {
  goldenFault(context, 'pkgs', TIER + pkg('gcc', '') + pkg('zlib', 'build = [ pkgs.gcc ];'));
});

test('a package named by a string: how its name is written, also where that needs quotes', (context) => {
  const packages = pkg('glibc', '') + pkg('"libstdc++"', '') + pkg('gdb', 'runtime = [ "glibc" "libstdc++" ];');
  goldenFault(context, 'package-by-string', TIER + packages);
  goldenFault(
    context,
    'package-by-computed-string',
    TIER + packages.replace('"libstdc++" ]', '("libstdc" + "++") ]').replace('"glibc" ', ''),
  );
});

test('a missing field of each kind', (context) => {
  goldenFault(context, 'missing-field', 'tier core { }\npackage zlib "1.3" { }\nsystem all { }\n');
});

test('a package declared in two files', (context) => {
  goldenFault(context, 'declared-twice', { 'a.igos': TIER + pkg('zlib', ''), 'b/c.igos': pkg('zlib', '') });
});

test('a version given twice', (context) => {
  goldenFault(context, 'version-twice', TIER + pkg('zlib', 'version = "2";'));
});

test('a field of the wrong type', (context) => {
  goldenFault(context, 'wrong-type', TIER + pkg('zlib', 'build = "gcc make";'));
});

test('an item of the wrong type', (context) => {
  goldenFault(context, 'wrong-item', TIER + pkg('zlib', 'config = [ "etc/a" 5 ];'));
});

test('every shape has its words', (context) => {
  goldenFault(
    context,
    'wrong-types',
    TIER +
      [
        'release = 0',
        'check = "yes"',
        'homepage = ""',
        'source = "https://example.org/x.tar.gz"',
        'patches = [ 1 ]',
        'style = "autotools"',
        'phases.build = 1',
        'env."a-b" = "x"',
        'modes."/usr/bin/su" = "4755"',
        'modes."usr/bin/su" = "rwx"',
        'config = [ "../x" ]',
        'supersedes = [ null ]',
        'capabilities."usr/bin/ping" = "net_raw"',
      ]
        .map((field, index) => pkg(`p${index}`, `${field};`))
        .join('') +
      'package q1 "1" { summary = "T"; phases.install = "true"; tier = 1; }\n' +
      'package q2 "1" { summary = "T"; phases = [ ]; tier = core; }\n' +
      'system s { packages = [ ]; etc.motd = 1; }\n',
  );
});

test('a path in quotes: how it is written without', (context) => {
  const sources = ['"./src"', '[ "../my sources" ]', '{ file = "a/ö.patch"; }', '"/etc/x"', '".."', '"~/a b/"', '"a\'b"', '""'];
  const fields = sources.map((source, index) => pkg(`p${index}`, `source = ${source};`));
  goldenFault(context, 'path-in-quotes', { 'tree.igos': 'tree { over = [ "../my base" ]; }\n' });
  goldenFault(context, 'path-in-quotes-source', TIER + fields.join(''));
});

test('triggers and services have a shape', (context) => {
  goldenFault(
    context,
    'wrong-triggers',
    TIER +
      [
        'triggers = [ ]',
        'triggers.mime = "update-mime-database"',
        'triggers.mime = { run = "x"; }',
        'triggers.mime = { paths = [ "usr/*" ]; }',
        'triggers.mime = { paths = [ "/usr/*" ]; run = "x"; }',
        'triggers.mime = { paths = [ "usr/*" ]; run = [ ]; }',
        'triggers.mime = { paths = [ "usr/*" ]; run = "x"; fatl = true; }',
        'triggers.mime = { paths = [ "usr/*" ]; run = "x"; fatal = 1; }',
        'triggers."a b" = { paths = [ "usr/*" ]; run = "x"; }',
        'services.sshd = true',
        'services.sshd = "on"',
      ]
        .map((field, index) => pkg(`p${index}`, `${field};`))
        .join(''),
  );
});

test('how a system starts has a shape', (context) => {
  const needed = 'kernel = p; stub = p;';
  goldenFault(
    context,
    'wrong-boot',
    `${TIER}${pkg('p', '')}` +
      [
        'boot = "p"',
        'boot = { kernel = p; }',
        'boot = { kernel = "p"; stub = p; }',
        `boot = { ${needed} initrd = p; }`,
        `boot = { ${needed} initrd = [ "p" ]; }`,
        `boot = { ${needed} kernal = p; }`,
        `boot = { ${needed} root = "ext3"; }`,
        `boot = { ${needed} root = "ext4"; esp = "/boot"; commandLine = "root=LABEL=x"; }`,
        `boot = { ${needed} esp = "/efi"; }`,
        `boot = { ${needed} root = "ext4"; esp = "/efi"; }`,
        `boot = { ${needed} root = "ext4"; esp = "/efi"; commandLine = "root=PARTUUID=@rootPartition@"; }`,
        `boot = { ${needed} commandLine = ''quiet\n''; }`,
        `boot = { ${needed} commandLine = builtins.concatStringsSep "" (builtins.genList (_: "x") 2048); }`,
      ]
        .map((field, index) => `system s${index} { packages = [ ]; ${field}; }\n`)
        .join(''),
  );
});

test('a tier that does not exist', (context) => {
  goldenFault(
    context,
    'no-such-tier',
    `${TIER}tier base { summary = "Base"; after = [ coer ]; }\npackage zlib "1" { tier = bsae; summary = "x"; }\n`,
  );
});

test('a tier named by a string that is none', (context) => {
  goldenFault(
    context,
    'no-such-tier-string',
    `${TIER}package zlib "1" { tier = "desktop"; summary = "x"; phases.install = "true"; }\n`,
  );
});

test('a dependency in quotes, and one that is no package', (context) => {
  goldenFault(
    context,
    'not-a-package',
    TIER + pkg('glibc', '') + pkg('a', 'runtime = [ "glibc" ];') + pkg('b', 'build = [ core ];'),
  );
});

test('a package with the name of a field', (context) => {
  goldenFault(
    context,
    'not-a-package-field',
    TIER + pkg('host', '') + pkg('check', '') + pkg('a', 'build = [ host ];') + pkg('b', 'check = true; runtime = [ check ];'),
  );
});

test('a package changed with // is no package', (context) => {
  goldenFault(context, 'not-a-package-update', TIER + pkg('a', '') + pkg('b', 'host = [ (a // { x = 1; }) ];'));
});

test('names and versions that cannot be parts of paths', (context) => {
  goldenFault(context, 'bad-name', `${TIER}package "my zlib" "1" { tier = core; summary = "x"; }\n`);
});

test('a version that cannot be part of a path', (context) => {
  goldenFault(
    context,
    'bad-version',
    `${TIER}package zlib "1.0/2" {\n  tier = core;\n  summary = "x";\n  phases.install = "true";\n}\n`,
  );
});

test('a package supersedes itself', (context) => {
  goldenFault(context, 'self-supersede', TIER + pkg('zlib', 'supersedes = [ zlib ];'));
});

test('packages supersede each other in a circle', (context) => {
  goldenFault(
    context,
    'supersede-circle',
    TIER + pkg('a', 'supersedes = [ b ];') + pkg('b', 'supersedes = [ c ];') + pkg('c', 'supersedes = [ a ];'),
    (tree) => tree.select('a').supersedes,
  );
});

test('a dependency cycle, with the way over runtime in it', (context) => {
  goldenFault(
    context,
    'dependency-cycle',
    TIER +
      pkg('gcc', 'build = [ make ];') +
      pkg('make', 'build = [ sh ];') +
      pkg('sh', 'runtime = [ libc ];') +
      pkg('libc', 'build = [ gcc ];'),
    (tree) => tree.select('gcc').drvPath,
  );
});

test('a package in its own build list', (context) => {
  goldenFault(context, 'dependency-on-itself', TIER + pkg('gcc', 'build = [ gcc ];'), (tree) => tree.select('gcc').drvPath);
});

test('a split called like another package', (context) => {
  goldenFault(context, 'split-clash', TIER + pkg('zlib-dev', '') + pkg('zlib', 'split dev { files = [ "usr/include" ]; }'));
});

test('a split whose name means something else', (context) => {
  goldenFault(
    context,
    'split-reserved',
    TIER + pkg('zlib', 'split out { files = [ "usr/include" ]; }\n  split my-dev { files = [ ]; }'),
  );
});

test('a split of what is no package', (context) => {
  goldenFault(context, 'split-of-tier', `${TIER}override core { split dev { files = [ "x" ]; } }\n`);
});

test('an override of what nothing declares', (context) => {
  goldenFault(context, 'override-of-nothing', `${TIER}${pkg('zlib', '')}override zlibb { version = "2"; }\noverride other { }\n`);
});

test('a computed field name', (context) => {
  goldenFault(context, 'dynamic-field', `${TIER}package zlib "1" { tier = core; summary = "x"; \${"lic" + "ense"} = "Zlib"; }\n`);
});

test('a package that installs nothing', (context) => {
  goldenFault(context, 'nothing-to-install', `${TIER}package hello "1" { tier = core; summary = "x"; }\n`);
});

test('a tree declaration in another file, and two of them', (context) => {
  goldenFault(context, 'misplaced-tree', { 'a.igos': TIER, 'b.igos': 'tree { name = "x"; }\n' });
});

test('two tree declarations', (context) => {
  goldenFault(context, 'two-trees', { 'tree.igos': 'tree { name = "x"; }\ntree { name = "y"; }\n' });
});

test('no tree, an empty one, a file of one expression', (context) => {
  goldenFault(context, 'empty-tree', { 'a.nix': '1' });
});

test('trees laid over each other in a circle', (context) => {
  goldenFault(context, 'tree-circle', {
    'tree.igos': 'tree { over = [ ./b ]; }\n',
    'b/tree.igos': 'tree { over = [ ../. ]; }\n',
  });
});

test('a name that the tree does not have', (context) => {
  goldenFault(context, 'no-such-package', TIER + pkg('zlib', ''), (tree) => tree.select('zlb'));
});

test('a name of something else than a package: a tier, an attribute', (context) => {
  goldenFault(context, 'no-package-but-tier', TIER + pkg('zlib', ''), (tree) => tree.select('core'));
  goldenFault(context, 'no-package-but-attribute', TIER + pkg('zlib', ''), (tree) => tree.select('zlib.version'));
});

test('a system that the tree does not have', (context) => {
  goldenFault(context, 'no-such-system', TIER + pkg('zlib', ''), (tree) => tree.selectSystem('workstation'));
});

test('tiers in a circle', (context) => {
  goldenFault(
    context,
    'tier-circle',
    'tier a { summary = "A"; after = [ b ]; }\ntier b { summary = "B"; after = [ a ]; }\n',
    (tree) => tree.tiers,
  );
});

test('a variable that belongs to the build', (context) => {
  goldenFault(context, 'reserved-variable', TIER + pkg('zlib', 'env.out = "/tmp";'));
});

test('fetchurl without a hash, and with an unknown option', (context) => {
  const source = (text: string): string => `source = fetchurl {\n    ${text}\n  };`;
  goldenFault(
    context,
    'fetchurl',
    TIER +
      pkg('a', source('url = "https://example.org/a.tar.gz";')) +
      pkg('b', source('sha256 = "0000000000000000000000000000000000000000000000000000";')) +
      pkg('c', source('uri = "https://example.org/a.tar.gz";')) +
      pkg('d', source('debian = "hello";')),
  );
});

test('an unknown name says what was meant, over fields, tree and library', (context) => {
  goldenFault(context, 'unknown-name', TIER + pkg('glibc', '') + pkg('zlib', 'runtime = [ glibcc ];'));
});

test('syntax errors of all files come together', (context) => {
  goldenFault(context, 'syntax', { 'a.igos': 'tier core { summary = "x" }\n', 'b.igos': 'package zlib "1" { tier core; }\n' });
});

test('an unknown option of a style, and an unknown phase', (context) => {
  goldenFault(
    context,
    'style-option',
    TIER + pkg('a', 'style = autotools { flag = [ ]; };') + pkg('b', 'phases.instal = "true";'),
  );
});

test('an error inside a field says which field of which package', (context) => {
  goldenFault(context, 'inside-field', TIER + pkg('a', 'homepage = "https://" + (throw "not known yet");'));
});

test('fields that need each other', (context) => {
  goldenFault(context, 'recursion', TIER + pkg('a', 'license = homepage;\n  homepage = "https://${license}";'));
});

test('an override that means super', (context) => {
  goldenFault(context, 'recursion-override', `${TIER}${pkg('a', '')}override a { version = "${'$'}{version}.1"; }\n`);
});

test('all packages, in a system: the list itself has that name there', (context) => {
  const [wrong, right] = ['packages', 'all'].map(
    (name) => `system s { packages = filter (p: p.tier.name == "core") (attrValues ${name}); }\n`,
  );
  goldenFault(context, 'recursion-packages', TIER + pkg('a', '') + wrong);
  const { tree } = openTree(context, { 'a.igos': TIER + pkg('a', ''), 's.igos': `let\n  all = packages;\nin\n${right}` });
  assert.deepEqual(
    tree.selectSystem('s').packages.map(({ name }) => name),
    ['a'],
  );
});

test('a source that is not there', (context) => {
  goldenFault(context, 'missing-source', TIER + pkg('a', 'source = [ ./no-such-file.tar ];'));
});

test('every code has a golden', () => {
  const texts = readdirSync(join(goldenRoot, 'errors'))
    .filter((name) => name.startsWith('decl-'))
    .map((name) => readFileSync(join(goldenRoot, 'errors', name), 'utf8'));
  const missing = Object.keys(declarationCodes).filter((code) => !texts.some((text) => text.includes(`error[${code}]`)));
  assert.deepEqual(missing, []);
});

test('how tests, sources and references can be described', (context) => {
  goldenFault(
    context,
    'build-settings',
    TIER +
      [
        'check = { skp = "why"; }',
        'check = { }',
        'check = { skip = "a"; knownFailures = "b"; }',
        'check = { skip = ""; }',
        'references = "ignore"',
        'memory = "4 gigabytes"',
        'memory = 4096',
        'verifyPaths = [ "/usr/bin/x" ]',
        'source = { file = ./a.igos; folder = "x"; }',
        'source = [ ./a.igos { file = ./a.igos; into = "../x"; } ]',
        'source = [ { file = "x"; } ]',
        'patches = [ { file = ./a.igos; strip = (-1); } ]',
        'phases.preInstal = "true"',
      ]
        .map((field, index) => pkg(`p${index}`, `${field};`))
        .join(''),
  );
});

test('a style of the tree that is not one', (context) => {
  goldenFault(
    context,
    'own-style',
    TIER +
      [
        'style = makeStyle { name = "a"; phase = { }; }',
        'style = makeStyle { name = "a"; }',
        'style = makeStyle { name = "a"; phases = { biuld = ""; }; }',
        'style = makeStyle { name = "a"; phases = { }; compiler = "go"; }',
        'style = makeStyle { name = ""; phases = { }; check = "yes"; }',
        'style = { name = "go"; }',
      ]
        .map((field, index) => pkg(`p${index}`, `${field};`))
        .join(''),
  );
});

test('the path that a hint writes is the one that stood in quotes', (context) => {
  const { folder, eval: evaluate } = openTree(context, TIER);
  const texts = ['./src', '../my sources', 'a/ö.patch', 'a/"x"/\\y/${z}', '..', '.', 'a//b/', "a b/it's 2 o'clock", '/etc/x y'];
  for (const text of texts) {
    const [, written] = /: (.*)$/.exec(pathHint(textToBytes(text))!)!;
    assert.equal(evaluate(textToBytes(`toString ${written}`)), textToBytes(resolve(folder, text)), text);
  }
  for (const text of ['', '/', 'https://example.org/x', 'a\nb', "a/b'c"])
    assert.equal(pathHint(textToBytes(text)), undefined, text);
});
