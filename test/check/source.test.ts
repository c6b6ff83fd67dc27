/** What configure.ac, meson.build and CMakeLists.txt ask for: required, optional, and not at all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Requirement, readSource, scanSource } from '../../check/index.ts';
import { readAutoconf } from '../../check/source/autoconf.ts';
import { callsIn } from '../../check/source/calls.ts';
import { readCmake } from '../../check/source/cmake.ts';
import { readMeson } from '../../check/source/meson.ts';

/** `pkgconfig glib-2.0!`: required. */
const shown = (found: readonly Requirement[]): string[] =>
  found.map(({ kind, name, others, isRequired }) => `${kind} ${[name, ...others].join('|')}${isRequired ? '!' : ''}`);

test('configure.ac', () => {
  const text = `AC_INIT([x], [1])
# PKG_CHECK_MODULES([A], [commented-out])
dnl PKG_CHECK_MODULES([A], [also-commented])
PKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.50 gio-2.0>=2.50
  gmodule-2.0])
PKG_CHECK_MODULES(SOFT, soft-one, [have=yes], [have=no])
PKG_CHECK_MODULES([HARD], [hard-one], [], [AC_MSG_ERROR([no hard-one])])
PKG_CHECK_MODULES([VAR], [$modules computed-\${x}])
AC_CHECK_LIB([z], [inflate])
AC_CHECK_LIB([bz2], [BZ2_x], [], [AC_MSG_ERROR([bzip2, please])])
AC_SEARCH_LIBS([tgetent], [tinfo ncurses], [], [AC_MSG_FAILURE([curses])])
AC_CHECK_HEADERS([sys/x.h zlib.h], [], [AC_MSG_ERROR])
AC_CHECK_HEADERS([may.h])
if test "$with_y" = yes; then
  PKG_CHECK_MODULES([Y], [inside-if])
fi
AS_IF([test x = y], [PKG_CHECK_MODULES([Z], [inside-as-if])])
AC_ARG_WITH([w], [AS_HELP_STRING([--with-w], [with (w)])], [PKG_CHECK_MODULES([W], [inside-arg])])
PKG_CHECK_MODULES([LAST], [after-all])
`;
  assert.deepEqual(shown(readAutoconf(text, 'configure.ac')), [
    'pkgconfig glib-2.0!',
    'pkgconfig gio-2.0!',
    'pkgconfig gmodule-2.0!',
    'pkgconfig soft-one',
    'pkgconfig hard-one!',
    'library z',
    'library bz2!',
    'library tinfo|ncurses!',
    'header sys/x.h!',
    'header zlib.h!',
    'header may.h',
    'pkgconfig inside-if',
    'pkgconfig inside-as-if',
    'pkgconfig inside-arg',
    'pkgconfig after-all!',
  ]);
  assert.equal(readAutoconf(text, 'configure.ac').at(-1)!.where, 'configure.ac:19');
});

test('meson.build', () => {
  const text = `project('x', 'c')
# dependency('commented')
a = dependency('zlib')
b = dependency('libfoo', 'foo', version: '>= 1.2', required: true)
c = dependency('opt', required: false)
d = dependency('feature', required: get_option('f'))
e = dependency('threads')
f = find_program('bison', 'yacc')
g = cc.find_library('ev', required: true)
h = cc.has_header('may.h')
message('dependency(\\'in a string\\')')
i = dependency(name)
if get_option('docs')
  j = dependency('inside-if')
  foreach n : ['a']
    k = find_program('inside-loop')
  endforeach
endif
l = dependency('after', fallback: ['x', 'y'])
`;
  assert.deepEqual(shown(readMeson(text, 'meson.build')), [
    'pkgconfig zlib!',
    'pkgconfig libfoo|foo!',
    'pkgconfig opt',
    'pkgconfig feature',
    'program bison|yacc!',
    'library ev!',
    'header may.h',
    'pkgconfig inside-if',
    'program inside-loop',
    'pkgconfig after!',
  ]);
});

test('CMakeLists.txt', () => {
  const text = `cmake_minimum_required(VERSION 3.5)
#[[ find_package(Block REQUIRED)
]]
# find_package(Line REQUIRED)
find_package(ZLIB 1.2 REQUIRED)
FIND_PACKAGE(BZip2)
find_package(Threads REQUIRED)
find_package(Qt6 REQUIRED COMPONENTS Core Gui)
message("find_package(InString REQUIRED)")
if(WITH_X)
  find_package(InIf REQUIRED)
endif()
function(f)
  find_package(InFunction REQUIRED)
endfunction()
pkg_check_modules(GLIB REQUIRED glib-2.0>=2.1 gio-2.0)
pkg_search_module(SSL REQUIRED openssl libressl)
pkg_check_modules(SOFT soft)
find_package(\${NAME} REQUIRED)
`;
  assert.deepEqual(shown(readCmake(text, 'CMakeLists.txt')), [
    'cmake ZLIB!',
    'cmake BZip2',
    'cmake Qt6!',
    'cmake InIf',
    'cmake InFunction',
    'pkgconfig glib-2.0!',
    'pkgconfig gio-2.0!',
    'pkgconfig openssl|libressl!',
    'pkgconfig soft',
  ]);
});

const FILES: Readonly<Record<string, string>> = {
  'x-1/configure.ac': 'PKG_CHECK_MODULES([Z], [zlib])\n',
  'x-1/libx.pc.in': 'Name: x\n',
  'x-1/cmake/xConfig.cmake.in': '',
  'x-1/third_party/y/meson.build': "dependency('bundled')\n",
  'x-1/tests/t.pc': '',
  'x-1/sub/configure.ac': 'PKG_CHECK_MODULES([Q], [of-a-part])\n',
};

test('the topmost build file counts; what a source offers, and what it carries along', () => {
  const scan = scanSource(Object.entries(FILES).map(([path, text]) => ({ path, text })));
  assert.deepEqual(shown(scan.requires), ['pkgconfig zlib!']);
  assert.deepEqual(scan.offers, [
    { kind: 'pkgconfig', name: 'libx' },
    { kind: 'cmake', name: 'x' },
  ]);
  assert.deepEqual([scan.files, scan.buildSystems, scan.bundled], [6, ['autotools'], ['third_party']]);
});

test('a folder and archives of every compression say the same', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-source-'));
  t.after(() => rmSync(work, { recursive: true }));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(work, 'in', path)), { recursive: true });
    writeFileSync(join(work, 'in', path), text);
  }
  symlinkSync('/etc/passwd', join(work, 'in/x-1/meson.build'));
  const read = async (path: string) => {
    const entries = await readSource(path);
    assert.ok(typeof entries !== 'string', String(entries));
    return scanSource([...entries].sort((a, b) => (a.path < b.path ? -1 : 1)));
  };
  const folder = await read(join(work, 'in/x-1'));
  assert.equal(folder.files, 6);
  for (const [flag, program, name] of [
    ['', 'tar', 'x.tar'],
    ['-z', 'gzip', 'x.tar.gz'],
    ['-J', 'xz', 'x.tar.xz'],
    ['-j', 'bzip2', 'x.tar.bz2'],
    ['--zstd', 'zstd', 'x.tar.zst'],
  ] as const) {
    if (spawnSync(program, ['--version']).error !== undefined) {
      t.diagnostic(`no ${program} here`);
      continue;
    }
    const words = ['-C', join(work, 'in'), '-cf', join(work, name), ...(flag === '' ? [] : [flag]), 'x-1'];
    assert.equal(spawnSync('tar', words).status, 0);
    assert.deepEqual(await read(join(work, name)), folder, name);
  }
});

test('what is no archive, or a damaged one, is said and no error', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-source-'));
  t.after(() => rmSync(work, { recursive: true }));
  for (const [name, data] of Object.entries({
    zip: Buffer.from('PK\x03\x04 zip'),
    text: Buffer.from('hello'),
    empty: Buffer.alloc(0),
    gzip: Buffer.from('\x1f\x8bgarbage', 'latin1'),
    xz: Buffer.from('\xfd7zXZ\0garbage', 'latin1'),
  })) {
    writeFileSync(join(work, name), data);
    assert.equal(typeof (await readSource(join(work, name))), 'string', name);
  }
});

test('property: texts of strangers neither throw nor take long', () => {
  const word = fc.constantFrom(
    'PKG_CHECK_MODULES(',
    'AS_IF([',
    'dependency(',
    "'",
    '[',
    ']',
    ')',
    ',',
    '\n',
    'if ',
    'fi\n',
    'find_package(',
    'REQUIRED',
    '"',
    '#',
    'x',
    'endif\n',
  );
  const property = fc.property(fc.array(word, { maxLength: 300 }), (words) => {
    for (const read of [readAutoconf, readMeson, readCmake])
      for (const found of read(words.join(''), 'f')) assert.match(found.where, /^f:\d+$/);
  });
  fc.assert(property, { numRuns: 200 });
  // a file made to cost the square of its size
  const begun = process.cpuUsage().user;
  for (const text of ['AS_IF(['.repeat(250_000), 'PKG_CHECK_MODULES([A], [b], '.repeat(70_000), 'if '.repeat(600_000)]) {
    readAutoconf(text, 'f');
    readMeson(text, 'f');
    readCmake(text, 'f');
  }
  const spentMs = (process.cpuUsage().user - begun) / 1000;
  assert.ok(spentMs < 8000, `${spentMs} ms`);
});

test('calls: arguments across lines, strings and nesting', () => {
  const [call] = callsIn("x = f( 'a, (b', [c, d],\n g(h) )", /f/, { strings: ["'"], brackets: true, separator: ',' });
  assert.deepEqual(call!.args, ["'a, (b'", '[c, d]', 'g(h)']);
});

test('quotes and brackets that never close are read once', () => {
  const texts = ['\\"', '"\\', '#[[', '#[=[', "\\'", "'\\", "'''", "'", '"', '#[[\n', '\\"\n'].map((piece) =>
    piece.repeat(Math.ceil((1 << 20) / piece.length)),
  );
  // brackets of every length, none of them closed
  texts.push(Array.from({ length: 1200 }, (_, index) => `#[${'='.repeat(index)}[`).join(' '));
  for (const text of texts) {
    for (const read of [readCmake, readMeson, readAutoconf]) {
      const start = process.threadCpuUsage().user;
      read(text, 'x');
      const ms = (process.threadCpuUsage().user - start) / 1000;
      assert.ok(ms < 3000, `${read.name}: ${text.slice(0, 8)}: ${ms} ms`); // some were hours
    }
  }
});

test('what looks like a quote in one build system is none in the other', () => {
  assert.deepEqual(shown(readCmake("message(it's)\nfind_package(Good REQUIRED)\n", 'x')), ['cmake Good!']);
  assert.deepEqual(shown(readCmake('#[==[ ]] ]=] find_package(Bad)\n]==] find_package(Good)\n', 'x')), ['cmake Good']);
  assert.deepEqual(shown(readCmake('message("#[[ \\" find_package(Bad)") find_package(Good)\n', 'x')), ['cmake Good']);
  assert.deepEqual(shown(readMeson("x = 'it\\'s # dependency(' # dependency('bad')\ndependency('good')\n", 'x')), [
    'pkgconfig good!',
  ]);
});

test('an archive that unpacks to more than any source is not read to its end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-source-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'bomb.tar.gz');
  const made = spawnSync('sh', ['-c', `truncate -s 64M zeros && tar -czf ${file} zeros`], { cwd: folder });
  assert.equal(made.status, 0);
  assert.equal(await readSource(file, 1 << 20), `it cannot be read: it holds more than ${1 << 20} bytes`);
  assert.equal((await readSource(file)).length, 1);
});

test('the texts of a source are bounded together', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-source-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (let index = 0; index < 50; index++) {
    mkdirSync(join(folder, `d${index}`));
    writeFileSync(join(folder, `d${index}/meson.build`), '');
    truncateSync(join(folder, `d${index}/meson.build`), 2 << 20);
  }
  const file = join(folder, '..', `${basename(folder)}.tar`);
  t.after(() => rmSync(file));
  assert.equal(spawnSync('tar', ['-cf', file, '.'], { cwd: folder }).status, 0);
  for (const path of [folder, file]) {
    const entries = await readSource(path);
    assert.ok(typeof entries !== 'string');
    assert.equal(entries.filter(({ text }) => text !== undefined).length, 32);
  }
});
