/** Looking at the store: what the commands print, for people and as JSON, and what they refuse. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareBytes, textToBytes } from '../../base/index.ts';
import { openStore, type StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { golden } from '../golden.ts';
import { runHere } from './in-process.ts';
import { project, type Run } from './programs.ts';

interface World {
  /** Scratch folder; removed after the test. */
  readonly work: string;
  igos(...words: string[]): Promise<Run>;
  readonly paths: Readonly<Record<'v1' | 'v2' | 'lib' | 'old' | 'app', StorePath>>;
  /** What a command printed, with the scratch folder named $WORK. Asserts the exit status. */
  shown(status: number, ...words: string[]): Promise<string>;
}

/** Two versions of a small tree, and texts that refer to each other: lib ← old, lib ← app, old ← app, v1 ← app. */
function world(t: TestContext): World {
  const work = mkdtempSync(join(tmpdir(), 'igos-look-'));
  t.after(() => removeTree(textToBytes(work)));
  const home = join(work, 'home');
  const igos = (...words: string[]): Promise<Run> =>
    runHere('igos', words.includes('--home') ? words : [...words, '--home', home]);
  const tree = (folder: string, files: Record<string, string>): Buffer => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(work, folder, name, '..'), { recursive: true });
      writeFileSync(join(work, folder, name), text);
    }
    return Buffer.from(join(work, folder));
  };
  tree('1', { 'bin/run': '#!/bin/sh\necho 1\n', 'share/a': 'same', 'share/gone': 'gone', 'share/tool': 'x' });
  tree('2', { 'bin/run': '#!/bin/sh\necho twice\n', 'share/a': 'same', 'share/new': 'n'.repeat(3000), 'share/tool': 'x' });
  for (const folder of ['1', '2']) chmodSync(join(work, folder, 'bin/run'), 0o755);
  chmodSync(join(work, '2/share/tool'), 0o755);
  symlinkSync('a', join(work, '1/share/link'));
  symlinkSync('new', join(work, '2/share/link'));
  using store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  const v1 = store.addPath('tree-1.0', textToBytes(join(work, '1')));
  const v2 = store.addPath('tree-2.0', textToBytes(join(work, '2')));
  const text = (name: string, references: StorePath[], size: number): StorePath =>
    store.addTexts([{ name, text: `${references.join('\n')}${'.'.repeat(size)}`, references }])[0]!;
  const lib = text('lib-1.0', [], 5000);
  const old = text('old<&>-0.9'.replaceAll(/[<&>]/g, '_'), [lib], 100);
  const app = text('app-3', [lib, old, v1], 700_000);
  const shown = async (status: number, ...words: string[]): Promise<string> => {
    const run = await igos(...words);
    assert.equal(run.status, status, `${words.join(' ')}\n${run.stdout}${run.stderr}`);
    return (status === 0 ? run.stdout : run.stdout + run.stderr).replaceAll(work, '$WORK');
  };
  return { work, igos, paths: { v1, v2, lib, old, app }, shown };
}

const lines = (...parts: string[]): string => parts.join('\n');

test('ls and cat', async (t) => {
  const { shown, work, igos, paths } = world(t);
  const { v1 } = paths;
  symlinkSync(v1, join(work, 'result'));
  golden(
    t,
    'cli/store-ls.txt',
    lines(
      await shown(0, 'store', 'ls', v1),
      await shown(0, 'store', 'ls', '-lR', v1),
      await shown(0, 'store', 'ls', '-l', `${v1}/bin/run`, `${v1}/share/`),
      await shown(0, 'store', 'ls', '-ld', `${v1}/share`),
      await shown(0, 'store', 'ls', `${v1}/bin`, '--json'),
    ),
  );
  assert.equal(await shown(0, 'store', 'ls', join(work, 'result/bin')), 'run\n');
  assert.equal(await shown(0, 'store', 'ls', join(work, 'home', 'store', v1.slice(12), 'bin')), 'run\n');
  assert.equal(await shown(0, 'store', 'cat', `${v1}/bin/run`, `${v1}/share/a`), '#!/bin/sh\necho 1\nsame');
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
  writeFileSync(join(work, 'bytes'), bytes);
  const path = (await shown(0, 'store', 'add', join(work, 'bytes'))).trim();
  const raw = spawnSync(join(project, 'bin/igos'), ['store', 'cat', path, '--home', join(work, 'home')]);
  assert.ok(raw.stdout.equals(bytes));
  const real = join(work, 'home', 'store', v1.slice(12), 'share/a');
  chmodSync(real, 0o644);
  writeFileSync(real, 'SAME');
  assert.match((await igos('store', 'cat', `${v1}/share/a`)).stderr, /E-STORE-041/);
});

test('diff: files, and closures', async (t) => {
  const { shown, paths } = world(t);
  const { v1, v2, app, old, lib } = paths;
  assert.equal(await shown(0, 'store', 'diff', v1, v1), '');
  assert.equal(await shown(0, 'store', 'diff', '-r', app, app), '');
  golden(
    t,
    'cli/store-diff.txt',
    lines(
      await shown(1, 'store', 'diff', v1, v2),
      await shown(1, 'store', 'diff', lib, v1),
      await shown(1, 'store', 'diff', '-r', app, v2),
      await shown(1, 'store', 'diff', '-r', lib, old),
      await shown(1, 'store', 'diff', v1, v2, '--json'),
      await shown(1, 'store', 'diff', '-r', old, v2, '--json'),
    ),
  );
});

test('du: sizes as du(1) and Nix say them, hard links once', async (t) => {
  const { igos, work, paths } = world(t);
  const { app, lib, v1 } = paths;
  const json = async (...words: string[]) =>
    JSON.parse((await igos('store', 'du', '--json', ...words)).stdout) as {
      paths: { path: string; sizeBytes: number; closureBytes: number; diskBytes: number; sharedBytes: number }[];
      total: { nPaths: number; sizeBytes: number; diskBytes: number };
    };
  const all = await json();
  assert.equal(all.total.nPaths, 5);
  const sizes = all.paths.map(({ sizeBytes }) => sizeBytes);
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => b - a),
  );
  const below = await json('-r', app);
  assert.equal(below.total.nPaths, 4);
  assert.equal(below.paths[0]!.path, app);
  assert.equal(below.paths[0]!.closureBytes, below.total.sizeBytes);
  const du = (path: string): number => {
    const run = spawnSync('du', ['-s', '--block-size=1', path], { encoding: 'utf8' });
    return Number(run.stdout.split('\t')[0]);
  };
  for (const { path, diskBytes, sharedBytes } of all.paths) {
    assert.equal(diskBytes, du(join(work, 'home', 'store', path.slice(12))));
    assert.equal(sharedBytes, 0);
  }
  // Two files of one object become one inode, then one that others have too.
  const store = join(work, 'home', 'store');
  const before = (await json(v1)).total.diskBytes;
  const folder = join(store, v1.slice(12), 'share');
  chmodSync(folder, 0o755);
  spawnSync('ln', ['-f', join(folder, 'gone'), join(folder, 'tool')]);
  const inner = await json(v1);
  assert.equal(inner.total.diskBytes, du(join(store, v1.slice(12))));
  assert.ok(inner.total.diskBytes < before);
  assert.equal(inner.paths[0]!.sharedBytes, 0);
  spawnSync('ln', ['-f', join(folder, 'gone'), join(store, lib.slice(12))]);
  const outer = await json(v1, lib);
  assert.ok(outer.paths.every(({ sharedBytes }) => sharedBytes > 0));
  assert.equal(outer.total.diskBytes, du(join(store, v1.slice(12))));
  const text = (await igos('store', 'du', '-n', '1', '--sort', 'name', '-b', v1, lib)).stdout.split('\n');
  assert.match(text[0]!, /^ *size +closure +disk +shared +path$/);
  assert.match(text[1]!, /^ *\d+ +\d+ +\d+ +\d+ {2}\/igos\/store\/.*-lib-1\.0$/);
  assert.match(text[2]!, /^2 paths: \d+, on disk \d+$/);
});

test('the graph as text, data, graphviz and picture', async (t) => {
  const { shown, work, paths } = world(t);
  const { app, lib } = paths;
  golden(
    t,
    'cli/store-graph.txt',
    lines(
      await shown(0, 'store', 'graph', app),
      await shown(0, 'store', 'graph', '--all', app),
      await shown(0, 'store', 'graph', '--referrers', lib),
      await shown(0, 'store', 'graph', '-f', 'dot', app),
      await shown(0, 'store', 'graph', '-f', 'json', app),
    ),
  );
  const file = join(work, 'g.svg');
  assert.equal(await shown(0, 'store', 'graph', '-o', file, app), '');
  const svg = readFileSync(file, 'utf8').replaceAll(work, '/somewhere');
  golden(t, 'cli/store-graph.svg', svg);
  assert.equal((await shown(0, 'store', 'graph', '-f', 'svg', app)).replaceAll('$WORK', '/somewhere'), svg);
});

test('info: a reference a line, and the hash as declarations have it', async (t) => {
  const { shown, paths } = world(t);
  const { app, lib, old, v1 } = paths;
  const text = await shown(0, 'store', 'info', app);
  const digest = JSON.parse(await shown(0, 'store', 'info', app, '--json')).paths[0].narHash as string;
  const [first, second, third] = [lib, old, v1].sort(compareBytes);
  assert.equal(
    text.split('\n').slice(0, 6).join('\n'),
    lines(
      app,
      `  narHash     sha256-${Buffer.from(digest, 'hex').toString('base64')}`,
      text.split('\n')[2]!,
      `  references  ${first}`,
      `              ${second}`,
      `              ${third}`,
    ),
  );
});

test('references, referrers, derivers', async (t) => {
  const { shown, paths } = world(t);
  const { app, lib, old, v1 } = paths;
  const sorted = (...list: string[]): string => `${list.sort(compareBytes).join('\n')}\n`;
  assert.equal(await shown(0, 'store', 'references', app), sorted(lib, old, v1));
  assert.equal(await shown(0, 'store', 'references', lib), '');
  assert.equal(await shown(0, 'store', 'references', '-r', old), sorted(lib, old));
  assert.equal(await shown(0, 'store', 'referrers', lib), sorted(app, old));
  assert.equal(await shown(0, 'store', 'referrers', '-r', lib), sorted(app, lib, old));
  assert.equal(await shown(0, 'store', 'deriver', lib), 'unknown-deriver\n');
  assert.deepEqual(JSON.parse(await shown(0, 'store', 'referrers', '--json', old)), { paths: [app] });
});

test('export and import between two homes, through a file and a pipe', async (t) => {
  const { shown, work, igos, paths } = world(t);
  const { app } = paths;
  const file = join(work, 'app.export');
  assert.equal(await shown(0, 'store', 'export', '-r', app, '-o', file), '');
  const piped = spawnSync(join(project, 'bin/igos'), ['store', 'export', '-rq', app, '--home', join(work, 'home')]);
  assert.ok(piped.stdout.equals(readFileSync(file)));
  const closure = (await shown(0, 'store', 'references', '-r', app)).trim().split('\n');
  const imported = (await shown(0, 'store', 'import', file, '--home', join(work, 'other'))).trim().split('\n');
  assert.deepEqual([...imported].sort(compareBytes), closure);
  assert.equal(await shown(0, 'store', 'verify', '--contents', '--home', join(work, 'other')), '');
  const zst = join(work, 'app.zst');
  await shown(0, 'store', 'export', '-rz', app, '-o', zst);
  const again = spawnSync(join(project, 'bin/igos'), ['store', 'import', '--json', '--home', join(work, 'third')], {
    input: readFileSync(zst),
  });
  const rows = (JSON.parse(again.stdout.toString()) as { paths: { path: string; isNew: boolean }[] }).paths;
  assert.deepEqual(rows.map(({ path }) => path).sort(compareBytes), closure);
  assert.ok(rows.every(({ isNew }) => isNew));
  // A path alone lacks what it refers to.
  await shown(0, 'store', 'export', app, '-o', file);
  assert.match((await igos('store', 'import', file, '--home', join(work, 'fourth'))).stderr, /E-STORE-015/);
});

test('what cannot be looked at is refused with a way out', async (t) => {
  const { igos, work, paths } = world(t);
  const { v1, v2 } = paths;
  const refused = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await igos(...words);
    assert.notEqual(status, 0);
    assert.equal(stdout, '');
    return stderr.replaceAll(work, '$WORK');
  };
  golden(
    t,
    'errors/cli-store-look.txt',
    lines(
      await refused('store', 'ls', `/igos/store/${'0'.repeat(32)}-gone`),
      await refused('store', 'du', 'examples/tour/v1#greet'),
      await refused('store', 'cat', `${v1}/bin/ruin`),
      await refused('store', 'cat', `${v1}/bin/run/x`),
      await refused('store', 'cat', `${v1}/share`),
      await refused('store', 'cat', `${v1}/share/link`),
      await refused('store', 'ls', 'README.md'),
      await refused('store', 'references', `${v1}/bin`),
      await refused('store', 'diff', v1, v2, v1),
      await refused('store', 'graph', '-f', 'png', v1),
    ),
  );
});
