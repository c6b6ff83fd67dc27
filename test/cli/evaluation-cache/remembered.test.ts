/** What is remembered, what is not, and what happens to records that are damaged or that nobody may trust. */
import assert from 'node:assert/strict';
import fs, {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CacheFolder } from '../../../cli/evaluation-cache/folder.ts';
import { decodeRecord, encodeRecord } from '../../../cli/evaluation-cache/record.ts';
import { Recorder } from '../../../cli/evaluation-cache/recorder.ts';
import { project } from '../programs.ts';
import { type Workbench, workbench } from './workbench.ts';

function begin(t: TestContext, files: Readonly<Record<string, string>> = {}): Workbench {
  const bench = workbench(t);
  mkdirSync(bench.work, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(bench.work, name)), { recursive: true });
    writeFileSync(join(bench.work, name), text);
  }
  return bench;
}

const records = (bench: Workbench): string[] => {
  const folder = new CacheFolder(bench.home).path;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => /^[0-9a-f]{16}$/.test(name)).map((name) => join(folder, name));
};

test('the second evaluation is none, and prints the same in the same order', async (t) => {
  const bench = begin(t, { 'x.nix': 'builtins.trace "one" (builtins.warn "two" [ 1 (builtins.trace "three" 2) ])' });
  const words = ['eval', '--strict', join(bench.work, 'x.nix')];
  const first = await bench.ask(...words);
  assert.deepEqual([first.status, first.stdout, first.isFresh], [0, '[ 1 2 ]\n', true]);
  assert.equal(first.stderr, 'trace: one\nevaluation warning: two\ntrace: three\n');
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
});

test('words, folder, standard input and asking for a new evaluation are told apart', async (t) => {
  const bench = begin(t);
  const isFresh = async (...words: string[]): Promise<boolean> => (await bench.ask(...words)).isFresh;
  assert.deepEqual([await isFresh('eval', '-E', '1'), await isFresh('eval', '-E', '1')], [true, false]);
  assert.equal(await isFresh('eval', '-E', '1', '--json'), true);
  assert.equal(await isFresh('eval', '-E', '1', '--no-eval-cache'), true);
  bench.input = '{ a = 1; }';
  assert.deepEqual([await isFresh('eval', '-'), await isFresh('eval', '-')], [true, false]);
  bench.input = '{ a = 2; }';
  assert.match((await bench.ask('eval', '-')).stdout, /a = 2/);
  bench.environment['IGOS_EVAL_CACHE'] = '0';
  assert.equal(await isFresh('eval', '-E', '1'), true);
});

test('failures and the clock are not remembered', async (t) => {
  const bench = begin(t);
  for (const words of [
    ['eval', '-E', 'throw "no"'],
    ['eval', '-E', './absent.nix'],
    ['eval', '--impure', '-E', 'builtins.currentTime'],
  ]) {
    await bench.ask(...words);
    assert.equal((await bench.ask(...words)).isFresh, words[2] !== './absent.nix', words.join(' '));
  }
});

test('a file that changed just now is read again until its inode can be trusted', async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const words = ['eval', join(bench.work, 'x.nix')];
  const stateOf = (): string => {
    const text = readFileSync(records(bench)[0]!, 'latin1');
    return /"path":"[^"]*x\.nix","hash":"\w+","state":"([^"]*)"/.exec(text)![1]!;
  };
  await bench.ask(...words);
  assert.equal(stateOf(), '');
  await bench.ask(...words);
  assert.equal(stateOf(), '');
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 });
  assert.equal((await bench.ask(...words)).isFresh, false);
  assert.match(stateOf(), /^\d+:/);
  // Another inode with the same bytes: read once, then trusted.
  rmSync(join(bench.work, 'x.nix'));
  writeFileSync(join(bench.work, 'x.nix'), '1');
  const before = stateOf();
  assert.equal((await bench.ask(...words)).isFresh, false);
  assert.notEqual(stateOf(), before);
});

test('a damaged record is none, and is replaced', async (t) => {
  const bench = begin(t, { 'x.nix': '"a value"' });
  const words = ['eval', join(bench.work, 'x.nix')];
  await bench.ask(...words);
  const file = records(bench)[0]!;
  const whole = readFileSync(file);
  const damage: (() => void)[] = [0, 1, 22, 23, 39, 40, 60, whole.length - 1].map((length) => () => truncateSync(file, length));
  for (let at = 0; at < whole.length; at += 7) {
    damage.push(() => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1 << (at % 8);
      writeFileSync(file, bytes);
    });
  }
  damage.push(() => writeFileSync(file, Buffer.concat([whole, Buffer.from('x')])));
  for (const each of damage) {
    each();
    const { stdout, isFresh } = await bench.ask(...words);
    assert.deepEqual([stdout, isFresh], ['"a value"\n', true]);
  }
  assert.equal((await bench.ask(...words)).isFresh, false);
});

test('a record says which evaluation it is of', () => {
  const record = { seen: new Recorder().seen(), writes: [{ descriptor: 1, data: Buffer.from('x\n') } as const], result: 0 };
  const file = encodeRecord('one', record);
  assert.deepEqual(decodeRecord('one', file), record);
  assert.equal(decodeRecord('other', file), undefined);
});

test('a folder that others can write to, or that is none, is not used', async (t) => {
  const bench = begin(t);
  const words = ['eval', '-E', '1'];
  await bench.ask(...words);
  const folder = new CacheFolder(bench.home).path;
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const [record] = records(bench);
  chmodSync(record!, 0o620);
  assert.equal((await bench.ask(...words)).isFresh, true, 'a record that others can write to');
  chmodSync(folder, 0o770);
  assert.equal((await bench.ask(...words)).isFresh, true, 'a folder that others can write to');
  assert.equal((await bench.ask(...words)).isFresh, true, 'nothing is written there either');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'not a folder');
  for (let i = 0; i < 2; i++)
    assert.deepEqual(await bench.ask(...words), { status: 0, stdout: '1\n', stderr: '', isFresh: true });
});

test('a full disk costs the record and nothing else', async (t) => {
  const bench = begin(t);
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  t.mock.method(fs, 'writeSync', () => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  });
  syncBuiltinESMExports();
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await bench.ask('eval', '-E', '1'), { status: 0, stdout: '1\n', stderr: '', isFresh: true });
  }
  assert.deepEqual(readdirSync(new CacheFolder(bench.home).path), [], 'no part of a file stays');
});

test('the folder stays within its limits, and keeps what was used last', (t) => {
  const { home } = begin(t);
  const folder = new CacheFolder(home, { maxBytes: 8000, maxRecords: 5, sweepEvery: 1e9 });
  const names = (): string[] => readdirSync(folder.path).sort();
  for (let i = 0; i < 6; i++) {
    folder.write(`k${i}`, Buffer.alloc(100));
    utimesSync(join(folder.path, `k${i}`), 1000 + i, 1000 + i);
  }
  assert.equal(folder.read('k0')?.length, 100); // used: no longer the oldest
  folder.sweep();
  assert.deepEqual(names(), ['k0', 'k4', 'k5']);
  for (let i = 6; i < 9; i++) folder.write(`k${i}`, Buffer.alloc(2000));
  folder.write('large', Buffer.alloc(4000));
  assert.ok(!names().includes('large'), 'one record may not fill it');
  folder.write('k9', Buffer.alloc(2000));
  folder.sweep();
  assert.ok(names().reduce((sum, name) => sum + statSync(join(folder.path, name)).size, 0) <= 6000);
});

test('derivations that the store lost are written again', async (t) => {
  const bench = begin(t);
  const words = ['instantiate', '-E', 'derivation { name = "n"; system = "s"; builder = "b"; }'];
  const { stdout, isFresh } = await bench.ask(...words);
  assert.equal(isFresh, true);
  const drv = join(bench.home, 'store', basename(stdout.trim()));
  assert.equal((await bench.ask(...words)).isFresh, false);
  // Something else is added: the store is asked whether it still has everything, and remembers that.
  await bench.ask('instantiate', '-E', 'derivation { name = "other"; system = "s"; builder = "b"; }');
  assert.equal((await bench.ask(...words)).isFresh, false);
  for (const name of ['store', 'var/index']) rmSync(join(bench.home, name), { recursive: true });
  assert.deepEqual(await bench.ask(...words), { status: 0, stdout, stderr: '', isFresh: true });
  assert.ok(existsSync(drv));
});

test('a source is told by its bytes where its inodes changed', async (t) => {
  const bench = begin(t, { 'src/a': 'text', 'src/left-out': '1' });
  const words = ['eval', '-E', '"${builtins.filterSource (path: _: baseNameOf path != "left-out") ./src}"'];
  const first = await bench.ask(...words);
  utimesSync(join(bench.work, 'src/a'), 1, 1);
  writeFileSync(join(bench.work, 'src/left-out'), '2');
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
  rmSync(join(bench.work, 'src/left-out'));
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
  writeFileSync(join(bench.work, 'src/new'), '');
  assert.notEqual((await bench.ask(...words)).stdout, first.stdout);
});

test('a tree of declarations is watched whole', async (t) => {
  const bench = begin(t);
  const tree = join(bench.work, 'tree');
  cpSync(join(project, 'examples', 'tour', 'v1'), tree, { recursive: true });
  const words = ['instantiate', tree];
  const first = await bench.ask(...words);
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
  writeFileSync(join(tree, 'another.igos'), 'override greet { version = "9.9"; }\n');
  const second = await bench.ask(...words);
  assert.equal(second.isFresh, true);
  assert.match(second.stdout, /greet-9\.9/);
  rmSync(join(tree, 'another.igos'));
  assert.equal((await bench.ask(...words)).stdout, first.stdout);
});

test('a repeated evaluation loads no evaluator', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, clause, specifier] of text.matchAll(/^(?:import|export) ((?:[^;'"]|\n)*?)from '(\.[^']+)';/gm)) {
      if (!clause!.startsWith('type ')) visit(join(dirname(file), specifier!));
    }
  };
  visit(join(project, 'cli/evaluation-cache/remembered.ts'));
  const folders = new Set([...seen].map((file) => file.slice(project.length + 1).split('/')[0]));
  assert.deepEqual(folders, new Set(['cli', 'base']));
  // Of base/ a bundle takes what is used; what cli/ imports decides what that is.
  const ofCommands = [...seen].filter((file) => file.startsWith(join(project, 'cli/')));
  assert.ok(ofCommands.length > 5 && ofCommands.length < 16, ofCommands.join('\n'));
});
