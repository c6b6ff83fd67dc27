/** The options of `igos eval` that users of Nix bring along, and what evaluation says on stderr. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

test('options of nix-instantiate --eval', (t) => {
  const { igos, work } = programs(t);
  const out = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('eval', '--eval', ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(out('--strict', '-E', '[ 1 ]', '--no-show-trace', '--max-call-depth', '1000'), '[ 1 ]\n');
  const file = join(work, 'f.nix');
  writeFileSync(file, '{\n  f = { a, ... }: a;\n}\n');
  const place = (line: number, column: number): string => ` column="${column}" line="${line}"`;
  const xml = (of: string, fn: string): string =>
    `<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n    <attr${of}>\n      <function${fn}>\n        <attrspat ellipsis="1">\n          <attr name="a" />\n        </attrspat>\n      </function>\n    </attr>\n  </attrs>\n</expr>\n`;
  assert.equal(out('--xml', '--strict', '--no-location', file), xml(' name="f"', ''));
  const lazy = 'let f = x: x; s = { a = throw "a"; b = [ 1 ]; c = "c"; inherit f; }; in builtins.seq s.b s';
  const attr = (name: string, inside: string): string => `    <attr name="${name}">\n${inside}    </attr>\n`;
  const unevaluated = '      <unevaluated />\n';
  assert.equal(
    out('--xml', '--no-location', '-E', lazy),
    `<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n${attr('a', unevaluated)}${attr('b', '      <list>\n        <int value="1" />\n      </list>\n')}${attr('c', '      <string value="c" />\n')}${attr('f', unevaluated)}  </attrs>\n</expr>\n`,
  );
  assert.equal(out('--xml', '--strict', file), xml(`${place(2, 3)} name="f" path="${file}"`, `${place(2, 7)} path="${file}"`));
  assert.equal(out('--extra-experimental-features', 'nix-command flakes pipe-operators', '-E', '1 |> (x: x)'), '1\n');
  const date = 'builtins.fromTOML "a = 2000-02-29"';
  assert.equal(
    out('--strict', '--experimental-features', 'parse-toml-timestamps', '-E', date),
    '{ a = { _type = "timestamp"; value = "2000-02-29"; }; }\n',
  );
  assert.equal(igos('eval', '--strict', '-E', date).status, 1);
  const unknown = igos('eval', '--extra-experimental-features', 'time-travel', '-E', '1');
  assert.deepEqual(unknown, { status: 0, stdout: '1\n', stderr: "warning: unknown experimental feature 'time-travel'\n" });
});

test('functions are called on the way to an attribute, and at its end where arguments are given, as by nix-instantiate', (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'f.nix');
  writeFileSync(file, '{ x ? 1 }: { b = { z ? 2 }: z + x; c = x; need = { y }: y; }');
  const out = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('eval', '--strict', file, ...words);
    assert.equal(status, 0, stderr);
    return stdout.trimEnd();
  };
  assert.equal(out(), '<LAMBDA>');
  assert.equal(out('-A', 'c'), '1');
  assert.equal(out('-A', 'c', '--arg', 'x', '5'), '5');
  assert.equal(out('-A', 'b'), '<LAMBDA>');
  assert.equal(out('-A', 'b', '--arg', 'x', '5'), '7');
  assert.equal(out('-A', 'need'), '<LAMBDA>');
  assert.equal(out('-A', 'need', '--argstr', 'y', 'z'), '"z"');
  assert.equal(out('--arg', 'unknown', '1'), '{ b = <LAMBDA>; c = 1; need = <LAMBDA>; }');
  assert.match(igos('eval', file, '-A', 'need', '--arg', 'x', '5').stderr, /E-EVAL-024/);
});

test('several files and several attributes are printed in turn, and an argument may come from a file', (t) => {
  const { igos, work } = programs(t);
  const [file, other, text] = ['f.nix', 'g.nix', 'text'].map((name) => join(work, name)) as [string, string, string];
  writeFileSync(file, '{ x ? "1", y ? 2 }: { inherit x y; d = derivation { name = "d"; system = "s"; builder = "b"; }; }');
  writeFileSync(other, '{ x = import (builtins.toFile "a" "3"); y = 4; z.bad = throw "z"; }');
  const out = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('eval', ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(out('-A', 'x', '-A', 'y', file), '"1"\n2\n');
  // The first attempt, which may not write, ends at the third value.
  assert.equal(out('-A', 'y', '-A', 'x', file, other), '2\n"1"\n4\n3\n');
  assert.equal(out('--read-write-mode', '-A', 'y', other), '4\n');
  const failed = igos('eval', '-A', 'y', '-A', 'z.bad', other);
  assert.deepEqual([failed.status, failed.stdout], [1, '4\n']);
  for (const content of ['one', 'two']) {
    writeFileSync(text, content);
    for (let n = 0; n < 2; n++) assert.equal(out('--arg-from-file', 'x', text, '-A', 'x', file), `"${content}"\n`);
  }
  assert.match(igos('eval', '--arg-from-file', 'x', join(work, 'none'), '-A', 'x', file).stderr, /cannot read '.*none'/);
  const instantiated = igos('instantiate', '-A', 'd', '-A', 'y', file);
  assert.deepEqual([instantiated.status, instantiated.stdout], [1, '']);
  assert.match(instantiated.stderr, /E-CLI-003.*'y' is not a derivation/);
});

test('--read-write-mode writes what the value names; without it nothing is written, and paths are the same', (t) => {
  const { igos, work } = programs(t);
  writeFileSync(join(work, 'text'), 'a source\n');
  const file = join(work, 'f.nix');
  writeFileSync(
    file,
    `{ a = "\${./text}"; b = builtins.toFile "b" "b"; c = (derivation { name = "c"; system = "s"; builder = "/b"; }).drvPath; }`,
  );
  const isStored = (path: string): boolean => igos('store', 'info', path).status === 0;
  const evaluated = (...words: string[]): Record<string, string> =>
    JSON.parse(igos('eval', '--json', '--strict', ...words, file).stdout);
  const named = evaluated();
  assert.deepEqual(Object.values(named).map(isStored), [false, false, false]);
  // An answer that is known does for one who only looks.
  for (let n = 0; n < 2; n++) {
    assert.deepEqual(evaluated('--read-write-mode'), named);
    assert.deepEqual(Object.values(named).map(isStored), [true, true, true]);
    assert.equal(igos('gc').status, 0);
    assert.deepEqual(Object.values(named).map(isStored), [false, false, false]);
  }
});

test('options and warnings about the language hold for files of declarations, too', (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'a.igos');
  const fields = 'tier = core; summary = "s" |> (x: x); phases.install = "echo ${CC:-cc}";';
  writeFileSync(file, `tier core { summary = "c"; }\npackage a "1" { ${fields} }\n`);
  assert.match(igos('show', `${file}#a`).stderr, /E-LANG-014/);
  const shown = igos('show', '--pipes', `${file}#a`);
  assert.match(shown.stdout, /^summary +s$/m, shown.stderr);
  assert.match(shown.stderr, /^warning: '\$\{CC:-cc\}' is the text 'CC:-cc' here\n/);
});

test("options of Nix's programs that are none here are told in our terms", (t) => {
  const { igos } = programs(t);
  for (const [words, said] of [
    [['eval', '--parse', 'f.nix'], 'igos parse FILE prints the syntax'],
    [['eval', '--find-file', 'nixpkgs'], "igos eval --expr '<NAME>' prints where it is"],
    [['eval', '-v', 'f.nix'], 'here that is: --show-trace'],
    [['instantiate', '--eval', 'f.nix'], 'igos eval FILE prints a value'],
    [['realize', '--option', 'cores', '2'], '--cores 2'],
    [['realize', '-Q', 'f.nix'], 'here that is: --quiet'],
    [['realize', '--no-link', 'f.nix'], 'here that is: --no-out-link'],
    [['realize', '-f', 'f.nix'], 'a FILE stands as it is'],
  ] as const) {
    const { status, stderr } = igos(...words);
    assert.equal(status, 2);
    assert.ok(stderr.includes(said), stderr);
  }
});

test('an operand in angle brackets is looked for on the search path', (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'packages.nix');
  const drv = 'derivation { name = "n"; system = "s"; builder = "b"; }';
  writeFileSync(file, `{ x ? 1 }: { inherit x; drv = ${drv}; }`);
  const found = ['-I', `pkgs=${file}`];
  assert.deepEqual(igos('eval', '<pkgs>', '-A', 'x', '--arg', 'x', '2', ...found), { status: 0, stdout: '2\n', stderr: '' });
  assert.equal(igos('eval', '<here/packages.nix>#x', '-I', `here=${work}`).stdout, '1\n');
  const instantiated = igos('instantiate', '<pkgs>', '-A', 'drv', ...found);
  assert.match(instantiated.stdout, /-n\.drv\n$/, instantiated.stderr);
  assert.equal(igos('instantiate', file, '-A', 'drv').stdout, instantiated.stdout);
  assert.match(igos('eval', '<none>', ...found).stderr, /^error\[E-EVAL-018\]: cannot look up '<none>' in pure evaluation mode/);
});

test('trace, warn and traceVerbose on stderr', (t) => {
  const { igos } = programs(t);
  const err = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('eval', ...words);
    assert.deepEqual([status, stdout], [0, '123\n'], stderr);
    return stderr;
  };
  assert.equal(err('-E', 'builtins.trace "Hello" 123'), 'trace: Hello\n');
  assert.equal(err('-E', 'builtins.trace [ (1 + 1) ] 123'), 'trace: [ «thunk» ]\n');
  assert.equal(
    err('-E', 'let x = builtins.trace { x = x; y = 1 + 1; } 123; in x'),
    'trace: { x = «potential infinite recursion»; y = «thunk»; }\n',
  );
  assert.equal(
    err('-E', 'let x = { again = x; said = builtins.trace x 123; }; in x.said'),
    'trace: { again = «repeated»; said = «potential infinite recursion»; }\n',
  );
  assert.equal(
    err('-E', 'let x = builtins.genList (i: [ [ [ [ i ] ] ] ]) 12; in builtins.deepSeq x (builtins.trace x 123)'),
    `trace: [ ${Array.from({ length: 12 }, (_, i) => `[ [ [ [ ${i} ] ] ] ]`).join(' ')} ]\n`,
  );
  assert.equal(err('-E', 'builtins.warn "Hello" 123'), 'evaluation warning: Hello\n');
  assert.equal(err('-E', 'builtins.warn "a\nb" 123'), `evaluation warning: a\n${' '.repeat(20)}b\n`);
  assert.equal(err('-E', 'builtins.warn "\na\nb" 123'), 'evaluation warning:\na\nb\n');
  assert.equal(err('-E', 'builtins.traceVerbose "Hello" 123'), '');
  assert.equal(err('--trace-verbose', '-E', 'builtins.traceVerbose "Hello" 123'), 'trace: Hello\n');
  const ended = igos('eval', '--abort-on-warn', '-E', 'builtins.warn "Hello" 123');
  assert.equal(ended.status, 1);
  assert.match(ended.stderr, /^evaluation warning: Hello\nerror.*abort-on-warn is set/);
});

test('storePath takes a link to where the store is on disk, as --out-link makes it', (t) => {
  const { igos, work } = programs(t);
  writeFileSync(join(work, 'f.txt'), 'x');
  const path = igos('store', 'add', join(work, 'f.txt')).stdout.trim();
  const onDisk = join(work, 'home/store', basename(path));
  symlinkSync(onDisk, join(work, 'result'));
  assert.deepEqual(igos('eval', '--impure', '-E', `builtins.storePath ${join(work, 'result')}`), {
    status: 0,
    stdout: `"${path}"\n`,
    stderr: '',
  });
});
