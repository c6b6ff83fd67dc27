/**
 * Build styles: how a kind of upstream source is configured, built, checked and installed. Pure: options in, phase texts out.
 * The same table makes the library values (`autotools { … }`), checks their options and is printed in the docs.
 */
import { shellWord } from '../../base/index.ts';
import type { Compiler } from './compiler-flags.ts';
import type { PhaseTexts } from './phases.ts';
import type { FieldSpec } from './shape.ts';

/** Options by name: lists of strings, one string, or a truth value. Absent options have been left out. */
export type StyleOptions = Readonly<Record<string, readonly string[] | string | boolean>>;

export interface Style {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly FieldSpec[];
  readonly example: string;
  /** What it calls: decides about flags in the environment, and that the outcome is stripped. */
  readonly compiler?: Compiler;
  /** The check phase runs unless the package says otherwise: sources without tests pass it. */
  readonly isChecked?: true;
  phases(options: StyleOptions): PhaseTexts;
}

/** Words joined by spaces, with a leading space; nothing for none. */
const shellWords = (words: readonly string[]): string => words.map((word) => ` ${shellWord(word)}`).join('');

const flags = (doc: string, example: string): FieldSpec => ({ name: 'flags', shape: 'strings', default: '[ ]', doc, example });

const folder: FieldSpec = {
  name: 'folder',
  shape: 'line',
  default: 'that of the sources',
  doc: 'Where upstream keeps what is built: a folder below the sources.',
  example: '"build/cmake"',
};

const list = (options: StyleOptions, name: string): string => shellWords((options[name] as readonly string[] | undefined) ?? []);

/** Every phase begins in `folder`. */
function inFolder(options: StyleOptions, texts: PhaseTexts): PhaseTexts {
  const path = options['folder'] as string | undefined;
  if (path === undefined) return texts;
  return Object.fromEntries(Object.entries(texts).map(([phase, text]) => [phase, `cd ${shellWord(path)}\n${text}`]));
}

export const STYLES: readonly Style[] = [
  {
    name: 'autotools',
    doc: '`./configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var FLAGS`, `make`, `make check`, `make DESTDIR=$out install`. A `configure` written by hand that does not know the two folders is not told of them.',
    options: [
      flags(
        'Arguments of `configure`, after those of the style: where both say something, these count.',
        '[ "--disable-static" ]',
      ),
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
      {
        name: 'autoreconf',
        shape: 'bool',
        default: 'false',
        doc: 'Make `configure` anew first, with `autoreconf -fi`: for sources without one, or where a patch changes `configure.ac`.',
        example: 'true',
      },
      folder,
    ],
    example: 'autotools { flags = [ "--shared" ]; }',
    compiler: 'c',
    phases(options) {
      const directory = options['buildDir'] as string | undefined;
      const enter = directory === undefined ? '' : `cd${shellWords([directory])}\n`;
      const up = directory === undefined ? '.' : directory.replace(/[^/]+/g, '..').replace(/\/$/, '');
      const make = list(options, 'makeFlags');
      const autoreconf = options['autoreconf'] === true ? 'autoreconf -fi\n' : '';
      const prepare = directory === undefined ? autoreconf : `${autoreconf}mkdir -p${shellWords([directory])}\n${enter}`;
      // Programs that autoconf wrote know both; others may refuse what they do not know, and have no such folders then.
      const systemFolders = `set --
for option in --sysconfdir=/etc --localstatedir=/var; do
  if grep -q -e "\${option%=*}" ${up}/configure; then set -- "$@" "$option"; fi
done
`;
      return inFolder(options, {
        configure: `${prepare}${systemFolders}${up}/configure --prefix=/usr "$@"${list(options, 'flags')}`,
        build: `${enter}make -j"$jobs"${make}`,
        check: `${enter}make${make} check`,
        install: `${enter}make${make} DESTDIR="$out" install`,
      });
    },
  },
  {
    name: 'cmake',
    doc: '`cmake -B build` as a release below `/usr`, with libraries in `/usr/lib`, configuration in `/etc` and state in `/var` where upstream asks for these folders (GNUInstallDirs), `cmake --build build`, `ctest`, `cmake --install build`.',
    options: [flags('Arguments of the first `cmake`.', '[ "-DBUILD_TESTING=OFF" ]'), folder],
    example: 'cmake { flags = [ "-DBUILD_SHARED_LIBS=ON" ]; }',
    compiler: 'c',
    isChecked: true,
    phases: (options) =>
      inFolder(options, {
        configure: `cmake -B build -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib \\
  -DCMAKE_INSTALL_SYSCONFDIR=/etc -DCMAKE_INSTALL_LOCALSTATEDIR=/var -DCMAKE_BUILD_TYPE=Release${list(options, 'flags')}`,
        build: 'cmake --build build -j"$jobs"',
        // Without enable_testing() in the sources ctest has nothing to read, and calls that an error.
        check: '[ -e build/CTestTestfile.cmake ] || exit 0\ncd build\nctest --output-on-failure -j"$jobs"',
        install: 'DESTDIR="$out" cmake --install build',
      }),
  },
  {
    // Below the prefix /usr meson itself takes /etc and /var.
    name: 'meson',
    doc: '`meson setup build` as a release below `/usr` without downloads, with configuration in `/etc` and state in `/var`, then `ninja -C build`, `test`, `install`.',
    options: [flags('Arguments of `meson setup`.', '[ "-Dtests=false" ]'), folder],
    example: 'meson { flags = [ "-Ddocs=disabled" ]; }',
    compiler: 'c',
    isChecked: true,
    phases: (options) =>
      inFolder(options, {
        configure: `meson setup build --prefix=/usr --libdir=/usr/lib --buildtype=release --wrap-mode=nodownload${list(options, 'flags')}`,
        build: 'ninja -C build -j"$jobs"',
        check: 'ninja -C build test',
        install: 'DESTDIR="$out" ninja -C build install',
      }),
  },
  {
    name: 'make',
    doc: '`make`, `make check`, `make DESTDIR=$out PREFIX=/usr install`; nothing to configure.',
    options: [flags('Variables and arguments of every `make`.', '[ "CC=cc" ]'), folder],
    example: 'make { flags = [ "CC=cc" "CFLAGS=-O2 -pipe" ]; }',
    compiler: 'make',
    phases(options) {
      const words = list(options, 'flags');
      return inFolder(options, {
        build: `make -j"$jobs"${words}`,
        check: `make${words} check`,
        install: `make${words} DESTDIR="$out" PREFIX=/usr install`,
      });
    },
  },
  {
    name: 'python',
    doc: 'A wheel by the backend that `pyproject.toml` names (PEP 517), built with what is declared and nothing else, then unpacked below `/usr`, with byte code that checks itself by hash. Needs python3, the backend, and of the pairs `build` + `installer` or `pip` one.',
    options: [{ ...flags('Settings for the backend.', '[ "--build-option=--with-speedups" ]'), name: 'settings' }, folder],
    example: 'python',
    compiler: 'python',
    phases(options) {
      const settings = ((options['settings'] as readonly string[] | undefined) ?? []).flatMap((text) => ['-C', text]);
      const words = shellWords(settings);
      return inFolder(options, {
        build: `if python3 -I -c 'import build.__main__' 2>/dev/null; then
  python3 -m build --wheel --no-isolation --outdir dist${words}
else
  python3 -m pip wheel --no-deps --no-build-isolation --no-index --no-cache-dir --wheel-dir dist${words} .
fi`,
        // pip installs by name: of a file that is named to it, it would note the path.
        install: `for wheel in dist/*.whl; do
  if python3 -I -c 'import installer.__main__' 2>/dev/null; then
    python3 -m installer --destdir="$out" --prefix=/usr --no-compile-bytecode "$wheel"
  else
    project=\${wheel##*/}
    python3 -m pip install --no-deps --no-index --no-cache-dir --no-compile --no-warn-script-location --ignore-installed \\
      --root="$out" --prefix=/usr --find-links=dist "\${project%%-*}"
  fi
done
python3 -m compileall -q -s "$out" -p / "$out/usr" || echo 'some files are no Python of this version: not compiled' >&2`,
      });
    },
  },
  {
    name: 'cargo',
    doc: '`cargo build --frozen --release`, `cargo test`, `cargo install`: offline, with exactly the crates of `Cargo.lock`. They come as a second source, `{ file = …; into = "vendor"; }`, an archive of what `cargo vendor` makes.',
    options: [
      flags('Arguments of every `cargo`.', '[ "--no-default-features" "--features=tls" ]'),
      {
        name: 'crates',
        shape: 'strings',
        default: '[ "." ]',
        doc: 'Folders of the crates to install, where the sources are a workspace.',
        example: '[ "crates/cli" ]',
      },
      {
        name: 'vendor',
        shape: 'line',
        default: '"vendor"',
        doc: 'Folder of the vendored crates, below the sources.',
        example: '"third-party"',
      },
      folder,
    ],
    example: 'cargo { flags = [ "--no-default-features" ]; }',
    compiler: 'rust',
    isChecked: true,
    phases(options) {
      const words = list(options, 'flags');
      const vendor = (options['vendor'] as string | undefined) ?? 'vendor';
      const crates = (options['crates'] as readonly string[] | undefined) ?? [];
      const toml = `source.vendored-sources.directory=${JSON.stringify(vendor)}`;
      const start = `export CARGO_HOME="$NIX_BUILD_TOP/.cargo-home" CARGO_TARGET_DIR="$PWD/target"
set --
if [ -d ${shellWord(vendor)} ]; then
  set -- --config 'source.crates-io.replace-with="vendored-sources"' --config ${shellWord(toml)}
fi
`;
      return inFolder(options, {
        build: `${start}cargo "$@" build --frozen --release -j"$jobs"${words}`,
        check: `${start}cargo "$@" test --frozen --release -j"$jobs"${words}`,
        install: `${start}${(crates.length === 0 ? ['.'] : crates)
          .map((path) => `cargo "$@" install --frozen --no-track -j"$jobs" --root "$out/usr" --path ${shellWord(path)}${words}`)
          .join('\n')}`,
      });
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
        doc: 'Programs, looked up on the search path of the machine. What they call or read themselves does not come along: a compiler is many files more, and is best taken from Debian packages (`debianSeed`).',
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
