/** The script is run by the machine's own shell: what it does counts, not how it is written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { buildScript, type ScriptInput } from '../../../eval/declare/build-script.ts';
import { STYLES } from '../../../eval/declare/styles.ts';
import { golden } from '../../golden.ts';

const plain = {
  name: 'hello',
  version: '1.0',
  sources: [],
  patches: [],
  phases: {},
  strip: 'never',
  hasDebug: false,
  splits: [],
} satisfies ScriptInput;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly top: string;
  /** Path below the output. */
  out(...path: string[]): string;
  read(...path: string[]): string;
}

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-script-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(context: TestContext, input: ScriptInput, env: Record<string, string> = {}, shell = '/bin/sh'): Run {
  const folder = scratch(context);
  const top = join(folder, 'build');
  const out = join(folder, 'out');
  mkdirSync(top);
  const path = join(folder, 'script');
  writeFileSync(path, buildScript(input), 'latin1');
  const outputs = Object.fromEntries(input.splits.map(({ output }) => [output, join(folder, output)]));
  const { status, stdout, stderr } = spawnSync(shell, ['-e', '-c', '. "$buildScriptPath"'], {
    cwd: top,
    env: { PATH: '/usr/bin:/bin', NIX_BUILD_TOP: top, NIX_BUILD_CORES: '2', out, buildScriptPath: path, ...outputs, ...env },
    encoding: 'latin1',
  });
  const at = (...parts: string[]): string => join(folder, ...parts);
  return { status, stdout, stderr, top, out: at, read: (...parts) => readFileSync(at(...parts), 'latin1') };
}

test('phases run in their order and are announced on stderr', (context) => {
  const result = run(context, {
    ...plain,
    phases: { install: 'echo 3; mkdir -p $out/usr; echo "$name-$version" >$out/usr/file', build: 'echo 2', prepare: 'echo 1' },
  });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stdout, '1\n2\n3\n');
  assert.deepEqual(result.stderr.match(/@igos phase \w+/g), ['@igos phase prepare', '@igos phase build', '@igos phase install']);
  assert.equal(result.read('out', 'usr', 'file'), 'hello-1.0\n');
});

test('variables are as documented', (context) => {
  const result = run(
    context,
    { ...plain, phases: { build: 'echo "$src|$jobs|$DESTDIR|$srcdir"; env | grep -c "^version=1.0$"' } },
    { sources: '/a /b' },
  );
  assert.match(result.stdout, /^\/a\|2\|.*\/out\|.*\/build\/hello-1\.0\n1\n$/);
});

test('a failing command in the middle of a phase ends the build and names the phase', (context) => {
  const result = run(context, { ...plain, phases: { build: 'echo before\nfalse\necho after', install: 'echo never' } });
  assert.equal(result.status, 1);
  assert.equal(result.stdout, 'before\n');
  assert.match(result.stderr, /phase 'build' failed with exit status 1\n$/);
});

test('errexit holds inside functions, loops and subshells of a phase', (context) => {
  const result = run(context, {
    ...plain,
    phases: { build: 'step() { false; echo in-function; }\nfor x in 1; do (step); echo in-loop; done' },
  });
  assert.equal(result.status, 1);
  assert.equal(result.stdout, '');
});

test("exit statuses of a phase's own exit are kept", (context) => {
  assert.equal(run(context, { ...plain, phases: { build: 'exit 7' } }).status, 7);
});

test('a syntax error is reported in its phase, after the phases before it have run', (context) => {
  const result = run(context, { ...plain, phases: { prepare: 'echo first', build: 'if true; then echo x' } });
  assert.notEqual(result.status, 0);
  assert.equal(result.stdout, 'first\n');
  assert.match(result.stderr, /@igos phase build/);
});

test('neither folder nor variables leak from phase to phase', (context) => {
  const result = run(context, { ...plain, phases: { prepare: 'cd /; x=1', build: 'echo "[$x]$(pwd -P)"' } });
  assert.match(result.stdout, /^\[\]\/.*\/build\n$/);
});

test('quotes and dollars reach the phase as written', (context) => {
  const result = run(context, { ...plain, phases: { build: `echo 'it'"'"'s $HOME' "\\$x"` } });
  assert.equal(result.stdout, "it's $HOME $x\n");
});

test('other shells of the machine agree', (context) => {
  const input = { ...plain, phases: { build: 'step() { false; echo no; }; step; echo no' } };
  for (const shell of ['/bin/bash', '/usr/bin/dash', '/usr/bin/ksh']) {
    if (!existsSync(shell)) continue;
    assert.equal(run(context, input, {}, shell).status, 1, shell);
  }
});

function tarball(context: TestContext, name: string, files: Record<string, string>): string {
  const folder = scratch(context);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, 'in', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'in', path), text);
  }
  const archive = join(folder, `0123456789abcdfghijklmnpqrsvwxyz-${name}`);
  const { status, stderr } = spawnSync('tar', ['-caf', archive, '-C', join(folder, 'in'), '.'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return archive;
}

test('an archive with one top folder is stripped, phases start in it', (context) => {
  const archive = tarball(context, 'hello-9.tar.gz', { 'hello-9/configure': 'x', 'hello-9/src/main.c': 'y' });
  const result = run(context, { ...plain, sources: [{}], phases: { build: 'pwd -P; ls -A' } }, { sources: archive });
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, /\/build\/hello-1\.0\nconfigure\nsrc\n$/);
});

test('an archive without one top folder is taken as it is', (context) => {
  const archive = tarball(context, 'flat.tgz', { a: '1', 'b/c': '2', '.hidden': '3' });
  const result = run(context, { ...plain, sources: [{}], phases: { build: 'ls -A' } }, { sources: archive });
  assert.equal(result.stdout, '.hidden\na\nb\n', result.stderr);
});

test('further sources stand beside the first under their own names', (context) => {
  const first = tarball(context, 'main.tar', { 'main/x': '' });
  const second = tarball(context, 'gmp-6.3.0.tar.gz', { 'gmp-6.3.0/y': '' });
  const third = tarball(context, 'notes.txt.tar', { one: '', two: '' });
  const file = join(scratch(context), '0123456789abcdfghijklmnpqrsvwxyz-extra.c');
  writeFileSync(file, 'int x;');
  const result = run(
    context,
    { ...plain, sources: [{}], phases: { build: 'cd ..; echo *; cat extra.c' } },
    { sources: [first, second, third, file].join(' ') },
  );
  assert.equal(result.stdout, 'extra.c gmp-6.3.0 hello-1.0 notes.txt\nint x;', result.stderr);
});

test('a folder as source is copied and can be written', (context) => {
  const folder = join(scratch(context), '0123456789abcdfghijklmnpqrsvwxyz-tree');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a'), 'old', { mode: 0o444 });
  const result = run(context, { ...plain, sources: [{}], phases: { build: 'echo new >a; cat a' } }, { sources: folder });
  assert.equal(result.stdout, 'new\n', result.stderr);
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'old');
});

test('patches are applied in order, compressed ones too', (context) => {
  if (!existsSync('/usr/bin/patch')) return context.skip('patch is not installed');
  const archive = tarball(context, 'p.tar', { 'p/a': 'one\n' });
  const folder = scratch(context);
  writeFileSync(join(folder, '1.patch'), '--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n');
  writeFileSync(join(folder, '2.patch'), '--- a/a\n+++ b/a\n@@ -1 +1 @@\n-two\n+three\n');
  spawnSync('gzip', [join(folder, '2.patch')]);
  const env = { sources: archive, patches: `${join(folder, '1.patch')} ${join(folder, '2.patch.gz')}` };
  const result = run(
    context,
    { ...plain, sources: [{}], patches: [{ strip: 1 }, { strip: 1 }], phases: { build: 'cat a' } },
    env,
  );
  assert.match(result.stdout, /\nthree\n$/, result.stderr);
});

test('a source goes where it is told, over what is there, and an archive can stay whole', (context) => {
  const first = tarball(context, 'main.tar', { 'main/x': '', 'main/sub/there': 'old' });
  const second = tarball(context, 'gmp-6.tar.gz', { 'gmp-6/y': '' });
  const third = tarball(context, 'module.tar', { 'module/z': '' });
  const file = join(scratch(context), "0123456789abcdfghijklmnpqrsvwxyz-it's.c");
  writeFileSync(file, 'int x;');
  const result = run(
    context,
    {
      ...plain,
      sources: [{}, { into: "a b/it's" }, { into: 'sub' }, { isWhole: true }, { into: 'files/more' }],
      phases: { build: 'find . -type f | sort; ls ..' },
    },
    { sources: [first, second, third, second, file].join(' ') },
  );
  const files = ["./a b/it's/y", "./files/more/it's.c", './sub/there', './sub/z', './x'];
  assert.equal(result.stdout, `${[...files, 'gmp-6.tar.gz', 'hello-1.0'].join('\n')}\n`, result.stderr);
});

test('a source that stays whole is told by its place, not by its name', (context) => {
  const archives = ['1x.tar', '2x.tar'].map((name) => tarball(context, name, { 'top/a': '' }));
  const sources = [{}, { isWhole: true as const }];
  const result = run(context, { ...plain, sources, phases: { build: 'ls . ..' } }, { sources: archives.join(' ') });
  assert.equal(result.stdout, '.:\na\n\n..:\n2x.tar\nhello-1.0\n', result.stderr);
});

test('a patch says how many leading folders its names have', (context) => {
  if (!existsSync('/usr/bin/patch')) return context.skip('patch is not installed');
  const archive = tarball(context, 'p.tar', { 'p/a': 'one\n' });
  const folder = scratch(context);
  writeFileSync(join(folder, '1.patch'), '--- a\n+++ a\n@@ -1 +1 @@\n-one\n+two\n');
  writeFileSync(join(folder, '2.patch'), '--- x/a\n+++ x/a\n@@ -1 +1 @@\n-two\n+three\n');
  const env = { sources: archive, patches: `${join(folder, '1.patch')} ${join(folder, '2.patch')}` };
  const patches = [{ strip: 0 }, { strip: 1 }];
  const result = run(context, { ...plain, sources: [{}], patches, phases: { build: 'cat a' } }, env);
  assert.match(result.stdout, /\nthree\n$/, result.stderr);
});

test('hooks run around their phase, in its shell, and where the phase is empty', (context) => {
  const result = run(context, {
    ...plain,
    phases: {
      preBuild: "x='it'; echo before",
      build: 'echo "$x"; set -- a b; text=changed',
      postBuild: 'echo after "$x"',
      postPatch: 'echo patched',
      preCheck: 'echo never',
      postInstall: 'echo "[$x]"',
      preSplit: 'echo split',
    },
  });
  assert.equal(result.stdout, 'patched\nbefore\nit\nafter it\n[]\nsplit\n', result.stderr);
  assert.deepEqual(
    result.stderr.match(/@igos phase \w+/g)?.map((line) => line.slice(12)),
    ['patch', 'build', 'install', 'split'],
  );
});

test('a failing hook is a failure of its phase, and what follows does not run', (context) => {
  const result = run(context, { ...plain, phases: { preBuild: 'false\necho no', build: 'echo no', postBuild: 'echo no' } });
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /phase 'build' failed with exit status 1\n$/);
});

test('a hook that is no shell text of its own is told of, and swallows nothing of its phase', (context) => {
  const result = run(context, { ...plain, phases: { preBuild: "echo 'open", build: "echo closed'" } });
  assert.notEqual(result.status, 0);
  assert.equal(result.stdout, '');
});

test('known failures of the check phase are told of and passed over; those of other phases are not', (context) => {
  const knownFailures = "t/x needs 'a network'";
  const result = run(context, { ...plain, knownFailures, phases: { check: 'exit 3', install: 'echo installed' } });
  assert.equal(result.status, 0);
  assert.equal(result.stdout, 'installed\n');
  assert.match(result.stderr, /phase 'check' failed with exit status 3, as is known: t\/x needs 'a network'\n/);
  assert.equal(run(context, { ...plain, knownFailures, phases: { build: 'exit 3' } }).status, 3);
});

const PROGRAM = `cat >p.c <<'end'
int answer(void) { return 42; }
int main(void) { return answer() - 42; }
end
mkdir -p "$out/usr/bin" "$out/usr/lib"
cc -g -Wl,--build-id -o "$out/usr/bin/p q" p.c
cc -g -Wl,--build-id -shared -fPIC -Danswer=libanswer -Dmain=other -o "$out/usr/lib/libp.so.1" p.c
cc -g -c p.c && ar rc "$out/usr/lib/libp.a" p.o
ln "$out/usr/bin/p q" "$out/usr/bin/again"
ln -s 'p q' "$out/usr/bin/link"
printf '#!/bin/sh\\necho script\\n' >"$out/usr/bin/script"
chmod +x "$out/usr/bin/script"
chmod a-w "$out/usr/lib/libp.so.1"`;

const missing = ['cc', 'ar', 'strip', 'objcopy', 'readelf'].filter(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
);
const noBinutils = missing.length === 0 ? false : `not installed: ${missing.join(', ')}`;

const sections = (path: string): string => spawnSync('readelf', ['-SW', path], { encoding: 'utf8' }).stdout;

test('strip takes symbols out of programs, libraries and archives, and nothing else', { skip: noBinutils }, (context) => {
  const result = run(context, { ...plain, strip: 'always', phases: { install: PROGRAM } });
  assert.equal(result.status, 0, result.stderr);
  for (const file of ['bin/p q', 'lib/libp.so.1']) {
    assert.doesNotMatch(sections(result.out('out', 'usr', file)), /\.symtab|\.debug_info/, file);
  }
  assert.match(sections(result.out('out', 'usr', 'lib/libp.so.1')), /\.dynsym/);
  const archive = spawnSync('nm', [result.out('out', 'usr', 'lib/libp.a')], { encoding: 'utf8' }).stdout;
  assert.match(archive, / T answer/, 'what the linker needs stays');
  assert.doesNotMatch(sections(result.out('out', 'usr', 'lib/libp.a')), /\.debug_info/);
  assert.equal(spawnSync(result.out('out', 'usr', 'bin/link')).status, 0, 'it still runs');
  assert.equal(result.read('out', 'usr', 'bin', 'script'), '#!/bin/sh\necho script\n');
});

test('without a strip in the root nothing is stripped, unless it is asked for', (context) => {
  const install = 'mkdir -p $out/usr/bin; cp /bin/true $out/usr/bin/t';
  const env = { STRIP: 'no-such-strip' };
  const optional = run(context, { ...plain, strip: 'if-there', phases: { install } }, env);
  assert.equal(optional.status, 0, optional.stderr);
  const asked = run(context, { ...plain, strip: 'always', phases: { install } }, env);
  assert.match(asked.stderr, /no-such-strip/);
});

test('debug information goes below .build-id, and a debugger finds it there', { skip: noBinutils }, (context) => {
  const result = run(context, {
    ...plain,
    strip: 'always',
    hasDebug: true,
    phases: { install: PROGRAM },
    splits: [{ output: 'debug', files: ['usr/lib/debug'] }],
  });
  assert.equal(result.status, 0, result.stderr);
  for (const file of ['bin/p q', 'lib/libp.so.1']) {
    const path = result.out('out', 'usr', file);
    const [, id = ''] = /Build ID: ([0-9a-f]+)/.exec(spawnSync('readelf', ['-n', path], { encoding: 'utf8' }).stdout) ?? [];
    assert.match(id, /^[0-9a-f]{40}$/);
    const debug = result.out('debug', 'usr/lib/debug/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
    assert.match(sections(debug), /\.debug_info/);
    assert.match(sections(debug), /\.text +NOBITS/);
    assert.doesNotMatch(sections(path), /\.debug_info|\.symtab/);
    const described = spawnSync('readelf', ['--debug-dump=info', debug], { encoding: 'utf8' }).stdout;
    assert.match(described, /DW_AT_name.*answer/);
  }
  assert.ok(!existsSync(result.out('out', 'usr/lib/debug')));
});

const install =
  'mkdir -p $out/usr/lib $out/usr/include; echo >$out/usr/lib/z.so; echo >$out/usr/lib/z.a; echo >$out/usr/include/z.h';

test('split moves what matches, folders whole', (context) => {
  const splits = [{ output: 'dev', files: ['usr/include', 'usr/lib/*.a'] }];
  const result = run(context, { ...plain, phases: { install }, splits });
  assert.equal(result.status, 0, result.stderr);
  for (const path of ['dev/usr/include/z.h', 'dev/usr/lib/z.a', 'out/usr/lib/z.so'])
    assert.ok(existsSync(result.out(path)), path);
  for (const path of ['out/usr/include', 'out/usr/lib/z.a']) assert.ok(!existsSync(result.out(path)), path);
});

test('split fails where a pattern matches nothing, and takes spaces and dollars as they stand', (context) => {
  const splits = [{ output: 'dev', files: ['usr/bin/$x y'] }];
  const result = run(context, { ...plain, phases: { install }, splits });
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /split 'dev': nothing installed matches 'usr\/bin\/\$x y'/);
});

test('styles write the commands of their tools, flags quoted for the shell', () => {
  const phases = (name: string, options = {}) => STYLES.find((style) => style.name === name)!.phases(options);
  const { configure, ...autotools } = phases('autotools', { flags: ["--with-x=it's", '--shared'], makeFlags: ['V=1'] });
  assert.match(configure!, /\n\.\/configure --prefix=\/usr "\$@" '--with-x=it'\\''s' --shared$/);
  assert.deepEqual(autotools, {
    build: 'make -j"$jobs" V=1',
    check: 'make V=1 check',
    install: 'make V=1 DESTDIR="$out" install',
  });
  assert.match(
    phases('autotools', { buildDir: 'a/b' }).configure!,
    /^mkdir -p a\/b\ncd a\/b\nset --\n[\s\S]* \.\.\/\.\.\/configure; then [\s\S]*\n\.\.\/\.\.\/configure --prefix=\/usr "\$@"$/,
  );
  assert.equal(phases('make', { flags: ['CFLAGS=-O2 -g'] }).install, `make 'CFLAGS=-O2 -g' DESTDIR="$out" PREFIX=/usr install`);
  assert.match(phases('meson').configure!, /--libdir=\/usr\/lib --buildtype=release --wrap-mode=nodownload$/);
  assert.match(
    phases('cmake', { flags: ['-DX=1'] }).configure!,
    /LIBDIR=lib \\\n[\s\S]*SYSCONFDIR=\/etc [\s\S]*-DCMAKE_BUILD_TYPE=Release -DX=1$/,
  );
  assert.equal(phases('meson', { folder: "it's here" }).build, "cd 'it'\\''s here'\nninja -C build -j\"$jobs\"");
  assert.match(phases('autotools', { autoreconf: true }).configure!, /^autoreconf -fi\nset --\n[\s\S]*\n\.\/configure /);
  assert.match(phases('python', { settings: ['a=b c'] }).build!, / -C 'a=b c'\nelse/);
  assert.match(phases('cargo', { crates: ['a', 'b c'], flags: ['-F', 'x'] }).install!, /--path a -F x\n.*--path 'b c' -F x$/);
});

test('autotools builds in a folder of its own', (context) => {
  const archive = tarball(context, 'h.tar', {
    'h/configure': '#!/bin/sh\nprintf "all:\\n\\techo built\\ninstall:\\n\\tmkdir -p \\$(DESTDIR)/usr\\n" >Makefile\n',
  });
  if (!existsSync('/usr/bin/make')) return context.skip('make is not installed');
  const style = STYLES.find(({ name }) => name === 'autotools')!.phases({ buildDir: 'obj' });
  const { check: _, ...phases } = style;
  const prepare = 'chmod +x configure';
  const result = run(context, { ...plain, sources: [{}], phases: { ...phases, prepare } }, { sources: archive });
  assert.equal(result.status, 0, result.stderr);
  assert.ok(existsSync(join(result.top, 'hello-1.0', 'obj', 'Makefile')));
  assert.ok(existsSync(result.out('out', 'usr')));
});

test('configure is told where configuration and state belong, if it knows such folders, before the flags of the package', (context) => {
  const told = (configure: string): string => {
    const archive = tarball(context, 'h.tar', { 'h/configure': `#!/bin/sh\n${configure}\nprintf '%s\\n' "$@" >told\n` });
    const { configure: text } = STYLES.find(({ name }) => name === 'autotools')!.phases({ flags: ['--sysconfdir=/etc/it'] });
    const phases = { prepare: 'chmod +x configure', preConfigure: 'set -- a b', configure: text! };
    const result = run(context, { ...plain, sources: [{}], phases }, { sources: archive });
    assert.equal(result.status, 0, result.stderr);
    return result.read('build', 'hello-1.0', 'told').trimEnd().replaceAll('\n', ' ');
  };
  assert.equal(
    told("# '-sysconfdir | --sysconfdir | --sysconfdi)' and '--localstatedir=DIR'"),
    '--prefix=/usr --sysconfdir=/etc --localstatedir=/var --sysconfdir=/etc/it',
  );
  assert.equal(told('# --sysconfdir=*'), '--prefix=/usr --sysconfdir=/etc --sysconfdir=/etc/it');
  assert.equal(told('# knows nothing'), '--prefix=/usr --sysconfdir=/etc/it');
});

const everything: ScriptInput = {
  ...plain,
  sources: [{}, { into: 'gmp' }, { isWhole: true }],
  patches: [{ strip: 1 }, { strip: 0 }],
  phases: {
    ...STYLES.find(({ name }) => name === 'autotools')!.phases({ flags: ["--with-it='s"], buildDir: 'obj', autoreconf: true }),
    preConfigure: 'export LANG=C',
    postInstall: 'rm -r "$out/usr/share/doc"',
  },
  knownFailures: "t/dns needs 'a network'",
  strip: 'always',
  hasDebug: true,
  splits: [
    { output: 'dev', files: ['usr/include', 'usr/lib/*.a'] },
    { output: 'debug', files: ['usr/lib/debug'] },
  ],
};

test('the script of a plain package, and of one that uses everything', (context) => {
  const { check: _, ...phases } = STYLES.find(({ name }) => name === 'autotools')!.phases({});
  const text = buildScript({ ...plain, sources: [{}], phases, strip: 'if-there' });
  golden(context, 'scripts/autotools.txt', text);
  golden(context, 'scripts/everything.txt', buildScript(everything));
  for (const name of ['cmake', 'meson', 'make', 'python', 'cargo'])
    golden(
      context,
      `scripts/${name}.txt`,
      buildScript({ ...plain, phases: STYLES.find((style) => style.name === name)!.phases({}) }),
    );
});

test('shells find no mistake in what igos writes', (context) => {
  const texts = [everything, ...STYLES.map(({ phases }) => ({ ...plain, phases: phases({ folder: 'a b' }) }))].map(buildScript);
  const file = join(scratch(context), 'script');
  for (const shell of ['/bin/sh', '/bin/bash', '/usr/bin/dash', '/usr/bin/ksh', '/usr/bin/busybox']) {
    if (!existsSync(shell)) continue;
    for (const text of texts) {
      // The phases themselves are words of the script: they are looked at on their own.
      const phases = [...text.matchAll(/'\n((?:[^']|'\\'')*)\n'/g)].map((match) => match[1]!.replaceAll("'\\''", "'"));
      for (const part of [text, ...phases]) {
        writeFileSync(file, part);
        const { status, stderr } = spawnSync(shell, [...(shell.endsWith('busybox') ? ['sh'] : []), '-n', file], {
          encoding: 'utf8',
        });
        assert.equal(status, 0, `${shell}: ${stderr}\n${part}`);
      }
    }
  }
});

test('any text of a declaration reaches the shell as it stands', (context) => {
  const word = fc.string({ unit: fc.constantFrom(...'ab\'"\\$`!*?[ \t\n;&|<>(){}#~=é-'), minLength: 1, maxLength: 12 });
  const line = word.map((text) => text.replaceAll('\n', ' ').replace(/é/g, '\xc3\xa9'));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), line, line, (flags, known, file) => {
      const style = STYLES.find(({ name }) => name === 'make')!.phases({ flags });
      const make = 'make() { shift; printf "%s|" "$@"; }\n';
      const result = run(context, {
        ...plain,
        knownFailures: known,
        phases: {
          build: `${make}${style.build}`,
          check: 'exit 1',
          install: `mkdir -p "$out"; : >"$out"/'${file.replaceAll("'", "'\\''")}'`,
        },
        splits: [{ output: 'dev', files: [file.replace(/[*?[\]]/g, '?')] }],
      });
      assert.equal(result.status, 0, result.stderr);
      assert.equal(result.stdout, `${flags.map((flag) => `${flag}|`).join('')}`);
      assert.ok(result.stderr.includes(`as is known: ${known}\n`), result.stderr);
    }),
    { numRuns: 15 },
  );
});
