/** Every field of every declaration: the one table behind the checks, `igos help`, the manual and the completion of names. */
import type { FieldSpec } from './shape.ts';

export type DeclarationKind = 'tier' | 'package' | 'split' | 'system' | 'tree';

const summary: FieldSpec = {
  name: 'summary',
  shape: 'line',
  isRequired: true,
  doc: 'What it is, in one line.',
  example: '"Compression library"',
};
const supersedes: FieldSpec = {
  name: 'supersedes',
  shape: 'names',
  default: '[ ]',
  doc: 'Packages that this one replaces: where both have a file this one wins, and the old ones are marked superseded. In quotes where the tree no longer has them.',
  example: '[ zlib-pass1 "libz" ]',
};
const provides: FieldSpec = {
  name: 'provides',
  shape: 'names',
  default: '[ ]',
  doc: 'Other names under which it can be asked for.',
  example: '[ "awk" ]',
};
const conflicts: FieldSpec = {
  name: 'conflicts',
  shape: 'names',
  default: '[ ]',
  doc: 'Packages that cannot be installed beside this one.',
  example: '[ mawk ]',
};
const runtime: FieldSpec = {
  name: 'runtime',
  shape: 'packages',
  default: '[ ]',
  doc: 'Packages it needs to run; they come along wherever it goes, into roots and builds.',
  example: '[ glibc ]',
};
const config: FieldSpec = {
  name: 'config',
  shape: 'patterns',
  default: '[ ]',
  doc: 'Files kept across upgrades when the user has changed them. Everything below `etc/` is, without being named.',
  example: '[ "var/lib/game/scores" ]',
};
const modes: FieldSpec = {
  name: 'modes',
  shape: 'modes',
  default: '{ }',
  isMerged: true,
  doc: 'Modes that a store cannot hold, given when the file is placed in a root: setuid, setgid, unreadable files.',
  example: '{ "usr/bin/su" = "4755"; }',
};
const capabilities: FieldSpec = {
  name: 'capabilities',
  shape: 'capabilities',
  default: '{ }',
  isMerged: true,
  doc: 'File capabilities, which a store cannot hold, given when the file is placed in a root: capabilities(7), in the words of setcap.',
  example: '{ "usr/bin/ping" = "cap_net_raw=ep"; }',
};
const triggers: FieldSpec = {
  name: 'triggers',
  shape: 'triggers',
  default: '{ }',
  isMerged: true,
  doc: 'What must be run in the root when any package places, changes or removes files of interest: `paths` are patterns, `run` is shell text or a list of words, which gets the paths on its standard input. Once a transaction, after everything is in place, on rollback too; it may run again after a crash. A failure is reported, and is an error only with `fatal = true`.',
  example: '{ mime = { paths = [ "usr/share/mime/**/*.xml" ]; run = "update-mime-database usr/share/mime"; }; }',
};
const services: FieldSpec = {
  name: 'services',
  shape: 'services',
  default: '{ }',
  isMerged: true,
  doc: 'Services that are switched on when it is installed: a unit of systemd (what its `[Install]` section names), or a script of OpenRC (run level `default`). The symlinks below `/etc` that say so are configuration: who removes one keeps it removed.',
  example: '{ "sshd.service" = "enable"; }',
};
const tier: FieldSpec = {
  name: 'tier',
  shape: 'tier',
  isRequired: true,
  doc: 'The part of the system it belongs to.',
  example: 'core',
};
const license: FieldSpec = {
  name: 'license',
  shape: 'line',
  doc: 'SPDX expression of the license.',
  example: '"GPL-3.0-or-later"',
};
const homepage: FieldSpec = { name: 'homepage', shape: 'line', doc: 'Where upstream lives.', example: '"https://zlib.net"' };

const PACKAGE: readonly FieldSpec[] = [
  tier,
  summary,
  license,
  homepage,
  {
    name: 'version',
    shape: 'version',
    doc: 'Stands behind the name (`package zlib "1.3.2"`); a field only in an override.',
    example: '"1.3.3"',
  },
  {
    name: 'release',
    shape: 'release',
    default: '1',
    doc: 'Counts packagings of one version.',
    example: '2',
  },
  {
    name: 'source',
    shape: 'sources',
    default: 'none',
    doc: 'What is built. The first one becomes the folder the phases start in; archives are unpacked, one top folder is stripped; further ones lie beside it under their own names. `{ file = …; into = "gmp"; }` puts one into that folder below the first, `{ file = …; unpack = false; }` leaves an archive whole.',
    example: 'fetchurl { url = "https://zlib.net/zlib-1.3.2.tar.gz"; sha256 = "…"; }',
  },
  {
    name: 'patches',
    shape: 'paths',
    default: '[ ]',
    doc: 'Applied in order with `patch -Np1`; may be compressed. Fetched ones have their hash, as sources have. `{ file = …; strip = 0; }` is for patches with other names.',
    example: '[ ./fix.patch ]',
  },
  {
    name: 'build',
    shape: 'packages',
    default: '[ ]',
    doc: 'Tools that run during the build.',
    example: '[ gcc make ]',
  },
  {
    name: 'host',
    shape: 'packages',
    default: '[ ]',
    doc: 'Libraries it links against.',
    example: '[ zlib ]',
  },
  runtime,
  {
    name: 'style',
    shape: 'style',
    default: 'custom',
    doc: 'How this kind of source is built; gives the phases that are not written by hand.',
    example: 'autotools { flags = [ "--shared" ]; }',
  },
  {
    name: 'phases',
    shape: 'phases',
    default: "the style's",
    isMerged: true,
    doc: 'Shell text of single phases. Each runs in a shell of its own, in the folder of the first source, and stops at the first command that fails. `preBuild` and `postBuild` run before and after `build`, in the same shell, and so for every phase; a hook makes its phase run where it has no text of its own, but `check`. `$out`, `$src`, `$sources`, `$patches`, `$name`, `$version`, `$jobs`, `$srcdir`, `$DESTDIR` are set.',
    example: '{ install = "make install PREFIX=$out/usr"; postInstall = "rm $out/usr/share/doc/INSTALL"; }',
  },
  {
    name: 'check',
    shape: 'check',
    default: "true where `phases.check` is given; else the tier's, else the style's: true for cmake, meson and cargo",
    doc: 'Whether the check phase runs, by hand or as the style has it. Where upstream\'s tests do not work, the reason stands with it: `{ skip = "…"; }` leaves them out, `{ knownFailures = "…"; }` runs them and goes on when they fail.',
    example: '{ knownFailures = "t/locale.t needs locales"; }',
  },
  {
    name: 'verifyPaths',
    shape: 'patterns',
    default: '[ ]',
    doc: 'What must be there after the build, in the package or in one of its splits, or the build fails: paths below the root, or patterns of which something must match. `bin/x` means `usr/bin/x`, as in every root.',
    example: '[ "usr/lib/libz.so" "usr/include/zlib.h" ]',
  },
  {
    name: 'strip',
    shape: 'bool',
    default: 'for all styles but `custom` what a root with a `strip` in it allows',
    doc: 'Whether symbols are taken out of programs and libraries after `fixup`. With `true` there must be a `strip` (binutils) among what is declared.',
    example: 'false',
  },
  {
    name: 'debugInfo',
    shape: 'bool',
    default: 'true where there is a `split debug`',
    doc: 'Compile with debug information and put it into files of its own, `usr/lib/debug/.build-id/…`, where debuggers look; `split debug { }` makes a package of them (with `strip = false` it stays where it is). Sources are looked for in `/usr/src/debug/NAME-VERSION`. Needs binutils.',
    example: 'true',
  },
  {
    name: 'tidy',
    shape: 'bool',
    default: 'true',
    doc: "After the build: libtool's `usr/lib/*.la`, `usr/share/info/dir`, `perllocal.pod` and `.packlist` are removed, times are taken out of byte code of Python and of `.gz` files.",
    example: 'false',
  },
  {
    name: 'references',
    shape: 'references',
    default: '"report"',
    doc: 'What happens when a file or link of the outcome names the folder of the build or a path in the store, neither of which is there later: reported at the end of the log, an error, or nothing.',
    example: '"fail"',
  },
  {
    name: 'memory',
    shape: 'memory',
    default: 'what its last build took',
    doc: 'How much memory the build may need, all of its processes together. Builds that need much run beside each other only while they fit in what the machine has. Changing it rebuilds nothing.',
    example: '"4 GiB"',
  },
  {
    name: 'env',
    shape: 'environment',
    default: '{ }',
    isMerged: true,
    doc: 'Environment variables of the build. Styles that compile add to `CFLAGS` and `CXXFLAGS` (`RUSTFLAGS`) that no path of the build gets into what is made; of a variable that is `null` they keep away.',
    example: '{ CFLAGS = "-O3 -pipe"; }',
  },
  config,
  modes,
  capabilities,
  triggers,
  services,
  supersedes,
  provides,
  conflicts,
  {
    name: 'foundAs',
    shape: 'probes',
    default: '[ ]',
    doc: "Names by which other packages' configure steps look for it, where they are not its own: `igos check` finds with them what a source needs.",
    example: '[ "pkgconfig(libxml-2.0)" "library(xml2)" "program(xmllint)" ]',
  },
  {
    name: 'divergences',
    shape: 'reasons',
    default: '{ }',
    isMerged: true,
    doc: 'What upstream requires and this package is built without, for good: package and reason. `igos check` does not ask for it.',
    example: '{ gtk-doc = "its documentation is not built"; }',
  },
  {
    name: 'lacks',
    shape: 'names',
    default: '[ ]',
    doc: 'Names that it is said to need and the tree does not have: it is built without them, and `igos check` reports each.',
    example: '[ "gnupg" ]',
  },
  {
    name: 'pending',
    shape: 'line',
    default: 'none',
    doc: 'Why its source is not there yet: such a package is declared, and no gate asks for more.',
    example: '"upstream signs the release next week"',
  },
  {
    name: 'waivers',
    shape: 'waivers',
    default: '{ }',
    isMerged: true,
    doc: 'Gates of `igos check` that it need not pass for a while: why, who said so, and the last day on which that holds. A waiver that has run out is a finding.',
    example: '{ audit-coverage = { reason = "audit under way"; approver = "ada"; expires = "2027-01-31"; }; }',
  },
  {
    name: 'meta',
    shape: 'data',
    default: '{ }',
    isMerged: true,
    doc: 'What only other tools read, under names of their choice. igos keeps it, and does nothing with it.',
    example: '{ isoInclude = true; payloadLicense = "LicenseRef-EULA"; }',
  },
];

/** What a split has of its own; what it does not say it takes from its package, except what is about replacing others. */
const SPLIT: readonly FieldSpec[] = [
  {
    name: 'files',
    shape: 'patterns',
    isRequired: true,
    default: '*an error*; of `split debug` `[ "usr/lib/debug" ]`',
    doc: 'What moves here from the package: shell patterns below `$out`. A folder moves whole.',
    example: '[ "usr/include" "usr/lib/*.a" ]',
  },
  {
    name: 'name',
    shape: 'line',
    default: "the package's name, a dash, the split's name",
    doc: 'The name under which the tree knows it.',
    example: '"libz"',
  },
  inherited(tier),
  inherited(summary),
  inherited(license),
  inherited(homepage),
  inherited(runtime),
  config,
  modes,
  capabilities,
  triggers,
  services,
  supersedes,
  provides,
  conflicts,
];

function inherited({ name, shape, doc, example }: FieldSpec): FieldSpec {
  return { name, shape, doc, example, default: "the package's" };
}

const TIER: readonly FieldSpec[] = [
  { ...summary, example: '"What everything else stands on"' },
  { name: 'after', shape: 'tiers', default: '[ ]', doc: 'Tiers that come before this one.', example: '[ core ]' },
  {
    name: 'ships',
    shape: 'bool',
    default: 'true',
    doc: 'Whether its packages are part of what is installed; a bootstrap tier is not. `pkm install TREE`, `igos archive TREE` and `igos phases --publish` take what ships, and what that needs to run; by its name any package can be had.',
    example: 'false',
  },
  {
    name: 'holds',
    shape: 'globs',
    default: '[ ]',
    doc: 'Packages that belong here by what they are, whoever uses them: `igos check` compares them with the tier that they declare. A name counts before a pattern.',
    example: '[ zlib "gnome-*" ]',
  },
  {
    name: 'sequence',
    shape: 'names',
    default: 'by their dependencies',
    doc: 'Its packages in the order in which they are built, where people keep that order: `igos check` compares it with the dependencies, and misses packages that are not in it.',
    example: '[ zlib "readline" bash ]',
  },
  {
    name: 'unaudited',
    shape: 'globs',
    default: '[ ]',
    doc: 'Packages of it that need no audit record.',
    example: '[ "*-pass1" ]',
  },
  {
    name: 'check',
    shape: 'bool',
    default: 'as the style of each package has it',
    doc: 'Whether packages that do not say so themselves run the check phase of their style.',
    example: 'true',
  },
  {
    name: 'buildsOn',
    shape: 'packages',
    default: '[ ]',
    doc: 'Packages that every build of the tier has without naming them, with what they need to run: a shell, tools, a compiler. They lie under all that a package names: where both have a file, its inputs win.',
    example: '[ toolchain ]',
  },
  {
    name: 'accumulates',
    shape: 'bool',
    default: 'false',
    doc: 'Whether builds also have what their inputs were built with, as where everything is installed into one root in turn. Of packages with the same file that of a later tier wins.',
    example: 'true',
  },
];

const SYSTEM: readonly FieldSpec[] = [
  { name: 'summary', shape: 'line', default: 'none', doc: summary.doc, example: '"A small workstation"' },
  {
    name: 'packages',
    shape: 'packages',
    isRequired: true,
    doc: 'What is installed; what those need to run comes along.',
    example: '[ bash coreutils zlib ]',
  },
  {
    name: 'etc',
    shape: 'files',
    default: '{ }',
    isMerged: true,
    doc: 'Configuration files by path below `/etc`.',
    example: '{ motd = "welcome\\n"; }',
  },
  {
    name: 'services',
    shape: 'services',
    default: '{ }',
    isMerged: true,
    doc: 'Services of its packages to be switched on, or not, whatever the packages say.',
    example: '{ "sshd.service" = "disable"; }',
  },
  {
    name: 'boot',
    shape: 'boot',
    default: 'none',
    isMerged: true,
    doc: 'How it starts, for `igos image`: a package with a `kernel` (`boot/vmlinuz`), one with the `stub` that firmware starts (`linuxx64.efi.stub` of systemd), the packages whose files and needs are the `initrd`, and the `commandLine`. In that, `@rootHash@` and its like stand for what is known of the image ([images.md](images.md)). Its `root` on a disk is a `"squashfs"`, which is read only and checked by its hash, or `"ext4"`, which is written to; with `esp = "/efi"`, where that partition is mounted, the kernel image of such a system changes with its packages.',
    example: '{ kernel = linux; stub = systemd-stub; initrd = [ first-steps ]; commandLine = "quiet"; }',
  },
];

const TREE: readonly FieldSpec[] = [
  { name: 'name', shape: 'line', default: "the folder's name", doc: 'What the tree is called.', example: '"workstation"' },
  { name: 'version', shape: 'version', default: 'none', doc: 'Version of the tree as a whole.', example: '"2026.11"' },
  {
    name: 'include',
    shape: 'patterns',
    default: '[ "**/*.igos" ]',
    doc: 'Which files belong to it, as patterns relative to the tree.',
    example: '[ "core/**/*.igos" ]',
  },
  {
    name: 'over',
    shape: 'trees',
    default: '[ ]',
    doc: 'Trees that this one is laid over, lowest first: their names are known here, and can be overridden.',
    example: '[ ../base ]',
  },
];

export const FIELDS: Readonly<Record<DeclarationKind, readonly FieldSpec[]>> = {
  tier: TIER,
  package: PACKAGE,
  split: SPLIT,
  system: SYSTEM,
  tree: TREE,
};

/** The fields of a kind of declaration, in the order to be shown. An `override` has those of what it overrides. */
export const fieldDocs = (kind: DeclarationKind): readonly FieldSpec[] => FIELDS[kind];
