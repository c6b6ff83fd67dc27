/** What a package becomes: docs/decisions/0002, row by row, read back from the derivations that were added. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Derivation, decodeDerivation, derivationName, type StorePath, upstreamPlaceholder } from '../../../store/index.ts';
import { faultText, openTree, type TestTree, TIER } from './harness.ts';

const pkg = (name: string, fields = '', version = '1.0'): string =>
  `package ${name} "${version}" { tier = core; summary = "About ${name}"; phases.install = "true"; ${fields} }\n`;

const HOST = 'package host "1" { tier = core; summary = "Host"; style = hostTools { tools = [ "sh" ]; files = [ "/x" ]; }; }\n';

function derivation(opened: TestTree, name: string): Derivation {
  const path = opened.tree.select(name).drvPath!;
  const added = opened.evaluator.texts.find((text) => text.path === path);
  assert.ok(added, `${path} was not added`);
  return decodeDerivation(derivationName(path), added.text, '/igos/store');
}

const layersOf = (drv: Derivation): { name: string; path: string; supersedes: string[]; level?: number }[] =>
  JSON.parse(drv.env.get('igosRoot')!).layers;

test('name, builder, outputs and hash kind are those of a floating content-addressed derivation', (context) => {
  const drv = derivation(openTree(context, TIER + pkg('zlib', 'split dev { files = [ "usr/include" ]; }', '1.3.2')), 'zlib');
  assert.equal(drv.name, 'zlib-1.3.2');
  assert.equal(drv.builder, '/bin/sh');
  assert.deepEqual(drv.args, ['-e', '-c', '. "$buildScriptPath"']);
  assert.equal(drv.system, 'x86_64-linux');
  const floating = { kind: 'floating', method: 'nar', algorithm: 'sha256' };
  assert.deepEqual(
    [...drv.outputs],
    [
      ['dev', floating],
      ['out', floating],
    ],
  );
  assert.equal(drv.env.get('outputs'), 'out dev');
  assert.equal(drv.env.get('passAsFile'), 'buildScript');
  assert.match(drv.env.get('buildScript')!, /^name=zlib\nversion=1\.3\.2\n[\s\S]*phase install '\ntrue\n'\n[\s\S]*phase split/);
});

test('the environment holds what is declared and nothing else', (context) => {
  const drv = derivation(openTree(context, TIER + pkg('p', 'env = { CFLAGS = "-O2"; N = 3; YES = true; };')), 'p');
  assert.deepEqual(
    [...drv.env.keys()],
    [
      'CFLAGS',
      'N',
      'YES',
      'buildScript',
      'builder',
      'igosRoot',
      'name',
      'out',
      'outputHashAlgo',
      'outputHashMode',
      'outputs',
      'passAsFile',
      'system',
    ],
  );
  assert.deepEqual([drv.env.get('N'), drv.env.get('YES')], ['3', '1']);
});

test('metadata that does not change the bytes is not in it', (context) => {
  const plain = openTree(context, TIER + pkg('q') + pkg('p'));
  const rich = openTree(
    context,
    `${TIER}tier other { summary = "O"; }${pkg('q')}package p "1.0" { tier = other; summary = "S"; license = "L"; homepage = "H"; release = 7; runtime = [ q ]; config = [ "c" ]; modes."usr/bin/x" = "4755"; triggers.t = { paths = [ "p" ]; run = "r"; }; services.s = "enable"; supersedes = [ "o" ]; provides = [ "v" ]; conflicts = [ "w" ]; phases.install = "true"; }`,
  );
  assert.equal(rich.tree.select('p').drvPath, plain.tree.select('p').drvPath);
});

test('layers are build, host and what those need to run, by name, superseded ones first', (context) => {
  const opened = openTree(
    context,
    TIER +
      HOST +
      pkg('zz', 'supersedes = [ aa ];') +
      pkg('aa', 'supersedes = [ zzz ];') +
      pkg('zzz') +
      pkg('lib', 'runtime = [ libc ]; build = [ never ];') +
      pkg('libc', 'runtime = [ lib ];') +
      pkg('never') +
      pkg('p', 'build = [ packages.host zz aa ]; host = [ lib zzz ]; runtime = [ never ];'),
  );
  const layers = layersOf(derivation(opened, 'p'));
  assert.deepEqual(
    layers.map((layer) => layer.name),
    ['zzz', 'aa', 'host', 'lib', 'libc', 'zz'],
  );
  assert.deepEqual(layers.find((layer) => layer.name === 'zz')?.supersedes, ['aa']);
  const { drvPath } = opened.tree.select('lib');
  assert.equal(layers.find((layer) => layer.name === 'lib')?.path, upstreamPlaceholder(drvPath!, 'out'));
});

test('a tier can say what lies under all its builds, and that they have what their inputs were built with', (context) => {
  const opened = openTree(
    context,
    `tier seed { summary = "First"; }
tier core { summary = "Core"; after = [ seed ]; buildsOn = [ tools ]; accumulates = true; }
tier extra { summary = "Extra"; after = [ core ]; buildsOn = [ tools ]; accumulates = true; }
tier plain { summary = "Plain"; buildsOn = [ tools ]; }
${HOST.replace('tier = core', 'tier = seed')}
package tools "1" { tier = seed; summary = "Tools"; build = [ packages.host ]; runtime = [ libc ]; phases.install = "true"; }
package libc "1" { tier = seed; summary = "Libc"; phases.install = "true"; }
${pkg('a', 'build = [ b ];')}${pkg('b', 'host = [ c ]; runtime = [ d ];')}${pkg('c')}${pkg('d', 'runtime = [ libc ];')}
package e "1" { tier = extra; summary = "E"; build = [ a ]; runtime = [ never ]; phases.install = "true"; }
package f "1" { tier = extra; summary = "F"; build = [ e f-old ]; phases.install = "true"; }
package f-old "1" { tier = core; summary = "F"; phases.install = "true"; }
package p "1" { tier = plain; summary = "P"; build = [ a libc ]; phases.install = "true"; }
package never "1" { tier = core; summary = "N"; phases.install = "true"; }`,
  );
  const shown = (name: string): string =>
    layersOf(derivation(opened, name))
      .map((layer) => `${layer.name}:${layer.level ?? 0}`)
      .join(' ');
  assert.equal(shown('tools'), 'host:0');
  // What it builds on, under what it names.
  assert.equal(shown('c'), 'libc:0 tools:0');
  assert.equal(shown('b'), 'libc:0 tools:0 c:1');
  // libc comes with d as well, and so lies where that puts it: in its own tier.
  assert.equal(shown('a'), 'tools:0 libc:1 b:2 c:2 d:2');
  // What an input needs to run comes along, what the package itself needs does not.
  assert.equal(shown('e'), 'tools:0 libc:1 a:2 b:2 c:2 d:2');
  assert.equal(shown('f'), 'tools:0 libc:1 a:2 b:2 c:2 d:2 f-old:2 never:2 e:3');
  // Only the tier of what is built decides.
  assert.equal(shown('p'), 'tools:0 a:1 libc:1');
});

test('a tier that builds on what is in it is told the way around', (context) => {
  const opened = openTree(context, `tier core { summary = "Core"; buildsOn = [ tools ]; }\n${pkg('tools')}${pkg('a')}`);
  assert.match(
    faultText(opened.folder, () => opened.tree.select('a').drvPath),
    /package 'tools' is needed to build itself: tools → tools[\s\S]*what 'tools' is built with/,
  );
});

test('layers are inputs: outputs of derivations, and host trees as sources', (context) => {
  const opened = openTree(
    context,
    TIER + HOST + pkg('lib', 'split dev { files = [ "x" ]; }') + pkg('p', 'build = [ host lib.dev ];'),
  );
  const drv = derivation(opened, 'p');
  const lib = opened.tree.select('lib').drvPath!;
  assert.deepEqual([...drv.inputDrvs], [[lib, ['dev']]]);
  const host = opened.tree.select('host');
  assert.equal(host.drvPath, undefined);
  assert.deepEqual(drv.inputSrcs, [host.outPath]);
  assert.deepEqual(opened.evaluator.hosts, ['host-1: sh /x']);
  assert.deepEqual(
    layersOf(drv).map((layer) => layer.name),
    ['host', 'lib-dev'],
  );
});

test('instantiate gives each derivation once, with the outputs that are wanted', (context) => {
  const { tree } = openTree(
    context,
    TIER + HOST + pkg('lib', 'split dev { files = [ "x" ]; } split doc { files = [ "y" ]; }') + pkg('p'),
  );
  const wanted = ['lib-doc', 'host', 'lib', 'p', 'lib-doc'].map((name) => tree.select(name));
  assert.deepEqual(tree.instantiate(wanted), [
    { drvPath: tree.select('lib').drvPath, outputs: ['doc', 'out'] },
    { drvPath: tree.select('p').drvPath, outputs: ['out'] },
  ]);
});

test('sources: paths are copied, fetched files are inputs, several are joined', (context) => {
  const opened = openTree(context, {
    'a.igos':
      TIER +
      pkg(
        'p',
        `source = [ ./src (fetchurl { url = "https://example.org/x-\${version}.tar.gz"; sha256 = "${'0'.repeat(52)}"; }) ]; patches = [ ./fix.patch ];`,
      ),
    'src/main.c': 'int main;',
    'fix.patch': '--- a\n',
  });
  const drv = derivation(opened, 'p');
  const [folder, file, ...rest] = drv.env.get('sources')!.split(' ');
  assert.deepEqual(rest, []);
  assert.match(folder!, /^\/igos\/store\/[0-9a-z]{32}-src$/);
  assert.match(file!, /^\/igos\/store\/[0-9a-z]{32}-x-1\.0\.tar\.gz$/);
  assert.match(drv.env.get('patches')!, /-fix\.patch$/);
  assert.equal(drv.inputDrvs.size, 1);
  assert.deepEqual(new Set(drv.inputSrcs), new Set([folder as StorePath, drv.env.get('patches') as StorePath]));
  const script = drv.env.get('buildScript')!;
  assert.match(script, /phase unpack [\s\S]*phase patch [\s\S]*phase install/);
});

test('fetchurl is a fixed-output derivation of the builtin builder with its places in order', (context) => {
  const opened = openTree(context, TIER);
  const print = (expression: string): string =>
    opened.print(
      `let d = fetchurl { ${expression} }; in ${'{ inherit (d.drvAttrs) name builder outputHash outputHashAlgo outputHashMode urls; }'}`,
    );
  const hash = '0'.repeat(64);
  assert.equal(
    print(
      `urls = [ "https://a/x.tar.gz" "https://b/x.tar.gz" ]; mirrors = [ "https://c/x.tar.gz" ]; sha256 = "${hash}"; debian = "hello=2.10-3";`,
    ),
    `{ builder = "builtin:fetchurl"; name = "x.tar.gz"; outputHash = "${hash}"; outputHashAlgo = "sha256"; outputHashMode = "flat"; urls = [ "https://a/x.tar.gz" "https://b/x.tar.gz" "https://c/x.tar.gz" "debian-source:hello=2.10-3" ]; }`,
  );
  assert.match(print(`debian = "zlib=1:1.2.13.dfsg-1"; sha256 = "${hash}";`), /name = "zlib_1\.2\.13\.dfsg\.orig\.tar"/);
  assert.match(
    print(`debian = "less=590-2.1~deb12u2/less_590.orig.tar.gz"; sha256 = "${hash}";`),
    /name = "less_590\.orig\.tar\.gz"/,
  );
  assert.match(
    print(`url = "https://x/a%20b?download=1"; hash = "sha512-AAAA";`),
    /name = "a-20b"; outputHash = "sha512-AAAA"; outputHashAlgo = "sha512"/,
  );
});

test('the place of a file does not change the package that is made of it', (context) => {
  const withUrl = (url: string): TestTree =>
    openTree(context, TIER + pkg('p', `source = fetchurl { url = "${url}"; name = "x.tar"; sha256 = "${'0'.repeat(52)}"; };`));
  const one = derivation(withUrl('https://a/x.tar'), 'p');
  const two = derivation(withUrl('https://b/x.tar'), 'p');
  assert.equal(one.env.get('sources'), two.env.get('sources'));
});

test('a store path in a phase, a flag or a variable is an input', (context) => {
  const opened = openTree(
    context,
    TIER +
      pkg('lib') +
      pkg('p', 'style = autotools { flags = [ "--with=${lib}" ]; };') +
      pkg('q', 'phases.build = "ls ${lib}";') +
      pkg('r', 'env.LIB = lib;'),
  );
  const lib = opened.tree.select('lib').drvPath!;
  for (const name of ['p', 'q', 'r']) assert.deepEqual([...derivation(opened, name).inputDrvs.keys()], [lib], name);
});

test('the check phase runs only where it is asked for', (context) => {
  const opened = openTree(
    context,
    TIER +
      pkg('a', 'style = make;') +
      pkg('b', 'style = make; check = true;') +
      pkg('c', 'style = make; phases.check = "own check";') +
      pkg('d', 'style = make; phases.check = "own check"; check = false;'),
  );
  const checks = ['a', 'b', 'c', 'd'].map(
    (name) => /phase check '\n(.*)\n'/.exec(derivation(opened, name).env.get('buildScript')!)?.[1],
  );
  assert.deepEqual(checks, [undefined, 'make check', 'own check', undefined]);
});

test('styles that know whether there are tests run them; tiers and packages decide otherwise', (context) => {
  const opened = openTree(
    context,
    `${TIER}tier tested { summary = "T"; check = true; } tier untested { summary = "U"; check = false; }` +
      pkg('a', 'style = cmake;') +
      pkg('b', 'style = meson; check = { skip = "needs a screen"; };') +
      pkg('c', 'style = make; check = { knownFailures = "why"; };') +
      pkg('d', 'style = make;').replace('tier = core', 'tier = tested') +
      pkg('e', 'style = meson;').replace('tier = core', 'tier = untested') +
      pkg('f', 'phases.check = "own";').replace('tier = core', 'tier = untested') +
      pkg('g', 'style = cmake; check = null;'),
  );
  const checks = ['a', 'b', 'c', 'd', 'e', 'f'].map(
    (name) => /phase check '\n(.*)\n/.exec(derivation(opened, name).env.get('buildScript')!)?.[1],
  );
  assert.deepEqual(checks, [
    '[ -e build/CTestTestfile.cmake ] || exit 0',
    undefined,
    'make check',
    'make check',
    undefined,
    'own',
  ]);
  assert.match(derivation(opened, 'c').env.get('buildScript')!, /as is known: "why >&2/);
  assert.deepEqual(opened.tree.select('b').check, { kind: 'off', reason: 'needs a screen' });
  assert.throws(() => opened.tree.select('g').drvPath, /'check' of package 'g' is null/);
});

test('the environment of compilers keeps the folder of the build out, behind what is declared', (context) => {
  const opened = openTree(
    context,
    TIER +
      pkg('a', 'style = autotools;') +
      pkg('b', 'style = meson; env = { CFLAGS = "-O3 -g"; CXXFLAGS = null; };') +
      pkg('c', 'style = make;') +
      pkg('d', 'style = make; env.CFLAGS = "-O1"; debugInfo = true;') +
      pkg('e', '') +
      pkg('f', 'split debug { }') +
      pkg('g', 'style = cargo; split debug { } strip = false;'),
  );
  const flags = (name: string): (string | undefined)[] =>
    ['CFLAGS', 'CXXFLAGS', 'LDFLAGS', 'RUSTFLAGS'].map((variable) => derivation(opened, name).env.get(variable));
  const map = '-ffile-prefix-map=/build=/usr/src/debug';
  const none = undefined;
  assert.deepEqual(flags('a'), [`-O2 ${map}`, `-O2 ${map}`, none, none]);
  assert.deepEqual(flags('b'), [`-O3 -g ${map}`, none, none, none]);
  assert.deepEqual(flags('c'), [none, none, none, none]);
  assert.deepEqual(flags('d'), [`-O1 -g ${map}`, `-O2 -g ${map}`, '-Wl,--build-id=sha1', none]);
  assert.deepEqual(flags('e'), [none, none, none, none]);
  assert.deepEqual(flags('f'), [`-O2 -g ${map}`, `-O2 -g ${map}`, '-Wl,--build-id=sha1', none]);
  const rust = '--remap-path-prefix=/build=/usr/src/debug -C link-arg=-Wl,--build-id=sha1';
  assert.deepEqual(flags('g'), [none, none, none, rust]);
  const script = (name: string): string => derivation(opened, name).env.get('buildScript')!;
  assert.match(script('a'), /phase strip '\ncommand -v/);
  assert.doesNotMatch(script('e'), /phase strip/);
  assert.match(
    script('f'),
    /phase strip '\nelf=[\s\S]*separate\(\)[\s\S]*phase split[\s\S]*move usr\/lib\/debug usr\/lib\/debug/,
  );
  assert.doesNotMatch(script('g'), /phase strip/);
});

test('a style of the tree has phases, flags and a word on tests like those of the library', (context) => {
  const opened = openTree(
    context,
    `let perl = args: makeStyle { name = "perl"; phases = { build = "perl \${args} \${./x}"; check = "make test"; }; check = true; compiler = "c"; }; in
${TIER}${pkg('a', 'style = perl "it";')}${pkg('b', 'style = perl ""; check = false; phases.build = "own";')}${pkg('c', 'style = makeStyle { name = "make"; phases = { }; };')}
`,
  );
  writeFileSync(join(opened.folder, 'x'), '');
  const drv = derivation(opened, 'a');
  assert.match(
    drv.env.get('buildScript')!,
    /phase build '\nperl it \/igos\/store\/[0-9a-z]{32}-x\n'[\s\S]*phase check '\nmake test\n'/,
  );
  assert.equal(drv.inputSrcs.length, 1);
  assert.match(drv.env.get('CFLAGS')!, /^-O2 /);
  const script = derivation(opened, 'b').env.get('buildScript')!;
  assert.match(script, /phase build '\nown\n'/);
  assert.doesNotMatch(script, /make test/);
  assert.equal(opened.tree.select('c').style, 'make');
  assert.doesNotMatch(derivation(opened, 'c').env.get('buildScript')!, /phase (build|strip)/);
});

test('sources and patches with settings are the same inputs, laid down otherwise', (context) => {
  const opened = openTree(context, {
    'a.igos':
      TIER +
      pkg('p', 'source = [ ./src { file = ./more; into = "sub/more"; } ]; patches = [ { file = ./fix.patch; strip = 0; } ];') +
      pkg('q', 'source = { file = ./src; }; patches = [ { file = ./fix.patch; } ];') +
      pkg('r', 'source = ./src; patches = [ ./fix.patch ];'),
    'src/main.c': 'int main;',
    'more/x': '',
    'fix.patch': '--- a\n',
  });
  const drv = derivation(opened, 'p');
  assert.equal(drv.env.get('sources')!.split(' ').length, 2);
  assert.equal(drv.inputSrcs.length, 3);
  assert.match(drv.env.get('buildScript')!, /2\) into=sub\/more ;;[\s\S]*1\) level=0 ;;/);
  const script = (name: string): string =>
    derivation(opened, name)
      .env.get('buildScript')!
      .replace(/^name=.*/, '');
  assert.equal(script('q'), script('r'));
});

test('rules for the outputs are in the derivation where they are not the usual ones', (context) => {
  const opened = openTree(
    context,
    TIER +
      pkg('a') +
      pkg('b', 'verifyPaths = [ "usr/bin/x \\"y" ]; tidy = false; references = "fail";') +
      pkg('c', 'tidy = true; references = "report"; verifyPaths = [ ];'),
  );
  const rules = (name: string): string | undefined => derivation(opened, name).env.get('igosOutputs');
  assert.deepEqual([rules('a'), rules('c')], [undefined, undefined]);
  assert.deepEqual(JSON.parse(rules('b')!), { verify: ['usr/bin/x "y'], tidy: false, references: 'fail' });
});

test('a word on memory is a number of bytes in the derivation', (context) => {
  const opened = openTree(
    context,
    TIER + pkg('a') + pkg('b', 'memory = "4 GiB";') + pkg('c', 'memory = "1.5GiB";') + pkg('d', 'memory = "300 MiB";'),
  );
  const hint = (name: string): string | undefined => derivation(opened, name).env.get('igosMemory');
  assert.deepEqual(['a', 'b', 'c', 'd'].map(hint), [undefined, '4294967296', '1610612736', '314572800']);
});

test('equal declarations give equal derivations, whatever file they stand in', (context) => {
  const one = openTree(context, { 'a.igos': TIER + HOST + pkg('a'), 'b.igos': pkg('b', 'build = [ a host ];') });
  const two = openTree(context, { 'x/y.igos': pkg('b', 'build = [ host a ];') + pkg('a'), 'z.igos': HOST + TIER });
  assert.equal(one.tree.select('b').drvPath, two.tree.select('b').drvPath);
});

test('an override of what a package is built with changes its derivation', (context) => {
  const opened = openTree(context, `${TIER}${pkg('a')}${pkg('b', 'build = [ a ];')}`);
  const changed = openTree(context, `${TIER}${pkg('a')}${pkg('b', 'build = [ a ];')}override a { phases.install = "false"; }`);
  assert.notEqual(opened.tree.select('b').drvPath, changed.tree.select('b').drvPath);
});

test('a chain of a thousand packages costs no stack, each is derived once', (context) => {
  const count = 1000;
  const text = Array.from({ length: count }, (_, index) =>
    pkg(`p${index}`, index === 0 ? '' : `build = [ p${index - 1} ];`),
  ).join('');
  const opened = openTree(context, TIER + text);
  assert.ok(opened.tree.select(`p${count - 1}`).drvPath);
  assert.equal(opened.evaluator.texts.length, count);
});

test('the tour evaluates, and version 2 changes what it says it changes', (context) => {
  const examples = join(import.meta.dirname, '../../../examples/tour');
  const opened = openTree(context, { 'tree.igos': `tree { over = [ ${examples}/v2 ]; }` });
  const before = openTree(context, { 'tree.igos': `tree { over = [ ${examples}/v1 ]; }` });
  assert.deepEqual(opened.tree.check(), []);
  assert.deepEqual([...before.tree.packages.keys()], ['greet', 'banner', 'notes', 'base-files', 'greet-lib', 'shell']);
  const added = [...opened.tree.packages.keys()].filter((name) => !before.tree.packages.has(name));
  assert.deepEqual(added, ['notes-core', 'notes-extra']);
  const changed = [...before.tree.packages.keys()].filter(
    (name) => before.tree.select(name).drvPath !== opened.tree.select(name).drvPath,
  );
  assert.deepEqual(changed, ['greet', 'banner']);
  assert.deepEqual(opened.tree.select('notes-extra').supersedes, ['notes']);
});
