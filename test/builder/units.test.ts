import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, takeLock } from '../../base/index.ts';
import { shellWord, typedWord } from '../../base/shell-word.ts';
import { neutraliseArchive } from '../../builder/ar.ts';
import { BuildLog } from '../../builder/build-log.ts';
import { diagnose } from '../../builder/diagnose.ts';
import { buildInput } from '../../builder/environment.ts';
import { structuredAttrs } from '../../builder/structured-attrs.ts';
import { type Derivation, placeholder, type StorePath } from '../../store/index.ts';
import { storeDir, temporaryFolder } from './support.ts';

test('failures are read as a colleague would', () => {
  const first = (line: string) => diagnose([line])[0];
  for (const [line, expected] of [
    ['/bin/sh: 3: gcc: not found', "no 'gcc'"],
    ['bash: line 12: pkg-config: command not found', "no 'pkg-config'"],
    ['make[2]: flex: No such file or directory', "no 'flex'"],
    ["env: 'python3': No such file or directory", "no 'python3'"],
    ['/usr/bin/ld: cannot find -lz: No such file or directory', "library 'z'"],
    ['hello.c:1:10: fatal error: zlib.h: No such file or directory', "header 'zlib.h'"],
    ["a.c:1: error: include file 'stdio.h' not found", "header 'stdio.h'"],
    ["No package 'libpng' found", "'libpng'"],
    ['configure: error: no acceptable C compiler found in $PATH', 'C compiler'],
    ["cc: fatal error: cannot execute 'cc1': execvp: No such file or directory", "no 'cc1'"],
    ['gcc: fatal error: cannot execute ‘cc1plus’: posix_spawnp: No such file or directory', 'debianSeed'],
    ["can't find file to patch at input line 3", 'strip = 0'],
    ['1 out of 2 hunks FAILED -- saving rejects to file a.c.rej', 'another version'],
    ['/bin/sh: 2: Cannot fork', '--max-tasks'],
    ['bash: fork: retry: Resource temporarily unavailable', '--max-tasks'],
    ['make: fork(): Resource temporarily unavailable', '--max-tasks'],
    ['gcc: fatal error: vfork: Resource temporarily unavailable', '--max-tasks'],
    ['curl: (6) Could not resolve host: example.org', 'no network'],
  ] as const)
    assert.ok(first(line)?.includes(expected), `${line} → ${first(line)}`);
  for (const line of ['checking for gcc... not found', 'error: 404 not found', 'x', ''])
    assert.deepEqual(diagnose([line]), [], line);
  assert.equal(diagnose(['sh: 1: a: not found', 'sh: 1: a: not found', 'sh: 1: b: not found']).length, 2);
});

test('a shell word is what it stands for', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[\x01-\x7f]*$/), { maxLength: 3 }), (words) => {
      const result = spawnSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], { encoding: 'latin1' });
      assert.equal(result.stdout, words.length === 0 ? '\0' : words.map((word) => `${word}\0`).join(''));
    }),
    { numRuns: 25 },
  );
  assert.equal(shellWord(''), "''");
});

const drvOf = (env: Record<string, string>, fixed = false): Derivation => ({
  name: 'x',
  outputs: new Map([
    [
      'out',
      fixed
        ? { kind: 'fixed', path: `${storeDir}/p` as StorePath, method: 'flat', digest: { algorithm: 'sha256', hex: '' } }
        : { kind: 'floating', method: 'nar', algorithm: 'sha256' },
    ],
  ]),
  inputDrvs: new Map(),
  inputSrcs: [],
  system: 'x86_64-linux',
  builder: '/bin/sh',
  args: ['-c', `echo ${placeholder('out')}`],
  env: new Map(Object.entries(env)),
});
const place = `${storeDir}/${'a'.repeat(32)}-x` as StorePath;
const options = { storeDir, cores: 3, outputs: new Map([['out', place]]), impure: new Map([['https_proxy', 'p']]) };

test('the environment of a plain build is that of Nix', () => {
  const { environment, args } = buildInput(
    drvOf({ name: 'x', out: placeholder('out'), PATH: '/mine', impureEnvVars: 'https_proxy' }),
    options,
  );
  assert.deepEqual(args, ['-c', `echo ${place}`]);
  const top = ['NIX_BUILD_TOP', 'TMPDIR', 'TEMPDIR', 'TMP', 'TEMP', 'PWD'].map((name) => [name, '/build']);
  assert.deepEqual(Object.fromEntries(environment), {
    ...Object.fromEntries(top),
    HOME: '/homeless-shelter',
    NIX_STORE: storeDir,
    NIX_BUILD_CORES: '3',
    NIX_LOG_FD: '2',
    TERM: 'xterm-256color',
    PATH: '/mine',
    name: 'x',
    out: place,
    impureEnvVars: 'https_proxy',
  });
  const fixed = buildInput(drvOf({ impureEnvVars: 'https_proxy http_proxy' }, true), options).environment;
  assert.deepEqual([fixed.get('https_proxy'), fixed.get('http_proxy'), fixed.get('NIX_OUTPUT_CHECKED')], ['p', '', '1']);
});

test('a composed root has its own defaults, which the derivation may change, and no trace of its layers', () => {
  const { environment, files } = buildInput(
    drvOf({ igosRoot: '{}', TZ: 'CET', passAsFile: 'script', script: `x ${placeholder('out')}` }),
    options,
  );
  assert.deepEqual(
    ['PATH', 'LC_ALL', 'TZ', 'SOURCE_DATE_EPOCH', 'igosRoot', 'script'].map((name) => environment.get(name)),
    ['/usr/bin:/usr/sbin', 'C', 'CET', '315619200', undefined, undefined],
  );
  assert.deepEqual([...files.values()], [`x ${place}`]);
  assert.equal(environment.get('scriptPath'), `/build/${[...files.keys()][0]}`);
});

test('numbers of structured attributes keep their digits', () => {
  const { json, sh } = structuredAttrs('{"big":12345678901234567890,"f":1.50,"outputs":["out"]}', new Map([['out', place]]));
  assert.equal(json, `{"big":12345678901234567890,"f":1.50,"outputs":{"out":"${place}"}}`);
  assert.equal(sh, `declare big=12345678901234567890\ndeclare -A outputs=(['out']='${place}' )\n`);
  assert.throws(() => structuredAttrs('[1]', new Map()), Fault);
});

test('a log keeps everything, shows the last lines and the phase', (t) => {
  const home = temporaryFolder(t);
  const path = join(home, 'a', 'log');
  const drvPath = `${storeDir}/${'a'.repeat(32)}-x.drv` as StorePath;
  const seen: string[] = [];
  const log = new BuildLog({ home, logPath: () => path }, drvPath, {
    onLine: (line) => seen.push(line),
    onPhase: (phase) => seen.push(`[${phase}]`),
  });
  for (const chunk of ['one\ntw', 'o\r\n@igos ph', 'ase compile\n', '\xe9\n', 'x'.repeat(10_000), '\nno end'])
    log.write(Buffer.from(chunk, 'latin1'));
  for (let i = 0; i < 40; i++) log.write(Buffer.from(`\n${i}`));
  assert.equal(existsSync(path), false);
  log.close();
  assert.deepEqual(seen.slice(0, 6), ['one', 'two', '[compile]', '\ufffd', 'x'.repeat(4096), 'no end']);
  assert.deepEqual(
    log.lastLines,
    Array.from({ length: 25 }, (_, i) => String(i + 15)),
  );
  assert.equal(log.phase, 'compile');
  assert.equal(readFileSync(path).length, Buffer.from('one\ntwo\r\n@igos phase compile\n').length + 2 + 10_000 + 7 + 40 + 70);
});

/** One member as `ar` writes it. */
const member = (name: string, stamp: string, data: string) =>
  `${name.padEnd(16)}${stamp}${String(data.length).padEnd(10)}\`\n${data}${data.length % 2 === 1 ? '\n' : ''}`;
const stamped = '1700000000  1000  1000  100664  ';
const neutral = '0           0     0     644     ';

test('archives lose the traces of when and by whom', (t) => {
  const path = join(temporaryFolder(t), 'x.a');
  const rewrite = (text: string): string => {
    writeFileSync(path, text, 'latin1');
    neutraliseArchive(path);
    return readFileSync(path, 'latin1');
  };
  const table = member('/', stamped, 'sym');
  const names = member('//', ' '.repeat(32), 'a-long-name.o/\n');
  assert.equal(
    rewrite(`!<arch>\n${table}${names}${member('/0', stamped, 'odd')}${member('b.o/', stamped, 'even')}`),
    `!<arch>\n${member('/', neutral, 'sym')}${names}${member('/0', neutral, 'odd')}${member('b.o/', neutral, 'even')}`,
  );
  assert.equal(
    rewrite(`!<thin>\n${member('a.o/', stamped, '').replace('0         `', '99        `')}`),
    `!<thin>\n${member('a.o/', neutral, '').replace('0         `', '99        `')}`,
  );
  for (const text of [
    '',
    'INPUT(-lc)',
    '!<arch>\n',
    `!<arch>\n${member('a.o/', stamped, 'data').slice(0, -1)}`,
    `!<arch>\n${'x'.repeat(60)}`,
  ])
    assert.equal(rewrite(text), text);
});

test("archives of the machine's own ar", (t) => {
  if (spawnSync('ar', ['--version']).status !== 0) return t.skip('this machine has no ar');
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a-member-with-a-long-name.o'), 'x');
  const make = (mode: string) => {
    const path = join(folder, `${mode}.a`);
    spawnSync('ar', [mode, path, 'a-member-with-a-long-name.o'], { cwd: folder });
    neutraliseArchive(path);
    return readFileSync(path);
  };
  assert.deepEqual(make('rcU'), make('rcD'));
});

test("a lock is one process's at a time; a dead one's is none", async (t) => {
  const path = join(temporaryFolder(t), 'locks', 'x');
  const first = await takeLock(path, { onWait: () => assert.fail('nobody has it') });
  let waitedFor: number | undefined;
  const second = takeLock(path, { onWait: (pid) => (waitedFor = pid) });
  first[Symbol.dispose]();
  const lock = await second;
  assert.deepEqual([lock.hasWaited, waitedFor], [true, process.pid]);
  lock[Symbol.dispose]();
  assert.equal(existsSync(path), false);
  const { symlinkSync } = await import('node:fs');
  // This process's number, but another start: it belonged to one that is gone.
  for (const stale of [`${process.pid} 1`, '999999999 5', 'nonsense', '']) {
    if (stale !== '') symlinkSync(stale, path);
    (await takeLock(path, { onWait: () => assert.fail(`waited for '${stale}'`) }))[Symbol.dispose]();
  }
  const { readFileSync: read } = await import('node:fs');
  const start = read('/proc/1/stat', 'latin1').split(') ')[1]!.split(' ')[19];
  symlinkSync(`1 ${start}`, path);
  await assert.rejects(takeLock(path, { onWait: () => {}, signal: AbortSignal.timeout(60) }));
});

test('a word to be typed is one word of a shell; packages of trees need no quotes', () => {
  assert.deepEqual(['a/b#c', '.#x', '#x', 'a b#c', 'a', ''].map(typedWord), ['a/b#c', '.#x', "'#x'", "'a b#c'", 'a', "''"]);
});
