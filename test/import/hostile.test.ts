/** Recipes of somebody who means harm: what they say reads back as it was, nothing of it becomes code, and none costs much time. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, SourceFile } from '../../base/index.ts';
import { importIntergenos } from '../../import/intergenos/import.ts';
import { importPiGen } from '../../import/pi-gen/import.ts';
import { readShellConfig } from '../../import/pi-gen/shell-config.ts';
import { openTree } from '../eval/declare/harness.ts';
import { golden } from '../golden.ts';
import { faultsOf, project, recipe, writeFiles } from './trees.ts';

const seed = { kind: 'seed', lock: readFileSync(join(project, 'examples', 'import', 'toolchain.lock')) } as const;
const INSTALL = 'do_install() {\n    echo hello\n}\n';

const treeOf = (t: Parameters<typeof writeFiles>[0], files: Readonly<Record<string, string>>) => {
  const imported = importIntergenos(writeFiles(t, files), 'tree', seed).files;
  return openTree(t, Object.fromEntries([...imported].map(([path, { data }]) => [path, Buffer.from(data).toString('utf8')])));
};

test('texts of a recipe read back as they were', (t) => {
  const piece = fc.constantFrom(
    ...[
      'a',
      ' ',
      '"',
      '\\',
      '$',
      '{',
      '}',
      "'",
      "''",
      '${',
      "''${",
      '$${',
      '#',
      '/*',
      '*/',
      ';',
      '=',
      '\t',
      '\x1b',
      '\x7f',
      'é',
      '\u2028',
      '😀',
    ],
  );
  const line = fc.string({ unit: piece, maxLength: 10 }).map((text) => `x${text}y`);
  const lines = fc.string({ unit: fc.oneof(piece, fc.constantFrom('\n', '\r', '\r\n')), maxLength: 14 });
  const all = fc.record({ summary: line, license: line, homepage: line, script: lines, path: line });
  fc.assert(
    fc.property(all, ({ summary, license, homepage, script, path }) => {
      const quoted = JSON.stringify;
      const text = recipe(
        'x',
        `homepage: ${quoted(homepage)}
verify_paths: [${quoted(`/${path}`)}]
validation:
  - type: ${quoted(license)}
    script: ${quoted(script)}
`,
      )
        .replace(/^description: .*$/m, () => `description: ${quoted(summary)}`)
        .replace(/^license: .*$/m, () => `license: ${quoted(license)}`);
      const { tree } = treeOf(t, { 'packages/core/x/package.yml': text, 'packages/core/x/build.sh': INSTALL });
      const json = tree.evalExpr(
        new SourceFile('<test>', 'builtins.toJSON (with packages.x; [ summary license homepage meta.validation ])'),
        '/',
      );
      const found = JSON.parse(Buffer.from(json as string, 'latin1').toString('utf8')) as unknown;
      assert.deepEqual(found, [summary, license, homepage, [{ type: license, script, fatal: true }]]);
    }),
    { numRuns: 100, seed: 11 },
  );
});

test('no comment becomes code, whatever ends its lines', (t) => {
  const evil = '\r}; package evil "1" { tier = core; } #\x85\u2028\f evil = 1;';
  const { tree, print } = treeOf(t, {
    'packages/core/x/package.yml': recipe('x', `# top ${evil}\ndependencies:\n  build:\n    - lost # why ${evil}\n`),
    'packages/core/x/build.sh':
      `#!/bin/bash\n# head ${evil}\n\n# above ${evil}\nconfigure() {\n    # in it ${evil}\n    :\n}\n${INSTALL}`.replaceAll(
        '\0',
        '',
      ),
    'packages/core/y/package.yml': recipe('y'),
    'packages/core/y/build.sh': `# head ${evil}\n\n${INSTALL}`,
  });
  assert.deepEqual([...tree.packages.keys()].filter((name) => !name.startsWith('seed')).sort(compareBytes), ['x', 'y']);
  assert.equal(print('packages.x.tier.name'), '"core"');
});

test("packages called 'tree' and 'tree_' are two", (t) => {
  const names = ['tree', 'tree_', 'tree__', 'if', 'or', 'rec', '__proto__', 'packages'];
  const { tree } = treeOf(
    t,
    Object.fromEntries(
      names.flatMap((name) => [
        [`packages/core/${name}/package.yml`, recipe(name)],
        [`packages/core/${name}/build.sh`, INSTALL],
      ]),
    ),
  );
  assert.deepEqual(
    [...tree.packages.keys()].filter((name) => !name.startsWith('seed')).sort(compareBytes),
    names.sort(compareBytes),
  );
});

test('signs that stand for variables while a script is translated are not taken for them', (t) => {
  const { print } = treeOf(t, {
    'packages/core/x/package.yml': recipe('x'),
    'packages/core/x/build.sh': `do_install() {\n    echo \x01 \x02 \x03\n}\npost_install() {\n    echo \x04 >/etc/x\n}\n`,
  });
  // run as a whole, from the file as it was
  assert.match(print('packages.x.phases.install'), /build\.sh/);
});

test('what no text can hold, and what is no name of a function, is told with its place', (t) => {
  const folder = writeFiles(t, {
    'packages/core/a/package.yml': recipe('a', 'configure_flags: ["--a=\\0b"]\n'),
    'packages/core/b/package.yml': recipe('b', 'install_func: "x; reboot"\n'),
    'packages/core/c/package.yml': recipe('c', '# \0\n'),
    'packages/core/d/package.yml': recipe('d', `extra: ${'- '.repeat(20)}x\n`),
  });
  golden(
    t,
    'errors/import-hostile.txt',
    faultsOf(() => importIntergenos(folder, 'tree')),
  );
});

test('no file costs more than a moment', (t) => {
  const inFunction = (text: string): string => `do_install() {\n${text}\n}\n`;
  const scripts = {
    functions: Array.from({ length: 60_000 }, (_, index) => `f${index}() {\n}\n`).join(''),
    'functions on one line': Array.from({ length: 50_000 }, (_, index) => `f${index}() { :; }\n`).join(''),
    statements: Array.from({ length: 80_000 }, (_, index) => `a${index}=1\n`).join(''),
    'functions that call the one before':
      Array.from({ length: 900 }, (_, index) => `f${index}() {\n  f${index + 1}\n${'  echo some words\n'.repeat(40)}}\n`).join(
        '',
      ) + inFunction('  f0'),
    'nested quotes': inFunction(`"${"${x'".repeat(150_000)}`),
    'nested expansions': inFunction('${'.repeat(300_000) + '}'.repeat(300_000)),
    'nested substitutions with lines': inFunction('"$(\n'.repeat(150_000)),
    blanks: `do_install() {${' '.repeat(500_000)}x\n}\n`,
    'blanks and semicolons': `do_install() { ${' ;'.repeat(250_000)}x\n}\n`,
    comments: '#\n\n'.repeat(200_000),
    'here-documents': inFunction(`${'cat <<EOF '.repeat(30_000)}\n${'EOF\n'.repeat(30_000)}`),
  };
  const recipes = {
    lists: '['.repeat(200_000),
    maps: 'a: {'.repeat(60_000),
    'lists on a line': '- '.repeat(120_000),
    keys: Array.from({ length: 19_000 }, (_, index) => `k${index}: 1\n`).join(''),
    'keys beside a letter': `é: 1\n${Array.from({ length: 19_000 }, (_, index) => `k${index}: 1\n`).join('')}`,
  };
  const timed = (what: string, run: () => unknown): void => {
    const start = process.threadCpuUsage().user;
    run();
    const ms = (process.threadCpuUsage().user - start) / 1000;
    assert.ok(ms < 6000, `${what}: ${ms} ms`); // some were minutes
  };
  for (const [what, script] of Object.entries(scripts)) {
    const folder = writeFiles(t, { 'packages/core/x/package.yml': recipe('x'), 'packages/core/x/build.sh': script });
    timed(what, () => importIntergenos(folder, 'tree'));
  }
  for (const [what, text] of Object.entries(recipes)) {
    const folder = writeFiles(t, { 'packages/core/x/package.yml': text });
    timed(what, () => faultsOf(() => importIntergenos(folder, 'tree')));
  }
  timed('configuration', () => readShellConfig('#\nA=1 #\n'.repeat(120_000)));
});

test('what a file of pi-gen says stays text: no control character, no doubling, no name becomes more', (t) => {
  const files = {
    'build.sh': 'export IMG_NAME="${IMG_NAME:-x}"\n',
    config: `IMG_NAME="a\rb"\nX='} // { evil = 1; } "\${y}'\nA=xxxxxxxxxxxxxxxx\n${'A=$A$A\n'.repeat(60)}`,
    depends: 'a\rb } evil\n',
    'stage0/prerun.sh!': ':\n',
    'stage0/00-a/00-packages': 'foo bar"${x}\rq\'\n',
    'stage0/or/00-run.sh!': '# c\r evil\n',
  };
  const { files: imported } = importPiGen(writeFiles(t, files), 'pi');
  const { tree, folder } = openTree(
    t,
    Object.fromEntries([...imported].map(([path, { data }]) => [path, Buffer.from(data).toString('utf8')])),
  );
  assert.equal(tree.packages.has('stage0-or'), true);
  const config = (name: string): unknown => tree.evalExpr(new SourceFile('<test>', `(import ./config.nix).${name}`), folder);
  // a carriage return in it: told as a line that is not understood
  assert.equal(config('IMG_NAME'), 'x');
  assert.equal(config('X'), '} // { evil = 1; } "${y}');
  assert.equal((config('A') as string).length <= 1 << 16, true);
  const withNul = writeFiles(t, { ...files, 'stage0/00-a/00-packages': 'foo\0\n' });
  assert.match(
    faultsOf(() => importPiGen(withNul, 'pi')),
    /E-IMPORT-002.*'pi\/stage0\/00-a\/00-packages' holds a NUL byte/,
  );
});
