import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { phasesOf, selectPhases } from '../../cli/phases/phase-list.ts';
import { needsSandbox } from '../builder/support.ts';
import { golden } from '../golden.ts';
import { programs } from './programs.ts';

const names = (tiers: readonly string[]): string[] => phasesOf(tiers).map((phase) => phase.name);

test('twenty phases, and what is published', () => {
  assert.equal(
    names([]).join(' '),
    'validate verify-sources setup toolchain chroot-prep chroot-tools core config core-extra base kernel desktop ai extra bootloader image manifest squashfs ukis-verity iso publish',
  );
  assert.equal(names(['toolchain', 'core', 'base', 'desktop', 'ai', 'extra']).length, 21);
});

test('a tier with another name stands behind the one before it', () => {
  const at = (tiers: readonly string[], name: string): string[] => {
    const all = names(tiers);
    const place = all.indexOf(name);
    return all.slice(place - 1, place + 2);
  };
  assert.deepEqual(at(['seed', 'toolchain', 'core'], 'seed'), ['setup', 'seed', 'toolchain']);
  assert.deepEqual(at(['core', 'net', 'base'], 'net'), ['core', 'net', 'config']);
  assert.deepEqual(names(['one', 'two']).slice(2, 6), ['setup', 'one', 'two', 'toolchain']);
  // The order of the phases is fixed: a tree cannot have its desktop before its core.
  assert.ok(names(['desktop', 'core', 'more']).indexOf('desktop') > names(['desktop', 'core', 'more']).indexOf('core'));
});

test('every tier is a phase, and no phase is lost, whatever the tiers are called', () => {
  const word = fc.oneof(fc.constantFrom(...names([])), fc.stringMatching(/^[a-z]{1,6}$/));
  fc.assert(
    fc.property(fc.uniqueArray(word, { maxLength: 8 }), (tiers) => {
      const phases = phasesOf(tiers);
      const found = phases.map((phase) => phase.name);
      assert.equal(new Set(found).size, found.length);
      for (const tier of tiers) assert.equal(phases.find((phase) => phase.name === tier)!.kind, 'tier');
      assert.deepEqual(
        found.filter((name) => names([]).includes(name)),
        names([]),
      );
    }),
  );
});

test('from, until and skip choose', () => {
  const chosen = (selection: Parameters<typeof selectPhases>[1]): string => [...selectPhases(phasesOf([]), selection)].join(' ');
  assert.equal(chosen({ from: 'base', until: 'desktop', skip: ['kernel'] }), 'base desktop');
  assert.equal(chosen({ until: 'setup', skip: [] }), 'validate verify-sources setup');
});

function writeTree(folder: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'tree.igos'),
    `tree { name = "small"; version = "1"; }
tier toolchain { summary = "tools"; ships = false; }
tier core { summary = "core"; after = [ toolchain ]; }
tier games { summary = "games"; after = [ core ]; }
package shell "1" {
  tier = toolchain;
  summary = "a shell of this machine";
  style = hostTools { tools = [ "sh" "mkdir" ]; };
}
package one "1.0" {
  tier = core;
  summary = "one";
  license = "MIT";
  build = [ shell ];
  phases.install = ''
    mkdir -p "$out/usr/share"
    echo one >"$out/usr/share/one"
  '';
}
package two "2.0" {
  tier = games;
  summary = "two";
  license = "MIT";
  build = [ shell one ];
  phases.install = ''
    mkdir -p "$out/usr/share"
    ${text}
  '';
}
system all {
  summary = "all";
  packages = [ one two ];
  etc."issue" = "small\\n";
}
`,
  );
  return folder;
}

interface Listed {
  readonly phases: readonly { name: string; state: string; done: number; of: number; selected: boolean; result?: string }[];
}

test('a whole build, stopped by a failure and gone on with', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), 'echo missing >&2; exit 1');
  const list = (): Map<string, Listed['phases'][number]> => {
    const run = igos('phases', tree, '--dry-run', '--json');
    assert.equal(run.status, 0, run.stderr);
    return new Map((JSON.parse(run.stdout) as Listed).phases.map((phase) => [phase.name, phase]));
  };
  assert.equal(list().get('core')!.state, 'open');
  const failed = igos('phases', tree);
  assert.equal(failed.status, 4);
  assert.match(failed.stderr, /^core: 1 package, 1 built/m);
  assert.match(failed.stderr, /the build of 'two-2\.0' failed/);
  const between = list();
  assert.deepEqual(
    [between.get('core')!.state, between.get('games')!.state, between.get('manifest')!.state],
    ['done', 'open', 'open'],
  );

  writeTree(tree, 'while :; do echo endless; done');
  const endless = igos('phases', tree, '--max-log-size', '1K');
  assert.equal(endless.status, 4);
  assert.match(endless.stderr, /E-BUILD-032/);

  writeTree(tree, 'echo two >"$out/usr/share/two"');
  const done = igos('phases', tree);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stderr, /^core: 1 package, all there/m);
  assert.match(done.stderr, /^games: 1 package, 1 built/m);
  golden(t, 'cli/phases.txt', done.stdout);

  const again = igos('phases', tree);
  assert.doesNotMatch(again.stderr, /building/);
  const manifest = /^manifest: (\S+)/m.exec(again.stderr)![1]!;
  const file = join(work, 'home', 'store', manifest.slice(manifest.lastIndexOf('/') + 1));
  const record = JSON.parse(readFileSync(file, 'utf8')) as { packages: { name: string; path: string; narHash: string }[] };
  assert.deepEqual(
    record.packages.map(({ name }) => name),
    ['one', 'shell', 'two'],
  );
  // Its hashes are those of the archives that the store would send.
  for (const { path, narHash } of record.packages) {
    const info = JSON.parse(igos('store', 'info', path, '--json').stdout) as { paths: { narHash: string }[] };
    assert.equal(`sha256-${Buffer.from(info.paths[0]!.narHash, 'hex').toString('base64')}`, narHash);
    assert.ok(existsSync(join(work, 'home', 'store', path.slice(path.lastIndexOf('/') + 1))));
  }

  const partly = igos('phases', tree, '--from', 'core', '--until', 'core', '--json');
  const chosen = (JSON.parse(partly.stdout) as Listed).phases.filter((phase) => phase.selected).map((phase) => phase.name);
  assert.deepEqual(chosen, ['core']);
});

test('a tree with a mistake does not get past validate', (t) => {
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), ':');
  const bad = (name: string): string => `package ${name} "1" {\n  tier = core;\n  summary = 3;\n  phases.install = "";\n}\n`;
  writeFileSync(join(tree, 'more.igos'), `${bad('three')}${bad('four')}`);
  const run = igos('phases', tree);
  assert.equal(run.status, 1);
  // All of them, and nothing is built.
  assert.match(run.stderr, /three[\s\S]*four/);
  assert.doesNotMatch(run.stderr, /building|^setup/m);
});

test('a tree that fails a gate does not get past validate, unless that is skipped', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), 'echo two >"$out/usr/share/two"');
  const file = join(tree, 'tree.igos');
  // By its nature, two belongs into core.
  const text = readFileSync(file, 'utf8').replace('after = [ toolchain ]; }', 'after = [ toolchain ]; holds = [ one two ]; }');
  writeFileSync(file, text);
  const run = igos('phases', tree, '--until', 'core');
  assert.equal(run.status, 1);
  assert.doesNotMatch(run.stderr, /building/);
  golden(t, 'errors/phases-gates-failed.txt', run.stderr.slice(run.stderr.indexOf('error[')).replaceAll(tree, 'TREE'));
  const skipped = igos('phases', tree, '--until', 'core', '--skip', 'validate');
  assert.equal(skipped.status, 0, skipped.stderr);
  assert.match(skipped.stderr, /^core: 1 package, 1 built/m);
});

test('the last phase publishes what ships, and again only what changed', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, pkm, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), 'echo two >"$out/usr/share/two"');
  const [key, folder] = [join(work, 'secret.key'), join(work, 'public')];
  writeFileSync(join(work, 'key.pub'), igos('key', 'generate', 'small-1', '-o', key).stdout);
  const publish = (...words: readonly string[]) => igos('phases', tree, '--publish', folder, '--key', key, ...words);
  const first = publish();
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /^publish: 2 archives written to .*: 2 packages \(2 read\), serial 1, good for 30 days/m);
  assert.match(
    publish('--expires', '2').stderr,
    /^publish: 0 archives written .*: 2 packages \(0 read\), serial 2, good for 2 days/m,
  );
  // Only what was written is signed, whatever stands there now, and whatever is known of it.
  const archive = join(folder, readdirSync(folder).find((name) => name.startsWith('two-'))!);
  const bytes = readFileSync(archive);
  writeFileSync(archive, Buffer.alloc(bytes.length, 'x'));
  assert.match(publish().stderr, /^publish: 1 archive written /m);
  assert.deepEqual(readFileSync(archive), bytes);
  writeFileSync(join(folder, '.igos-archives.json'), '{ "two');
  assert.match(publish().stderr, /^publish: 2 archives written /m);
  writeTree(tree, 'echo other >"$out/usr/share/two"');
  assert.match(publish().stderr, /^publish: 1 archive written .*: 2 packages \(1 read\), serial 5/m);
  const synced = pkm('sync', folder, '--key', join(work, 'key.pub'));
  assert.equal(synced.status, 0, synced.stderr);
  assert.equal(pkm('install', 'two').status, 0);
  assert.equal(readFileSync(join(work, 'root/usr/share/two'), 'utf8'), 'other\n');

  // What others have stays as it is where the build is not whole.
  writeTree(tree, 'exit 1');
  assert.match(publish('--keep-going').stderr, /^publish: nothing: not all packages are built/m);
  assert.match(publish('--skip', 'games,manifest').stderr, /^publish: nothing/m);

  const misused = [
    ['--publish', folder],
    ['--until', 'publish'],
    ['--publish', folder, '--key', key, '--expires', 'soon'],
  ];
  for (const words of misused) assert.equal(igos('phases', tree, ...words).status, 2);
});

test('with --images each system becomes a file system, from whatever phase on', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), 'echo two >"$out/usr/share/two"');
  const images = join(work, 'images');
  const state = (...words: string[]): string => {
    const run = igos('phases', tree, '--dry-run', '--json', ...words);
    assert.equal(run.status, 0, run.stderr);
    return (JSON.parse(run.stdout) as Listed).phases.find((phase) => phase.name === 'squashfs')!.state;
  };
  assert.deepEqual([state(), state('--images', images)], ['none', 'check']);
  const early = igos('phases', tree, '--images', images, '--from', 'image');
  assert.match(early.stderr, /^squashfs: nothing: not all packages are built/m);
  const done = igos('phases', tree, '--images', images, '--level', '1');
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stderr, /^image: 1 system installed[\s\S]*^squashfs: 1 file in '.*images', \d/m);
  // It does not say how it starts.
  assert.deepEqual(readdirSync(images), ['all.squashfs']);
  const before = readFileSync(join(images, 'all.squashfs'));
  const again = igos('phases', tree, '--images', images, '--level', '1', '--from', 'squashfs');
  assert.equal(again.status, 0, again.stderr);
  assert.ok(readFileSync(join(images, 'all.squashfs')).equals(before));
  const alone = igos('image', tree, '-o', join(work, 'alone'), '--level', '1');
  assert.equal(alone.status, 0, alone.stderr);
  assert.ok(readFileSync(join(work, 'alone')).equals(before));
});

test('phases that cannot be had are said to be so', (t) => {
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), ':');
  const iso = igos('phases', tree, '--until', 'iso');
  assert.equal(iso.status, 2);
  assert.match(iso.stderr, /the phase 'iso' needs --images DIR\nhint: igos phases TREE --images DIR/);
  const wrong = igos('phases', tree, '--skip', 'desktop,cor');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /there is no phase 'cor'[\s\S]*did you mean 'core'/);
  assert.equal(igos('phases', tree, '--from', 'core', '--until', 'setup').status, 2);
});

test('--keep-going builds, in this and later tiers, what does not depend on what failed', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, work } = programs(t);
  const tree = writeTree(join(work, 'tree'), 'echo two >"$out/usr/share/two"');
  const pack = (name: string, tier: string, build: string, install: string): string =>
    `package ${name} "1" { tier = ${tier}; summary = "x"; build = [ shell ${build} ]; phases.install = "${install}"; }\n`;
  const good = 'mkdir -p $out/usr';
  writeFileSync(
    join(tree, 'more.igos'),
    `${pack('bad', 'core', '', 'exit 9')}${pack('user', 'games', 'bad', good)}${pack('user-of-user', 'games', 'user', good)}`,
  );
  const run = igos('phases', tree, '--keep-going');
  assert.equal(run.status, 4);
  const said = run.stderr.replaceAll(/\(\d.*s\)/g, '(TIME)');
  assert.match(said, /^core: failed \(TIME\)\n/m);
  assert.match(said, /^user: not tried, because bad-1 failed\nuser-of-user: not tried, because bad-1 failed\n/m);
  assert.match(said, /^games: 3 packages, 1 built, 2 not tried \(TIME\)\n(.*\n)?manifest: nothing: not all packages are built/m);
  assert.equal(said.match(/building bad-1: failed/g)!.length, 1, 'it is tried once');
  assert.equal(said.match(/^error\[/gm)!.length, 1);
  assert.match(run.stdout, / core +begun +1 of 2\n[\s\S]* games +begun +1 of 3\n/);
  interface PhasesRecord {
    readonly errors: readonly { readonly code: string; readonly drvPath: string }[];
    readonly phases: readonly { readonly name: string; readonly done: number; readonly of: number; readonly result?: string }[];
  }
  const { errors, phases } = JSON.parse(igos('phases', tree, '--keep-going', '--json').stdout) as PhasesRecord;
  assert.deepEqual(
    errors.map(({ code, drvPath }) => [code, drvPath.replace(/.*-/, '')]),
    [['E-BUILD-001', '1.drv']],
  );
  const told = new Map(phases.map(({ name, done, of, result }) => [name, `${done}/${of} ${result ?? ''}`]));
  assert.equal(told.get('core'), '1/2 failed');
  assert.equal(told.get('games'), '1/3 3 packages, 2 not tried');
  const stopped = JSON.parse(igos('phases', tree, '--json').stdout) as PhasesRecord;
  assert.equal(stopped.phases.find(({ name }) => name === 'core')!.result, 'failed');
  assert.equal(stopped.phases.find(({ name }) => name === 'games')!.result, undefined);
});
