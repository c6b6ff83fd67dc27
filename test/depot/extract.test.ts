import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { compareBytes, Fault, renderFault } from '../../base/index.ts';
import {
  Depot,
  type ExtractOptions,
  extractArchives,
  extractedLine,
  listDepot,
  openSourceTree,
  parseArchiveName,
  verifyDepot,
} from '../../depot/index.ts';
import { golden } from '../golden.ts';
import { type Scene, scene } from './source-tree.ts';

const extract = (at: Scene, names: string[], options: Partial<ExtractOptions> = {}) =>
  extractArchives(
    names.map((name) => parseArchiveName(name, 'current')),
    openSourceTree(at.tree),
    { depot: at.depot, layout: 'present', today: '2026-11-21', jobs: 2, ...options },
  );

const lines = async (...given: Parameters<typeof extract>) => (await extract(...given)).map(extractedLine);
const read = (at: Scene, path: string) => readFileSync(join(at.depot, path), 'utf8');

async function refusal(t: TestContext, at: Scene, name: string, names: string[], options: Partial<ExtractOptions> = {}) {
  await assert.rejects(extract(at, names, options), (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    golden(t, `errors/depot-${name}.txt`, renderFault(error).replaceAll(at.tree, '/tree').replaceAll(at.depot, '/depot'));
    return true;
  });
}

/** Everything in the depot must be whole: nothing of a failed attempt stays. */
function assertNoLeftovers(at: Scene) {
  if (!existsSync(at.depot)) return;
  const hidden = readdirSync(at.depot, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^|\/)\.tmp-|incomplete/.test(path),
  );
  assert.deepEqual(hidden, []);
}

test('what was extracted and never published is verified by the hash that it got', async (t) => {
  const at = scene(t);
  await extract(at, ['alan/pkg/wall'], { updateVersions: true });
  const depot = new Depot(at.depot, 'present');
  const publicFolder = join(at.depot, 'public');
  const verify = async (): Promise<string[]> =>
    (await verifyDepot(listDepot(depot), { depot, publicFolder, jobs: 2, now: new Date() })).map(({ archive, outcome, reason }) =>
      [archive.type, archive.name, outcome, ...(reason === undefined ? [] : [reason])].join(' '),
    );
  const asMade = [
    'api clock local',
    'pkg base unknown',
    'pkg wall unknown',
    'raw face local',
    'src clock local',
    'src wall local',
  ];
  assert.deepEqual((await verify()).sort(compareBytes), asMade);
  for (const path of ['api/clock/2026-11-21/include/clock/clock.h', 'raw/face/2026-11-21/more', 'src/wall/2026-11-21/LICENSE'])
    writeFileSync(join(at.depot, 'alan', path), 'changed');
  const bad = (await verify()).filter((line) => !asMade.includes(line));
  assert.deepEqual(
    bad.sort(compareBytes),
    ['api clock', 'raw face', 'src wall'].map((what) => `${what} bad its content does not have its hash`),
  );
});

test('a package is extracted with all that it needs, and first versions are dates', async (t) => {
  const at = scene(t);
  assert.deepEqual(await lines(at, ['alan/pkg/wall'], { updateVersions: true }), [
    'created alan/api/clock/2026-11-21 (new version)',
    'created alan/raw/face/2026-11-21 (new version)',
    'created alan/src/wall/2026-11-21 (new version)',
    'created alan/src/clock/2026-11-21 (new version)',
    'created alan/pkg/base/2026-11-21 (new version)',
    'created alan/pkg/wall/2026-11-21 (new version)',
  ]);
  assert.equal(
    read(at, 'alan/pkg/wall/2026-11-21/archives'),
    'alan/raw/face/2026-11-21\nalan/src/wall/2026-11-21\nalan/pkg/base/2026-11-21\nother/raw/font/2024-01-01\n',
  );
  assert.equal(read(at, 'alan/src/wall/2026-11-21/used_apis'), 'clock/2026-11-21\n');
  assert.equal(read(at, 'alan/src/clock/2026-11-21/api'), 'clock/2026-11-21\n');
  assert.equal(existsSync(join(at.depot, 'alan/src/clock/2026-11-21/used_apis')), false);
  assert.equal(read(at, 'alan/api/clock/2026-11-21/lib/mk/clock.mk'), '');
  assert.equal(existsSync(join(at.depot, 'alan/api/clock/2026-11-21/include/clock/clock.h~')), false);
  assertNoLeftovers(at);
});

test('nothing stays in the temporary folder, of igos or of make', async (t) => {
  const at = scene(t);
  const temporary = mkdtempSync(join(tmpdir(), 'igos-temporary-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(temporary, { recursive: true });
  });
  await lines(at, ['alan/pkg/wall'], { updateVersions: true });
  at.write('repos/os/recipes/src/ill/content.mk', '$(error it is ill)\n');
  at.write('repos/os/recipes/src/ill/hash', '- -');
  await assert.rejects(extract(at, ['alan/src/ill'], { updateVersions: true }), /E-DEPOT-009|could not be made/);
  assert.deepEqual(readdirSync(temporary), []);
});

test('hashes are those of GNU tools, and of no user', async (t) => {
  const at = scene(t);
  const made = await extract(at, ['alan/pkg/wall'], { updateVersions: true });
  const shell = (script: string, cwd: string) => execFileSync('bash', ['-c', script], { cwd, encoding: 'utf8' }).trim();
  const GNU = `( find . -type f | LC_ALL=C sort; find . -type f | LC_ALL=C sort | xargs -d '\\n' cat ) | sha1sum | cut -c1-40`;
  for (const { archive, hash } of made.filter((one) => one.archive.type !== 'pkg')) {
    const folder = join(at.depot, archive.user, archive.type, archive.name, archive.version);
    assert.equal(shell(GNU, folder), hash, archive.name);
    assert.equal(readFileSync(`${folder}.hash`, 'utf8'), `${hash}\n`);
  }
  rmSync(at.depot, { recursive: true });
  const again = await extract(at, ['bob/pkg/wall']);
  assert.deepEqual(
    again.map(({ hash }) => hash),
    made.map(({ hash }) => hash),
  );
});

test('what is there is not made again; a change of an API makes new versions of all that use it', async (t) => {
  const at = scene(t);
  await extract(at, ['alan/pkg/wall'], { updateVersions: true });
  assert.ok((await extract(at, ['alan/pkg/wall'])).every(({ outcome }) => outcome === 'present'));
  at.write('repos/os/include/clock/clock.h', 'long clock_now(void);\n');
  const changed = await extract(at, ['alan/pkg/wall'], { updateVersions: true });
  assert.deepEqual(
    changed
      .filter(({ outcome }) => outcome === 'new version')
      .map(({ archive }) => `${archive.type}/${archive.name}/${archive.version}`)
      .sort(compareBytes),
    [
      'api/clock/2026-11-21-a',
      'pkg/base/2026-11-21-a',
      'pkg/wall/2026-11-21-a',
      'src/clock/2026-11-21-a',
      'src/wall/2026-11-21-a',
    ],
  );
  assert.deepEqual(
    changed.filter(({ outcome }) => outcome === 'present').map(({ archive }) => `${archive.type}/${archive.name}`),
    ['raw/face'],
  );
  // Versions lie side by side.
  assert.equal(read(at, 'alan/src/wall/2026-11-21/used_apis'), 'clock/2026-11-21\n');
  assert.equal(read(at, 'alan/src/wall/2026-11-21-a/used_apis'), 'clock/2026-11-21-a\n');
});

test('a recipe that never had a version says so', async (t) => {
  const at = scene(t);
  await refusal(t, at, 'no-version-yet', ['alan/raw/face'], {});
});

test('a changed source that was given no new version is refused', async (t) => {
  const at = scene(t);
  await extract(at, ['alan/raw/face'], { updateVersions: true });
  at.write('repos/os/recipes/raw/face/content.mk', 'content:\n\techo "face: square" > face.config\n');
  await refusal(t, at, 'hash-out-of-date', ['alan/raw/face'], { force: true });
  assert.equal(read(at, 'alan/raw/face/2026-11-21/face.config'), 'face: round\n');
  assertNoLeftovers(at);
});

test('a new version of a source throws out what was built under its name', async (t) => {
  const at = scene(t);
  const stale = join(at.depot, 'alan/bin/x86_64/wall/2026-11-21');
  execFileSync('mkdir', ['-p', stale]);
  writeFileSync(`${stale}.hash`, 'x\n');
  await extract(at, ['alan/src/wall'], { updateVersions: true });
  assert.equal(existsSync(stale), false);
  assert.equal(existsSync(`${stale}.hash`), false);
});

test('recipes that cannot be used are refused', async (t) => {
  const at = scene(t);
  await refusal(t, at, 'no-recipe', ['alan/src/wal']);
  at.write('repos/os/recipes/raw/nohash/content.mk', 'content:\n');
  await refusal(t, at, 'recipe-without-hash', ['alan/raw/nohash']);
  at.write('repos/os/recipes/raw/empty/hash', '\n');
  await refusal(t, at, 'recipe-empty-hash', ['alan/raw/empty']);
  at.write('repos/os/recipes/raw/nocontent/hash', '- -');
  await refusal(t, at, 'recipe-without-content', ['alan/raw/nocontent'], { updateVersions: true });
  at.write('repos/os/recipes/pkg/noreadme/hash', '- -');
  await refusal(t, at, 'package-without-readme', ['alan/pkg/noreadme'], { updateVersions: true });
  at.write('repos/os/recipes/pkg/folder/hash', '- -');
  at.write('repos/os/recipes/pkg/folder/README', 'x');
  at.write('repos/os/recipes/pkg/folder/sub/x', 'x');
  await refusal(t, at, 'package-with-folder', ['alan/pkg/folder'], { updateVersions: true });
  at.write('repos/os/recipes/pkg/starts/hash', '- -');
  at.write('repos/os/recipes/pkg/starts/README', 'x');
  at.write('repos/os/recipes/pkg/starts/runtime', 'runtime | caps: 100\n-\n');
  await refusal(t, at, 'package-runtime', ['alan/pkg/starts'], { updateVersions: true });
  at.write('repos/two/recipes/raw/face/hash', '- -');
  await refusal(t, at, 'ambiguous-recipe', ['alan/raw/face'], { updateVersions: true });
  at.write('repos/os/recipes/src/lost/hash', '- -');
  at.write('repos/os/recipes/src/lost/used_apis', 'clok');
  await refusal(t, at, 'unknown-api', ['alan/src/lost'], { updateVersions: true });
  at.write('repos/os/recipes/src/both/hash', '- -');
  at.write('repos/os/recipes/src/both/api', 'clock\nwatch\n');
  await refusal(t, at, 'two-apis', ['alan/src/both'], { updateVersions: true });
  at.write('repos/os/recipes/pkg/a/hash', '- -');
  at.write('repos/os/recipes/pkg/a/README', 'a');
  at.write('repos/os/recipes/pkg/a/archives', '_/pkg/a');
  await refusal(t, at, 'recipe-cycle', ['alan/pkg/a'], { updateVersions: true });
  await refusal(t, at, 'index-without-recipe', ['alan/index/a']);
  assert.throws(() => openSourceTree(join(at.tree, 'repos')), /it has no folder 'repos'/);
  assertNoLeftovers(at);
});

test('sources without a license are told apart; data and packages need none', async (t) => {
  const at = scene(t);
  const lacking = async (names: string[]) =>
    (await extract(at, names, { updateVersions: true })).filter((one) => one.lacksLicense).map((one) => one.archive.name);
  assert.deepEqual(await lacking(['alan/pkg/wall']), []);
  at.write('repos/os/recipes/src/bare/hash', '- -');
  at.write('repos/os/recipes/src/bare/content.mk', 'content:\n\techo > main.cc\n');
  at.write('repos/os/recipes/raw/data/hash', '- -');
  at.write('repos/os/recipes/raw/data/content.mk', 'content:\n\techo > data\n');
  assert.deepEqual(await lacking(['alan/src/bare', 'alan/raw/data']), ['bare']);
});

test('rules that fail, and ports that are missing, are named', async (t) => {
  const at = scene(t);
  at.write('repos/os/recipes/raw/fails/hash', '- -');
  at.write('repos/os/recipes/raw/fails/content.mk', 'content:\n\t@echo "no fonts here" >&2; exit 3\n');
  await assert.rejects(extract(at, ['alan/raw/fails'], { updateVersions: true }), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'E-DEPOT-009');
    assert.match(error.notes.join('\n'), /no fonts here/);
    return true;
  });
  at.write('repos/os/ports/zlib.hash', 'abc\n');
  at.write('repos/os/recipes/src/zlib/hash', '- -');
  at.write(
    'repos/os/recipes/src/zlib/content.mk',
    'PORT := $(call port_dir,$(REP_DIR)/ports/zlib)\ncontent:\n\tcp -r $(PORT)/src .\n',
  );
  await refusal(t, at, 'port-missing', ['alan/src/zlib'], { updateVersions: true });
  at.write('contrib/zlib-abc/src/zlib.c', 'int z;\n');
  await extract(at, ['alan/src/zlib'], { updateVersions: true });
  assert.equal(read(at, 'alan/src/zlib/2026-11-21/src/zlib.c'), 'int z;\n');
  assertNoLeftovers(at);
});

test('the layout of 2017', async (t) => {
  const at = scene(t);
  await extract(at, ['alan/pkg/wall'], { updateVersions: true, layout: '2017' });
  assert.equal(read(at, 'alan/src/wall-2026-11-21/used_apis'), 'clock-2026-11-21\n');
  assert.match(read(at, 'alan/pkg/wall-2026-11-21/archives'), /^alan\/raw\/face-2026-11-21$/m);
});

/** With a stack of half a megabyte: who recurses needs so many recipes to be found out that writing them takes a minute. */
const SHALLOW = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module).then(({ extractArchives, openSourceTree, parseArchiveName }) =>
  extractArchives([parseArchiveName('alan/pkg/p1', 'current')], openSourceTree(workerData.tree), workerData.options),
).catch((error) => parentPort.postMessage(error.message));`;

test('packages that list each other in a chain of any length are followed to its end', { timeout: 60_000 }, async (t) => {
  const at = scene(t);
  const length = 4000;
  for (let n = 1; n <= length; n++) {
    at.write(`repos/os/recipes/pkg/p${n}/hash`, '- -\n');
    at.write(`repos/os/recipes/pkg/p${n}/archives`, n < length ? `_/pkg/p${n + 1}\n` : '_/raw/nowhere\n');
  }
  const worker = new Worker(SHALLOW, {
    eval: true,
    resourceLimits: { stackSizeMb: 0.5 },
    workerData: {
      module: new URL('../../depot/index.ts', import.meta.url).href,
      tree: at.tree,
      options: { depot: at.depot, layout: 'present', today: '2026-11-21', jobs: 1 },
    },
  });
  const [message] = (await once(worker, 'message')) as [string];
  await worker.terminate();
  assert.equal(message, "there is no recipe of 'raw/nowhere'");
});
