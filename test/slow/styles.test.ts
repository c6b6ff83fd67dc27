/**
 * Build styles with the real tools of this machine: small projects of every kind are built, tested, installed, built again with equal
 * bytes, and what they install runs. Styles whose tools are not installed are skipped by name.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, programs, type Run } from '../cli/programs.ts';
import { hostToolchain } from './host-toolchain.ts';

const has = (command: string): boolean => spawnSync('sh', ['-c', command], { stdio: 'ignore' }).status === 0;
const tools = ['cc', 'make', 'strip', 'objcopy', 'readelf', 'tar', 'patch', 'file'];
const missing = tools.filter((tool) => !has(`command -v ${tool}`));
const noTools = (await noSandbox()) || (missing.length === 0 ? false : `not installed: ${missing.join(', ')}`);

const work = mkdtempSync(join(tmpdir(), 'igos-styles-'));
after(() => removeTree(work));
const home = join(work, 'home');
const tree = join(work, 'tree');

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
}

const MAIN = `#include <stdio.h>
#include <string.h>
int answer(void);
int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "file") == 0) puts(__FILE__);
  return answer() == 42 ? 0 : 1;
}
`;
const LIBRARY = 'int answer(void) { return 42; }\n';

const sysroot = spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout?.trim() ?? '';

// Where a distribution installs it, the libraries of the compiler are among all others and found by name.
const rustFiles = ['bin/cargo', 'bin/rustc', 'lib/rustlib/*/lib/**', 'lib/rustlib/*/bin/{rust-lld,gcc-ld/*}']
  .concat(sysroot === '/usr' ? [] : ['lib/*.so*'])
  .map((path) => JSON.stringify(path))
  .join(' ');

const python = (modules: string): boolean => has(`/usr/bin/python3 -I -c 'import ${modules}'`);

write({
  'host.igos': missing.length === 0 ? hostToolchain() : '',
  'tools.igos': `
package host-cmake "1" { tier = machine; summary = "CMake"; style = hostTools { tools = [ "cmake" "ctest" ]; files = [ "/usr/share/cmake*/**" ]; }; }
package host-python "1" {
  tier = machine;
  summary = "Python with what builds and installs wheels";
  style = hostTools {
    tools = [ "python3" ];
    files = map (name: "/usr/lib/python3/dist-packages/\${name}/**")
      [ "_distutils_hack" "build" "build-*" "installer" "installer-*" "packaging" "packaging-*" "pep517" "pep517-*" "pip" "pip-*"
        "pkg_resources" "pyproject_hooks" "pyproject_hooks-*" "setuptools" "setuptools-*" "toml" "toml-*" "tomli" "tomli-*" "wheel"
        "wheel-*" "mesonbuild" ]
      ++ [ "/usr/lib/python3/dist-packages/*.pth" "/usr/lib/python3.*/!(cgi).py" "/usr/lib/python3.*/*/**" ];
  };
}
package host-meson "1" { tier = machine; summary = "Meson"; runtime = [ host-python ]; style = hostTools { tools = [ "ninja" ]; files = [ "/usr/bin/meson" ]; }; }
package host-rust "1" { tier = machine; summary = "Rust"; style = hostTools { files = map (path: "${sysroot}/\${path}") [ ${rustFiles} ]; }; }
`,
  'c/meson.build': `project('demo', 'c', version: '1.0')
library('answer', 'answer.c', install: true, version: '1.0')
demo = executable('demo', 'main.c', 'answer.c', install: true)
install_data('demo.conf', install_dir: get_option('sysconfdir'))
test('answers', demo)
`,
  'c/CMakeLists.txt': `cmake_minimum_required(VERSION 3.10)
project(demo C)
include(GNUInstallDirs)
add_library(answer SHARED answer.c)
set_target_properties(answer PROPERTIES VERSION 1.0 SOVERSION 1)
add_executable(demo main.c answer.c)
install(TARGETS demo answer)
install(FILES demo.conf DESTINATION \${CMAKE_INSTALL_SYSCONFDIR})
enable_testing()
add_test(NAME answers COMMAND demo)
`,
  'c/Makefile': `CFLAGS ?= -O1 -DFROM_MAKEFILE
all: demo libanswer.so
demo: main.c answer.c
	$(CC) $(CFLAGS) -Wl,--build-id -o $@ main.c answer.c
libanswer.so: answer.c
	$(CC) $(CFLAGS) -Wl,--build-id -shared -fPIC -o $@ answer.c
check: demo
	./demo && false
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib
	cp demo $(DESTDIR)$(PREFIX)/bin
	cp libanswer.so $(DESTDIR)$(PREFIX)/lib
	printf '%s\\n' "$(CFLAGS)" >$(DESTDIR)$(PREFIX)/lib/flags
`,
  'c/demo.conf': 'answer = 42\n',
  'c/main.c': MAIN,
  'c/answer.c': LIBRARY,
  'python/pyproject.toml': '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
  'python/setup.cfg':
    '[metadata]\nname = demo-words\nversion = 1.0\n[options]\npackages = demo_words\n[options.entry_points]\nconsole_scripts =\n  demo-words = demo_words:main\n',
  'python/demo_words/__init__.py': 'WORDS = {"one", "two", "three"}\n\n\ndef main():\n    print(*sorted(WORDS))\n',
  // A folder of the name of a tool must not be taken for it.
  'python/build/notes.txt': '',
  'rust/Cargo.toml': '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\nanswer = "0.1"\n',
  'rust/Cargo.lock':
    'version = 3\n[[package]]\nname = "answer"\nversion = "0.1.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "0000000000000000000000000000000000000000000000000000000000000000"\n[[package]]\nname = "demo"\nversion = "1.0.0"\ndependencies = ["answer"]\n',
  'rust/src/main.rs':
    'fn main() { println!("{} {}", answer::answer(), std::panic::Location::caller().file()); }\n#[test]\nfn answers() { assert_eq!(answer::answer(), 42); }\n',
  'crates/answer/Cargo.toml': '[package]\nname = "answer"\nversion = "0.1.0"\nedition = "2021"\n',
  'crates/answer/src/lib.rs': 'pub fn answer() -> u32 { 42 }\n',
  'crates/answer/.cargo-checksum.json':
    '{"files":{},"package":"0000000000000000000000000000000000000000000000000000000000000000"}',
  'packages.igos': `
let c = { tier = extra; summary = "A test"; source = ./c; build = [ host-sh host-cc host-make ]; verifyPaths = [ "bin/demo" "usr/lib/libanswer.so" ]; references = "fail"; };
in
package by-cmake "1.0" { inherit (c) tier summary source verifyPaths references; build = c.build ++ [ host-cmake ]; style = cmake; split debug { } }
package by-meson "1.0" { inherit (c) tier summary source verifyPaths references; build = c.build ++ [ host-meson ]; style = meson; split debug { } }
package by-make "1.0" { inherit (c) tier summary source verifyPaths references build; style = make { flags = [ "CC=cc" ]; }; check = { knownFailures = "it fails by intent"; }; }
package by-python "1.0" { tier = extra; summary = "A test"; source = ./python; build = [ host-sh host-python ]; style = python; env.DEB_PYTHON_INSTALL_LAYOUT = "deb_system"; verifyPaths = [ "usr/bin/demo-words" "usr/lib/python3*/**/demo_words/__init__.py" ]; references = "fail"; }
package by-pip "1.0" { inherit (packages.by-python) tier summary source build style env verifyPaths references; phases.prepare = "mkdir $NIX_BUILD_TOP/bin; printf '#!/bin/sh\\ncase $* in *import*) exit 1 ;; esac\\nexec /usr/bin/python3 \\"$@\\"\\n' >$NIX_BUILD_TOP/bin/python3; chmod +x $NIX_BUILD_TOP/bin/python3"; phases.preBuild = "PATH=$NIX_BUILD_TOP/bin:$PATH"; phases.preInstall = "PATH=$NIX_BUILD_TOP/bin:$PATH"; }
package by-cargo "1.0" { tier = extra; summary = "A test"; source = [ ./rust { file = ./crates; into = "vendor"; } ]; build = [ host-sh host-cc host-rust ]; style = cargo; env.PATH = "${sysroot}/bin:/usr/bin"; env.LD_LIBRARY_PATH = "${sysroot}/lib"; verifyPaths = [ "usr/bin/demo" ]; references = "fail"; split debug { } }
package wrong-path "1.0" { inherit (c) tier summary source build; style = make { flags = [ "CC=cc" ]; }; verifyPaths = [ "usr/lib64/libanswer.so" ]; }
package leaky "1.0" { inherit (c) tier summary source build; style = make { flags = [ "CC=cc" ]; }; phases.postInstall = "echo $srcdir >$out/usr/lib/where"; }
package leaky-fails "1.0" { inherit (packages.leaky) tier summary source build style phases; references = "fail"; }
package patched "1.0" {
  inherit (c) tier summary source;
  build = c.build ++ [ host-patch ];
  patches = [ { file = builtins.toFile "it.patch" "--- answer.c\\n+++ answer.c\\n@@ -1 +1 @@\\n-int answer(void) { return 42; }\\n+int answer(void) { return 43; }\\n"; strip = 0; } ];
  style = make { flags = [ "CC=cc" ]; };
  check = true;
}
`,
});

interface Realized {
  readonly outputs: readonly { readonly name: string; readonly path: string }[];
}

const { igos } = programs({ after: (run) => after(run as () => void) }, { home });

/** Folder of a package's files, by package. */
function realize(...names: string[]): Record<string, string> {
  const run = igos('realize', '--json', ...names.map((name) => `${tree}#${name}`));
  assert.equal(run.status, 0, run.stderr.slice(-6000));
  const { outputs } = JSON.parse(run.stdout) as Realized;
  return Object.fromEntries(outputs.map(({ name, path }) => [name, join(home, 'store', basename(path))]));
}

function isRepeatable(name: string): void {
  const run = igos('realize', '--check', `${tree}#${name}`);
  assert.equal(run.status, 0, run.stderr.slice(-6000));
}

const run = (program: string, ...words: string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  assert.equal(status, 0, stderr);
  return stdout;
};

/** The program runs, has no symbols, and what it is about is in the file of its build id. */
function isSeparated(out: string, debug: string, file: string, source: string): void {
  const program = join(out, file);
  assert.doesNotMatch(run('readelf', '-SW', program), /\.symtab|\.debug_info/);
  assert.match(run('file', program), /BuildID\[sha1\]=[0-9a-f]{40}.* stripped/);
  const id = /Build ID: ([0-9a-f]+)/.exec(run('readelf', '-n', program))![1]!;
  const info = run('readelf', '--debug-dump=info', join(debug, `usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`));
  assert.match(info, /DW_AT_name .*answer/);
  assert.ok(info.includes(source), `debug information of ${file} names ${source}`);
  assert.doesNotMatch(info, /[ \t(]\/build\//);
}

for (const [style, skip] of [
  ['cmake', has('command -v cmake && command -v ctest') ? false : 'cmake is not installed'],
  ['meson', has('test -e /usr/bin/meson && command -v ninja') ? false : 'meson or ninja is not installed'],
] as const) {
  test(`${style}: built, tested, split and repeatable`, { skip: noTools || skip }, () => {
    const outputs = realize(`by-${style}`, `by-${style}-debug`);
    const out = outputs[`by-${style}`]!;
    assert.equal(readFileSync(join(out, 'etc/demo.conf'), 'utf8'), 'answer = 42\n');
    assert.match(run(join(out, 'usr/bin/demo'), 'file'), /^(\.\.\/main\.c|\/usr\/src\/debug\/by-cmake-1\.0\/main\.c)\n$/);
    for (const file of ['usr/bin/demo', 'usr/lib/libanswer.so.1.0'])
      isSeparated(out, outputs[`by-${style}-debug`]!, file, `/usr/src/debug/by-${style}-1.0`);
    assert.match(igos('log', `${tree}#by-${style}`).stdout, style === 'cmake' ? /100% tests passed/ : /Ok: +1/);
    isRepeatable(`by-${style}`);
  });
}

test('make: the makefile keeps its flags, known failures of its tests are no failure', { skip: noTools }, () => {
  const { 'by-make': out } = realize('by-make');
  assert.equal(readFileSync(join(out!, 'usr/lib/flags'), 'utf8'), '-O1 -DFROM_MAKEFILE\n');
  assert.doesNotMatch(run('readelf', '-SW', join(out!, 'usr/bin/demo')), /\.symtab/);
  const log = igos('log', `${tree}#by-make`).stdout;
  assert.match(log, /phase 'check' failed with exit status 2, as is known: it fails by intent\n/);
  isRepeatable('by-make');
});

test('patches with other levels are applied, and strict tests fail the build', { skip: noTools }, () => {
  const failed = igos('realize', `${tree}#patched`);
  assert.equal(failed.status, 4);
  assert.match(failed.stderr, /in phase 'check'/);
});

const pythonSkip = python('build, installer, setuptools, wheel, pip')
  ? false
  : 'python3 build, installer, pip or wheel is not installed';

test('python: both ways to a wheel install the same', { skip: noTools || pythonSkip }, () => {
  const outputs = realize('by-python', 'by-pip');
  for (const name of ['by-python', 'by-pip']) {
    const out = outputs[name]!;
    assert.equal(readFileSync(join(out, 'usr/bin/demo-words'), 'utf8').split('\n')[0], '#!/usr/bin/python3', name);
    const packages = dirname(globSync('usr/lib/python3*/*-packages/demo_words', { cwd: out })[0]!);
    const code = globSync(`${packages}/demo_words/__pycache__/*.pyc`, { cwd: out });
    assert.equal(code.length, 1, name);
    const header = readFileSync(join(out, code[0]!)).subarray(4, 8);
    assert.equal(header.readUInt32LE(), 3, 'byte code checks its source by hash');
    const printed = run('/usr/bin/env', `PYTHONPATH=${join(out, packages)}`, '/usr/bin/python3', join(out, 'usr/bin/demo-words'));
    assert.equal(printed, 'one three two\n');
  }
  isRepeatable('by-python');
  isRepeatable('by-pip');
});

const cargoSkip = existsSync(join(sysroot, 'bin/cargo')) ? false : 'cargo is not installed';

test('cargo: vendored crates, no network, tested, repeatable', { skip: noTools || cargoSkip }, (t: TestContext) => {
  const outputs = realize('by-cargo', 'by-cargo-debug');
  const out = outputs['by-cargo']!;
  assert.equal(run(join(out, 'usr/bin/demo')), '42 src/main.rs\n');
  assert.deepEqual(
    globSync('**', { cwd: out }).filter((path) => path.includes('.crates')),
    [],
  );
  isSeparated(out, outputs['by-cargo-debug']!, 'usr/bin/demo', '/usr/src/debug/by-cargo-1.0');
  assert.match(igos('log', `${tree}#by-cargo`).stdout, /test result: ok\. 1 passed/);
  t.diagnostic(run('file', join(out, 'usr/bin/demo')).trim());
  isRepeatable('by-cargo');
});

const message = ({ stderr }: Run): string => stderr;

test('what must be there and is not, and what must not be there and is', { skip: noTools }, () => {
  const missing = igos('realize', `${tree}#wrong-path`);
  assert.equal(missing.status, 4);
  assert.match(
    message(missing),
    /E-BUILD-040[\s\S]*'usr\/lib64\/libanswer\.so' is not there[\s\S]*there is 'usr\/lib\/libanswer\.so'/,
  );
  const reported = igos('realize', `${tree}#leaky`);
  assert.equal(reported.status, 0, reported.stderr);
  assert.match(message(reported), /leaky-1\.0: usr\/lib\/where names \/build\/leaky-1\.0\n/);
  assert.match(igos('log', `${tree}#leaky`).stdout, /\nigos: usr\/lib\/where names \/build\/leaky-1\.0\n$/);
  const failed = igos('realize', `${tree}#leaky-fails`);
  assert.equal(failed.status, 4);
  assert.match(message(failed), /E-BUILD-041/);
});
