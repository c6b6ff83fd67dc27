/** Logs that are followed, and what dead processes leave. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '../../base/index.ts';
import { BuildLog } from '../../builder/build-log.ts';
import { followLog, pourLog, realize, removeBuildLeftovers } from '../../builder/index.ts';
import { runningLogPath } from '../../builder/running-log.ts';
import { type StorePath, storePathBase } from '../../store/index.ts';
import { addDerivation, storeDir, temporaryFolder, temporaryStore } from './support.ts';

const drvPath = `${storeDir}/${'a'.repeat(32)}-hello-1.0.drv` as StorePath;
const listener = { onLine() {}, onPhase() {} };

test('a log is followed while it is written, to its end and no further', async (t) => {
  const home = temporaryFolder(t);
  const store = { home, logPath: () => `${home}/var/log/aa/x` };
  let text = '';
  const onBytes = (bytes: Buffer) => (text += bytes.toString('latin1'));
  assert.equal(await followLog(store, drvPath, { onBytes }), false);
  const log = new BuildLog(store, drvPath, listener);
  log.write(Buffer.from('before\n'));
  const other = new BuildLog(store, `${drvPath.slice(0, -4)}1.drv` as StorePath, listener);
  other.write(Buffer.from('of another build\n'));
  const following = followLog(store, drvPath, { onBytes });
  while (text === '') await sleep(5);
  assert.equal(text, 'before\n');
  const big = 'x'.repeat(200_000);
  log.write(Buffer.from(`${big}\nlast`));
  log.close();
  assert.equal(await following, true);
  assert.equal(text, `before\n${big}\nlast`);
  assert.equal(await followLog(store, drvPath, { onBytes }), false);
  assert.equal(readFileSync(store.logPath(), 'latin1'), text);
  other.close();
  assert.deepEqual(readdirSync(`${home}/var/log/running`), []);
});

test('the longest name that a derivation can have leaves room for that of the process', async (t) => {
  const home = temporaryFolder(t);
  const long = `${storeDir}/${'a'.repeat(32)}-${'n'.repeat(207)}.drv` as StorePath;
  const log = new BuildLog({ home, logPath: () => `${home}/log` }, long, listener);
  log.write(Buffer.from('x\n'));
  let text = '';
  const following = followLog({ home }, long, { onBytes: (bytes) => (text += bytes.toString('latin1')) });
  log.close();
  assert.equal(await following, true);
  assert.equal(text, 'x\n');
});

test('a log that is larger than memory is handed over', (t) => {
  const store = temporaryStore(t);
  const path = store.logPath(drvPath);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  const size = 2 ** 31 + 1;
  truncateSync(path, size);
  let nBytes = 0;
  pourLog(store, drvPath, (bytes) => (nBytes += bytes.length));
  assert.equal(nBytes, size);
});

test('a log that the disk has no room for is not kept', (t) => {
  const home = temporaryFolder(t);
  mkdirSync(`${home}/var/log/running`, { recursive: true });
  symlinkSync('/dev/full', runningLogPath(home, drvPath));
  const log = new BuildLog({ home, logPath: () => `${home}/log` }, drvPath, listener);
  assert.throws(() => log.write(Buffer.from('x')), { errno: 'ENOSPC' });
  log.close();
  assert.deepEqual([existsSync(`${home}/log`), readdirSync(`${home}/var/log/running`)], [false, []]);
});

test('following can be stopped', async (t) => {
  const home = temporaryFolder(t);
  const log = new BuildLog({ home, logPath: () => `${home}/log` }, drvPath, listener);
  const controller = new AbortController();
  const following = followLog({ home }, drvPath, { onBytes() {}, signal: controller.signal });
  controller.abort();
  await assert.rejects(following, { name: 'AbortError' });
  log.close();
});

test('locks and logs of dead processes are removed, those of the living and what is no lock stay', (t) => {
  const home = temporaryFolder(t);
  assert.deepEqual(removeBuildLeftovers(home), { nLocks: 0, nLogs: 0 });
  const own = processStartTime(process.pid)!;
  for (const folder of ['lock', 'log/running']) mkdirSync(`${home}/var/${folder}`, { recursive: true });
  symlinkSync(`${process.pid} ${own}`, `${home}/var/lock/living`);
  symlinkSync(`${process.pid} 1`, `${home}/var/lock/dead`);
  symlinkSync('elsewhere', `${home}/var/lock/link`);
  writeFileSync(`${home}/var/lock/file`, '');
  const base = storePathBase(drvPath);
  for (const name of [`${base}.${process.pid}.${own}`, `${base}.999999.1`, 'other'])
    writeFileSync(`${home}/var/log/running/${name}`, '');
  assert.deepEqual(removeBuildLeftovers(home), { nLocks: 1, nLogs: 1 });
  assert.deepEqual(readdirSync(`${home}/var/lock`).sort(), ['file', 'link', 'living']);
  assert.deepEqual(new Set(readdirSync(`${home}/var/log/running`)), new Set([`${base}.${process.pid}.${own}`, 'other']));
  assert.equal(existsSync(`${home}/var/lock/dead`), false);
});

test('what a process left that died right before its end goes where nothing is left to build', async (t) => {
  const store = temporaryStore(t);
  const drv = addDerivation(store, { name: 'done' });
  const [path] = store.addTexts([{ name: 'done', text: 'made', references: [] }]);
  store.addRealisations([{ drvPath: drv, output: 'out', path: path! }]);
  mkdirSync(`${store.home}/var/lock`, { recursive: true });
  symlinkSync(`${process.pid} 1`, `${store.home}/var/lock/dead`);
  assert.equal((await realize(store, [{ drvPath: drv, outputs: [] }])).nBuilt, 0);
  assert.deepEqual(readdirSync(`${store.home}/var/lock`), []);
});
