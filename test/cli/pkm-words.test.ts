/** What people type wrong, and what pkm says to it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { SystemFault } from '../../base/index.ts';
import { findCommand } from '../../cli/commands.ts';
import { endingOf } from '../../cli/exit.ts';
import { FOREIGN_WORDS } from '../../cli/foreign-words.ts';
import { packageLine, warningLines } from '../../cli/report-lines.ts';
import type { TransactionReport } from '../../pkm/index.ts';
import { changeOf } from '../../pkm/package-change.ts';
import { golden } from '../golden.ts';
import { programs, project } from './programs.ts';

test('options before the command, and no command at all', (t) => {
  const { pkm } = programs(t);
  for (const words of [[], ['--json'], ['--root', '/tmp']]) {
    const run = pkm(...words);
    assert.deepEqual([words, run.status], [words, 2]);
    assert.match(run.stderr, /pkm needs a command/);
  }
  assert.equal(pkm('--root', '/tmp', '--help').status, 0);
  const early = pkm('--dry-run', 'install', 'a');
  assert.equal(early.status, 2);
  assert.match(early.stderr, /the option '--dry-run' stands before the command\nhint: options stand behind it/);
});

test('pkm help, with a command and without', (t) => {
  const { igos, pkm } = programs(t);
  assert.equal(pkm('help').stdout, pkm('--help').stdout);
  assert.equal(igos('help', 'pkm').stdout, pkm('--help').stdout);
  assert.equal(pkm('help', 'install').stdout, pkm('install', '--help').stdout);
  assert.equal(pkm('help', 'config', 'list').stdout, pkm('config', 'list', '--help').stdout);
  assert.equal(pkm('help', 'instal').status, 2);
});

test('a root that is not there is not taken for an empty one', (t) => {
  const { pkm, work } = programs(t);
  const root = join(work, 'no such');
  const questions = ['verify', 'list', 'history', 'config list', 'owns /etc/passwd', 'hold'];
  // What changes only what is there does not make it either.
  const changes = [
    'rollback',
    'gc --keep 1',
    'cache clean',
    'repair',
    'recover',
    'upgrade',
    'autoremove',
    'remove a',
    'unhold a',
  ];
  for (const command of [...questions, ...changes]) {
    const run = pkm(...command.split(' '), '--root', root);
    assert.equal(run.status, 1, command);
    golden(t, 'errors/cli-no-root.txt', run.stderr.replaceAll(work, 'WORK'));
  }
  assert.ok(!existsSync(root));
});

test('a root that is a file is none', (t) => {
  const { pkm, work } = programs(t);
  const root = join(work, 'file');
  writeFileSync(root, '');
  for (const command of [['list'], ['verify'], ['sync', './x']]) {
    const run = pkm(...command, '--root', root);
    assert.deepEqual([command, run.status], [command, 1]);
    golden(t, 'errors/cli-root-is-a-file.txt', run.stderr.replaceAll(work, 'WORK'));
  }
});

test('a root or store whose name is not UTF-8 is not made under another name', (t) => {
  const { work } = programs(t);
  for (const option of ['--root', '--home']) {
    const script = `exec "$1" --root "$2/r" ${option} "$2/$(printf 'x\\377')" init --atomic`;
    const run = spawnSync('sh', ['-c', script, 'sh', join(project, 'bin/pkm'), work], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    assert.equal(run.status, 2, run.stderr);
    assert.match(run.stderr, new RegExp(`^pkm: ${option} is not UTF-8: '.*x\ufffd'\nhint: name it by a symlink`));
  }
  assert.deepEqual(
    readdirSync(work).filter((name) => name.startsWith('x')),
    [],
  );
  // Who really has such a name may use it.
  const root = join(work, 'x\ufffd');
  assert.equal(spawnSync(join(project, 'bin/pkm'), ['init', '--root', root, '--atomic', '--home', join(work, 'h')]).status, 0);
  assert.ok(existsSync(join(root, 'var/lib/igos/pkm.db')));
});

test('a root that a script left empty', (t) => {
  const { pkm } = programs(t);
  for (const [root, why] of [
    ['', /--root is empty/],
    ['--json', /'--json' looks like an option/],
  ] as const) {
    const run = pkm('list', '--root', root);
    assert.equal(run.status, 2);
    assert.match(run.stderr, why);
  }
});

test('a tree that is called like a package is pointed out', (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'igos-words-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  const { pkm } = programs(t, { cwd });
  mkdirSync(join(cwd, 'tree'));
  const install = pkm('install', 'tree');
  assert.equal(install.status, 1);
  assert.match(
    install.stderr,
    /no synced repository offers 'tree'\nhint: 'tree' is here as a file or folder: a tree is called '\.\/tree'/,
  );
  assert.match(pkm('upgrade', 'tree').stderr, /'tree' is not installed\nhint: 'tree' is here/);
  assert.match(pkm('install', 'tre').stderr, /no repository was synced yet/);
});

test('who may not change a root, and who has no room on it, is told what to do', () => {
  const end = (errno: string, path: string): string =>
    endingOf(new SystemFault('write', path, { code: errno }), { color: false, fullTrace: false, program: 'pkm' }).text;
  assert.match(end('EACCES', '/mnt/var/lib/igos/lock'), /permission denied\nhint: only the owner of a root changes it/);
  assert.match(end('ENOSPC', '/mnt/var/lib/igos/pkm.db'), /no space left on device\nhint: .*pkm cache clean/);
  assert.match(end('ENOSPC', '/igos/store/x'), /hint: .*igos gc/);
  assert.doesNotMatch(end('EACCES', '/etc/shadow'), /hint/);
});

test('a plan says which way a version goes', () => {
  const line = (from: string, to: string, isPlan = false): string => packageLine(changeOf('a', from, to), isPlan);
  assert.equal(line('1.0', '2.0'), 'upgraded a 1.0 -> 2.0');
  assert.equal(line('1.0', '1.0rc1'), 'downgraded a 1.0 -> 1.0rc1');
  assert.equal(line('2', '1', true), 'downgrade a 2 -> 1');
  assert.equal(line('1', '1', true), 'renew a 1');
  assert.equal(line('7314ee40b292', 'f15d2c890fb9'), 'changed a 7314ee40b292 -> f15d2c890fb9');
});

test('a warning says what it is about: a path, or a package that its text does not name', () => {
  const lines = (...warnings: TransactionReport['warnings'][number][]): string[] =>
    warningLines({ warnings } as unknown as TransactionReport);
  assert.deepEqual(
    lines(
      { kind: 'dependency', package: 'a', text: "it needs 'b'" },
      { kind: 'modified-file', package: 'a', path: 'usr/a', text: 'it was modified' },
      { kind: 'trust', package: 'a', text: "package 'a' is vouched for by nobody" },
      { kind: 'note', text: 'of all' },
    ),
    [
      "warning: a: it needs 'b'",
      'warning: usr/a: it was modified',
      "warning: package 'a' is vouched for by nobody",
      'warning: of all',
    ],
  );
});

test('what other package managers call a command is not taken for another one, and said in our words', (t) => {
  const { igos, pkm } = programs(t);
  const answers = [
    ['pkm', pkm('uninstall', 'x')],
    ['pkm', pkm('-Syu')],
    ['pkm', pkm('shell')],
    ['igos', igos('uninstall')],
    ['igos', igos('nix-build')],
    ['igos', igos('install')],
    ['igos', igos('store', '--gc')],
    ['igos', igos('store', 'realise', 'x')],
  ] as const;
  assert.deepEqual(
    answers.map(([, run]) => run.status),
    answers.map(() => 2),
  );
  golden(t, 'cli/foreign-words.txt', answers.map(([, run]) => run.stderr).join('\n'));
});

test('every word of others has an answer that is a command, and is none itself', () => {
  for (const program of ['igos', 'pkm'] as const) {
    for (const [word, here] of FOREIGN_WORDS[program]) {
      assert.equal(findCommand(program, [word]), undefined, word);
      for (const answer of here.split(/, or |, then (?=pkm|igos)|, | && /).filter((text) => /^(igos|pkm) /.test(text))) {
        const [name, ...words] = answer.split(' ');
        if (words[0] === '--version' || words[1] === 'VERB') continue;
        const found = findCommand(name as 'igos' | 'pkm', words);
        assert.ok(found !== undefined, answer);
        for (const option of words.filter((text) => /^--./.test(text)))
          assert.ok(
            found.command.options.some(({ long }) => `--${long}` === option),
            answer,
          );
      }
    }
  }
});

test('options of others are answered with one that the command has', (t) => {
  const { pkm } = programs(t);
  assert.equal(pkm('remove', 'x', '--noconfirm').stderr, "pkm: unknown option '--noconfirm'\nhint: here that is: --yes\n");
  assert.equal(pkm('remove', 'x', '--recursive').stderr, "pkm: unknown option '--recursive'\nhint: here that is: --cascade\n");
});

test('an archive among names and trees', (t) => {
  const { pkm, work } = programs(t);
  const root = join(work, 'root');
  writeFileSync(join(work, 'greet-1.0.igos.tar.gz'), gzipSync('not looked at'));
  const told = [
    pkm('install', './greet-1.0.igos.tar.gz', '--root', root),
    pkm('upgrade', 'greet-1.0.igos.tar.gz', '--root', root),
  ];
  assert.deepEqual(
    told.map(({ status, stderr }) => [status, stderr]),
    [
      [
        2,
        "pkm: './greet-1.0.igos.tar.gz' is an archive, not a tree, nor the name of a package\nhint: pkm install --archive ./greet-1.0.igos.tar.gz\n",
      ],
      [
        2,
        "pkm: 'greet-1.0.igos.tar.gz' is an archive, not a tree, nor the name of a package\nhint: pkm upgrade --archive greet-1.0.igos.tar.gz\n",
      ],
    ],
  );
  assert.ok(!existsSync(root));
});

test('an answer that is empty says so, and whether an index was looked at', (t) => {
  const { pkm, work } = programs(t);
  const root = join(work, 'root');
  mkdirSync(root);
  const told = [
    ['search', 'x'],
    ['provides', 'x'],
    ['available'],
    ['available', 'x*'],
    ['outdated'],
    ['repositories'],
    ['hold'],
    ['list'],
    ['list', 'x*'],
    ['list', '--superseded'],
  ].map((words) => {
    const { status, stdout, stderr } = pkm(...words, '--root', root);
    return `$ pkm ${words.join(' ')}\n${stdout}${stderr}[${status}]\n`;
  });
  golden(t, 'cli/pkm-empty-answers.txt', told.join(''));
});

test('a root that is a link to what is not there is said to be one, whether it is asked or changed', (t) => {
  const { pkm, work } = programs(t);
  const link = join(work, 'link');
  symlinkSync('unmounted', link);
  for (const words of [['list'], ['init'], ['repositories']]) {
    const { status, stderr } = pkm(...words, '--root', link);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error\[E-CLI-011\]: the root '.*link' is a link to 'unmounted', which is not there\nhint: make that folder/,
    );
  }
});
