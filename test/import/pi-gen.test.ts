import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { importPiGen } from '../../import/pi-gen/import.ts';
import { readDefaults, readShellConfig } from '../../import/pi-gen/shell-config.ts';
import { openTree } from '../eval/declare/harness.ts';
import { golden } from '../golden.ts';
import { faultsOf, project, shown, writeFiles } from './trees.ts';

const example = join(project, 'examples', 'import', 'pi-gen');

test('the example becomes tiers, packages on the tree so far, and systems', (t) => {
  golden(t, 'import/pi-gen.txt', shown(importPiGen(example, 'pi-gen')));
  assert.equal(shown(importPiGen(example, 'again')), shown(importPiGen(example, 'pi-gen')));
});

test('the example evaluates: a chain of packages, and the export at its end', (t) => {
  const { files } = importPiGen(example);
  const texts = Object.fromEntries([...files].map(([path, { data }]) => [path, Buffer.from(data).toString('utf8')]));
  const { tree, print } = openTree(t, texts);
  for (const each of tree.packages.values()) if (each.style !== 'hostTools') assert.match(each.drvPath!, /\.drv$/);
  assert.equal(print('stage2-00-late.source.name'), '"stage10-00-early"');
  assert.equal(print('packages.stage3-00-never.meta.skipped'), 'true');
  assert.deepEqual([...tree.systems.keys()], ['stage2-image']);
});

test('STAGE_LIST decides, and a configuration behind -c wins', () => {
  const configs = [{ name: 'mine', text: 'STAGE_LIST="stage0 ./stage2"\nIMG_NAME=Mine\n' }];
  const { report, files } = importPiGen(example, 'pi-gen', { configs });
  assert.deepEqual(
    report.tiers.map(({ name }) => name),
    ['machine', 'stage0', 'stage2', 'export-image'],
  );
  assert.match(Buffer.from(files.get('systems.igos')!.data).toString(), /Mine-lite"/);
});

test('each marker of an export is a system of its own; SKIP_IMAGES takes all of a stage away', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-pi-gen-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const systems = () =>
    [
      ...Buffer.from(importPiGen(join(folder, 'tree')).files.get('systems.igos')?.data ?? '')
        .toString()
        .matchAll(/^system (\S+)/gm),
    ].map((match) => match[1]);
  cpSync(example, join(folder, 'tree'), { recursive: true });
  for (const kind of ['iso', 'squashfs']) {
    const finish = join(folder, 'tree', `export-${kind}`, '00-finish');
    mkdirSync(finish, { recursive: true });
    writeFileSync(join(finish, '00-run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(folder, 'tree', 'stage2', `EXPORT_${kind.toUpperCase()}`), '');
  }
  assert.deepEqual(systems(), ['stage2-image', 'stage2-iso', 'stage2-squashfs']);
  writeFileSync(join(folder, 'tree', 'stage2', 'SKIP_IMAGES'), '');
  assert.deepEqual(systems(), []);
});

test('what is no tree of stages, and stages elsewhere, are refused', (t) => {
  const list = (value: string) => () => importPiGen(example, 'tree', { configs: [{ name: 'c', text: `STAGE_LIST="${value}"` }] });
  const empty = writeFiles(t, { 'build.sh!': '' });
  const odd = writeFiles(t, { 'build.sh!': '', 'stage0/00 two words/00-run.sh!': '' });
  const same = writeFiles(t, { 'build.sh!': '', 'stage0/prerun/00-run.sh!': '', 'stage0/prerun.sh!': 'true' });
  golden(
    t,
    'errors/import-stages.txt',
    [
      () => importPiGen(join(empty, 'nowhere'), 'tree'),
      () => importPiGen(empty, 'tree'),
      list('stage0 ../../etc'),
      list('/etc'),
      () => importPiGen(odd, 'tree'),
      () => importPiGen(same, 'tree'),
    ]
      .map(faultsOf)
      .join('\n'),
  );
});

test('contradictions of a configuration are findings', (t) => {
  const folder = writeFiles(t, {
    'build.sh!': '',
    config:
      'FIRST_USER_NAME=Root\nWPA_PASSWORD=short\nPUBKEY_ONLY_SSH=1\nDISABLE_FIRST_BOOT_USER_RENAME=1\nif true; then\n  IMG_NAME=x\nfi\n',
    'stage0/SKIP': '',
    'stage0/00-a/00-run.sh!': '',
    'stage0/00-a/100-run.sh!': '',
    'stage0/00-a/00-packages-amd64': 'grub2\n',
    'stage0/00-a/files/00-fstab.amd64': '',
    'stage0/00-a/00-patches': 'a file',
    stage1: 'no folder',
    'postrun.sh!': '',
  });
  const { report } = importPiGen(folder);
  const said = report.findings.map(({ kind, about }) => `${kind} ${about}`);
  for (const expected of [
    'odd FIRST_USER_NAME',
    'odd WPA_PASSWORD',
    'odd PUBKEY_ONLY_SSH',
    'odd DISABLE_FIRST_BOOT_USER_RENAME',
    'missing IMG_NAME',
    'lost config',
    'odd SKIP',
    'odd stage1',
    'unknown 100-run.sh',
    'unknown 00-packages-amd64',
    'unknown 00-patches',
    'lost postrun.sh',
  ]) {
    assert.ok(said.includes(expected), `${expected} is not among: ${said.join(', ')}`);
  }
  assert.ok(!said.join().includes('fstab'), 'files of a sub-stage are for its scripts');
});

const noBash = spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'no bash here';

test('assignments mean what bash makes of them', { skip: noBash }, () => {
  const value = fc.constantFrom('plain', "'two words'", '"two words"', '"$A and ${B}"', '$A', '""', 'a-b_c.d/e:f', '"it\'s"');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), value), { maxLength: 6 }), (pairs) => {
      const text = `A=1 # first\nexport B="2"\n${pairs.map(([name, word]) => `${name}=${word}`).join('\n')}\n`;
      const { values, others } = readShellConfig(text);
      if (others.length > 0) return;
      const { stdout } = spawnSync('bash', ['-c', `${text}printf '%s\\n' "$A" "$B" "$C"`], { encoding: 'utf8' });
      assert.equal(['A', 'B', 'C'].map((name) => `${values.get(name) ?? ''}\n`).join(''), stdout);
    }),
    { numRuns: 25 },
  );
});

test('defaults of build.sh stand behind what is set, and nothing that is computed is taken', () => {
  const text =
    'export A="${A:-one}"\nexport B=${B:-two}\nexport C="${C:-"$A-x"}"\nexport D="${D:-"$(date)"}"\nexport E=fixed\nexport F\n';
  assert.deepEqual(Object.fromEntries(readDefaults(text, new Map([['B', 'mine']]))), {
    A: 'one',
    B: 'mine',
    C: 'one-x',
    E: 'fixed',
  });
});

test('a step that needs root or the network says so, and where it is told', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-pi-gen-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const helpers = join(folder, 'pi-gen.sh');
  writeFileSync(helpers, importPiGen(example).files.get('pi-gen.sh')!.data);
  const run = (step: string) =>
    spawnSync('/bin/sh', ['-c', `mkdir() { :; }; cat() { :; }; . ${helpers}; ${step}`], {
      encoding: 'utf8',
      env: { PATH: folder, NIX_BUILD_TOP: folder, out: folder, srcdir: folder },
    });
  const { status, stderr } = run('packages zsh');
  assert.equal(status, 1);
  assert.equal(stderr, "igos: no chroot here: it needs root, and a build has no privileges, see 'root' in IMPORT.md\n");
  assert.match(
    run('bootstrap trixie "$ROOTFS_DIR"').stderr,
    /no debootstrap here: it asks the network, .* see 'network' in IMPORT/,
  );
  writeFileSync(join(folder, 'chroot'), '#!/bin/sh\necho "entered $1"\n', { mode: 0o755 });
  assert.match(run('packages zsh').stdout, /^entered .*\/rootfs$/m, 'somebody may bring one along');
});
