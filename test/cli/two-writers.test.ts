/** What several write to at once: nothing that one of them wrote is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { whileLocked } from '../../base/index.ts';
import { writeArchive } from '../../pkm/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { writeMirror } from '../builder/debian-archive.ts';
import { Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';
import { project, type Run } from './programs.ts';

const timeout = 60_000;
const nobodyHasIt = () => assert.fail('nobody has it');

function scratch(t: TestContext): string {
  const work = mkdtempSync(join(tmpdir(), 'igos-two-writers-'));
  t.after(() => removeTree(work));
  return work;
}

function ok({ status, stdout, stderr }: Run): string {
  assert.equal(status, 0, stdout + stderr);
  return stderr;
}

/** A process of its own: `waits` when it says that it does. */
function start(words: readonly string[], work: string): { waits: Promise<void>; ends: Promise<Run> } {
  const child = spawn(join(project, 'bin/igos'), words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: join(work, 'home') },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const waits = Promise.withResolvers<void>();
  waits.promise.catch(() => {}); // nobody may ask
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (/^waiting for process/m.test(stderr)) waits.resolve();
  });
  const ends = once(child, 'close').then(([status]): Run => {
    waits.reject(new Error(`it did not wait: ${stderr}`));
    return { status: status as number, stdout, stderr };
  });
  return { waits: waits.promise, ends };
}

async function repository(t: TestContext): Promise<{ work: string; folder: string; words: string[] }> {
  const work = scratch(t);
  const [folder, key, home] = [join(work, 'packages'), join(work, 'key'), join(work, 'home')];
  mkdirSync(folder);
  const box = new Sandbox(undefined, work);
  for (const name of ['one', 'two'])
    await writeArchive(box.image(`${name} 1`, { [`usr/share/${name}`]: name }), join(folder, `${name}-1.igos.tar.gz`));
  ok(await runHere('igos', ['key', 'generate', 'test-1', '-o', key, '--home', home]));
  return { work, folder, words: ['repo', 'build', folder, '-k', key, '--home', home] };
}

const serialOf = (folder: string): number =>
  (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { serial: number }).serial;

test('repo build: each publication has a serial of its own', { timeout }, async (t) => {
  const { folder, words } = await repository(t);
  const said = (await Promise.all([1, 2, 3].map(() => runHere('igos', words)))).map(ok);
  assert.equal(serialOf(folder), 3);
  assert.match(said.join(''), new RegExp(`^waiting for process ${process.pid}, which writes to '${folder}'$`, 'm'));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  );
});

test('repo build: another process is waited for, and a folder that is not there is none', { timeout }, async (t) => {
  const { work, folder, words } = await repository(t);
  const child = start(words, work);
  const end = await whileLocked(join(folder, '.igos-lock'), nobodyHasIt, async () => {
    await child.waits;
    assert.deepEqual(readdirSync(folder), ['.igos-lock', 'one-1.igos.tar.gz', 'two-1.igos.tar.gz']);
    return { ends: child.ends };
  });
  ok(await end.ends);
  assert.equal(serialOf(folder), 1);
  const missing = await runHere(
    'igos',
    words.map((word) => (word === folder ? join(work, 'missing') : word)),
  );
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /cannot read '.*missing'/);
});

test('depot publish --page: the page has what all of them published', { timeout }, async (t) => {
  const work = scratch(t);
  const [depot, published] = [join(work, 'depot'), join(work, 'public')];
  const places = ['--depot', depot, '--public', published, '--home', join(work, 'home')];
  ok(await runHere('igos', ['depot', 'keygen', 'alan', '--no-passphrase', '--bits', '2048', ...places]));
  const names = ['one', 'two', 'three'];
  for (const name of names) {
    mkdirSync(join(depot, 'alan/raw', name, '1'), { recursive: true });
    writeFileSync(join(depot, 'alan/raw', name, '1', name), name);
  }
  const runs = await Promise.all(
    names.map((name) => runHere('igos', ['depot', 'publish', `alan/raw/${name}/1`, '--page', ...places])),
  );
  for (const run of runs) ok(run);
  const page = readFileSync(join(published, 'index.html'), 'utf8');
  for (const name of names) assert.ok(page.includes(`alan/raw/${name}/1`), name);
  assert.match(runs.map(({ stderr }) => stderr).join(''), /^waiting for process \d+, which writes to '.*public'$/m);
  assert.deepEqual(readdirSync(published).sort(), ['alan', 'index.html']);
});

test('seed lock: what somebody locked for another architecture meanwhile stays', { timeout }, async (t) => {
  const work = scratch(t);
  const [tree, mirror] = [join(work, 'tree'), join(work, 'mirror')];
  mkdirSync(tree);
  writeMirror(mirror, [{ name: 'tool', files: [{ name: './bin/tool', data: 'tool' }] }]);
  const url = pathToFileURL(mirror).href;
  writeFileSync(
    join(tree, 'a.igos'),
    `tier core { summary = "S"; }
package seed "1" {
  tier = core; summary = "S";
  style = debianSeed { lock = ./seed.lock; packages = [ "tool" ]; mirrors = [ "${url}" ]; };
}
`,
  );
  const words = ['seed', 'lock', tree, '--architecture', 'amd64', '--mirror', `${url} stable main`, '--no-check-sigs'];
  ok(await start(words, work).ends);
  const file = join(tree, 'seed.lock');
  const first = JSON.parse(readFileSync(file, 'utf8')) as { architectures: Record<string, unknown> };
  writeFileSync(file, JSON.stringify({ ...first, architectures: {} }));
  const child = start(words, work);
  const end = await whileLocked(join(tree, '.igos-lock'), nobodyHasIt, async () => {
    await child.waits;
    writeFileSync(file, JSON.stringify({ ...first, architectures: { arm64: first.architectures['amd64'] } }));
    return { ends: child.ends };
  });
  ok(await end.ends);
  const { architectures } = JSON.parse(readFileSync(file, 'utf8')) as typeof first;
  assert.deepEqual(Object.keys(architectures), ['amd64', 'arm64']);
});

test('import: a tree that two write is one of theirs, whole', { timeout }, async (t) => {
  const work = scratch(t);
  const [from, out] = [join(work, 'from'), join(work, 'out')];
  mkdirSync(join(from, 'stage0/00-x'), { recursive: true });
  writeFileSync(join(from, 'build.sh'), '');
  writeFileSync(join(from, 'stage0/00-x/00-packages'), 'tool\n');
  const words = ['import', 'pi-gen', from, '-o', out, '--home', join(work, 'home')];
  ok(await runHere('igos', words));
  const child = start(words.slice(0, 5), work);
  const end = await whileLocked(join(out, '.igos-lock'), nobodyHasIt, async () => {
    await child.waits;
    return { ends: child.ends };
  });
  assert.match(ok(await end.ends), / 0 removed, \d+ as they were/);
});
