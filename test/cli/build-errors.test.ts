/** What a person sees when a build cannot work: the package and the missing thing are named, and nothing is kept. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { noSandbox, type Programs, programs } from './programs.ts';

const skip = await noSandbox();

const TREE = `
tier base { summary = "All of it"; }
package shell "1" { tier = base; summary = "Shell"; style = hostTools { tools = [ "sh" "cat" "mkdir" "sed" ]; }; }
package undeclared "1" {
  tier = base;
  summary = "Uses a tool that it does not declare";
  build = [ shell ];
  phases.install = "awk 'BEGIN { print 1 }' >out.txt";
}
package networked "1" {
  tier = base;
  summary = "Looks for a network";
  build = [ shell ];
  phases.install = ''
    sed -n 's/^ *\\([a-z0-9]*\\):.*/\\1/p' /proc/net/dev
    cat /proc/net/route /proc/net/tcp
    if [ -n "$(sed 1d /proc/net/route)" ]; then echo "there is a route"; exit 0; fi
    echo "no route to anywhere"; exit 1
  '';
}
package chance "1" {
  tier = base;
  summary = "Never the same twice";
  build = [ shell ];
  phases.install = "mkdir -p $out/usr; cat /proc/sys/kernel/random/uuid >$out/usr/uuid";
}
package loud "1" {
  tier = base;
  summary = "Says much";
  build = [ shell ];
  phases.install = "mkdir -p $out/usr; printf '%2000d\\n' 1";
}
package wrong "1" {
  tier = base;
  summary = "Makes something else than it says";
  build = [ shell ];
  verifyPaths = [ "usr/right" ];
  phases.install = "echo note >note; mkdir -p $out/usr; echo made >$out/usr/wrong";
}
package same "1" {
  tier = base;
  summary = "The same, whatever is printed";
  build = [ cores ];
  phases.install = "mkdir -p $out/usr; echo once";
}
package cores "1" {
  tier = base;
  summary = "Says with how many cores it is built";
  build = [ shell ];
  runtime = [ shell ];
  phases.install = "mkdir -p $out/usr; echo cores: $jobs";
}
package mismatch "1" {
  tier = base;
  summary = "Its source is not what it says";
  build = [ shell ];
  source = fetchurl { url = "file://SOURCE"; sha256 = "0000000000000000000000000000000000000000000000000000000000000000"; };
  phases.install = "cat $src";
}
`;

function scratchTree(t: Parameters<typeof programs>[0]): Programs & { tree: string } {
  const found = programs(t);
  const tree = join(found.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(found.work, 'source.txt'), 'not the bytes\n');
  writeFileSync(join(tree, 'all.igos'), TREE.replace('SOURCE', join(found.work, 'source.txt')));
  return { ...found, tree };
}

/** Progress goes with the time it took. */
const faultOf = (stderr: string, work: string): string =>
  stderr
    .slice(stderr.indexOf('error['))
    .replaceAll(work, '$WORK')
    .replace(/[0-9a-z]{32}(?=-)/g, '<hash>');

test('an undeclared tool is named, with its package', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const { status, stderr, stdout } = igos('realize', `${tree}#undeclared`);
  assert.deepEqual([status, stdout], [4, '']);
  golden(t, 'cli/build-undeclared-tool.txt', faultOf(stderr, work));
  assert.match(igos('log', `${tree}#undeclared`).stdout, /awk: not found/);
});

test('a build that touches the network fails', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const { status, stderr } = igos('realize', `${tree}#networked`);
  assert.equal(status, 4);
  assert.match(faultOf(stderr, work), /no route to anywhere/);
});

test('a hash mismatch prints both hashes and keeps nothing', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const before = igos('store', 'list').stdout;
  const { status, stderr } = igos('realize', `${tree}#mismatch`);
  assert.equal(status, 4, stderr);
  golden(t, 'cli/build-hash-mismatch.txt', faultOf(stderr, work));
  const added = igos('store', 'list')
    .stdout.split('\n')
    .filter((path) => !before.includes(path));
  assert.deepEqual(
    added.filter((path) => path.includes('source.txt') && !path.endsWith('.drv')),
    [],
  );
});

test('a build that gives other bytes every time is caught by --check', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const { status, stderr, stdout } = igos('realize', '--check', `${tree}#chance`);
  assert.equal(status, 1);
  assert.match(stdout, /-chance-1\.drv: 1 difference\n {2}out\/usr\/uuid: content\n/);
  golden(t, 'errors/cli-not-reproducible.txt', faultOf(stderr, work));
});

test('--check with --keep-going builds the others again after one failed, the first or the second time', { skip }, (t) => {
  const { igos, tree } = scratchTree(t);
  // Only once allowed to say what it says.
  assert.equal(igos('realize', `${tree}#loud`).status, 0);
  const words = [
    'realize',
    '--check',
    '--max-log-size',
    '1KiB',
    ...['networked', 'loud', 'chance', 'same'].map((name) => `${tree}#${name}`),
  ];
  const { status, stderr, stdout } = igos(...words, '-k');
  assert.equal(status, 4, stderr);
  assert.match(
    stdout,
    /^[^ ]*-chance-1\.drv: 1 difference\n {2}out\/usr\/uuid: content\n[^ ]*-same-1\.drv: the same, byte for byte\n$/,
  );
  assert.deepEqual(
    stderr.match(/^error\[E-[A-Z]+-\d+\]/gm),
    ['error[E-BUILD-001]', 'error[E-BUILD-032]', 'error[E-CLI-009]'],
    stderr,
  );
  assert.match(stderr, /^\[1\/1\] building loud-1: failed in install after /m);
  assert.equal(stderr.match(/building networked-1$/gm)?.length, 1, 'what has failed is not built again');
  interface Failed {
    readonly errors: readonly { readonly code: string; readonly drvPath?: string }[];
    readonly checked: readonly { readonly drvPath: string; readonly isEqual: boolean }[];
  }
  const { errors, checked } = JSON.parse(igos(...words, '-k', '--json').stdout) as Failed;
  assert.deepEqual(
    errors.map(({ code, drvPath }) => [code, drvPath?.replace(/^[^-]*-/, '')]),
    [
      ['E-BUILD-001', 'networked-1.drv'],
      ['E-BUILD-032', 'loud-1.drv'],
      ['E-CLI-009', undefined],
    ],
  );
  assert.deepEqual(
    checked.map(({ drvPath, isEqual }) => [drvPath.replace(/^[^-]*-/, ''), isEqual]),
    [
      ['chance-1.drv', false],
      ['same-1.drv', true],
    ],
  );
  assert.equal(igos(...words).stdout, '');
});

test('after a failure --json says what is there and what is not', { skip }, (t) => {
  const { igos, tree } = scratchTree(t);
  const words = ['realize', '-k', '--json', `${tree}#same`, `${tree}#networked`];
  const { status, stdout } = igos(...words);
  assert.equal(status, 4);
  interface Failed {
    readonly errors: readonly { readonly code: string; readonly drvPath?: string }[];
    readonly outputs: readonly { readonly name: string; readonly output: string; readonly path: string }[];
    readonly missing: readonly { readonly name: string; readonly drvPath: string }[];
  }
  const { errors, outputs, missing } = JSON.parse(stdout) as Failed;
  assert.deepEqual(
    outputs.map(({ name, output, path }) => [name, output, path.replace(/^.*-/, '')]),
    [['same', 'out', '1']],
  );
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['networked'],
  );
  assert.equal(errors[0]!.drvPath, missing[0]!.drvPath);
});

test('the second build of --check is shown like the first, and made with the same options', { skip }, (t) => {
  const { igos, tree } = scratchTree(t);
  const { status, stderr } = igos('realize', '--check', '--cores', '3', '-L', `${tree}#cores`);
  assert.equal(status, 0, stderr);
  assert.equal(stderr.match(/building cores-1$/gm)?.length, 2, stderr);
  assert.equal(stderr.match(/building cores-1: done in /g)?.length, 2, stderr);
  assert.equal(stderr.match(/^cores-1> cores: 3$/gm)?.length, 2, stderr);
});

test('what is built again and comes out as it was is not counted as new', { skip }, async (t) => {
  const { igos, tree, work } = scratchTree(t);
  const first = igos('realize', `${tree}#same`);
  assert.match(first.stderr, /^2 built.*; [1-9][^ ]* (?:B|KiB) new$/m);
  // The store knows seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const changed = TREE.replace('SOURCE', join(work, 'source.txt')).replace('cores:', 'uses').replace('echo once', 'echo twice');
  writeFileSync(join(tree, 'all.igos'), changed);
  const second = igos('realize', `${tree}#same`);
  assert.match(second.stderr, /^2 built.*; 0 B new$/m);
  assert.equal(second.stdout, first.stdout);
});

test('--check shows the two outputs to diffoscope, if there is one', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const folder = join(work, 'bin');
  mkdirSync(folder);
  // Says what it was given, as the real one says what it found: with status 1.
  writeFileSync(
    join(folder, 'diffoscope'),
    '#!/bin/sh\nprintf "found in %s\\n" "$(cat "$3"/usr/uuid "$4"/usr/uuid | wc -w)"\nexit 1\n',
    { mode: 0o755 },
  );
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  try {
    assert.match(igos('realize', '--check', `${tree}#chance`).stderr, /^found in 2$/m);
  } finally {
    process.env['PATH'] = path;
  }
});

test('--check --keep-failed keeps what came out differently, and says where', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  const without = igos('realize', '--check', `${tree}#chance`);
  assert.match(without.stderr, /hint: to have both beside each other: --check --keep-failed$/m);
  assert.deepEqual(readdirSync(join(work, 'home', 'tmp')), []);
  const { status, stdout, stderr } = igos('realize', '--check', '-K', `${tree}#chance`);
  assert.deepEqual([status, /out\/usr\/uuid: content/.test(stdout)], [1, true]);
  assert.doesNotMatch(stderr, /beside each other/);
  const kept = /^kept, as it came out this time: (.*)$/m.exec(stderr)![1]!;
  assert.match(readFileSync(join(kept, 'usr/uuid'), 'utf8'), /^[-0-9a-f]{36}\n$/);
  // As its first outcome, it is there until somebody removes it.
  igos('realize', `${tree}#cores`);
  assert.ok(existsSync(kept));
  const { checked } = JSON.parse(igos('realize', '--check', '-K', '--json', `${tree}#chance`).stdout) as {
    checked: { kept: Record<string, string> }[];
  };
  assert.ok(existsSync(checked[0]!.kept['out']!));
});

test('--keep-failed keeps a build that ended well and made the wrong things', { skip }, (t) => {
  const { igos, tree, work } = scratchTree(t);
  assert.equal(igos('realize', `${tree}#wrong`).status, 4);
  assert.deepEqual(readdirSync(join(work, 'home', 'tmp')), []);
  const { status, stderr } = igos('realize', '--keep-failed', `${tree}#wrong`);
  assert.equal(status, 4);
  assert.match(stderr, /error\[E-BUILD-040\]/);
  const build = /hint: the build folder was kept: (.*)$/m.exec(stderr)![1]!;
  assert.equal(readFileSync(join(build, 'note'), 'utf8'), 'note\n');
  const outputs = /hint: so were its outputs: (.*)$/m.exec(stderr)![1]!;
  assert.equal(readFileSync(join(outputs, readdirSync(outputs)[0]!, 'usr/wrong'), 'utf8'), 'made\n');
});

test('a failing build that evaluation needs is an error of the evaluation', { skip }, (t) => {
  const { igos, work } = scratchTree(t);
  const failing = 'derivation { name = "f"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "exit 3" ]; }';
  const { status, stderr } = igos('eval', '--expr', `import (${failing})`);
  assert.equal(status, 1);
  golden(t, 'errors/cli-import-failed.txt', faultOf(stderr, work).slice(faultOf(stderr, work).indexOf('error[E-CLI')));
});

test('what cannot be fetched is put into the store by the command that the error names', (t) => {
  const { igos, work } = programs(t);
  mkdirSync(join(work, 'a folder'));
  writeFileSync(join(work, 'a folder', 'file'), 'text');
  const archive = join(work, 'here.tar');
  assert.equal(spawnSync('tar', ['-cf', archive, '-C', work, 'a folder']).status, 0);
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const [, tree] = igos('store', 'fetch', '--unpack', `file://${archive}`, '--name', 'else').stdout.trim().split(/ +/);
  const fetching = (name: string, fields: string): string =>
    `import <nix/fetchurl.nix> { name = "${name}"; url = "http://127.0.0.1:1/x"; ${fields} }`;
  const cases: Record<string, string> = {
    flat: fetching('flat', `sha256 = "${sha256}";`),
    unpacked: fetching('unpacked', `unpack = true; hash = "${tree}";`),
  };
  for (const [name, expression] of Object.entries(cases)) {
    const failed = igos('realize', '--expr', expression);
    assert.equal(failed.status, 4, failed.stderr);
    const [, words] = /by hand: igos (.*)$/m.exec(failed.stderr)!;
    const put = igos(...words!.split(' ').map((word) => word.replace('/FILE', archive).replace(/^FILE$/, archive)));
    assert.equal(put.status, 0, put.stderr);
    const [path] = put.stdout.trim().split(/ +/);
    assert.deepEqual(igos('realize', '--expr', expression), { status: 0, stdout: `${path}\n`, stderr: '' }, name);
  }
  const sha1 = fetching('x', `outputHashAlgo = "sha1"; outputHash = "${'0'.repeat(40)}";`);
  assert.doesNotMatch(igos('realize', '--expr', sha1).stderr, /by hand/);
});
