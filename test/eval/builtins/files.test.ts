/** Builtins that read: files, folders, the store, the environment; and what they ask to be built. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../../base/index.ts';
import type { EvalSettings } from '../../../eval/io.ts';
import { type StorePath, upstreamPlaceholder } from '../../../store/index.ts';
import { MemoryIO, type MemoryIOOptions } from '../memory-io.ts';
import { evaluate, interpreter } from './evaluate.ts';
import { realDisk } from './real-disk.ts';

const files = {
  '/here/a.nix': '{ x = 1; }',
  '/here/dir/default.nix': 'builtins.length [ 1 2 ]',
  '/here/dir/deep/b.txt': 'bytes \xff',
  '/here/scoped.nix': 'greeting + (scopedImport { inherit greeting; } ./more.nix)',
  '/here/more.nix': 'greeting',
  '/there/place.nix': '{\r\n/* \xc3\xa4 */ x = [ 1\r/* \xc3\xa4 */ __curPos ]; }',
};
const links = { '/here/link': '/here/a.nix', '/here/dangling': '/here/nothing' };

const run = (expression: string, options: MemoryIOOptions = {}, settings: EvalSettings = {}): string =>
  evaluate(expression, interpreter(new MemoryIO({ files, links, ...options }), settings));

const results: readonly [expression: string, result: string][] = [
  ['import /here/a.nix', '{ x = 1; }'],
  ['import "/here/dir"', '2'],
  // Columns are bytes, and a carriage return alone ends a line.
  [
    'let s = import /there/place.nix; p = builtins.elemAt s.x 1; at = builtins.unsafeGetAttrPos "x" s; in [ at.line at.column p.line p.column ]',
    '[ 2 10 3 10 ]',
  ],
  ['scopedImport { greeting = "hi"; } /here/scoped.nix', '"hihi"'],
  [
    'builtins.readDir /here',
    '{ "a.nix" = "regular"; dangling = "symlink"; dir = "directory"; link = "symlink"; "more.nix" = "regular"; "scoped.nix" = "regular"; }',
  ],
  ['builtins.stringLength (builtins.readFile /here/dir/deep/b.txt)', '7'],
  ['builtins.hashFile "md5" /here/a.nix == builtins.hashString "md5" (builtins.readFile /here/a.nix)', 'true'],
  ['map builtins.readFileType [ /here/dir /here/a.nix /here/link ]', '[ "directory" "regular" "symlink" ]'],
  [
    'map builtins.pathExists [ /here/a.nix /here/b.nix /here/dangling /here/dir "/here/dir/" "/here/a.nix/" "/here/a.nix/." ]',
    '[ true false true true true false false ]',
  ],
  ['builtins.findFile [ { path = "/here/dir"; prefix = "d"; } { path = "/here"; } ] "d/deep"', '/here/dir/deep'],
  ['builtins.findFile [ { path = "/here/dir"; prefix = "d"; } { path = "/here"; } ] "a.nix"', '/here/a.nix'],
  ['builtins.findFile [ { path = "/here/./dir/"; prefix = "d"; } ] "d/deep//./b.txt"', '/here/dir/deep/b.txt'],
  ['(builtins.tryEval (builtins.findFile [ { path = "/here/dir"; prefix = "d"; } ] "d/../a.nix")).success', 'false'],
  ['builtins.findFile [ { path = "/here"; } ] "link"', '/here/a.nix'],
  ['builtins.findFile [ { path = "/here/../here"; prefix = "d"; } ] "d/.."', '/here'],
  ['<h/../a.nix>', '/here/a.nix'],
  ['builtins.getEnv "GREETING"', '"hello"'],
  ['builtins.currentTime', '1700000000'],
  ['builtins.currentSystem', '"x86_64-linux"'],
  ['builtins.nixPath', '[ { path = "/here"; prefix = "h"; } ]'],
  ['<h/a.nix>', '/here/a.nix'],
];
const settings: EvalSettings = { system: 'x86_64-linux', searchPath: [{ prefix: 'h', path: '/here' }] };
for (const [expression, result] of results) {
  test(expression, () => {
    assert.equal(run(expression, { env: { GREETING: 'hello' } }, settings), result);
  });
}

test('pure evaluation knows neither environment nor clock, and of the machine only what is set', () => {
  const pure = { ...settings, pure: true };
  assert.equal(
    run('[ (builtins.getEnv "GREETING") builtins.nixPath ]', { env: { GREETING: 'x' } }, pure),
    '[ "" [ { path = "/here"; prefix = "h"; } ] ]',
  );
  assert.throws(() => run('builtins.currentTime', {}, pure), /not allowed in pure/);
  const { system: _, ...noSystem } = pure;
  assert.throws(() => run('builtins.currentSystem', {}, noSystem), /not allowed in pure/);
});

test('what is not there is a fault at the call', () => {
  for (const call of [
    'readFile /x',
    'readDir /x',
    'hashFile "md5" /x',
    'readFileType /x',
    'path { path = /x; }',
    'filterSource (p: t: true) /x',
  ]) {
    assert.throws(
      () => run(`builtins.${call}`),
      (error) => error instanceof Fault && /does not exist/.test(error.message) && error.labels.length === 1,
      call,
    );
  }
  assert.throws(() => run('import /x.nix'), /does not exist/);
});

test('positions name the file', () => {
  const position = run('builtins.unsafeGetAttrPos "x" (import /here/a.nix)', {}, { displayPath: () => 'a.nix' });
  assert.equal(position, '{ column = 3; file = "/here/a.nix"; line = 1; }');
  assert.equal(run('builtins.unsafeGetAttrPos "x" { x = 1; }'), 'null');
  const list = { ...files, '/here/list.nix': 'builtins.listToAttrs [ { name = "x"; value = 1; } ]' };
  const fromList = run('builtins.unsafeGetAttrPos "x" (import /here/list.nix)', { files: list });
  assert.equal(fromList, '{ column = 38; file = "/here/list.nix"; line = 1; }');
});

test('as in Nix, what a function makes of a set stands nowhere; what is taken out of one, or laid over it, where it stood', () => {
  const placed = (made: string): boolean => {
    const file = { '/here/p.nix': `let set = { x = 1; y = 2; }; in ${made}` };
    return run('builtins.unsafeGetAttrPos "x" (import /here/p.nix)', { files: { ...files, ...file } }) !== 'null';
  };
  const made = [
    'builtins.mapAttrs (_: value: value) set',
    'builtins.mapAttrs (_: value: value) (set // { z = 3; })',
    'builtins.mapAttrs (_: value: value) (builtins.mapAttrs (_: value: value) set)',
    'builtins.zipAttrsWith (_: values: values) [ set ]',
    'builtins.groupBy (_: "x") [ 1 ]',
    'set // builtins.mapAttrs (_: value: value) set',
  ];
  for (const expression of made) assert.equal(placed(expression), false, expression);
  const taken = [
    'removeAttrs set [ "y" ]',
    'builtins.intersectAttrs { x = 0; } set',
    'set // { y = 3; }',
    'builtins.mapAttrs (_: value: value) set // set',
  ];
  for (const expression of taken) assert.equal(placed(expression), true, expression);
});

test('traces and warnings go to the user, in order', () => {
  const io = new MemoryIO({ files });
  const value = evaluate(
    'builtins.trace "one" (builtins.warn "two" (builtins.trace [ 1 (2 + 3) ] (builtins.traceVerbose "no" 7)))',
    interpreter(io),
  );
  assert.equal(value, '7');
  assert.deepEqual(io.traces, ['trace: one', 'evaluation warning: two', 'trace: [ 1 \xc2\xabthunk\xc2\xbb ]']);
  const verbose = new MemoryIO({ files });
  evaluate('builtins.traceVerbose "yes" 7', interpreter(verbose, { isTraceVerbose: true }));
  assert.deepEqual(verbose.traces, ['trace: yes']);
});

test('an entry of the search path that is not there is warned of, once, where it is asked', () => {
  const searchPath = ['/nowhere', '/none', '/here'].map((path) => ({ prefix: path === '/nowhere' ? 'a' : '', path }));
  const io = new MemoryIO({ files });
  assert.equal(
    evaluate('[ <a.nix> <dir> (import <a.nix>) ]', interpreter(io, { searchPath })),
    '[ /here/a.nix /here/dir { x = 1; } ]',
  );
  assert.deepEqual(io.traces, ["warning: Nix search path entry '/none' does not exist, ignoring"]);
  const silent = new MemoryIO({ files });
  evaluate('(builtins.tryEval <zz>).success', interpreter(silent, { searchPath: searchPath.slice(2) }));
  evaluate('1', interpreter(silent, { searchPath }));
  assert.deepEqual(silent.traces, []);
});

test('a source is filtered by absolute path and kind', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  const asked = nix.print(
    nix.evalExpr('builtins.seq (builtins.filterSource (p: t: builtins.trace "${t} ${p}" (t != "directory")) ./tree) 1', {
      basePath: disk.folder,
    }),
    { isStrict: true },
  );
  assert.equal(asked, '1');
  const seen = disk.traces.map((line) => line.replace(`trace: `, '').replace(`${disk.folder}/tree/`, ''));
  assert.deepEqual(seen.sort(), ['directory sub', 'regular a', 'regular b', 'regular eight', 'regular zero']);
});

test('names, filters and hashes of builtins.path', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io);
  const at = (expression: string): string => nix.print(nix.evalExpr(expression, { basePath: disk.folder }), { isStrict: true });
  assert.equal(
    at(
      'builtins.path { path = ./src.txt; name = "n"; } == builtins.path { path = ./src.txt; name = "n"; filter = p: t: true; recursive = true; }',
    ),
    'true',
  );
  const flat = at('builtins.path { path = ./src.txt; recursive = false; sha256 = builtins.hashFile "sha256" ./src.txt; }');
  assert.match(flat, /-src\.txt"$/);
  assert.throws(
    () => at('builtins.path { path = ./src.txt; sha256 = builtins.hashFile "sha256" ./src.txt; }'),
    /store path mismatch/,
  );
  assert.throws(() => at('builtins.path { path = ./src.txt; name = "a b"; }'), /name 'a b' contains illegal character/);
  assert.throws(() => at('builtins.path { path = ./tree; filter = p: t: 1; }'), /expected a Boolean/);
});

test('a path in an output is built before it is read, also where it is known only then', () => {
  const built: string[] = [];
  const drv = (extra: string): string => `(derivation { name = "p"; system = "s"; builder = "b"; ${extra} })`;
  const out = '/nix/store/0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-p' as StorePath;
  const io = new MemoryIO({
    files: { [`${out}/x.nix`]: '42' },
    realise: (path, outputs) => {
      built.push(`${path} ${outputs.join(' ')}`);
      return new Map(outputs.map((output) => [output, out]));
    },
  });
  const nix = interpreter(io);
  const floating = drv('__contentAddressed = true;');
  assert.equal(
    evaluate(`import "\${${floating}}/x.nix" + builtins.fromJSON (builtins.readFile (${floating} + "/x.nix"))`, nix),
    '84',
  );
  const drvPath = evaluate(`builtins.unsafeDiscardStringContext ${floating}.drvPath`, nix).slice(1, -1) as StorePath;
  assert.deepEqual(built, [`${drvPath} out`]);
  assert.equal(
    evaluate(`builtins.unsafeDiscardStringContext "\${${floating}}"`, nix),
    `"${upstreamPlaceholder(drvPath, 'out')}"`,
  );
});

test('text read from the store depends on the paths that stand in it', () => {
  using disk = realDisk();
  const folder = disk.folder;
  const nix = interpreter(disk.io);
  const text = nix.evalExpr('builtins.toFile "b" "see ${builtins.toFile "a" "x"}"', { basePath: folder });
  const path = nix.ctx.forceString(text, 'the path');
  // The store of this test keeps texts in memory: the file is read from beside it.
  writeFileSync(join(folder, 'copy'), disk.texts.get(path as StorePath)!.text);
  const readFile = disk.io.readFile.bind(disk.io);
  disk.io.readFile = (asked) => readFile(asked === path ? join(folder, 'copy') : asked);
  const context = nix.print(
    nix.evalExpr(
      `builtins.attrNames (builtins.getContext (builtins.readFile (builtins.toFile "b" "see \${builtins.toFile "a" "x"}")))`,
      { basePath: folder },
    ),
    { isStrict: true },
  );
  assert.match(context, /^\[ "\/nix\/store\/[0-9a-z]{32}-a" \]$/);
});

test('storePath takes what is in the store, and links that lead there; it keeps what its path depends on', () => {
  const path = '/nix/store/0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-p';
  const other = '/nix/store/1c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-q';
  const store = {
    files: { [`${other}/tool`]: '' },
    links: { '/here/result': other, [path]: other, '/here/tool': `${other}/tool` },
  };
  const context = (of: string): string => run(`builtins.getContext (builtins.storePath ${of})`, store);
  assert.equal(context(path), `{ "${path}" = { path = true; }; }`, 'a link that is itself an object stays');
  assert.equal(context(`${other}/tool`), `{ "${other}" = { path = true; }; }`);
  assert.equal(run('builtins.storePath /here/tool', store), `"${other}/tool"`);
  assert.equal(run('builtins.storePath /here/result', store), `"${other}"`);
  const drvPath = '(derivation { name = "n"; system = "s"; builder = "b"; }).drvPath';
  assert.equal(
    run(`builtins.attrValues (builtins.getContext (builtins.storePath ${drvPath}))`),
    '[ { allOutputs = true; path = true; } ]',
  );
  assert.throws(() => run('builtins.storePath /here/a.nix'), /is not in the Nix store/);
});
