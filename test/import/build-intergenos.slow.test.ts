/**
 * A small distribution in the manner of InterGenOS, imported and really built: its recipes name no compiler, no shell, and not all that they
 * use, since in its chroot everything that was built before is there. Built with the compiler of this machine.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { noSandbox, programs } from '../cli/programs.ts';
import { hostToolchain } from '../slow/host-toolchain.ts';

const skip =
  (await noSandbox()) || (spawnSync('cc', ['--version']).status === 0 ? false : 'no C compiler here: there is no `cc`');

interface Recipe {
  readonly tier: string;
  /** Further lines of package.yml. */
  readonly lines?: string;
  readonly script: string;
  /** Of the source, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  // A first version in another tier, to be replaced by the real one.
  'greet-tmp': {
    tier: 'toolchain',
    script:
      'do_install() {\n    install -d "$DESTDIR/usr/include"\n    echo "#error too old" >"$DESTDIR/usr/include/greet.h"\n}\n',
  },
  greet: {
    tier: 'core',
    lines: 'dependencies: { build: [ greet-tmp ] }\nverify_paths: [ /usr/lib/libgreet.so.1 ]\n',
    script: `configure() {
    set -e
    sed -i 's/WORLD/world/' greet.c
}
build() {
    set -e
    cc $CFLAGS -fPIC -shared -Wl,-soname,libgreet.so.1 -o libgreet.so.1 greet.c
}
check() {
    set -e
    chown -R tester .
    su tester -c "test -s libgreet.so.1"
}
do_install() {
    set -e
    install -d "\${DESTDIR}/usr/lib" "\${DESTDIR}/usr/include"
    cp libgreet.so.1 "\${DESTDIR}/usr/lib"
    ln -s libgreet.so.1 "\${DESTDIR}/usr/lib/libgreet.so"
    cp greet.h "\${DESTDIR}/usr/include"
}
`,
    files: {
      'greet.c': '#include <stdio.h>\n#include "greet.h"\nvoid greet(void) { puts("hello WORLD"); }\n',
      'greet.h': 'void greet(void);\n',
    },
  },
  // It replaces a tool that builds have anyway.
  words: {
    tier: 'core',
    script: `do_install() {\n    install -d "$DESTDIR/usr/bin"\n    printf '#!/bin/sh\\necho the words of the tree\\n' >"$DESTDIR/usr/bin/egrep"\n    chmod +x "$DESTDIR/usr/bin/egrep"\n}\n`,
  },
  middle: {
    tier: 'core',
    lines: 'dependencies: { build: [ greet ], host: [ words ] }\n',
    script: 'do_install() {\n    install -d "$DESTDIR/usr/share"\n    egrep >"$DESTDIR/usr/share/middle"\n}\n',
  },
  // Names neither greet nor what it is compiled with.
  hello: {
    tier: 'base',
    lines: 'dependencies: { build: [ middle ], runtime: [ greet ] }\nverify_paths: [ /usr/bin/hello ]\n',
    script: `configure() { ./configure --prefix=/usr; }
build() { make -j\${IGOS_JOBS}; }
do_install() { make DESTDIR="$DESTDIR" install; }
`,
    files: {
      'configure!': '#!/bin/sh\ntest -f /usr/include/greet.h && echo "prefix = ${1#--prefix=}" >config.mk\n',
      Makefile:
        'include config.mk\nhello: hello.c\n\tcc $(CFLAGS) -o hello hello.c -lgreet\ninstall:\n\tinstall -d $(DESTDIR)$(prefix)/bin\n\tcp hello $(DESTDIR)$(prefix)/bin\n',
      'hello.c': '#include <greet.h>\nint main(void) { greet(); return 0; }\n',
    },
  },
};

function writeCheckout(folder: string): string {
  const put = (path: string, text: string): void => {
    const at = join(folder, path.replace(/!$/, ''));
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text, { mode: path.endsWith('!') ? 0o755 : 0o644 });
  };
  for (const [name, { tier, lines = '', script, files }] of Object.entries(RECIPES)) {
    let source = '[]';
    if (files !== undefined) {
      for (const [file, text] of Object.entries(files)) put(`sources/${name}-1.0/${file}`, text);
      const archive = join(folder, 'sources', `${name}-1.0.tar`);
      execFileSync('tar', ['-cf', archive, '-C', join(folder, 'sources'), `${name}-1.0`]);
      source = `[ { url: "file://${archive}", sha256: ${createHash('sha256').update(readFileSync(archive)).digest('hex')} } ]`;
    }
    put(
      `checkout/packages/${tier}/${name}/package.yml`,
      `name: ${name}\nversion: "1.0"\nrelease: 1\ndescription: d\nlicense: MIT\nsource: ${source}\ntier: ${tier}\nbuild_style: custom\n${lines}`,
    );
    put(`checkout/packages/${tier}/${name}/build.sh`, script);
  }
  return join(folder, 'checkout');
}

test('what was imported builds with the toolchain of another tree, installs and runs', { skip }, (t) => {
  const { igos, pkm, work, root } = programs(t);
  const checkout = writeCheckout(work);
  const machine = join(work, 'machine');
  mkdirSync(machine);
  writeFileSync(
    join(machine, 'machine.igos'),
    `${hostToolchain().replace(/^tier extra .*\n/m, '')}
package chroot "1" {
  tier = machine;
  summary = "What a chroot begins with";
  build = [ host-sh ];
  runtime = [ host-sh host-make host-cc ];
  phases.install = ''mkdir "$out"'';
}
`,
  );
  const tree = join(work, 'tree');
  const ok = (run: { status: number | null; stdout: string; stderr: string }): string => {
    assert.equal(run.status, 0, run.stderr.slice(-4000));
    return run.stdout;
  };
  ok(igos('import', 'intergenos', checkout, '-o', tree, '--toolchain', `${machine}#chroot`));
  const first = ok(igos('realize', tree));
  assert.equal(first.trim().split('\n').length, Object.keys(RECIPES).length + 5);

  ok(pkm('install', `${tree}#hello`, `${tree}#middle`));
  ok(pkm('verify'));
  assert.equal(readFileSync(join(root, 'usr/share/middle'), 'utf8'), 'the words of the tree\n');
  // The libc is the machine's: it is no part of what was installed.
  const found = spawnSync(join(root, 'usr/bin/hello'), { env: { LD_LIBRARY_PATH: join(root, 'usr/lib') }, encoding: 'utf8' });
  assert.equal(found.stdout, 'hello world\n', found.stderr);

  // Imported again nothing changes, and nothing is built again.
  ok(igos('import', 'intergenos', checkout, '-o', tree, '--toolchain', `${machine}#chroot`));
  const again = igos('realize', tree);
  assert.equal(ok(again), first);
  assert.equal(again.stderr, '');
});

test('without a lock the default toolchain says how to get one', { skip: false }, (t) => {
  const { igos, work } = programs(t);
  const checkout = writeCheckout(work);
  const tree = join(work, 'tree');
  const imported = igos('import', 'intergenos', checkout, '-o', tree);
  assert.equal(imported.status, 0, imported.stderr);
  assert.match(imported.stderr, /igos seed lock /);
  const refused = igos('instantiate', tree);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /E-DECL-041[\s\S]*there is no lock file[\s\S]*igos seed lock/);
  const both = igos('import', 'intergenos', checkout, '-o', tree, '--toolchain', 'x#y', '--seed', 'z');
  assert.match(both.stderr, /--toolchain and --seed say two toolchains/);
  assert.match(igos('import', 'intergenos', checkout, '-o', tree, '--toolchain', 'x').stderr, /write --toolchain TREE#NAME/);
});
