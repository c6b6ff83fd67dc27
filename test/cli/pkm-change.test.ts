/** What a person at the command line sees of changes: plans, questions, holds, marks, switches. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { Sandbox } from '../pkm/support.ts';
import { noSandbox, programs, project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

/** A root with packages from archives: nothing has to be built for them. */
async function installed(t: Parameters<typeof programs>[0], images: (box: Sandbox) => ReturnType<Sandbox['image']>[]) {
  const here = programs(t);
  const box = new Sandbox(t);
  const files: string[] = [];
  for (const image of images(box)) {
    const file = join(here.work, `${image.name}-${image.version}.igos.tar.gz`);
    await writeArchive(image, file);
    files.push('--archive', file);
  }
  const run = here.pkm('install', '--archive-trust', 'loose', ...files);
  assert.equal(run.status, 0, run.stderr);
  return { ...here, box };
}

test('what pkm makes of its own is for everybody to read and for its owner to write, whatever the umask', async (t) => {
  for (const umask of [0o077, 0]) {
    const before = process.umask(umask);
    const { root } = await installed(t, (box) => [box.image('app 1', { 'usr/bin/app': 'a' })]).finally(() =>
      process.umask(before),
    );
    const modes = [
      'var',
      'var/lib',
      'var/lib/igos',
      'var/lib/igos/packages',
      'var/lib/igos/packages/app-1',
      'var/lib/igos/pkm.db',
    ];
    assert.deepEqual(
      modes.map((path) => (lstatSync(join(root, path)).mode & 0o777).toString(8)),
      ['755', '755', '755', '755', '644', '644'],
      `umask ${umask.toString(8)}`,
    );
  }
});

test('holds, marks and autoremove', async (t) => {
  const { pkm } = await installed(t, (box) => [
    box.image('lib 1', { 'usr/lib/l': 'l' }),
    box.image('app 1', { 'usr/bin/app': 'a' }, { runtime: ['lib>=1'] }),
  ]);
  const text = (...words: string[]): string => {
    const { stdout, stderr, status } = pkm(...words);
    return `$ pkm ${words.join(' ')}\n${stdout}${stderr}[${status}]\n`;
  };
  const time = (shown: string): string => shown.replace(/since .* by \S+/, 'since <time>, by <user>');
  golden(
    t,
    'cli/pkm-marks.txt',
    [
      text('hold', 'lib'),
      time(text('hold')),
      text('remove', 'lib', '--cascade'),
      text('unhold', 'lib', 'app'),
      text('mark', 'auto', 'lib'),
      text('mark', 'later', 'lib'),
      text('autoremove'),
      text('mark', 'dependency', 'app', '--dry-run'),
      text('mark', 'dependency', 'app'),
      text('autoremove', '--dry-run'),
      text('autoremove', '--yes'),
      text('diff', '0', '1'),
      text('diff', '3'),
      text('diff'),
    ].join('\n'),
  );
});

test('on a terminal the plan is shown and asked for; no means nothing happens', { skip: noTerminal() }, async (t) => {
  const { work, root, pkm } = await installed(t, (box) => [box.image('app 1', { 'usr/bin/app': 'a' })]);
  const command = [join(project, 'bin/pkm'), '--root', root, 'remove', 'app'] as const;
  const options = { cwd: project, env: { PATH: process.env['PATH']!, HOME: work, IGOS_HOME: join(work, 'home'), NO_COLOR: '1' } };
  const no = runInTerminal(
    [...command],
    [{ until: 'remove app 1.*Go on\\?' }, { press: 'n\n', until: 'nothing was changed' }],
    options,
  );
  assert.equal(no.problem, '', no.screen);
  assert.equal(no.status, 1);
  assert.ok(existsSync(join(root, 'usr/bin/app')));
  const unasked = runInTerminal([...command, '--dry-run'], [{ until: 'it would be' }], options);
  assert.equal(unasked.status, 0);
  assert.doesNotMatch(unasked.screen, /Go on/);
  // Answered late, at a terminal that does not block.
  const yes = runInTerminal([...command], [{ until: 'Go on\\?' }, { waitMs: 100, press: '\n', until: 'removed app 1' }], {
    ...options,
    isNonBlocking: true,
  });
  assert.equal(yes.problem, '', yes.screen);
  assert.equal(yes.status, 0);
  assert.ok(!existsSync(join(root, 'usr/bin/app')));
  assert.match(pkm('rollback').stdout, /restored app 1/, 'without a terminal nobody is asked');
});

test('of a whole tree what ships is installed, and what that needs', { skip: await noSandbox() }, (t) => {
  const { work, root, pkm } = programs(t);
  const tree = join(work, 'bootstrap');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const cross =
    'package cross "1" { tier = boot; summary = "C"; build = [ shell ]; phases.install = "mkdir $out; echo > $out/cross"; }\n';
  writeFileSync(join(tree, 'boot.igos'), `tier boot { summary = "B"; ships = false; after = [ base ]; }\n${cross}`);
  assert.equal(pkm('install', tree).status, 0);
  assert.equal(
    pkm('list').stdout.replaceAll(/ .*/g, '').trim().replaceAll('\n', ' '),
    'banner base-files greet greet-lib notes shell',
    'the shell does not ship, but others need it to run',
  );
  const named = pkm('install', `${tree}#cross`);
  assert.equal(named.status, 0, named.stderr);
  assert.ok(existsSync(join(root, 'cross')));
  const alone = join(work, 'alone');
  mkdirSync(alone);
  writeFileSync(
    join(alone, 'boot.igos'),
    `tier boot { summary = "B"; ships = false; }\n${cross.replace('build = [ shell ];', '')}`,
  );
  const refused = pkm('install', alone);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /declares no package that ships/);
  assert.ok(refused.stderr.includes(`pkm install ${alone}#cross`), refused.stderr);
});

test('switch makes the root what a system declares: packages, and files below etc', { skip: await noSandbox() }, (t) => {
  const { root, pkm } = programs(t);
  assert.match(pkm('switch', '--dry-run', 'examples/tour/v1').stdout, /install system-tour/);
  assert.ok(!existsSync(join(root, 'etc/issue')));
  const first = pkm('switch', 'examples/tour/v1#tour');
  assert.equal(first.status, 0, first.stderr);
  assert.equal(readFileSync(join(root, 'etc/issue'), 'utf8'), 'tour 1.0\n');
  writeFileSync(join(root, 'etc/issue'), 'mine\n');
  const second = pkm('switch', 'examples/tour/v2#tour');
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /superseded notes 1.0 by notes-core, notes-extra/);
  assert.match(second.stdout, /config etc\/issue: both changed/);
  assert.equal(readFileSync(join(root, 'etc/issue'), 'utf8'), 'mine\n');
  assert.equal(readFileSync(join(root, 'etc/issue.new'), 'utf8'), 'tour 2.0\n');
  assert.match(pkm('verify').stdout, /: clean, 1 changed/);
  assert.match(pkm('switch', 'examples/tour/v2#nothing').stderr, /nothing/);
  assert.equal(pkm('rollback', '1').status, 0);
  assert.match(pkm('list').stdout, /^notes 1.0/m);
});
