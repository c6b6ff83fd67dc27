/**
 * SIGKILL at random points of `igos depot publish` and `download`: nothing half is ever taken for whole. The real program, in a process of
 * its own; after each death what is there is compared with what was to be made, and in the end the work is finished by one more run.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  collectDepot,
  Depot,
  differencesOf,
  formatArchiveName,
  listDepot,
  listPublished,
  loadOpenPgp,
  parseArchiveName,
  publicPath,
  type VersionedName,
  verifyDepot,
} from '../../depot/index.ts';
import { project } from '../cli/programs.ts';

const KILLS = Number(process.env['IGOS_KILLS'] ?? 100);
const N_ARCHIVES = 12;

interface Lab {
  readonly folder: string;
  readonly from: Depot;
  readonly home: string;
}

async function lab(t: TestContext): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const from = new Depot(join(folder, 'from'), 'present');
  const lines: string[] = [];
  for (let i = 0; i < N_ARCHIVES; i++) {
    const archive: VersionedName = { user: 'alan', type: 'raw', name: `data-${i}`, version: '1' };
    mkdirSync(join(from.path(archive), 'below'), { recursive: true });
    writeFileSync(join(from.path(archive), 'below', 'file'), `${i}\n`.repeat(50_000 + i * 1000));
    lines.push(formatArchiveName(archive));
  }
  mkdirSync(join(from.folder, 'alan/pkg/all/1'), { recursive: true });
  writeFileSync(join(from.folder, 'alan/pkg/all/1/README'), 'all\n');
  writeFileSync(join(from.folder, 'alan/pkg/all/1/archives'), lines.map((line) => `${line}\n`).join(''));
  const { generateKey } = await loadOpenPgp();
  const key = await generateKey('alan', { bits: 2048 });
  const home = join(folder, 'home');
  mkdirSync(join(home, 'etc', 'depot-keys'), { recursive: true });
  writeFileSync(join(home, 'etc', 'depot-keys', 'alan.asc'), key.secretKey);
  writeFileSync(join(from.folder, 'alan', 'pubkey'), key.publicKey);
  return { folder, from, home };
}

/** Runs igos, killed after a while; `undefined`: to its end. @returns whether it was killed, and its time in ms */
function igos(at: Lab, words: readonly string[], killAfterMs?: number): Promise<{ wasKilled: boolean; ms: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(join(project, 'bin', 'igos'), [...words, '-j2'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, IGOS_HOME: at.home },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (status === 0 || signal === 'SIGKILL') resolve({ wasKilled: signal !== null, ms: performance.now() - start });
      else reject(new Error(`${words.join(' ')} ended with ${status}: ${said}`));
    });
  });
}

const ALL = 'alan/pkg/all/1';

/** Random moments, spread over the time that a whole run takes; later ones more often, since starting up changes nothing. */
async function killAtRandom(
  run: (killAfterMs?: number) => Promise<{ wasKilled: boolean; ms: number }>,
  reset: () => void,
  check: () => Promise<void>,
) {
  let { ms } = await run();
  let nKilled = 0;
  for (let i = 0; i < KILLS; i++) {
    if (i % 4 === 0) reset();
    const end = await run(ms * (0.15 + 0.95 * Math.random()));
    if (end.wasKilled) nKilled++;
    else ms = Math.max(ms * 0.8, end.ms);
    await check();
  }
  await run();
  await check();
  return nKilled;
}

test(`publish, killed ${KILLS} times`, async (t) => {
  const at = await lab(t);
  const publicFolder = join(at.folder, 'public');
  const words = ['depot', 'publish', ALL, '--depot', at.from.folder, '--public', publicFolder];
  const check = async () => {
    // What counts as published verifies, and is what is in the depot.
    const published = listPublished(publicFolder, 'present');
    const results = await verifyDepot(published, { depot: at.from, publicFolder, jobs: 2, now: new Date(Date.now() + 1000) });
    assert.deepEqual(
      results.filter(({ outcome }) => outcome !== 'signed'),
      [],
    );
  };
  const nKilled = await killAtRandom(
    (ms) => igos(at, words, ms),
    () => rmSync(publicFolder, { recursive: true, force: true }),
    check,
  );
  t.diagnostic(`${nKilled} of ${KILLS} runs were killed before their end`);
  assert.ok(nKilled > KILLS / 4);
  assert.equal(listPublished(publicFolder, 'present').length, N_ARCHIVES + 1);
});

test(`download, killed ${KILLS} times`, async (t) => {
  const at = await lab(t);
  const publicFolder = join(at.folder, 'public');
  await igos(at, ['depot', 'publish', ALL, '--depot', at.from.folder, '--public', publicFolder]);
  const to = new Depot(join(at.folder, 'to'), 'present');
  const quarantine = join(at.folder, 'quarantine');
  const reset = () => {
    rmSync(to.folder, { recursive: true, force: true });
    rmSync(quarantine, { recursive: true, force: true });
    mkdirSync(join(to.folder, 'alan'), { recursive: true });
    cpSync(join(at.from.folder, 'alan', 'pubkey'), join(to.folder, 'alan', 'pubkey'));
    writeFileSync(join(to.folder, 'alan', 'download'), `file://${publicFolder}\n`);
  };
  reset();
  const check = async () => {
    for (const archive of listDepot(to))
      assert.deepEqual(differencesOf(at.from.path(archive), to.path(archive)), [], formatArchiveName(archive));
  };
  const words = ['depot', 'download', ALL, '--depot', to.folder, '--public', quarantine];
  const nKilled = await killAtRandom((ms) => igos(at, words, ms), reset, check);
  t.diagnostic(`${nKilled} of ${KILLS} runs were killed before their end`);
  assert.ok(nKilled > KILLS / 4);
  assert.equal(listDepot(to).length, N_ARCHIVES + 1);
  assert.ok(existsSync(join(quarantine, publicPath(parseArchiveName(ALL, 'versioned'), 'present'))));
  // What the dead left is known as such, and goes.
  const { leftovers } = collectDepot(to, { keep: [], keepNewest: true });
  t.diagnostic(`${leftovers.length} leftovers of the dead`);
  assert.deepEqual(collectDepot(to, { keep: [], keepNewest: true }).leftovers, []);
});
