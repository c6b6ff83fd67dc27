/**
 * Disks that fail under what writes beside the store: `igos depot publish`, `download`, `extract` and `igos archive`, at random writes of
 * Node's; and deaths of the last two. Each ends with a sentence that names a file, or reaches its goal; nothing half is left, and the same
 * command then comes through.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Depot, listDepot, listPublished, loadOpenPgp, serveDepot } from '../../depot/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox } from '../cli/programs.ts';
import { runIgos } from '../store/ordeal/program.ts';
import { Random, seedOfRun } from '../store/ordeal/random.ts';

const EACH = 4;
const DEATHS = Number(process.env['IGOS_KILLS'] ?? 8);
const skip = await noSandbox();

/** What a command is to do; where it stands and writes is one folder, `place`. */
interface Work {
  readonly words: readonly string[];
  readonly place: string;
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** That it has reached its goal. */
  check(): void;
}

type Prepare = (place: string) => Promise<Work>;

interface Lab {
  readonly folder: string;
  readonly random: Random;
  /** An empty folder for the next command. */
  place(): string;
}

function makeLab(t: TestContext): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'igos-writing-faults-'));
  t.after(() => removeTree(folder));
  const seed = seedOfRun();
  t.diagnostic(`seed ${seed}`);
  let n = 0;
  return {
    folder,
    random: new Random(seed),
    place: () => {
      const path = join(folder, `place-${n++}`);
      mkdirSync(path);
      return path;
    },
  };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const run = ({ words, home, place, env }: Work, fate: Parameters<typeof runIgos>[2] = {}) =>
  runIgos(home, words, { ...fate, env: { IGOS_TEST_PLACE: place, ...env } });

/** What is unfinished, of the store's scratch too; what is to be there is never named so. */
const unfinished = ({ place }: Work): string[] =>
  readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^|\/)(\.tmp-|tmp\/.|var\/lock\/.|var\/log\/running\/.)/.test(path),
  );

/** By which things are taken away: a disk that refuses that cannot be left clean. */
const REMOVING = /^\d+ (rm|unlink|rmdir|rename)$/;
const REASON = { EIO: /input\/output error/, ENOSPC: /no space left on device/ };

async function meetFaults(t: TestContext, lab: Lab, prepare: Prepare): Promise<void> {
  const first = await prepare(lab.place());
  const counted = await run(first, { steps: { mode: 'count', at: 0 } });
  assert.equal(counted.status, 0, counted.stderr);
  first.check();
  let nFailed = 0;
  for (const mode of ['EIO', 'ENOSPC'] as const) {
    for (let i = 0; i < EACH; i++) {
      const work = await prepare(lab.place());
      const at = 1 + lab.random.below(counted.nSteps!);
      const ending = await run(work, { steps: { mode, at } });
      const shown = `${mode} at write ${at} of ${counted.nSteps}: ${ending.failed[0]}: ${ending.signal ?? ending.status}: ${ending.stderr}`;
      assert.equal(ending.signal, null, shown);
      if (ending.status !== 0) {
        nFailed++;
        assert.equal(ending.status, 1, shown);
        assert.match(ending.stderr, REASON[mode], shown);
        assert.match(ending.stderr, /^error: cannot [^']+ '\/.*': /m, `it names no file: ${shown}`);
      }
      if (!ending.failed.some((call) => REMOVING.test(call))) assert.deepEqual(unfinished(work), [], shown);
      const again = await run(work);
      assert.equal(again.status, 0, `${shown}; again: ${again.stderr}`);
      work.check();
      removeTree(work.place);
    }
  }
  t.diagnostic(`${nFailed} of ${2 * EACH} runs failed`);
  assert.ok(nFailed > 0);
}

async function meetDeaths(t: TestContext, lab: Lab, prepare: Prepare): Promise<void> {
  const { elapsedMs, nSteps } = await run(await prepare(lab.place()), { steps: { mode: 'count', at: 0 } });
  let nDied = 0;
  for (let i = 0; i < DEATHS; i++) {
    const work = await prepare(lab.place());
    const fate =
      i % 2 === 0
        ? { killAfterMs: elapsedMs * (0.3 + 0.7 * lab.random.next()) }
        : { steps: { mode: 'kill' as const, at: 1 + lab.random.below(nSteps!) } };
    const ending = await run(work, fate);
    if (ending.signal === 'SIGKILL') nDied++;
    const again = await run(work);
    assert.equal(again.status, 0, `after a death of ${JSON.stringify(fate)}: ${again.stderr}`);
    work.check();
    removeTree(work.place);
  }
  t.diagnostic(`${nDied} of ${DEATHS} runs were killed before their end`);
  assert.ok(nDied > 0);
}

const PUBLISHED = ['alan/pkg/all/1', 'alan/index/26.04'];

/** A depot with archives and a key, and a home where its secret half is. */
async function depotWithKey(lab: Lab) {
  const [from, home] = [join(lab.folder, 'from'), join(lab.folder, 'keys')];
  const key = await (await loadOpenPgp()).generateKey('alan', { bits: 2048 });
  write(from, {
    'alan/pubkey': key.publicKey,
    'alan/raw/a/1/below/file': 'a line\n'.repeat(20_000),
    'alan/raw/a/1/other': '',
    'alan/raw/b/1/file': 'b\n',
    'alan/pkg/all/1/README': 'all\n',
    'alan/pkg/all/1/archives': 'alan/raw/a/1\nalan/raw/b/1\n',
    'alan/index/26.04': '<index/>\n',
  });
  write(home, { 'etc/depot-keys/alan.asc': key.secretKey });
  const publish = (place: string): Work => {
    const folder = join(place, 'public');
    const words = ['depot', 'publish', ...PUBLISHED, '--depot', from, '--public', folder, '-j2'];
    return { words, home, place, check: () => assert.equal(listPublished(folder, 'present').length, 4) };
  };
  return { publicKey: key.publicKey, publish };
}

test('a disk that fails under publish and download', { timeout: 300_000 }, async (t) => {
  const lab = makeLab(t);
  const { publicKey, publish } = await depotWithKey(lab);
  await meetFaults(t, lab, async (place) => publish(place));
  const served = lab.place();
  assert.equal((await run(publish(served))).status, 0);
  const server = await serveDepot({ publicFolder: join(served, 'public'), host: '127.0.0.1', port: 0, page: () => '' });
  t.after(() => server.close());
  await meetFaults(t, lab, async (place) => {
    const to = join(place, 'depot');
    write(to, { 'alan/pubkey': publicKey, 'alan/download': `http://127.0.0.1:${server.port}\n` });
    const words = ['depot', 'download', ...PUBLISHED, '--depot', to, '--public', join(place, 'public'), '-j2'];
    const check = (): void => assert.equal(listDepot(new Depot(to, 'present')).length, 4);
    return { words, place, home: join(place, 'home'), check };
  });
});

const mirror = (what: string): string =>
  `content: ${what} LICENSE\n\n${what}:\n\t$(mirror_from_rep_dir)\n\nLICENSE:\n\tcp $(GENODE_DIR)/LICENSE $@\n`;

const SOURCES = {
  LICENSE: 'Do what you like.\n',
  'repos/os/include/clock/clock.h': 'int clock_now(void);\n',
  'repos/os/src/lib/clock/clock.c': 'int clock_now(void) { return 42; }\n',
  'repos/os/recipes/api/clock/content.mk': mirror('include/clock'),
  'repos/os/recipes/api/clock/hash': '- -\n',
  'repos/os/recipes/src/clock/content.mk': mirror('src/lib/clock'),
  'repos/os/recipes/src/clock/used_apis': 'clock\n',
  'repos/os/recipes/src/clock/hash': '- -\n',
  'repos/os/recipes/pkg/base/README': 'What every package needs.\n',
  'repos/os/recipes/pkg/base/archives': '_/src/clock\n',
  'repos/os/recipes/pkg/base/hash': '- -\n',
};

const extract: Prepare = async (place) => {
  const [tree, depot, scratch] = [join(place, 'tree'), join(place, 'depot'), join(place, 'scratch')];
  write(tree, SOURCES);
  mkdirSync(scratch);
  const words = ['depot', 'extract', 'alan/pkg/base', '--update-versions', '--depot', depot, '--tree', tree, '-j2'];
  const check = (): void => {
    const types = new Set(listDepot(new Depot(depot, 'present')).map(({ type }) => type));
    assert.deepEqual(types, new Set(['api', 'pkg', 'src']));
  };
  return { words, place, home: join(place, 'home'), env: { TMPDIR: scratch }, check };
};

test('a disk that fails under extract, and its deaths', { timeout: 300_000 }, async (t) => {
  const lab = makeLab(t);
  await meetFaults(t, lab, extract);
  await meetDeaths(t, lab, extract);
});

const TREE = `tier base { summary = "All"; }
package tools "1" {
  tier = base; summary = "Tools of this machine"; license = "MIT";
  style = hostTools { tools = [ "sh" "mkdir" ]; };
}
package shown "1.0" {
  tier = base; summary = "Shown"; license = "MIT"; build = [ tools ];
  phases.install = ''
    mkdir -p "$out/usr/share/shown"
    for i in 1 2 3; do echo "$i" >"$out/usr/share/shown/$i"; done
  '';
}
`;

test('a disk that fails under archive, and its deaths', { skip, timeout: 300_000 }, async (t) => {
  const lab = makeLab(t);
  const tree = join(lab.folder, 'tree');
  write(tree, { 'tree.igos': TREE });
  const archive: Prepare = async (place) => {
    const [home, out] = [join(place, 'home'), join(place, 'out')];
    mkdirSync(out);
    const check = (): void => assert.ok(existsSync(join(out, 'shown-1.0.igos.tar.gz')));
    return { words: ['archive', `${tree}#shown`, '-o', `${out}/`], place, home, check };
  };
  await meetFaults(t, lab, archive);
  await meetDeaths(t, lab, archive);
  // Once it is built, most of what is written is the archive.
  const built: Prepare = async (place) => {
    const work = await archive(place);
    assert.equal((await run(work)).status, 0);
    rmSync(join(place, 'out', 'shown-1.0.igos.tar.gz'));
    return work;
  };
  await meetFaults(t, lab, built);
});
