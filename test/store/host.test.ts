import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderFault } from '../../base/index.ts';
import { type HostSpec, hostTree, rememberedHostFiles, resolveHostFiles, type TreeEntry } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, temporaryFolder, temporaryStore } from './fixture.ts';

const searchPath = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const hasLdd = spawnSync('ldd', ['--version']).status === 0;
const isRoot = process.getuid?.() === 0;

/** Path → target of a link, or real path of a file. */
const shape = (entries: readonly TreeEntry[], folder: string): Record<string, string> =>
  Object.fromEntries(
    entries
      .map((entry): [string, string] => [
        entry.path,
        entry.kind === 'file' ? entry.realPath : entry.kind === 'symlink' ? `-> ${entry.target}` : '/',
      ])
      .filter(([path]) => path.startsWith(folder.slice(1)))
      .map(([path, what]): [string, string] => [path.slice(folder.length - 1), what.replace(folder, '')]),
  );

test('tools bring the libraries that ldd names', { skip: hasLdd ? false : 'ldd is not installed' }, () => {
  const entries = resolveHostFiles({ tools: ['sh', 'ls', 'tar'], files: [], searchPath });
  const places = new Set(entries.map(({ path }) => path));
  for (const tool of ['sh', 'ls', 'tar']) {
    assert.ok(places.has(`usr/bin/${tool}`), tool);
    const { stdout } = spawnSync('ldd', [realpathSync(`/usr/bin/${tool}`)], { encoding: 'utf8' });
    const libraries = [...stdout.matchAll(/(?:=> )?(\/[^ ]+) \(0x/g)].map(([, path]) => path!);
    assert.ok(libraries.length >= 2, stdout);
    for (const library of libraries) {
      assert.ok(places.has(library.slice(1).replace(/^lib/, 'usr/lib')), `${tool} needs ${library}`);
      assert.ok(
        entries.some((entry) => entry.kind === 'file' && entry.realPath === realpathSync(library)),
        library,
      );
    }
  }
});

test('a root made of the tree runs its tools, and has no others', {
  skip: isRoot && hasLdd ? false : 'needs root for chroot, and glibc',
}, (t) => {
  const { store, folder } = temporaryStore(t);
  const path = hostTree(store, 'host', { tools: ['sh', 'cat', 'awk'], files: ['/etc/hos?s'], searchPath });
  const root = join(folder, 'root');
  cpSync(store.toReal(path), root, { recursive: true, verbatimSymlinks: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (!existsSync(join(root, name))) {
      spawnSync('chmod', ['u+w', root]);
      symlinkSync(`usr/${name}`, join(root, name));
    }
  }
  const run = (script: string) => spawnSync('chroot', [root, '/bin/sh', '-c', script], { encoding: 'utf8' });
  assert.equal(run("echo 1 2 | awk '{ print $2 + 1 }' | cat").stdout, '3\n');
  assert.notEqual(run('ls').status, 0);
});

test('links are flattened, globs enter folders, scripts bring their interpreter', (t) => {
  const folder = temporaryFolder(t);
  makeTree(folder, {
    'bin/tool': '-> ../alternatives/tool',
    'alternatives/tool': `-> ${folder}/opt/tool-1.2`,
    'opt/tool-1.2*': `#!${folder}/bin/interp -x\n`,
    'bin/interp*': 'not ELF',
    'bin/by-env*': '#!/usr/bin/env interp\n',
    'bin/data': 'not executable',
    'include/a.h': '',
    'include/sys/b.h': '#!/not/a/script',
    'include/sys/.hidden.h': '',
    'include/link.h': '-> sys/b.h',
    'include/out.h': `-> ${folder}/elsewhere/c.h`,
    'include/dangling.h': '-> nowhere',
    'include/more': '-> ../elsewhere',
    'include/self': '-> .',
    'elsewhere/c.h': '',
    'elsewhere/deep/d.h': '',
    'na\u00efve/x.h': '',
  });
  const spec: HostSpec = {
    tools: ['tool', 'by-env'],
    files: [`${folder}/include/**`, `${folder}/na*/{x,y}.h`, `${folder}/none/**`, `${folder}/not-there`].map((text) =>
      Buffer.from(text).toString('latin1'),
    ),
    searchPath: [`${folder}/bin`, '/usr/bin'],
  };
  assert.deepEqual(shape(resolveHostFiles(spec), folder), {
    '/bin/tool': '-> ../opt/tool-1.2',
    '/opt/tool-1.2': '/opt/tool-1.2',
    '/bin/interp': '/bin/interp',
    '/bin/by-env': '/bin/by-env',
    '/include/a.h': '/include/a.h',
    '/include/sys/b.h': '/include/sys/b.h',
    '/include/sys/.hidden.h': '/include/sys/.hidden.h',
    '/include/link.h': '-> sys/b.h',
    '/include/out.h': '-> ../elsewhere/c.h',
    '/include/more': '-> ../elsewhere',
    '/include/self': '-> .',
    '/elsewhere/c.h': '/elsewhere/c.h',
    '/elsewhere/deep/d.h': '/elsewhere/deep/d.h',
    '/na\xc3\xafve/x.h': '/na\xc3\xafve/x.h',
  });
});

test('what is remembered of the host is what is there, and only while it is', async (t) => {
  const { store, folder } = temporaryStore(t);
  const host = makeTree(join(folder, 'host'), { 'bin/a*': 'a', 'include/x.h': 'x', 'include/na\xc3\xafve.h': '' });
  const spec: HostSpec = { tools: ['a'], files: [`${host}/include/**`], searchPath: [`${host}/late`, `${host}/bin`] };
  let nWrites = 0;
  const counting = {
    cacheGet: (key: string) => store.cacheGet(key),
    cachePut(entries: readonly (readonly [string, string])[]): void {
      nWrites++;
      store.cachePut(entries);
    },
  };
  assert.deepEqual(rememberedHostFiles(counting, spec), resolveHostFiles(spec));
  assert.equal(nWrites, 0, 'it changed just now');
  await new Promise((resolve) => setTimeout(resolve, 2100));
  for (let i = 0; i < 3; i++) assert.deepEqual(rememberedHostFiles(counting, spec), resolveHostFiles(spec));
  assert.equal(nWrites, 1);
  makeTree(host, { 'late/a*': 'another' });
  assert.deepEqual(rememberedHostFiles(counting, spec), resolveHostFiles(spec));
  rmSync(join(host, 'late'), { recursive: true });
  rmSync(join(host, 'include'), { recursive: true });
  assert.deepEqual(rememberedHostFiles(counting, spec), resolveHostFiles(spec));
});

test('the tree follows every change of the host', async (t) => {
  const { store, folder } = temporaryStore(t);
  const host = makeTree(join(folder, 'host'), { 'bin/a*': 'a', 'include/x.h': 'x' });
  const spec: HostSpec = { tools: ['a', 'b'], files: [`${host}/include/**`], searchPath: [`${host}/bin`, `${host}/late`] };
  assert.equal(faultOf(() => hostTree(store, 'h', spec)).code, 'E-STORE-021');
  makeTree(host, { 'late/b*': 'b' });
  // Only what has been still for two seconds is remembered.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const first = hostTree(store, 'h', spec);
  assert.equal(hostTree(store, 'h', spec), first);
  appendFileSync(join(host, 'include/x.h'), 'y');
  const changed = hostTree(store, 'h', spec);
  assert.notEqual(changed, first);
  makeTree(host, { 'include/new/y.h': '' });
  const grown = hostTree(store, 'h', spec);
  assert.notEqual(grown, changed);
  makeTree(host, { 'bin/b*': 'an earlier b' });
  assert.notEqual(hostTree(store, 'h', spec), grown);
});

test('what the host lacks is named', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'bin'));
  makeTree(join(folder, 'bin'), {
    'make*': '#!/no/such/interpreter\n',
    env: '',
    'script*': '#!/usr/bin/env mkae\n',
    'nothing*': '',
  });
  const resolve = (spec: Partial<HostSpec>) => () =>
    resolveHostFiles({ tools: [], files: [], searchPath: [`${folder}/bin`], ...spec });
  const faults = [
    resolve({ tools: ['mkae'] }),
    resolve({ tools: ['env'] }),
    resolve({ tools: ['/no/such/tool'] }),
    resolve({ tools: ['../bin/nothing'] }),
    resolve({ tools: ['make'] }),
    resolve({ tools: ['script'] }),
    resolve({ files: ['include/stdio.h'] }),
  ].map((run) => renderFault(faultOf(run)).replaceAll(folder, '<tmp>'));
  golden(t, 'errors/store-host.txt', faults.join('\n'));
});
