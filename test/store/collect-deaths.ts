/** One collection that dies before a given write, and what must hold after it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore, type StorePath } from '../../store/index.ts';
import { node } from '../node.ts';
import { makeTree, storeDir } from './fixture.ts';

/** For scripts: the URL of a module of the store, quoted. */
export const moduleOf = (file: string): string =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../store', file)).href);

/** Everything that changes a file system or the index; the argument says before which of them the process dies. */
const DYING = `
  import fs from 'node:fs';
  import { flushCompileCache, syncBuiltinESMExports } from 'node:module';
  const [home, at] = process.argv.slice(1);
  let n = 0;
  const count = (owner, name) => {
    const original = owner[name];
    owner[name] = function (...args) {
      if (armed && ++n === Number(at)) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, args);
    };
  };
  let armed = false;
  for (const name of ['renameSync', 'unlinkSync', 'rmSync', 'rmdirSync', 'writeFileSync', 'mkdirSync', 'chmodSync', 'fdatasyncSync']) count(fs, name);
  syncBuiltinESMExports();
  const { openStore } = await import(${moduleOf('index.ts')});
  const { IndexTransaction } = await import(${moduleOf('index-transaction.ts')});
  for (const name of ['remove', 'forgetMentions', 'has']) count(IndexTransaction.prototype, name);
  const store = openStore({ home, storeDir: '${storeDir}' });
  // Or who dies would leave nothing compiled for the next.
  flushCompileCache();
  armed = true;
  store.collect();
  armed = false;
  console.log('done');
`;

/** @returns `false` where it was over before that many writes */
export function diesAndRecovers(folder: string, at: number): boolean {
  const home = join(folder, `home-${at}`);
  const source = makeTree(join(folder, 'src'), { 'd/f': '1', g: '2' });
  let live: StorePath;
  {
    using store = openStore({ home, storeDir });
    const [low] = store.addTexts([{ name: 'low', text: '1', references: [] }]);
    [live] = store.addTexts([{ name: 'live', text: '2', references: [low!] }]) as [StorePath];
    store.addTexts([{ name: 'dead', text: '3', references: [low!, live] }]);
    const tree = store.addPath('tree', source);
    store.addRealisations([{ drvPath: live, output: 'out', path: tree }]);
  }
  makeTree(join(home, 'store/leftover'), { x: '1' });
  mkdirSync(join(home, 'var/gcroots'));
  symlinkSync(live, join(home, 'var/gcroots/live'));
  const [program, cached] = node;
  const { signal, stdout, stderr } = spawnSync(program, [cached, '--input-type=module', '-e', DYING, home, String(at)], {
    encoding: 'utf8',
  });
  const isDone = stdout === 'done\n';
  assert.ok(isDone || signal === 'SIGKILL', stderr);
  using store = openStore({ home, storeDir });
  const where = `killed before write ${at}`;
  const problems = store.verify({ contents: true });
  assert.deepEqual(
    problems.filter(({ kind }) => kind !== 'unregistered'),
    [],
    where,
  );
  assert.equal(store.closure([live]).length, 2, where);
  assert.equal(store.hold(live), true, where);
  store.collect();
  assert.equal(readdirSync(join(home, 'store')).length, 2, where);
  assert.deepEqual(store.verify({ contents: true }), [], where);
  assert.deepEqual(readdirSync(join(home, 'tmp')), [], where);
  assert.equal(existsSync(join(home, 'var/temproots/collecting')), false, where);
  assert.equal(store.realisation(live, 'out'), undefined, where);
  return !isDone;
}
