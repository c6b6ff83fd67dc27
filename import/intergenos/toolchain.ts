/**
 * What stands for the chroot of InterGenOS: its recipes name a part of what they use, since all that was built before is there. Here every
 * build has a toolchain under all that its package names, and what its inputs were built with.
 */

import { reference } from '../names.ts';
import { writeList, writePath, writeString } from '../written.ts';
import { TIERS } from './recipe.ts';

/** `seed`: pinned Debian packages, in a tier of their own. `tree`: a package of a tree that the imported one is laid over. */
export type Toolchain =
  | { readonly kind: 'seed'; readonly lock?: Uint8Array | undefined }
  | {
      readonly kind: 'tree';
      /** Seen from the folder of the imported tree. */
      readonly path: string;
      readonly name: string;
    };

/** Where the lock of the seed lies. */
export const TOOLCHAIN_LOCK = 'toolchain.lock';

/** The name of the tier that the seed makes; absent where the toolchain is somebody else's. */
const SEED_TIER = 'seed';

/** What a chroot of the book has when its chapter 8 begins, and what its first packages bring for all others. */
const TOOLS = (
  'autoconf automake bash binutils bison bzip2 cmake coreutils diffutils file findutils flex g++ gawk gcc gettext grep gzip libc6-dev libtool m4 ' +
  'make meson ninja-build patch perl pkgconf python3 sed tar texinfo util-linux xz-utils'
).split(' ');

/** Called by scripts of Debian packages only, none of which is run, or by programs that no build calls. */
const WITHOUT = [
  ...['adduser', 'base-files', 'debconf', 'debianutils', 'dpkg', 'dpkg-dev', 'init-system-helpers', 'install-info', 'tzdata'],
  ...['libc-dev-bin', 'libnsl-dev', 'libtirpc-dev', 'rpcsvc-proto', 'libpam0g', 'libsystemd0', 'libudev1', 'login', 'passwd'],
  ...['media-types', 'procps', 'util-linux-extra'],
];

const LIBC = ['gcc-12-base', 'libc6', 'libcrypt1', 'libgcc-s1'];

const OMIT = ['bug', 'doc', 'doc-base', 'info', 'lintian', 'locale', 'man', 'menu'].map((name) => `usr/share/${name}`);

/** `toolchain.igos`: the one place that says what all builds have. */
export function writeToolchain(toolchain: Toolchain): string {
  const name = toolchain.kind === 'tree' ? reference(toolchain.name) : 'seed-toolchain';
  const head = `# What every build of this tree has under all that its package names, as in the chroot of InterGenOS: a shell, tools and a compiler.
# A tree that is laid over this one can say something else: override core { buildsOn = [ … ]; }
`;
  const tiers = TIERS.map(
    (tier, index) =>
      `override ${tier} {\n${index === 0 && toolchain.kind === 'seed' ? `  after = [ ${SEED_TIER} ];\n` : ''}  buildsOn = toolchain;\n  accumulates = true;\n}\n`,
  ).join('\n');
  const own = `let\n  toolchain = [ ${name} ];\n`;
  if (toolchain.kind === 'tree') return `${head}${own}in\n\n${tiers}`;
  return `${head}${own}
  # Texts for people, and what belongs to the package manager of Debian.
  omit = ${list(OMIT)};
  libc = ${list(LIBC)};
  mirrors = [ "https://deb.debian.org/debian" "https://deb.debian.org/debian-security" ];
in

tier ${SEED_TIER} {
  summary = "What the first packages are built with: programs of Debian, pinned by hash";
  holds = [ seed-libc seed-toolchain ];
  unaudited = [ "*" ];
}

# What is built here is bound to this libc, until the tree's own is built: a root needs one of them.
package seed-libc "2.36" {
  tier = ${SEED_TIER};
  summary = "C library, run time only";
  license = "LGPL-2.1-or-later";
  style = debianSeed {
    lock = ./${TOOLCHAIN_LOCK};
    packages = [ "libc6" "libcrypt1" "libgcc-s1" "libstdc++6" ];
    inherit mirrors;
    omit = omit ++ [ "etc" "usr/lib/*/gconv" "usr/share/gcc" "usr/share/gdb" ];
    links = {
      bin = "usr/bin";
      sbin = "usr/sbin";
      lib = "usr/lib";
      lib64 = "usr/lib64";
    };
  };
}

package seed-toolchain "12" {
  tier = ${SEED_TIER};
  summary = "Shell, tools and compilers that a chroot of InterGenOS begins with";
  license = "GPL-3.0-or-later";
  runtime = [ seed-libc ];
  style = debianSeed {
    lock = ./${TOOLCHAIN_LOCK};
    packages = ${list(TOOLS)};
    without = libc ++ ${list(['libstdc++6', ...WITHOUT])};
    omit = omit ++ [ "etc" "var" ];
    inherit mirrors;
    links = {
      "usr/bin/aclocal" = "aclocal-1.16";
      "usr/bin/automake" = "automake-1.16";
      "usr/bin/cc" = "gcc";
      "usr/bin/c++" = "g++";
      "usr/bin/awk" = "gawk";
      "usr/bin/lex" = "flex";
      "usr/bin/sh" = "bash";
      "usr/bin/yacc" = "bison";
    };
  };
}

${tiers}`;
}

/** `over` of tree.igos. */
export const overOf = (toolchain: Toolchain): string =>
  toolchain.kind === 'tree' ? `  over = [ ${writePath(toolchain.path)} ];\n` : '';

const list = (names: readonly string[]): string =>
  writeList(
    names.map((name) => ({ text: writeString(name) })),
    '    ',
  );
