/** `fetchGit` and `fetchTree` on repositories made here; where Nix is installed, next to it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault } from '../../../base/index.ts';
import { Git, REMOTE } from '../../../eval/git/run-git.ts';
import { submoduleUrl } from '../../../eval/git/submodules.ts';
import { removeTree } from '../../../store/write-tree.ts';
import { evaluate, interpreter } from './evaluate.ts';
import { realDisk } from './real-disk.ts';

const skip = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

/** Of both commits: their hashes are always the same. */
const commitTime = '2024-01-02T03:04:05Z';

interface Repository {
  readonly path: string;
  readonly first: string;
  readonly second: string;
  git(...words: string[]): string;
}

/** Two commits on two branches; files that a checkout would change, and some that an archive leaves out. */
function repository(t: TestContext): Repository {
  const path = mkdtempSync(join(tmpdir(), 'igos-git-test-'));
  t.after(() => removeTree(path));
  const git = (...words: string[]): string => {
    const env = {
      PATH: process.env['PATH'],
      HOME: path,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_DATE: commitTime,
      GIT_COMMITTER_DATE: commitTime,
    };
    const { status, stdout, stderr } = spawnSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@x', ...words], {
      cwd: path,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(path, 'sub'));
  mkdirSync(join(path, 'left-out'));
  writeFileSync(join(path, 'a.txt'), 'lines\r\n');
  writeFileSync(join(path, 'sub', 'run'), '#!/bin/sh\n');
  chmodSync(join(path, 'sub', 'run'), 0o755);
  symlinkSync('../a.txt', join(path, 'sub', 'link'));
  writeFileSync(join(path, 'left-out', 'file'), 'secret\n');
  writeFileSync(join(path, '.gitattributes'), 'left-out export-ignore\n*.txt -text\n');
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from('n\xc4\x85me', 'latin1')]), 'name\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=first');
  const first = git('rev-parse', 'HEAD');
  git('tag', 'v1');
  git('checkout', '--quiet', '-b', 'side');
  writeFileSync(join(path, 'b.txt'), 'b\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=second');
  const second = git('rev-parse', 'HEAD');
  git('checkout', '--quiet', 'main');
  return { path, first, second, git };
}

test('fetchGit: a commit with all that is known of it, as Nix', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { path, first, second, git } = repository(t);
  const nix = nixEvaluator(t);
  const run = (expression: string): string => evaluate(expression, interpreter(disk.io));
  const fields = run(`removeAttrs (builtins.fetchGit { url = "${path}"; rev = "${first}"; }) [ "narHash" "outPath" ]`);
  assert.equal(
    fields,
    `{ lastModified = 1704164645; lastModifiedDate = "20240102030405"; rev = "${first}"; revCount = 1; shortRev = "${first.slice(0, 7)}"; submodules = false; }`,
  );
  const cases = [
    `builtins.fetchGit ${path}`,
    `builtins.fetchGit "file://${path}"`,
    `builtins.fetchGit { url = ${path}; ref = "side"; name = "other"; }`,
    `builtins.fetchGit { url = ${path}; ref = "refs/tags/v1"; }`,
    `builtins.fetchGit { url = ${path}; ref = "side"; rev = "${second}"; }`,
  ];
  for (const each of cases) {
    assert.match(run(each), /rev = "(?!0{40})[0-9a-f]{40}"/);
    if (nix !== undefined) assert.equal(run(each), nix(each), each);
  }
  const files =
    'let walk = p: builtins.mapAttrs (n: k: if k == "directory" then walk (p + "/${n}") else k) (builtins.readDir p); in walk';
  assert.equal(
    run(`${files} (builtins.fetchGit { url = ${path}; rev = "${first}"; }).outPath`),
    '{ ".gitattributes" = "regular"; "a.txt" = "regular"; "nąme" = "regular"; sub = { link = "symlink"; run = "regular"; }; }',
  );
  assert.equal(run(`builtins.readFile "\${builtins.fetchGit ${path}}/a.txt"`), '"lines\\r\\n"');

  // What is tracked counts as it is now; the rest does not.
  writeFileSync(join(path, 'a.txt'), 'changed\n');
  writeFileSync(join(path, 'new'), 'new\n');
  git('add', 'new');
  rmSync(join(path, 'sub', 'run'));
  writeFileSync(join(path, 'untracked'), 'untracked\n');
  const dirty = `removeAttrs (builtins.fetchGit ${path}) [ "dirtyRev" "dirtyShortRev" ]`;
  assert.match(run(`builtins.fetchGit ${path}`), new RegExp(`dirtyRev = "${first}-dirty".*rev = "0000000.*revCount = 0; `));
  if (nix !== undefined) assert.equal(run(dirty), nix(dirty));
});

test('fetchTree: git and path; hashes are checked', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { path, first } = repository(t);
  const pure = interpreter(disk.io, { pure: true });
  const run = (expression: string): string => evaluate(expression, pure);
  const tree = `builtins.fetchTree { type = "git"; url = "file://${path}"; rev = "${first}"; }`;
  // Unlike fetchGit, it takes everything.
  assert.equal(run(`builtins.pathExists "\${${tree}}/left-out/file"`), 'true');
  assert.equal(run(`(${tree}).outPath == (builtins.fetchTree "git+file://${path}?rev=${first}").outPath`), 'true');
  const hash = JSON.parse(run(`(${tree}).narHash`)) as string;
  assert.equal(
    run(
      `(builtins.fetchGit { url = "${path}"; rev = "${first}"; exportIgnore = false; narHash = "${hash}"; }).narHash == "${hash}"`,
    ),
    'true',
  );
  const other = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
  assert.throws(
    () => run(`builtins.fetchGit { url = "${path}"; rev = "${first}"; narHash = "${other}"; }`),
    /not what its hash says/,
  );
  writeFileSync(join(path, 'sub', 'more'), '');
  assert.throws(() => run(`builtins.fetchTree { type = "path"; path = "${path}/sub"; }`), /unlocked input/);
  assert.throws(
    () => run(`builtins.fetchTree { type = "path"; path = "${path}/sub"; narHash = "${other}"; }`),
    /not what its hash says/,
  );
  const impure = evaluate(
    `(builtins.fetchTree { type = "path"; path = "${path}/sub"; }).outPath == "\${builtins.path { path = ${path}/sub; name = "source"; }}"`,
    interpreter(disk.io),
  );
  assert.equal(impure, 'true');
});

test('a repository with hostile names is refused, and nothing is written outside', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { path, git } = repository(t);
  const blob = git('hash-object', '-w', 'a.txt');
  const hostile = (name: string): string => {
    const listing = `100644 blob ${blob}\t${name}\0`;
    const { stdout, status } = spawnSync('git', ['mktree', '-z'], { cwd: path, input: listing, encoding: 'utf8' });
    assert.equal(status, 0);
    return git('commit-tree', '-m', 'hostile', stdout.trim());
  };
  for (const target of ['', 'a\0b']) {
    const { stdout } = spawnSync('git', ['hash-object', '-w', '--stdin'], { cwd: path, input: target, encoding: 'utf8' });
    const listing = `120000 blob ${stdout.trim()}\tlink\0`;
    const tree = spawnSync('git', ['mktree', '-z'], { cwd: path, input: listing, encoding: 'utf8' }).stdout.trim();
    const rev = git('commit-tree', '-m', 'hostile', tree);
    assert.throws(
      () => evaluate(`builtins.fetchGit { url = ${path}; rev = "${rev}"; }`, interpreter(disk.io)),
      /holds a link that leads nowhere: 'link'/,
    );
  }
  // Of any time that a commit may say there is a date.
  for (const [time, date] of [
    ['253402300799', '99991231235959'],
    ['253402300800', '100000101000000'],
    ['99999999999999', '2757600913000000'],
  ]) {
    const who = `t <t@t> ${time} +0000`;
    const input = `tree ${git('rev-parse', 'HEAD^{tree}')}\nauthor ${who}\ncommitter ${who}\n\nx\n`;
    const words = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'];
    const rev = spawnSync('git', words, { cwd: path, input, encoding: 'utf8' }).stdout.trim();
    const expression = `(builtins.fetchGit { url = ${path}; rev = "${rev}"; }).lastModifiedDate`;
    assert.equal(evaluate(expression, interpreter(disk.io)), `"${date}"`, time);
  }
  for (const name of ['..', '.git', '.GIT']) {
    const rev = hostile(name);
    assert.throws(
      () => evaluate(`builtins.fetchGit { url = ${path}; rev = "${rev}"; }`, interpreter(disk.io)),
      /which no tree may have/,
      name,
    );
  }
});

test('a repository of a few KB does not fill the disk, and says no more than fits', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { path, git } = repository(t);
  const made = (type: string, input: string): string => {
    const words = type === 'tree' ? ['mktree'] : ['hash-object', '-w', '--stdin'];
    return spawnSync('git', words, { cwd: path, input, encoding: 'utf8' }).stdout.trim();
  };
  const times = (mode: string, kind: string, object: string): string =>
    made('tree', Array.from({ length: 20 }, (_, n) => `${mode} ${kind} ${object}\t${n}\n`).join(''));
  const tree = times('040000', 'tree', times('100644', 'blob', made('blob', 'x'.repeat(1 << 16))));
  const rev = git('commit-tree', '-m', 'bomb', tree);
  const fetched = (): string => evaluate(`(builtins.fetchGit { url = ${path}; rev = "${rev}"; }).rev`, interpreter(disk.io));
  const { mock } = t.mock.method(fs, 'statfsSync', () => ({ bavail: 5000, blocks: 20_000, bsize: 4096 }));
  syncBuiltinESMExports();
  try {
    assert.throws(fetched, /have 25 MiB, for which the disk has no room/);
  } finally {
    mock.restore();
    syncBuiltinESMExports();
  }
  assert.equal(fetched(), `"${rev}"`);
  assert.throws(
    () => new Git(path, process.env).read(['ls-tree', '-r', rev], { maxBytes: 1000 }),
    /git ls-tree says more than 1000 B/,
  );
});

test('what the settings of a repository name is not run, and nothing is fetched by them', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { path, first, git } = repository(t);
  const run = (expression: string): string => evaluate(expression, interpreter(disk.io));
  const marks = mkdtempSync(join(tmpdir(), 'igos-git-marks-'));
  t.after(() => removeTree(marks));
  const mark = (name: string, then: string): string => `touch '${marks}/${name}'; ${then}`;
  for (const name of ['x', 'odd=na.me']) {
    git('config', `filter.${name}.clean`, mark('clean', 'cat'));
    git('config', `filter.${name}.process`, mark('process', 'false'));
    git('config', `filter.${name}.required`, 'true');
  }
  git('config', 'core.fsmonitor', mark('monitor', 'false'));
  git('config', 'core.sshCommand', mark('ssh', 'false'));
  writeFileSync(join(path, '.git/info/attributes'), 'a.txt filter=x\n.gitattributes filter=odd=na.me\n');
  // Older than the index knows them: their content must be looked at.
  for (const name of ['a.txt', '.gitattributes']) utimesSync(join(path, name), 1, 1);
  assert.equal(run(`(builtins.fetchGit ${path}).rev`), `"${first}"`);
  git('config', 'uploadpack.allowFilter', 'true');
  const part = `${marks}/part`;
  git('clone', '--quiet', '--no-checkout', '--filter=blob:none', `file://${path}`, part);
  const lacking = (repository: string): Fault => {
    try {
      run(`(builtins.fetchGit { url = ${repository}; rev = "${first}"; }).rev`);
    } catch (error) {
      if (error instanceof Fault) return error;
    }
    return assert.fail('it has all');
  };
  const way = 'the repository was cloned in part, and has not what is asked for; in it: git fetch --refetch --no-filter';
  assert.deepEqual(lacking(part).hints, [way]);
  removeTree(part);
  const object = git('rev-parse', 'HEAD:a.txt');
  rmSync(join(path, '.git/objects', object.slice(0, 2), object.slice(2)));
  assert.equal(lacking(path).message, "the repository lacks the file 'a.txt'");
  git('config', 'core.repositoryformatversion', '1');
  git('config', 'extensions.partialClone', 'origin');
  git('config', 'remote.origin.promisor', 'true');
  git('config', 'remote.origin.url', 'ssh://files.invalid/x');
  assert.equal(lacking(path).message, "the repository lacks the file 'a.txt'");
  assert.deepEqual(readdirSync(marks), []);
});

test('arguments of fetchGit and fetchTree that are refused', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['builtins.fetchGit { url = "ext::sh -c id"; }', /not the URL of a Git repository/],
    ['builtins.fetchGit { url = "-u/x"; }', /not the URL of a Git repository/],
    ['builtins.fetchGit { url = "https://-oProxyCommand=x/y"; }', /not the URL of a Git repository/],
    ['builtins.fetchGit { url = "./here"; }', /not the URL of a Git repository/],
    ['builtins.fetchGit { url = "/x"; ref = "a..b"; }', /invalid Git branch/],
    ['builtins.fetchGit { url = "/x"; rev = "main"; }', /not a Git revision/],
    ['builtins.fetchGit { url = "/x"; lfs = true; }', /'lfs' of 'fetchGit' is not supported/],
    ['builtins.fetchGit { url = "/x"; reff = "x"; }', /input attribute 'reff' not supported by scheme 'git'/],
    ['builtins.fetchGit { url = "/x"; type = "git"; }', /unexpected argument 'type'/],
    ['builtins.fetchGit { url = "/x"; rev = [ ]; }', /is a list while a string, Boolean or integer is expected/],
    ['builtins.fetchGit { }', /input attribute 'url' is missing/],
    [
      'builtins.fetchTree { type = "path"; path = "/x"; narhash = "x"; }',
      /input attribute 'narhash' not supported by scheme 'path'/,
    ],
    ['builtins.fetchTree { type = "path"; }', /input attribute 'path' is missing/],
    ['builtins.fetchTree { type = "tarball"; urls = "x"; }', /input attribute 'urls' not supported by scheme 'tarball'/],
    ['builtins.fetchTree { url = "/x"; }', /argument 'type' is missing/],
    ['builtins.fetchTree { type = "git"; name = "x"; url = "/x"; }', /'name' isn’t supported/],
    [
      'builtins.fetchTree { type = "file"; owner = -1; url = "file:///x"; }',
      /negative value given for 'fetchTree' argument 'owner': -1/,
    ],
    ['builtins.fetchTree "file:./x.tar.gz"', /must use an absolute path/],
    ['builtins.fetchTree "nixpkgs"', /does not fetch inputs of type 'indirect'/],
  ];
  for (const [expression, message] of refused) assert.throws(() => evaluate(expression), message, expression);
});

/** Nix on a store of its own; undefined where it is not installed. */
/** Git clones submodules from other folders of the machine only where it is told to. */
const FROM_FILES = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.file.allow', GIT_CONFIG_VALUE_0: 'always' };

function nixEvaluator(t: TestContext): ((expression: string) => string) | undefined {
  if (spawnSync('nix-instantiate', ['--version']).status !== 0) {
    t.diagnostic('nix-instantiate is not installed: not compared with it');
    return undefined;
  }
  const root = mkdtempSync(join(tmpdir(), 'igos-nix-root-'));
  t.after(() => removeTree(root));
  return (expression) => {
    const words = ['--store', root, '--eval', '--strict', '-E', expression];
    const { status, stdout, stderr } = spawnSync('nix-instantiate', words, {
      encoding: 'utf8',
      env: { ...process.env, HOME: root, ...FROM_FILES },
    });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
}

/** A repository with a submodule whose address is relative, and which has one itself. */
function nested(t: TestContext): {
  work: string;
  top: string;
  inner: string;
  git: (folder: string, ...words: string[]) => string;
} {
  const work = mkdtempSync(join(tmpdir(), 'igos-git-test-'));
  t.after(() => removeTree(work));
  const git = (folder: string, ...words: string[]): string => {
    const settings = ['user.name=n', 'user.email=e@x', 'protocol.file.allow=always', 'init.defaultBranch=main'];
    const { status, stdout, stderr } = spawnSync('git', [...settings.flatMap((each) => ['-c', each]), ...words], {
      cwd: join(work, folder),
      env: { PATH: process.env['PATH'], HOME: work, GIT_CONFIG_NOSYSTEM: '1' },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  for (const name of ['innermost', 'inner', 'top']) {
    mkdirSync(join(work, name));
    git(name, 'init', '--quiet');
    writeFileSync(join(work, name, 'file'), `${name}\n`);
    // Whose rules hold in a submodule is open: none do.
    writeFileSync(join(work, name, '.gitattributes'), 'file export-ignore\n');
    if (name === 'inner') git(name, 'submodule', '--quiet', 'add', '../innermost', 'deep/est');
    if (name === 'top') git(name, 'submodule', '--quiet', 'add', '../inner', 'the inner');
    git(name, 'add', '--all');
    git(name, 'commit', '--quiet', '--message=one');
  }
  // What it named when it was committed does not move.
  writeFileSync(join(work, 'inner', 'file'), 'later\n');
  git('inner', 'commit', '--quiet', '--all', '--message=two');
  return { work, top: join(work, 'top'), inner: join(work, 'inner'), git };
}

test('fetchGit: submodules and theirs, of a commit and as they are checked out, as Nix', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { work, top, git } = nested(t);
  const nix = nixEvaluator(t);
  const run = (expression: string): string => evaluate(expression, interpreter(disk.io));
  const rev = git('top', 'rev-parse', 'HEAD');
  const ofCommit = `(builtins.fetchGit { url = "file://${top}"; rev = "${rev}"; submodules = true; })`;
  const read = (tree: string, path: string): string => run(`builtins.readFile "\${${tree}}/${path}"`);
  assert.equal(read(ofCommit, 'file'), '"top\\n"');
  assert.equal(read(ofCommit, 'the inner/file'), '"inner\\n"');
  assert.equal(read(ofCommit, 'the inner/deep/est/file'), '"innermost\\n"');
  assert.equal(run(`builtins.pathExists "\${${ofCommit}}/the inner/.git"`), 'false');
  assert.equal(run(`${ofCommit}.submodules`), 'true');
  const without = `(builtins.fetchGit { url = "file://${top}"; rev = "${rev}"; })`;
  assert.equal(run(`builtins.readDir "\${${without}}/the inner"`), '{ }');
  if (nix !== undefined) assert.equal(run(`${ofCommit}.narHash`), nix(`${ofCommit}.narHash`));

  // A copy is not checked out at first.
  git('.', 'clone', '--quiet', 'top', 'copy');
  const ofCopy = `(builtins.fetchGit { url = ${join(work, 'copy')}; submodules = true; })`;
  assert.throws(
    () => run(`${ofCopy}.narHash`),
    (error: { message: string; hints?: string[] }) =>
      /the submodule 'the inner' of '.*copy' is not checked out/.test(error.message) &&
      error.hints?.[0] === 'check it out: git submodule update --init --recursive',
  );
  assert.equal(
    run(`(builtins.fetchGit { url = ${join(work, 'copy')}; ref = "main"; submodules = true; }).narHash == ${ofCommit}.narHash`),
    'true',
  );
  git('copy', 'submodule', '--quiet', 'update', '--init', '--recursive');
  assert.equal(run(`[ (${ofCopy}.narHash == ${ofCommit}.narHash) ${ofCopy}.rev ]`), `[ true "${rev}" ]`);

  // What is changed in one of them changes the whole.
  writeFileSync(join(work, 'copy', 'the inner', 'deep', 'est', 'file'), 'changed\n');
  assert.equal(read(ofCopy, 'the inner/deep/est/file'), '"changed\\n"');
  assert.equal(run(`[ ${ofCopy}.rev ${ofCopy}.dirtyRev ]`), `[ "${'0'.repeat(40)}" "${rev}-dirty" ]`);
});

test('submodules that are none, and addresses that git must not be given', { skip }, (t) => {
  using disk = realDisk({ isWriting: true });
  const { top, git } = nested(t);
  const run = (expression: string): string => evaluate(expression, interpreter(disk.io));
  const tree = (): string => `(builtins.fetchGit { url = "file://${top}"; ref = "main"; submodules = true; })`;
  // Of what stands only in .gitmodules there is no commit.
  const named = `[submodule "ghost"]\n\tpath = ../../outside\n\turl = ../inner\n[submodule "file"]\n\tpath = file\n\turl = ../inner\n`;
  writeFileSync(join(top, '.gitmodules'), named);
  git('top', 'commit', '--quiet', '--all', '--message=ghosts');
  assert.equal(run(`builtins.readDir "\${${tree()}}/the inner"`), '{ }');
  for (const url of ['ext::sh -c touch% /tmp/igos-pwned', '--upload-pack=touch igos-pwned', 'fd::17/foo']) {
    writeFileSync(join(top, '.gitmodules'), `[submodule "i"]\n\tpath = the inner\n\turl = ${url}\n`);
    git('top', 'commit', '--quiet', '--all', '--message=evil');
    assert.throws(() => run(`${tree()}.narHash`), /is not the URL of a Git repository/, url);
  }
  assert.throws(
    () => run(`builtins.fetchGit { url = "file://${top}"; ref = "main"; submodules = true; exportIgnore = true; }`),
    /exportIgnore and submodules are not supported together/,
  );
});

test('addresses of submodules are relative to that of the repository', () => {
  const cases = [
    ['https://host/a/b', '../c', 'https://host/a/c'],
    ['https://host/a/b', './c', 'https://host/a/b/c'],
    ['https://host/a/b', '../../c/d.git', 'https://host/c/d.git'],
    ['ssh://git@host/a', '../b', 'ssh://git@host/b'],
    ['https://host/a/b', 'https://other/c', 'https://other/c'],
    ['file:///srv/a', '/srv/b', '/srv/b'],
  ];
  for (const [base, url, whole] of cases) assert.equal(submoduleUrl(base!, url!), whole, url);
});

test('a server that says nothing is given up, after five minutes or when the user says', { skip }, async (t) => {
  const server = createServer();
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const environment = { PATH: process.env['PATH'], GIT_HTTP_LOW_SPEED_TIME: '1' };
  // This thread waits for git: the kernel takes the connection, and nobody answers.
  const failure = new Git(tmpdir(), environment, REMOTE).failure(['ls-remote', `http://127.0.0.1:${address.port}/x.git`]);
  assert.match(String((failure as Fault).notes), /Operation too slow/);

  const folder = mkdtempSync(join(tmpdir(), 'igos-git-test-'));
  t.after(() => removeTree(folder));
  writeFileSync(join(folder, 'git'), '#!/bin/sh\necho $GIT_HTTP_LOW_SPEED_LIMIT $GIT_HTTP_LOW_SPEED_TIME\n', { mode: 0o755 });
  assert.equal(new Git(folder, { PATH: folder }).read([]), '1 300\n');
});
