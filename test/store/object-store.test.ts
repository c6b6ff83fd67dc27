import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, renderFault, textToBytes } from '../../base/index.ts';
import {
  type Derivation,
  derivationPath,
  encodeDerivation,
  formatHash,
  makeStorePath,
  openStore,
  type StorePath,
} from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { diskSteps } from '../disk-steps.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

const hasNix = spawnSync('nix-hash', ['--version']).status === 0;

const sample = {
  'bin/run*': '#!/bin/sh\necho hi\n',
  'lib/x.so': 'x'.repeat(3 << 20),
  'lib/link': '-> x.so',
  'share/empty': null,
  'na\u00efve': '',
};

test('what comes into the store is durable under its name before it is said to be there', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const tree = makeTree(join(folder, 'tree'), { x: '1' });
  let path: StorePath;
  const steps = diskSteps(t, () => {
    path = store.addPath('tree', textToBytes(tree));
  });
  const named = steps.findIndex((step) => step.startsWith('move ') && step.endsWith(` ${store.toReal(path!)}`));
  assert.ok(named !== -1 && steps.slice(named).includes(`sync ${home}/store`), steps.join('\n'));
});

test('reading a store that is not there creates nothing', (t) => {
  const { store, folder } = temporaryStore(t);
  const path = makeStorePath('source', '0'.repeat(64), 'x', storeDir);
  assert.equal(store.isValid(path), false);
  assert.equal(store.info(path), undefined);
  assert.equal(store.realisation(path, 'out'), undefined);
  assert.deepEqual([...store.allPaths()], []);
  assert.deepEqual(store.referrers(path), []);
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.equal(store.cacheGet('x'), undefined);
  writeFileSync(join(folder, 'f'), 'x');
  store.computePath('f', join(folder, 'f'));
  assert.deepEqual(readdirSync(folder), ['f']);
});

test('a tree is added with its manifest and canonical metadata, and stands in another process too', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), sample);
  const path = store.addPath('sample', source);
  assert.equal(store.computePath('sample', source).path, path);
  assert.match(path, /^\/igos\/store\/[0-9a-z]{32}-sample$/);
  const real = store.toReal(path);
  assert.equal(readlinkSync(join(real, 'lib/link')), 'x.so');
  assert.equal(readFileSync(join(real, 'bin/run'), 'utf8'), sample['bin/run*']);
  for (const [file, mode] of [
    ['', 0o555],
    ['bin', 0o555],
    ['bin/run', 0o555],
    ['lib/x.so', 0o444],
    ['lib/link', undefined],
  ] as const) {
    const stat = lstatSync(join(real, file));
    assert.equal(stat.mtimeMs, 1000, file);
    if (mode !== undefined) assert.equal(stat.mode & 0o7777, mode, file);
  }
  const manifest = store.manifest(path);
  assert.deepEqual(
    manifest.map((entry) => `${entry.kind} ${entry.path}`),
    [
      'directory ',
      'directory bin',
      'file bin/run',
      'directory lib',
      'symlink lib/link',
      'file lib/x.so',
      'file na\xc3\xafve',
      'directory share',
      'directory share/empty',
    ],
  );
  const other = openStore({ home, storeDir });
  assert.deepEqual(other.info(path), store.info(path));
  assert.deepEqual(other.manifest(path), manifest);
  assert.deepEqual(other.verify({ contents: true }), []);
  other.close();
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
});

test('NAR hashes are those of nix-hash', { skip: hasNix ? false : 'nix-hash is not installed' }, (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), sample);
  const info = store.info(store.addPath('sample', source))!;
  const { stdout } = spawnSync('nix-hash', ['--type', 'sha256', '--base32', source], { encoding: 'utf8' });
  assert.equal(formatHash({ algorithm: 'sha256', hex: info.narHash }, 'nix32'), stdout.trim());
});

test('what is ensured is named and added as by the two steps, and the filter is asked once', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { a: '1', 'd/b*': '2', 'd/c': '3' });
  const asked: string[] = [];
  const filter = (file: string): boolean => asked.push(file.slice(source.length)) > 0 && !file.endsWith('/c');
  const { path, digest } = store.computePath('x', source, { filter: (file) => !file.endsWith('/c') });
  const ensured = (): unknown => {
    const found = store.ensurePath('x', source, { filter });
    return { path: found.path, digest: found.digest };
  };
  assert.deepEqual(ensured(), { path, digest });
  assert.deepEqual(asked, ['/a', '/d', '/d/b', '/d/c']);
  assert.deepEqual(readdirSync(join(store.toReal(path), 'd')), ['b']);
  const added = store.info(path);
  assert.deepEqual(ensured(), { path, digest }, 'again, and it is valid');
  assert.deepEqual(store.info(path), added);
});

test('equal bytes give an equal path; a filter and the method change it', (t) => {
  const { store, folder } = temporaryStore(t);
  const one = makeTree(join(folder, 'one'), { a: '1', 'b*': '2' });
  const two = makeTree(join(folder, 'two'), { 'b*': '2', a: '1' });
  const path = store.addPath('x', one);
  assert.equal(store.addPath('x', two), path);
  assert.notEqual(store.addPath('y', two), path);
  const filtered = store.addPath('x', one, { filter: (file) => !file.endsWith('/b') });
  assert.deepEqual(readdirSync(store.toReal(filtered)), ['a']);
  const seen: string[] = [];
  store.computePath('x', one, { filter: (file, kind) => seen.push(`${kind} ${file.slice(one.length)}`) > 0 });
  assert.deepEqual(seen, ['regular /a', 'regular /b']);
  const flat = store.addPath('b', join(one, 'b'), { method: 'flat', algorithm: 'sha1' });
  assert.match(store.info(flat)!.ca!, /^fixed:sha1:/);
  assert.equal(lstatSync(store.toReal(flat)).mode & 0o777, 0o444);
  chmodSync(join(one, 'b'), 0o644);
  assert.equal(store.addPath('b', join(one, 'b'), { method: 'flat', algorithm: 'sha1' }), flat);
  const recursive = store.addPath('b', join(one, 'b'), { algorithm: 'sha512' });
  assert.match(store.info(recursive)!.ca!, /^fixed:r:sha512:/);
});

test('files that did not change are not read again, and files that did are', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { a: 'old' });
  const path = store.addPath('x', source);
  writeFileSync(join(source, 'a'), 'new');
  const changed = store.addPath('x', source);
  assert.notEqual(changed, path);
  assert.equal(readFileSync(join(store.toReal(changed), 'a'), 'utf8'), 'new');
  // Long settled: /usr/bin/env did not change in the last two seconds.
  const first = store.addPath('env', '/usr/bin/env');
  assert.equal(store.computePath('env', '/usr/bin/env').path, first);
  assert.equal(store.addPath('env', '/usr/bin/env'), first);
});

test('trees are put together from several places', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { a: '1', 'b*': '2' });
  const entries = [
    { kind: 'file', path: 'usr/bin/b', realPath: join(source, 'b') },
    { kind: 'symlink', path: 'usr/bin/c', target: 'b' },
    { kind: 'file', path: 'etc/a', realPath: join(source, 'a') },
  ] as const;
  const computed = store.computeTree('host', entries);
  const path = store.addTree('host', entries);
  assert.equal(path, computed.path);
  assert.equal(readlinkSync(join(store.toReal(path), 'usr/bin/c')), 'b');
  assert.equal(store.addPath('host', store.toReal(path)), path, 'the same bytes from one place');
});

test('texts are added in one batch, and refer to each other', (t) => {
  const { store } = temporaryStore(t);
  const [first] = store.addTexts([{ name: 'a', text: 'caf\xe9', references: [] }]);
  const [second, third] = store.addTexts([
    { name: 'b', text: `see ${first}`, references: [first!] },
    { name: 'a', text: 'caf\xe9', references: [] },
  ]);
  assert.equal(third, first);
  assert.deepEqual(store.info(second!)!.references, [first]);
  assert.deepEqual(store.referrers(first!), [second]);
  assert.deepEqual(new Set(store.closure([second!])), new Set([first, second]));
  assert.deepEqual(store.closure([first!]), [first]);
  assert.equal(readFileSync(store.toReal(first!), 'latin1'), 'caf\xe9');
  assert.deepEqual(new Set(store.allPaths()), new Set([first, second]));
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('derivations are read back', (t) => {
  const { store } = temporaryStore(t);
  const drv: Derivation = {
    name: 'x',
    outputs: new Map([['out', { kind: 'floating', method: 'nar', algorithm: 'sha256' }]]),
    inputDrvs: new Map(),
    inputSrcs: [],
    system: 'x86_64-linux',
    builder: '/bin/sh',
    args: [],
    env: new Map(),
  };
  const [path] = store.addTexts([{ name: 'x.drv', text: encodeDerivation(drv), references: [] }]);
  assert.equal(path, derivationPath(drv, storeDir));
  assert.deepEqual(store.readDerivation(path!), drv);
  assert.equal(store.readDerivation(path!), store.readDerivation(path!));
  assert.match(store.logPath(path!), /\/home\/var\/log\/[0-9a-z]{2}\/[0-9a-z]{30}-x\.drv$/);
});

test('realisations and the cache keep what they are given', (t) => {
  const { store, home } = temporaryStore(t);
  const drvPath = makeStorePath('text', '0'.repeat(64), 'x.drv', storeDir);
  const path = makeStorePath('source', '1'.repeat(64), 'x', storeDir);
  store.addRealisations([{ drvPath, output: 'out', path }]);
  store.cachePut([
    ['ключ', 'значение'],
    ['x'.repeat(5000), 'y'],
  ]);
  store.close();
  const again = openStore({ home, storeDir });
  t.after(() => again.close());
  assert.equal(again.realisation(drvPath, 'out'), path);
  assert.equal(again.realisation(drvPath, 'dev'), undefined);
  assert.equal(again.cacheGet('ключ'), 'значение');
  assert.equal(again.cacheGet('x'.repeat(5000)), 'y');
});

test('what a crash left at a final name is replaced', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { a: 'whole' });
  const { path } = store.computePath('x', source);
  // The index is there before any object is.
  store.cachePut([['x', 'y']]);
  makeTree(store.toReal(path), { a: 'ha', b: 'left over' });
  chmodSync(store.toReal(path), 0o555);
  assert.deepEqual(
    store.verify({ contents: false }).map(({ kind }) => kind),
    ['unregistered'],
  );
  assert.equal(store.addPath('x', source), path);
  assert.deepEqual(readdirSync(store.toReal(path)), ['a']);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('scratch of dead processes is removed, of living ones not', (t) => {
  const { store, home } = temporaryStore(t);
  mkdirSync(join(home, 'tmp'), { recursive: true });
  makeTree(join(home, 'tmp/add-4194303-1-0'), { 'x/a': '' });
  makeTree(join(home, 'tmp/kept'), { a: '' });
  const mine = store.makeScratch();
  const other = openStore({ home, storeDir });
  t.after(() => other.close());
  const theirs = other.makeScratch();
  assert.deepEqual(
    new Set(readdirSync(join(home, 'tmp')).map((name) => join(home, 'tmp', name))),
    new Set([mine, theirs, join(home, 'tmp/kept')]),
  );
});

test('verify finds every kind of damage', (t) => {
  const { store, folder } = temporaryStore(t);
  const add = (name: string) => store.addPath(name, makeTree(join(folder, name), { a: 'some text', 'b/c': 'c', l: '-> a' }));
  const names = ['gone', 'content', 'size', 'mode', 'time', 'extra', 'lost', 'kind', 'target', 'fine'] as const;
  const paths = Object.fromEntries(names.map((name) => [name, add(name)])) as Record<(typeof names)[number], StorePath>;
  const [text] = store.addTexts([{ name: 'text', text: '', references: [paths.gone] }]);
  const real = (name: keyof typeof paths, file = '') => join(store.toReal(paths[name]), file);
  const settled = (path: string, change: () => void) => {
    chmodSync(join(path, '..'), 0o755);
    change();
    if (existsSync(path)) lutimesSync(path, 1, 1);
    chmodSync(join(path, '..'), 0o555);
    utimesSync(join(path, '..'), 1, 1);
  };
  const rewrite = (path: string, data: string) =>
    settled(path, () => {
      chmodSync(path, 0o644);
      writeFileSync(path, data);
      chmodSync(path, 0o444);
    });
  removeTree(real('gone').replace(/\/$/, ''));
  rewrite(real('content', 'a'), 'Some text');
  rewrite(real('size', 'a'), 'some');
  chmodSync(real('mode', 'a'), 0o666);
  lutimesSync(real('time', 'l'), 5, 5);
  settled(real('extra', 'b/new'), () => writeFileSync(real('extra', 'b/new'), ''));
  settled(real('lost', 'b/c'), () => rmSync(real('lost', 'b/c')));
  settled(real('kind', 'a'), () => {
    rmSync(real('kind', 'a'));
    mkdirSync(real('kind', 'a'));
  });
  settled(real('target', 'l'), () => {
    rmSync(real('target', 'l'));
    symlinkSync('b', real('target', 'l'));
  });
  makeTree(join(store.toReal(text!), '../junk'), {});
  const seen: string[] = [];
  const problems = store.verify({ contents: true, onPath: (path, done, total) => seen.push(`${path} ${done}/${total}`) });
  const shown = problems.map(
    ({ path, kind, file, detail }) =>
      `${path.slice(storeDir.length + 1).replace(/^[0-9a-z]{32}-/, '')} ${kind} ${file ?? '-'}: ${detail.replace(/[0-9a-z]{32}-/, '')}`,
  );
  assert.deepEqual(shown.sort(compareBytes), [
    'content modified a: its content changed',
    'extra modified b/new: it is there, but not recorded',
    'gone missing -: it is recorded, but not there',
    'junk unregistered -: it is there, but not recorded: left by a crash, or put there by hand',
    'kind modified a: it is a directory, recorded as a file',
    'lost missing b/c: it is recorded, but not there',
    'mode metadata a: its mode is 0666, recorded as 0444',
    'size modified a: it has 4 bytes, recorded as 9',
    "target modified l: it points to 'b', recorded as 'a'",
    'time metadata l: its time is 5, recorded as 1',
  ]);
  assert.equal(seen.length, 11);
  assert.equal(store.verify({ contents: false }).length, 2, 'without contents only what is missing or left over');
});

test('two processes may add the same at once', async (t) => {
  const { store, folder, home } = temporaryStore(t);
  const source = makeTree(
    join(folder, 'src'),
    Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`d${i % 5}/f${i}`, `text ${i}`])),
  );
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
    const store = openStore({ home: ${JSON.stringify(home)}, storeDir: '${storeDir}' });
    for (let i = 0; i < 5; i++) store.addPath('x' + i, ${JSON.stringify(source)});
    console.log(store.addPath('x', ${JSON.stringify(source)}));
  `;
  const { spawn } = await import('node:child_process');
  const run = () =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (data: Buffer) => {
        text += data.toString();
      });
      child.on('close', (code) => resolve(`${code} ${text.trim()}`));
    });
  const { path } = store.computePath('x', source);
  assert.deepEqual(await Promise.all([run(), run()]), [`0 ${path}`, `0 ${path}`]);
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.equal([...store.allPaths()].length, 6);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
});

test('what the store refuses', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = makeTree(join(folder, 'src'), { a: '1' });
  const absent = makeStorePath('source', '0'.repeat(64), 'absent', storeDir);
  const [text] = store.addTexts([{ name: 'notes.drv', text: 'not a derivation', references: [] }]);
  const faults = [
    () => store.manifest(absent),
    () => store.closure([absent]),
    () => store.readDerivation(absent),
    () => store.readDerivation(text!),
    () => store.addTexts([{ name: 'x', text: '', references: [absent] }]),
    () => store.addPath('x', source, { method: 'flat' }),
    () => store.addPath('a b', source),
  ].map((run) => renderFault(faultOf(run)).replaceAll(folder, '<tmp>'));
  golden(t, 'errors/store-refused.txt', faults.join('\n'));
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('an index that is none is refused, not mapped', (t) => {
  const { store, home } = temporaryStore(t);
  makeTree(join(home, 'var/index'), { 'data.mdb': 'x'.repeat(9000) });
  const absent = makeStorePath('source', '0'.repeat(64), 'absent', storeDir);
  const fault = faultOf(() => store.isValid(absent));
  golden(t, 'errors/store-index.txt', renderFault(fault).replaceAll(home, '<home>'));
  writeFileSync(join(home, 'var/index/data.mdb'), '');
  const [path] = store.addTexts([{ name: 'a', text: 'x', references: [] }]);
  assert.ok(store.isValid(path!));
});

test('a store that we may not write is read', (t) => {
  const { store, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'a', text: 'x', references: [] }]);
  store.close();
  // as root nothing is forbidden: another user reads
  chmodSync(join(home, '..'), 0o755);
  execFileSync('chmod', ['-R', 'a+rX,a-w', home]);
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
    console.log(openStore(${JSON.stringify({ home, storeDir })}).isValid(${JSON.stringify(path)}));
  `;
  const node = [process.execPath, '--input-type=module', '-e', script];
  const command = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...node] : node;
  assert.equal(execFileSync(command[0]!, command.slice(1), { encoding: 'utf8' }), 'true\n');
});
