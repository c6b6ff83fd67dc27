/**
 * Build styles: how a kind of upstream source is configured, built, checked and installed. Pure: options in, phase texts out.
 * The same table makes the library values (`autotools { … }`), checks their options and is printed in the docs.
 */
import type { PhaseTexts } from './phases.ts';
import type { FieldSpec } from './shape.ts';
import { shellWords } from './shell.ts';

/** Options by name: lists of strings, or one string. Absent options have been left out. */
export type StyleOptions = Readonly<Record<string, readonly string[] | string>>;

export interface Style {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly FieldSpec[];
  readonly example: string;
  phases(options: StyleOptions): PhaseTexts;
}

const flags = (doc: string, example: string): FieldSpec => ({ name: 'flags', shape: 'strings', default: '[ ]', doc, example });

const list = (options: StyleOptions, name: string): string => shellWords((options[name] as readonly string[] | undefined) ?? []);

export const STYLES: readonly Style[] = [
  {
    name: 'autotools',
    doc: '`./configure --prefix=/usr FLAGS`, `make`, `make check`, `make DESTDIR=$out install`.',
    options: [
      flags('Arguments of `configure`, after `--prefix=/usr`.', '[ "--disable-static" ]'),
      {
        name: 'makeFlags',
        shape: 'strings',
        default: '[ ]',
        doc: 'Arguments of every `make`.',
        example: '[ "V=1" ]',
      },
      {
        name: 'buildDir',
        shape: 'line',
        doc: 'Configure in this folder below the sources instead of in them.',
        example: '"build"',
      },
    ],
    example: 'autotools { flags = [ "--shared" ]; }',
    phases(options) {
      const directory = options['buildDir'] as string | undefined;
      const enter = directory === undefined ? '' : `cd${shellWords([directory])}\n`;
      const up = directory === undefined ? '.' : directory.replace(/[^/]+/g, '..').replace(/\/$/, '');
      const make = list(options, 'makeFlags');
      return {
        configure: `${directory === undefined ? '' : `mkdir -p${shellWords([directory])}\n${enter}`}${up}/configure --prefix=/usr${list(options, 'flags')}`,
        build: `${enter}make -j"$jobs"${make}`,
        check: `${enter}make${make} check`,
        install: `${enter}make${make} DESTDIR="$out" install`,
      };
    },
  },
  {
    name: 'cmake',
    doc: '`cmake -B build` as a release below `/usr`, `cmake --build build`, its `test` target, `cmake --install build`.',
    options: [flags('Arguments of the first `cmake`.', '[ "-DBUILD_TESTING=OFF" ]')],
    example: 'cmake { flags = [ "-DBUILD_SHARED_LIBS=ON" ]; }',
    phases: (options) => ({
      configure: `cmake -B build -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=Release${list(options, 'flags')}`,
      build: 'cmake --build build -j"$jobs"',
      check: 'cmake --build build --target test',
      install: 'DESTDIR="$out" cmake --install build',
    }),
  },
  {
    name: 'meson',
    doc: '`meson setup build` as a release below `/usr` without downloads, then `ninja -C build`, `test`, `install`.',
    options: [flags('Arguments of `meson setup`.', '[ "-Dtests=false" ]')],
    example: 'meson { flags = [ "-Ddocs=disabled" ]; }',
    phases: (options) => ({
      configure: `meson setup build --prefix=/usr --libdir=/usr/lib --buildtype=release --wrap-mode=nodownload${list(options, 'flags')}`,
      build: 'ninja -C build -j"$jobs"',
      check: 'ninja -C build test',
      install: 'DESTDIR="$out" ninja -C build install',
    }),
  },
  {
    name: 'make',
    doc: '`make`, `make check`, `make DESTDIR=$out PREFIX=/usr install`; nothing to configure.',
    options: [flags('Variables and arguments of every `make`.', '[ "CC=cc" ]')],
    example: 'make { flags = [ "CC=cc" "CFLAGS=-O2 -pipe" ]; }',
    phases(options) {
      const words = list(options, 'flags');
      return {
        build: `make -j"$jobs"${words}`,
        check: `make${words} check`,
        install: `make${words} DESTDIR="$out" PREFIX=/usr install`,
      };
    },
  },
  {
    name: 'custom',
    doc: 'Every phase by hand. What a package without `style` has.',
    options: [],
    example: 'custom',
    phases: () => ({}),
  },
  {
    name: 'hostTools',
    doc: 'No build: the named tools of this machine with the libraries they load, and the named files, become the package.',
    options: [
      {
        name: 'tools',
        shape: 'strings',
        default: '[ ]',
        doc: 'Programs, looked up on the search path of the machine.',
        example: '[ "sh" "cp" "mkdir" ]',
      },
      {
        name: 'files',
        shape: 'strings',
        default: '[ ]',
        doc: 'Absolute files or patterns; `/**` takes a whole folder. One that matches nothing is fine.',
        example: '[ "/usr/include/stdio.h" ]',
      },
    ],
    example: 'hostTools { tools = [ "sh" "cp" ]; }',
    phases: () => ({}),
  },
  {
    name: 'debianSeed',
    doc: 'No build: the files of Debian packages, pinned by a lock file that `igos seed lock` writes. What the first packages of a tree are built with, so that nothing comes from the machine. See docs/seed.md.',
    options: [
      {
        name: 'lock',
        shape: 'path',
        isRequired: true,
        doc: 'The lock file. Several packages can share one.',
        example: './seed.lock',
      },
      {
        name: 'packages',
        shape: 'strings',
        isRequired: true,
        doc: 'Names of Debian packages. What they depend on comes along.',
        example: '[ "gcc" "make" ]',
      },
      {
        name: 'without',
        shape: 'strings',
        default: '[ ]',
        doc: 'Debian packages that do not come along, nor what only they need: no script of a package is ever run, so what only scripts call is not needed.',
        example: '[ "dpkg" "debconf" ]',
      },
      {
        name: 'omit',
        shape: 'patterns',
        default: '[ ]',
        doc: 'Files and folders to leave out. `*` and `?` stand for signs of a name, as in a shell; a folder goes whole.',
        example: '[ "usr/share/doc" "usr/share/man" ]',
      },
      {
        name: 'links',
        shape: 'links',
        default: '{ }',
        doc: 'Links to make, path and target: what scripts of the packages would set up as alternatives.',
        example: '{ "usr/bin/cc" = "gcc"; "usr/bin/awk" = "mawk"; }',
      },
      {
        name: 'mirrors',
        shape: 'strings',
        default: '[ ]',
        doc: 'Addresses of Debian mirrors, asked after those that the apt of the machine uses.',
        example: '[ "https://deb.debian.org/debian" ]',
      },
    ],
    example: 'debianSeed { lock = ./seed.lock; packages = [ "gcc" "make" ]; }',
    phases: () => ({}),
  },
];
