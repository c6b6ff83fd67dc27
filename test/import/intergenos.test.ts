import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, SourceFile } from '../../base/index.ts';
import { importIntergenos } from '../../import/intergenos/import.ts';
import { format } from '../../lang/index.ts';
import { openTree } from '../eval/declare/harness.ts';
import { golden } from '../golden.ts';
import { faultsOf, project, recipe, shown, writeFiles } from './trees.ts';

const example = join(project, 'examples', 'import', 'intergenos');
const seed = { kind: 'seed', lock: readFileSync(join(project, 'examples', 'import', 'toolchain.lock')) } as const;
const textOf = (data: Uint8Array): string => Buffer.from(data).toString('utf8');

test('the example becomes what a person would have written', (t) => {
  golden(t, 'import/intergenos.txt', shown(importIntergenos(example, 'intergenos')));
});

test('every package of the example becomes a derivation, with the edges of its recipe', (t) => {
  const { files, report } = importIntergenos(example, example, seed);
  const { tree, print } = openTree(t, Object.fromEntries([...files].map(([path, { data }]) => [path, textOf(data)])));
  const packages = [...tree.packages.values()].filter(({ tier }) => tier !== 'seed');
  assert.equal(tree.packages.size, packages.length + 2);
  assert.equal(packages.length, 6);
  for (const each of packages) assert.match(each.drvPath!, /\.drv$/);
  const count = (kind: 'build' | 'host' | 'runtime'): number => packages.reduce((sum, each) => sum + each[kind].length, 0);
  const { supersedes: _, ...edges } = report.edges;
  assert.deepEqual({ build: count('build'), host: count('host'), runtime: count('runtime') }, edges);
  assert.equal(print('packages.viewer.meta.isoInclude'), 'true');
  assert.equal(print('bus.source.url'), '"https://example.org/bus/1.16/bus-1.16.tar.xz"');
});

test('equal trees give equal bytes, in the layout of igos fmt', () => {
  const first = importIntergenos(example, 'a');
  assert.equal(shown(importIntergenos(example, 'b')), shown(first));
  for (const [path, { data }] of first.files) {
    if (!path.endsWith('.igos')) continue;
    const text = Buffer.from(data).toString('latin1');
    assert.equal(format(new SourceFile(path, text), 'igos').text, text, path);
  }
});

test('whatever stands in a script reads back as it was', (t) => {
  const line = fc
    .string({ unit: fc.constantFrom(...('ab $' + '{}\'"\\\t#é\r`()'), "''", '${', "''${", '$$'), maxLength: 12 })
    .filter((text) => !/\$\{?[A-Za-z_]/.test(text));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      // A here-document of literal text: nothing in it is replaced, or taken for the end of anything.
      const body = `cat <<'END-OF-IT'\n${lines.join('\n')}\nEND-OF-IT`;
      const folder = writeFiles(t, {
        'packages/core/x/package.yml': recipe('x'),
        'packages/core/x/build.sh': `do_install() {\n    set -e\n    ${body}\n}\n`,
      });
      const { files } = importIntergenos(folder);
      const { tree } = openTree(t, Object.fromEntries([...files].map(([path, { data }]) => [path, textOf(data)])));
      const value = tree.evalExpr(new SourceFile('<test>', 'packages.x.phases.install'), folder);
      assert.equal(value, Buffer.from(`${body}\n`, 'utf8').toString('latin1'));
    }),
    { numRuns: 60 },
  );
});

test('a style is taken for what it says alone; sockets and what is named twice', (t) => {
  const RECOGNISED = ['-DCMAKE_INSTALL_PREFIX=/usr', '-DCMAKE_BUILD_TYPE=Release'].join(' ');
  const scriptOf = (configure: string): string =>
    `configure() {\n${configure}}\nbuild() {\n    cmake --build build -j$(nproc)\n}\n` +
    'do_install() {\n    DESTDIR="$DESTDIR" cmake --install build\n}\n';
  const folder = writeFiles(t, {
    'packages/core/one/package.yml': recipe('one'),
    'packages/core/one/build.sh': scriptOf(`    cmake -B build ${RECOGNISED} -DX=1\n`),
    'packages/core/two/package.yml': recipe('two', 'dependencies:\n  build: [ one, one ]\n'),
    'packages/core/two/build.sh': `${scriptOf(`    cmake -B build ${RECOGNISED}\n    cmake -B other -DX=1\n`)}post_install() {
    systemctl enable a.socket
    systemctl disable b
}
`,
  });
  const { files, report } = importIntergenos(folder);
  const [one, two] = ['one', 'two'].map((name) => textOf(files.get(`core/${name}.igos`)!.data));
  assert.match(one!, /^ {2}style = cmake \{ flags = \[ "-DX=1" \]; \};\n {2}check = false;$/m);
  assert.match(two!, /style = custom;\n.*\n.*\n {4}cmake -B other -DX=1\n/);
  assert.match(two!, /^ {2}build = \[ one \];$/m);
  assert.match(two!, /^ {2}services\."a\.socket" = "enable";\n {2}services\."b\.service" = "disable";$/m);
  const odd = report.findings.flatMap(({ kind, name, about, text }) => (kind === 'odd' ? [`${name}: ${about} ${text}`] : []));
  assert.deepEqual(odd, ["two: dependencies.build names 'one' twice"]);
});

test('what is wrong with recipes is told of all of them, each with its place', (t) => {
  const bad: Readonly<Record<string, string>> = {
    alias: `${recipe('alias')}configure_flags: &a [ x ]\npatches: *a\n`,
    documents: `${recipe('documents')}---\nname: second\n`,
    deep: `${recipe('deep')}extra: ${'['.repeat(40)}${']'.repeat(40)}\n`,
    empty: '',
    flags: `${recipe('flags')}configure_flags: --static\n`,
    letters: `${recipe('letters')}dependencies: { build: cmake }\n`,
    missing: 'name: missing\n',
    mode: `${recipe('mode')}tests: { failure_policy: never }\n`,
    pass: `${recipe('pass')}pass_number: 1.5\n`,
    path: `${recipe('path')}patches: [ ../../../etc/passwd ]\n`,
    self: `${recipe('self')}supersedes: [ self ]\n`,
    syntax: 'name: "open\n',
    tag: `${recipe('tag')}homepage: !!python/object/apply:os.system [ id ]\n`,
    tier: recipe('tier').replace('tier: core', 'tier: kernel'),
    twice: `${recipe('twice')}tier: base\n`,
    up: recipe('../up'),
    verify: `${recipe('verify')}verify_paths: [ /usr/../etc/shadow ]\n`,
    version: recipe('version').replace('"1.0"', '"1.0 $(id)"'),
    hash: recipe('hash').replace('source: []', 'source: [ { url: "https://example.org/x", sha256: NEEDS_CHECKSUM } ]'),
    bundle: `${recipe('bundle')}bundled_deps: [ "x -> ../../up" ]\n`,
    pending: `${recipe('pending')}pending_acquisition: true\n`,
  };
  const folder = writeFiles(
    t,
    Object.fromEntries(Object.entries(bad).map(([name, text]) => [`packages/core/${name}/package.yml`, text])),
  );
  golden(
    t,
    'errors/import-recipes.txt',
    faultsOf(() => importIntergenos(folder, 'tree')),
  );
});

test('large files, bytes that are no text, and two packages of one name are refused', (t) => {
  const large = writeFiles(t, { 'packages/core/x/package.yml': `${recipe('x')}# ${'x'.repeat(300_000)}\n` });
  const script = writeFiles(t, {
    'packages/core/x/package.yml': recipe('x'),
    'packages/core/x/build.sh': '# x\n'.repeat(300_000),
  });
  const twice = writeFiles(t, { 'packages/core/x/package.yml': recipe('x'), 'packages/base/y/package.yml': recipe('x') });
  const binary = writeFiles(t, { 'packages/core/x/package.yml': recipe('x'), 'packages/core/x/build.sh': 'a' });
  const other = writeFiles(t, { 'README.md': 'nothing' });
  golden(
    t,
    'errors/import-trees.txt',
    [large, script, twice, other, join(binary, 'nowhere')]
      .map((folder) => faultsOf(() => importIntergenos(folder, 'tree')))
      .join('\n'),
  );
});

test('links are not followed, and what looks for them says so', (t) => {
  const folder = writeFiles(t, {
    'packages/core/x/package.yml': recipe('x'),
    'packages/core/x/build.sh':
      'do_install() {\n    install "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/secret" /mnt/intergenos/etc/shadow "$DESTDIR"\n}\n',
  });
  symlinkSync('/etc/passwd', join(folder, 'packages/core/x/secret'));
  symlinkSync('/etc', join(folder, 'etc'));
  const { files, report } = importIntergenos(folder);
  assert.deepEqual([...files.keys()].sort(compareBytes), [
    'IMPORT.md',
    'core/x.igos',
    'environment.nix',
    'tiers.igos',
    'toolchain.igos',
    'tree.igos',
  ]);
  const said = report.findings.filter(({ name }) => name === 'x').map(({ kind, about }) => `${kind} ${about}`);
  assert.deepEqual(said, ['missing secret', 'missing build.sh', 'lost build.sh', 'lost build.sh']);
});

test('a package without a recipe that can be read is not dropped in silence', (t) => {
  const folder = writeFiles(t, {
    'packages/core/x/package.yml': recipe('x'),
    'packages/core/empty/notes': 'for later',
    'packages/core/linked/build.sh': '',
    'packages/README': 'no tier',
  });
  symlinkSync('/etc/passwd', join(folder, 'packages/core/linked/package.yml'));
  symlinkSync('x', join(folder, 'packages/core/alias'));
  symlinkSync('core', join(folder, 'packages/base'));
  const { report } = importIntergenos(folder);
  assert.equal(report.nPackages, 1);
  const said = report.findings.map(({ about }) => about).filter((about) => about.startsWith('packages/'));
  assert.deepEqual(said, ['packages/base', 'packages/core/alias', 'packages/core/empty', 'packages/core/linked/package.yml']);
});

test('a script that cannot be taken apart is run as a whole', (t) => {
  const folder = writeFiles(t, {
    'packages/core/x/package.yml': recipe('x'),
    'packages/core/x/build.sh': 'do_install() {\n    echo "$DESTDIR"\n  }\n',
  });
  const { files, report } = importIntergenos(folder);
  assert.match(textOf(files.get('core/x.igos')!.data), /\$\{\.\/x\/build\.sh\} do_install/);
  assert.ok(files.has('core/x/build.sh'));
  assert.ok(report.findings.some(({ text }) => text.startsWith('is run as a whole')));
});

test('a package called tree hides no tier', (t) => {
  const folder = writeFiles(t, {
    'packages/core/tree/package.yml': recipe('tree'),
    'packages/core/tree/build.sh': 'do_install() {\n    :\n}\n',
  });
  const { files } = importIntergenos(folder);
  const { tree } = openTree(t, Object.fromEntries([...files].map(([path, { data }]) => [path, textOf(data)])));
  assert.deepEqual(
    [...tree.packages.values()].filter(({ tier }) => tier !== 'seed').map(({ name }) => name),
    ['tree'],
  );
});
