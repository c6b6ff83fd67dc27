/** `bin/igos` and `bin/pkm` find their folder, whatever way they were started, and change nothing on the way to Node. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { programs, project } from './programs.ts';

/** As npm, pnpm and yarn find them. */
const { bin: PROGRAMS } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { bin: Record<string, string> };

/** An installed package whose Node prints what it was given. */
function install(t: TestContext, at = 'lib/node_modules/igos'): { work: string; igos: string } {
  const work = realpathSync(mkdtempSync(join(tmpdir(), 'igos-launcher-')));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  const igos = join(work, at);
  for (const folder of ['bin', 'cli', 'node_modules/.bin']) mkdirSync(join(igos, folder), { recursive: true });
  for (const program of Object.values(PROGRAMS)) copyFileSync(join(project, program), join(igos, program));
  writeFileSync(join(igos, 'cli/start.cjs'), '');
  writeFileSync(join(igos, 'package.json'), '{\n  "name": "igos",\n  "version": "1.2.3-rc.1+x",\n  "x": 1\n}\n');
  writeFileSync(
    join(igos, 'node_modules/.bin/node'),
    '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nprintf "<%s>" "$@"\n',
    {
      mode: 0o755,
    },
  );
  return { work, igos };
}

interface Start {
  readonly program: string;
  readonly words?: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The arguments of Node. */
function start({ program, words = [], cwd = '/', environment = {} }: Start): string[] {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment };
  const { stdout, stderr, status } = spawnSync(program, words, { cwd, env, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, ''], program);
  return stdout.slice(1, -1).split('><');
}

const WORDS = ['store', 'ls', '', 'a b', '*', "it's", '\\n'];

for (const [name, file] of Object.entries(PROGRAMS)) {
  test(`${name} finds its folder by every way that leads to it`, (t) => {
    const { work, igos } = install(t);
    const shim = (folder: string, line: string): string => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
      return join(folder, name);
    };
    const ways: Record<string, () => string> = {
      itself: () => join(igos, file),
      'the link of npm': () => {
        mkdirSync(join(work, 'lib/node_modules/.bin'));
        symlinkSync(join('../igos', file), join(work, 'lib/node_modules/.bin', name));
        return join(work, 'lib/node_modules/.bin', name);
      },
      'a global link of npm': () => {
        mkdirSync(join(work, 'bin'));
        symlinkSync(join('../lib/node_modules/igos', file), join(work, 'bin', name));
        return join(work, 'bin', name);
      },
      'a chain of links': () => {
        symlinkSync(join(work, 'bin', name), join(work, 'two'));
        symlinkSync('two', join(work, name));
        return join(work, name);
      },
      'a folder that is a link': () => {
        symlinkSync(igos, join(work, 'way'));
        return join(work, 'way', file);
      },
      'a folder of programs that is a link': () => {
        symlinkSync(join(igos, 'bin'), join(work, 'programs'));
        return join(work, 'programs', name);
      },
      'the same, as PATH may have it': () => `${work}/programs//${name}`,
      'the same, with a dot': () => `${work}/programs/./${name}`,
      'a way back from a link': () => `${work}/programs/../bin/${name}`,
      'a global link of npm in a folder that is a link': () => {
        mkdirSync(join(work, 'home'));
        symlinkSync(join(work, 'bin'), join(work, 'home/bin'));
        return join(work, 'home/bin', name);
      },
      // These start the file that package.json names, and tell it no other name.
      'a shim of pnpm': () => {
        mkdirSync(join(work, 'pnpm/node_modules'), { recursive: true });
        symlinkSync(igos, join(work, 'pnpm/node_modules/igos'));
        return shim(join(work, 'pnpm/node_modules/.bin'), `exec /bin/sh "$(dirname "$0")/../igos/${file}" "$@"`);
      },
      'a shim of yarn': () => shim(join(work, 'yarn'), `exec "${join(igos, file)}" "$@"`),
    };
    for (const [way, make] of Object.entries(ways)) {
      const [script, program, ...words] = start({ program: make(), words: WORDS });
      // Node takes `..` away before it looks.
      assert.equal(realpathSync(resolve('/', script!)), join(igos, 'cli/start.cjs'), way);
      assert.deepEqual([program, ...words], [name, ...WORDS], way);
    }
    assert.equal(start({ program: file, cwd: igos })[1], name);
    assert.equal(start({ program: name, environment: { PATH: `${join(igos, 'bin')}:${process.env['PATH']}` } })[1], name);
    for (const cwd of [join(igos, 'bin'), join(work, 'bin'), join(work, 'programs')]) {
      const [script, program] = start({ program: 'sh', words: [name], cwd });
      assert.deepEqual([realpathSync(resolve(realpathSync(cwd), script!)), program], [join(igos, 'cli/start.cjs'), name], cwd);
    }
  });
}

test('a shell that stops at the first failure goes on to Node, too', (t) => {
  const { igos } = install(t);
  for (const words of [['eval', '-E', '1'], ['--version', 'x'], ['gc']]) {
    for (const [name, file] of Object.entries(PROGRAMS))
      assert.deepEqual(start({ program: 'sh', words: ['-eu', join(igos, file), ...words] }).slice(1), [name, ...words]);
  }
});

test('it says what is missing around it', (t) => {
  const { work, igos } = install(t);
  const run = (program: string, PATH = '/nonexistent'): readonly [number | null, string, string] => {
    const { status, stdout, stderr } = spawnSync(program, ['eval', '-E', '1'], {
      cwd: '/',
      env: { PATH, HOME: work },
      encoding: 'utf8',
    });
    return [status, stdout, stderr];
  };
  for (const [name, file] of Object.entries(PROGRAMS).reverse()) {
    copyFileSync(join(igos, file), join(work, name));
    const hint = `start its ${file} by the path, or by a symlink to it: a copy does not know where the rest is`;
    assert.deepEqual(run(join(work, name)), [70, '', `igos: cannot find igos from '${join(work, name)}'\nhint: ${hint}\n`]);
  }

  // Another Node than its own: one that is too old does not know all flags of V8, and should still come to say that it is.
  mkdirSync(join(work, 'other'));
  renameSync(join(igos, 'node_modules/.bin/node'), join(work, 'other/node'));
  const advice = "hint: run 'npm ci' in the folder of igos: it brings its own\n";
  assert.deepEqual(run(join(igos, 'bin/igos')), [70, '', `igos: igos runs on Node, and there is none\n${advice}`]);
  writeFileSync(join(work, 'other/node'), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  const flags = run(join(igos, 'bin/igos'), join(work, 'other'))[1]
    .split('\n')
    .filter((word) => word.startsWith('--'));
  assert.ok(!flags.some((flag) => /invocation|baseline|embedded/.test(flag)), flags.join(' '));
});

/** Runs an installed igos from a folder of another name, given in letters that printf knows. */
function runFrom(work: string, name: string): readonly [number | null, string, string] {
  const script =
    'cd "$1"; name=$(printf "$2"); mv lib "$name"; "$1/$name/node_modules/igos/bin/igos" gc; is=$?; mv "$name" lib; exit $is';
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', work, name], { encoding: 'utf8' });
  return [status, stdout, stderr];
}

test('a folder may have any name that Node can read', (t) => {
  const { work } = install(t);
  for (const name of ['\\303\\251', 'a b', 'a"b', "a'b", 'a$HOME', 'a`id`', 'a\\nb', 'a\\tb', 'a#b', 'a?b', 'a*', '~a']) {
    const [status, stdout, stderr] = runFrom(work, name);
    assert.deepEqual([status, stderr], [0, ''], name);
    assert.match(stdout, /start\.cjs><igos><gc>$/, name);
  }
});

const noIconv = spawnSync('iconv', ['--version']).status === 0 ? false : 'no iconv here';

test('a folder with a name that is not UTF-8 is told', { skip: noIconv }, (t) => {
  const { work } = install(t);
  const folder = `${work}/l\ufffd/node_modules/igos`;
  const sentence = `Node cannot read the name of the folder of igos, which is not UTF-8: '${folder}'`;
  assert.deepEqual(runFrom(work, 'l\\377'), [70, '', `igos: ${sentence}\nhint: move it to a folder with another name\n`]);
});

test('a folder with a backslash in its name is told', (t) => {
  const { work } = install(t);
  const folder = join(work, 'a\\b');
  mkdirSync(join(folder, 'cli'), { recursive: true });
  copyFileSync(join(project, 'cli/start.cjs'), join(folder, 'cli/start.cjs'));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'cli/start.cjs'), 'igos', 'gc'], { encoding: 'utf8' });
  const sentence = `Node loads no modules from a folder with a backslash in its name: '${folder}'`;
  assert.deepEqual([status, stderr], [70, `igos: ${sentence}\nhint: move igos to a folder with another name\n`]);
});

test('it asks no other program where it stands', (t) => {
  const { work, igos } = install(t);
  mkdirSync(join(work, 'lib/node_modules/.bin'));
  for (const [name, file] of Object.entries(PROGRAMS)) {
    const link = join(work, 'lib/node_modules/.bin', name);
    symlinkSync(join('../igos', file), link);
    for (const program of [join(igos, file), link])
      assert.match(start({ program, environment: { PATH: '/nonexistent' } })[0]!, /start\.cjs$/);
  }
});

test('the environment reaches Node as it is', (t) => {
  const { igos } = install(t);
  writeFileSync(join(igos, 'node_modules/.bin/node'), '#!/bin/sh\nexec env\n', { mode: 0o755 });
  const names = ['self', 'link', 'bin', 'home', 'node', 'stack', 'limit', 'seed', 'program', 'IFS', 'LC_ALL', 'OLDPWD'];
  const environment = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
  for (const words of [['eval', '-E', '1'], ['gc']]) {
    const { stdout } = spawnSync(join(igos, 'bin/igos'), words, {
      env: { PATH: process.env['PATH'], ...environment },
      encoding: 'utf8',
    });
    const lines = stdout.split('\n');
    for (const [name, value] of Object.entries(environment)) {
      // dash takes no IFS from outside.
      if (name !== 'IFS' && name !== 'OLDPWD') assert.ok(lines.includes(`${name}=${value}`), `${name} in ${stdout}`);
    }
    assert.ok(!lines.some((line) => line.startsWith('igos_')), stdout);
  }
});

test('what it sets for malloc is seen by nobody, and what the user sets stays', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-launcher-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  const expression = 'map builtins.getEnv [ "MALLOC_ARENA_MAX" "GLIBC_TUNABLES" "IGOS_TUNES_MALLOC" ]';
  const evaluate = (environment: Readonly<Record<string, string>>): string =>
    spawnSync(join(project, 'bin/igos'), ['eval', '--impure', '--strict', '--home', work, '-E', expression], {
      env: { PATH: process.env['PATH'], ...environment },
      encoding: 'utf8',
    }).stdout;
  assert.equal(evaluate({}), '[ "" "" "" ]\n');
  assert.equal(evaluate({ MALLOC_ARENA_MAX: '3' }), '[ "3" "" "" ]\n');
  assert.equal(evaluate({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=3' }), '[ "" "glibc.malloc.arena_max=3" "" ]\n');
});

test('whatever stack there is, a recursion without an end is told', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-launcher-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  for (const limit of ['256', '1024', '8192', '20000']) {
    const words = ['eval', '--home', work, '-E', 'let f = n: 1 + f (n + 1); in f 0'];
    const { status, signal, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -s "$0" && exec "$@"', limit, join(project, 'bin/igos'), ...words],
      { env: { PATH: process.env['PATH'] }, encoding: 'utf8' },
    );
    assert.deepEqual([status, signal, /E-[A-Z]+-\d+/.exec(stderr)?.[0]], [1, null, 'E-EVAL-017'], `${limit} KiB`);
  }
});

test('words of many letters have no quick answer', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-launcher-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  const answers = (nLetters: number): string[] => {
    const words = ['eval', '--home', work, '-E', `builtins.stringLength "${'x'.repeat(nLetters)}"`];
    for (let n = 0; n < 3; n++)
      assert.equal(spawnSync(join(project, 'bin/igos'), words, { encoding: 'utf8' }).stdout, `${nLetters}\n`);
    return readdirSync(join(work, 'var/cache/eval')).filter((name) => name.startsWith('quick'));
  };
  assert.deepEqual(answers(5000), []);
});

test('the version needs no Node, and is what Node says', (t) => {
  const { igos } = install(t);
  const version = (program: string): string =>
    spawnSync(join(igos, 'bin', program), ['--version'], { encoding: 'utf8', env: { PATH: process.env['PATH'] } }).stdout;
  assert.equal(version('igos'), 'igos 1.2.3-rc.1+x\n');
  assert.equal(version('pkm'), 'pkm 1.2.3-rc.1+x\n');
  for (const manifest of ['{"version":"1.2.3"}', '', '{\n  "version": "1.2\\u0033",\n}', '{\n  "version": "$(x)",\n}']) {
    writeFileSync(join(igos, 'package.json'), manifest);
    assert.match(version('igos'), /start\.cjs><igos><--version>$/, manifest);
  }
  rmSync(join(igos, 'package.json'));
  assert.match(version('igos'), /start\.cjs><igos><--version>$/);
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  const real = programs(t);
  assert.equal(real.igos('--version').stdout, `igos ${manifest.version}\n`);
  assert.equal(real.igos('--quiet', '--version').stdout, `igos ${manifest.version}\n`, 'by Node');
});

test('a full disk is no mistake in igos', { skip: existsSync('/dev/full') ? false : 'there is no /dev/full' }, (t) => {
  const { work } = programs(t);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const { status, stderr } = spawnSync(join(project, 'bin/igos'), ['eval', '-E', '1', '--home', work], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [1, "error: cannot write 'standard output': no space left on device\n"]);
});

test('talk that cannot be written stops nothing', { skip: existsSync('/dev/full') ? false : 'there is no /dev/full' }, (t) => {
  const { work } = programs(t);
  writeFileSync(join(work, 'x.nix'), 'builtins.trace "talk" 1');
  writeFileSync(join(work, 'y.nix'), 'throw "mine"');
  const run = (file: string, where: string): readonly [number | null, string] => {
    const { status, stdout } = spawnSync(
      '/bin/sh',
      ['-c', `"$0" eval "$1" 2>${where}`, join(project, 'bin/igos'), join(work, file)],
      {
        env: { PATH: process.env['PATH'], HOME: work, IGOS_HOME: join(work, 'home') },
        encoding: 'utf8',
      },
    );
    return [status, stdout];
  };
  // The third time the launcher knows the answer.
  for (const where of ['/dev/full', '/dev/full', '/dev/full', '&-']) {
    assert.deepEqual(run('x.nix', where), [0, '1\n'], where);
    assert.deepEqual(run('y.nix', where), [1, ''], where);
  }
});

test('a standard output that is closed is told where something was to be printed', (t) => {
  const { work } = programs(t);
  const run = (script: string): readonly [number | null, string] => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', script, join(project, 'bin/igos')], {
      env: { PATH: process.env['PATH'], HOME: work, IGOS_HOME: join(work, 'home') },
      encoding: 'utf8',
    });
    return [status, stderr];
  };
  const told = [1, "error: cannot write 'standard output': not open for that\n"] as const;
  for (const words of ['eval -E 1', 'eval -E 1', '--version', '--help', 'completions bash']) {
    assert.deepEqual(run(`"$0" ${words} >&-`), told, words);
    assert.deepEqual(run(`"$0" ${words} <&- >&-`), told, words);
    assert.deepEqual(run(`"$0" ${words} >&- 2>&-`), [1, ''], words);
  }
  // The record of an error has nowhere to go, and the error has.
  for (const where of ['>&-', '>/dev/full'])
    assert.match(run(`"$0" eval --json -E 'throw "mine"' ${where}`).join(' '), /^1 error.*mine/, where);
  // Nothing to print, and nothing that went wrong.
  assert.deepEqual(run('"$0" gc --quiet >&-')[0], 0);
  assert.deepEqual(run('3>&- "$0" eval -E 1 >/dev/null'), [0, '']);
  assert.deepEqual(run('"$0" eval -E 1 3</dev/null 4</dev/null >/dev/null'), [0, '']);
});
