/** `igos realize --watch`: done again when something changes that evaluation saw, and only then; what fails is said, and mended. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noSandbox, programs, project } from './programs.ts';

const WAIT_MS = 30_000;
/** Longer than what it takes to notice, and look. */
const NOTHING_MS = 400;

class Watched {
  readonly folder: string;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  #shown = 0;
  #told = 0;
  #wake: () => void = () => {};

  constructor(t: TestContext, folder: string, words: readonly string[]) {
    this.folder = folder;
    this.#child = spawn(join(project, 'bin/igos'), ['realize', '--watch', '--no-substitute', ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: folder, IGOS_HOME: join(folder, '../home'), NO_COLOR: '1' },
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.#child.on('exit', (status, signal) => resolve(signal ?? status)));
    t.after(() => this.#child.kill('SIGKILL'));
  }

  /** At once: one that is emptied first and then written may be two changes where the machine is slow. */
  write(name: string, text: string): void {
    const beside = join(this.folder, '../written');
    writeFileSync(beside, text);
    renameSync(beside, join(this.folder, name));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The next round, when it watches again. */
  async round(): Promise<{ shown: string; told: string }> {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const told = this.stderr.slice(this.#told);
      const watching = /watching \d+ paths?; Ctrl-C ends\n/.exec(told);
      if (watching !== null) {
        // What was printed before it may still stand in the other pipe.
        await new Promise((resolve) => setTimeout(resolve, 30));
        const shown = this.stdout.slice(this.#shown);
        this.#shown = this.stdout.length;
        this.#told += watching.index + watching[0].length;
        return { shown, told: told.slice(0, watching.index) };
      }
      if (Date.now() > end) throw new Error(`no round came: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Nothing is done, though something else changed. */
  async quiet(): Promise<void> {
    const before = this.stderr.length;
    await new Promise((resolve) => setTimeout(resolve, NOTHING_MS));
    assert.equal(this.stderr.slice(before), '');
  }
}

function start(t: TestContext, files: Record<string, string>, words: readonly string[]): Watched {
  const { work } = programs(t);
  const folder = join(work, 'tree');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return new Watched(t, folder, words);
}

const derivation = (name: string, more = ''): string =>
  `derivation { name = ${name}; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; ${more} }\n`;

test('each kind of change that evaluation would see, and no other', async (t) => {
  const watched = start(t, { 'a.nix': derivation('import ./name.nix'), 'name.nix': '"one"\n', other: '' }, [
    '--dry-run',
    'a.nix',
  ]);
  const at = (name: string): string => join(watched.folder, name);
  assert.match((await watched.round()).shown, /^build one: never built\n/);
  await t.test('a file that was read', async () => {
    watched.write('name.nix', '"two"\n');
    const { shown, told } = await watched.round();
    assert.match(shown, /^build two: never built\n/);
    assert.equal(told, 'name.nix changed\n');
  });
  await t.test('one that is written where it stands', async () => {
    writeFileSync(at('name.nix'), '"where"\n');
    let { shown } = await watched.round();
    if (shown === '') ({ shown } = await watched.round()); // it was seen between being emptied and being written
    assert.match(shown, /^build where: /);
    watched.write('name.nix', '"two"\n');
    await watched.round();
  });
  await t.test('another, or the same bytes again', async () => {
    watched.write('other', 'changed');
    watched.write('new.nix', '1');
    watched.write('name.nix', '"two"\n');
    await watched.quiet();
  });
  await t.test('one that is put in the place of it, as editors do', async () => {
    watched.write('name.nix~', '"three"\n');
    renameSync(at('name.nix~'), at('name.nix'));
    assert.match((await watched.round()).shown, /^build three: /);
  });
  await t.test('one that cannot be read, then can', async () => {
    watched.write('a.nix', derivation('import ./names/late.nix'));
    const { shown, told } = await watched.round();
    assert.equal(shown, '');
    assert.match(told, /^a\.nix changed\nerror.*late\.nix/s);
    mkdirSync(at('names'));
    watched.write('names/late.nix', '"four"\n');
    for (let n = 0; n < 3; n++) {
      const { shown } = await watched.round();
      if (/^build four: /.test(shown)) return;
    }
    assert.fail(watched.stderr);
  });
  await t.test('what a path says of itself: pathExists, readDir, a symlink', async () => {
    mkdirSync(at('listed'));
    symlinkSync('names', at('link'));
    const name =
      '"${if builtins.pathExists ./flag then "with" else "without"}-${toString (builtins.length (builtins.attrNames (builtins.readDir ./listed)))}-${import ./link/late.nix}"';
    watched.write('a.nix', derivation(name));
    assert.match((await watched.round()).shown, /^build without-0-four: /);
    watched.write('flag', '');
    assert.match((await watched.round()).shown, /^build with-0-four: /);
    watched.write('listed/x', '');
    assert.match((await watched.round()).shown, /^build with-1-four: /);
    mkdirSync(at('others'));
    watched.write('others/late.nix', '"five"');
    unlinkSync(at('link'));
    symlinkSync('others', at('link'));
    for (let n = 0; n < 3; n++) {
      const { shown } = await watched.round();
      if (/^build with-1-five: /.test(shown)) return;
    }
    assert.fail(watched.stderr);
  });
  await t.test('a folder of sources: a byte, a file more, a file less', async () => {
    mkdirSync(at('src/deep'), { recursive: true });
    watched.write('src/deep/file', 'a');
    watched.write('a.nix', derivation('"src"', 'src = ./src;'));
    const drvOf = async (): Promise<string> => {
      await watched.round();
      return readFileSync(at('a.nix'), 'utf8');
    };
    await drvOf();
    await watched.quiet();
    watched.write('src/deep/file', 'b');
    assert.match((await watched.round()).told, /^src\/deep\/file changed\n/);
    watched.write('src/deep/more', '');
    await watched.round();
    rmSync(at('src/deep/more'));
    await watched.round();
    await watched.quiet();
  });
  watched.kill('SIGINT');
  assert.equal(await watched.ended, 'SIGINT');
});

const git = (folder: string, ...words: string[]): string => {
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
};
const noGit = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

test('a Git repository: one commit stays as it is, what stands there now does not', { skip: noGit }, async (t) => {
  const { work } = programs(t);
  const repository = join(work, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet');
  writeFileSync(join(repository, 'file'), 'one');
  git(repository, 'add', '.');
  git(repository, 'commit', '--quiet', '--message', 'one');
  const head = (): string => git(repository, 'rev-parse', 'HEAD');
  const pinned = `src = builtins.fetchGit { url = "${repository}"; rev = "${head()}"; };`;
  const watched = start(t, { 'a.nix': derivation('"pinned"', pinned) }, ['--impure', '--dry-run', 'a.nix']);
  assert.match((await watched.round()).shown, /^build pinned: /);
  await watched.quiet();
  watched.write('a.nix', derivation(`"rev-${'${'}(builtins.fetchGit "${repository}").shortRev}"`));
  const revOf = async (): Promise<string | undefined> => /^build rev-(\w+): /.exec((await watched.round()).shown)?.[1];
  assert.equal(await revOf(), head().slice(0, 7));
  await watched.quiet();
  writeFileSync(join(repository, 'file'), 'two');
  assert.equal(await revOf(), '0000000', 'what is not committed');
  await watched.quiet();
  git(repository, 'commit', '--quiet', '--all', '--message', 'two');
  for (let n = 0; n < 5; n++) if ((await revOf()) === head().slice(0, 7)) return;
  assert.fail(watched.stderr);
});

const sandbox = await noSandbox();

test('builds, and failures of builds', { skip: sandbox }, async (t) => {
  const watched = start(t, { 'a.nix': derivation('"one"') }, ['a.nix', '--out-link', 'result']);
  assert.match((await watched.round()).shown, /^\/igos\/store\/\w{32}-one\n$/);
  await watched.quiet();
  watched.write('a.nix', derivation('"two"', '').replace('echo > $out', 'echo said; exit 7'));
  const failed = await watched.round();
  assert.equal(failed.shown, '');
  assert.match(failed.told, /E-BUILD-\d+.*said/s);
  watched.write('a.nix', derivation('"two"'));
  assert.match((await watched.round()).shown, /^\/igos\/store\/\w{32}-two\n$/);
  watched.kill('SIGTERM');
  assert.equal(await watched.ended, 'SIGTERM');
});

test('what evaluation has built is no change of it', { skip: sandbox }, async (t) => {
  const made = (name: string, text: string): string =>
    `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "read x <$src; echo ${text} >$out" ]; src = ./in; }`;
  const parts = `v = (import (${made('code', `'{ v ='$x'; }'`)})).v; w = builtins.path { path = "\${${made('source', '$x')}}"; name = "w"; };`;
  const watched = start(t, { in: '1\n', 'a.nix': derivation('"x"', parts) }, ['--impure', 'a.nix']);
  const first = await watched.round();
  assert.match(first.shown, /-x\n$/, first.told);
  await watched.quiet();
  watched.write('in', '2\n');
  const second = await watched.round();
  assert.match(second.shown, /-x\n$/, second.told);
  assert.notEqual(second.shown, first.shown);
  await watched.quiet();
});

test('what each round changes itself is said, and goes on slowly', { skip: sandbox }, async (t) => {
  const watched = start(t, { 'a.nix': derivation('"x"', 'src = ./.;') }, ['a.nix', '--out-link', 'result']);
  let told = '';
  for (let n = 0; n < 14; n++) ({ told } = await watched.round());
  assert.match(watched.stderr, /^something changed during each of the last 10 rounds, as an --out-link/m);
  // What, where the system told of it in time.
  assert.match(told, /^(result|something) changed\n/);
  const startMs = performance.now();
  await watched.round();
  assert.ok(performance.now() - startMs > 500);
});

test('what cannot be watched is refused', (t) => {
  const { work } = programs(t);
  const refused = (...words: string[]): string => {
    const { status, stderr } = spawnSync(join(project, 'bin/igos'), ['realize', '--watch', '--dry-run', ...words], {
      encoding: 'utf8',
      timeout: WAIT_MS,
      env: { PATH: process.env['PATH'], HOME: work, IGOS_HOME: join(work, 'home') },
    });
    assert.ok(status === 1 || status === 2, stderr);
    return stderr;
  };
  assert.match(refused('-'), /standard input is read once/);
  assert.match(refused('--expr', derivation('"x"')), /read no file: there is nothing to watch\nhint: leave out --watch/);
  assert.match(refused(join(work, 'none')), /E-CLI-002/);
});

test('errors are records with --json', async (t) => {
  const watched = start(t, { 'a.nix': '1 +' }, ['--json', '--dry-run', 'a.nix']);
  const { shown } = await watched.round();
  assert.equal((JSON.parse(shown) as { errors: { code: string }[] }).errors[0]!.code, 'E-LANG-001');
  watched.write('a.nix', derivation('"x"'));
  assert.equal((JSON.parse((await watched.round()).shown) as { build: number }).build, 1);
});

test('beyond the folders that the system tells of it is said once that looking has to do', async (t) => {
  const { work } = programs(t);
  const folder = join(work, 'tree');
  for (let n = 0; n < 4100; n++) mkdirSync(join(folder, 'all', String(n)), { recursive: true });
  const listed = 'builtins.attrNames (builtins.mapAttrs (n: _: builtins.readDir (./all + "/${n}")) (builtins.readDir ./all))';
  const name = (text: string): string => `let l = ${listed.replace('attrNames', 'deepSeq')} "${text}"; in l`;
  writeFileSync(join(folder, 'a.nix'), derivation(`(${name('one')})`));
  const watched = new Watched(t, folder, ['--dry-run', 'a.nix']);
  const { shown, told } = await watched.round();
  assert.match(shown, /^build one: /);
  assert.match(told, /^the system tells of no changes in \d+ folders, there are too many: [^\n]*\n$/);
  watched.write('a.nix', derivation(`(${name('two')})`));
  assert.match((await watched.round()).told, /^(a\.nix|something) changed\n$/);
});
