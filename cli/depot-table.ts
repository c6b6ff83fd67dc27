/** The commands of `igos depot`. */
import type { Command, Option } from './command.ts';

const DEPOT: readonly Option[] = [
  { long: 'depot', values: ['DIR'], doc: 'the depot (default: depot, in the source tree or here; also DEPOT_DIR=DIR)' },
  {
    long: 'public',
    values: ['DIR'],
    doc: 'where archives are published, and quarantined before import (default: public; also PUBLIC_DIR=DIR)',
  },
  { long: 'tree', values: ['DIR'], doc: 'a source tree with repos/ (default: this folder, if it is one)' },
  {
    long: 'layout',
    values: ['NAME'],
    choices: ['present', '2017'],
    doc: 'present: name/version and .tar.xz; 2017: name-version and .tgz',
  },
];
const JOBS: Option = { long: 'jobs', short: 'j', values: ['N'], doc: 'archives at the same time (default: the number of cores)' };
const DEBUG: Option = { long: 'debug', doc: 'debug information too (DBG=1)' };
const REPOSITORIES: Option = {
  long: 'repositories',
  values: ['LIST'],
  doc: 'look for recipes in these folders only, with : between (default: all of repos/)',
};
const EXTRACT: readonly Option[] = [
  REPOSITORIES,
  { long: 'force', doc: 'make again what is in the depot (FORCE=1)' },
  { long: 'update-versions', doc: 'give a new version to what changed, and write it into its recipe (UPDATE_VERSIONS=1)' },
  { long: 'new-version', values: ['DATE'], doc: 'what new versions are made of (default: today; VERSION_CMD=DATE)' },
];
const BUILD: readonly Option[] = [
  { long: 'rebuild', doc: 'build again what is in the depot (REBUILD=1)' },
  { long: 'keep-build-dir', doc: 'leave the folder that it was built in, VERSION.build (KEEP_BUILD_DIR=1)' },
  { long: 'ccache', doc: 'compile through ccache (CCACHE=1)' },
  DEBUG,
];
const KEY: readonly Option[] = [
  { long: 'key', short: 'k', values: ['FILE'], doc: "the secret key (default: that of 'igos depot keygen', else GnuPG's)" },
  { long: 'passphrase-fd', values: ['N'], doc: 'read the passphrase from this file descriptor, not from the terminal' },
];
const NAMES =
  'ARCHIVE is USER/TYPE/NAME/VERSION, or USER/bin/ARCH/NAME/VERSION; USER/pkg/ARCH/NAME/VERSION means a package with its binaries. The form of 2017, USER/TYPE/NAME-VERSION, is understood.';
const CURRENT = 'ARCHIVE is USER/TYPE/NAME, without version: that comes from the recipe, repos/*/recipes/TYPE/NAME.';

const command = (
  name: string,
  rest: Omit<Command, 'program' | 'name' | 'minOperands' | 'maxOperands'> & Partial<Command>,
): Command => ({
  program: 'igos',
  name: name === '' ? 'depot' : `depot ${name}`,
  // None is no mistake: it prints what the command is.
  minOperands: 0,
  maxOperands: Infinity,
  ...rest,
});

export const depotCommands: readonly Command[] = [
  command('', {
    summary: 'list the tools for archives as Genode has them',
    operands: '',
    description:
      'A depot holds archives of several users side by side: raw data, APIs, sources, binaries, and packages that list what belongs together. Each has a version that never changes again, and what is published is signed by its user. It is the format of Genode, whose own tools read what igos writes, and the other way round.',
    options: [],
    examples: [{ command: 'igos depot', says: 'the tools, a line each' }],
  }),
  command('keygen', {
    summary: 'make a key to sign archives with',
    operands: 'USER',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Makes an RSA key, the kind that Genode verifies on a target, puts its public half into depot/USER/pubkey and prints its fingerprint. The secret half goes to a file that only you can read; its passphrase is asked for on a terminal.',
    options: [
      {
        long: 'output',
        short: 'o',
        values: ['FILE'],
        doc: 'the file of the secret key (default: etc/depot-keys/USER.asc in the home of igos)',
      },
      { long: 'bits', values: ['N'], doc: 'size of the key (default 4096)' },
      { long: 'no-passphrase', doc: 'leave the secret key unlocked' },
      { long: 'passphrase-fd', values: ['N'], doc: 'read the passphrase from this file descriptor, not from the terminal' },
      ...DEPOT,
    ],
    examples: [{ command: 'igos depot keygen alan --no-passphrase --tree examples/depot', says: 'prints the fingerprint' }],
  }),
  command('extract', {
    summary: 'make archives from recipes',
    operands: 'ARCHIVE…',
    description: `${CURRENT} Archives that it needs are made first. What is in the depot is not looked at, unless --force makes it again or --update-versions looks for changes. Content that differs from what the recipe says is refused, or, with --update-versions, becomes a new version.`,
    options: [...EXTRACT, JOBS, ...DEPOT],
    examples: [
      {
        command: 'igos depot extract alan/pkg/wall --update-versions --new-version 2026-11-21 --tree examples/depot',
        says: 'an API, a source, data, and the package of them',
      },
    ],
  }),
  command('build', {
    summary: 'build binary archives from sources in the depot',
    operands: 'ARCHIVE…',
    description: `${NAMES} Each binary is built by Genode's build system, of its source and the APIs that it uses alone. Words like CROSS_DEV_PREFIX= go to make.`,
    options: [...BUILD, JOBS, ...DEPOT],
    examples: [
      {
        command: 'igos depot build alan/bin/x86_64/wall/2026-11-21 --tree examples/depot',
        says: 'one binary, of its source and its API',
      },
    ],
  }),
  command('create', {
    summary: 'extract archives, and build their binaries',
    operands: 'ARCHIVE…|TREE#NAME…',
    description: `TREE#NAME is a declared package of igos: it is built, and becomes archives of --user, with all that it needs at run time: binaries that 'pkm install depot:…' takes. Else: ${CURRENT} With an architecture before the name, USER/pkg/ARCH/NAME or USER/bin/ARCH/NAME, the binaries are built too. --force builds anew what it extracts anew, unless --no-rebuild (REBUILD=).`,
    options: [
      ...EXTRACT,
      ...BUILD,
      { long: 'no-rebuild', doc: 'with --force: build only what is new (REBUILD=)' },
      { long: 'user', values: ['USER'], doc: 'whose archives packages of a tree become' },
      JOBS,
      ...DEPOT,
    ],
    examples: [
      {
        command: 'igos depot create alan/pkg/x86_64/wall UPDATE_VERSIONS=1 -j2 --tree examples/depot',
        says: 'both in one, in the words of Genode',
      },
    ],
  }),
  command('publish', {
    summary: 'pack and sign archives and all that they need',
    operands: 'ARCHIVE…',
    description: `${NAMES} Writes public/USER/…/VERSION.tar.xz, the same to the bit each time, and its signature beside it. What has a signature there is not done again. USER/index/VERSION is published as .xz. Who signs: the key of --key, of 'igos depot keygen', or of GnuPG; it must be the user's pubkey.`,
    options: [
      ...KEY,
      { long: 'page', doc: 'write public/index.html: what is there, for people' },
      { long: 'beyond-genode', doc: "publish what Genode's own tools refuse: packages reached on two ways, long names" },
      DEBUG,
      JOBS,
      ...DEPOT,
    ],
    examples: [
      {
        command: 'igos depot publish alan/pkg/x86_64/wall/2026-11-21 --page --tree examples/depot',
        says: 'prints each file that it writes',
      },
    ],
  }),
  command('download', {
    summary: 'fetch archives and all that they need, check their signatures, import them',
    operands: 'ARCHIVE…',
    description: `${NAMES} The user's public key and the address of their server are in depot/USER/pubkey and depot/USER/download, or in repos/*/sculpt/depot/USER/. Files go to the quarantine first; the depot gets what has a good signature, whole or not at all. A download that was cut off goes on where it stopped.`,
    options: [
      { long: 'require-path', doc: 'take only signatures that say which archive they are for, as those of igos do' },
      DEBUG,
      JOBS,
      ...DEPOT,
    ],
    examples: [
      {
        command: 'igos depot download alan/pkg/x86_64/wall/2026-11-21 --tree examples/depot',
        says: 'prints each file that it fetches: none of those that are there',
      },
    ],
  }),
  command('dependencies', {
    summary: 'print what archives need; exit 1 if some of it is missing',
    operands: 'ARCHIVE…',
    description: `${NAMES} Prints everything that is needed, the archives themselves too, each once. What is missing in the depot is named on standard error; what that would need cannot be known.`,
    options: [DEBUG, ...DEPOT],
    examples: [
      { command: 'igos depot dependencies alan/pkg/x86_64/wall/2026-11-21 --tree examples/depot', says: 'one archive a line' },
    ],
  }),
  command('list', {
    summary: 'list archives of the depot',
    operands: '[BEGINNING…]',
    description:
      'Prints the archives whose names begin with one of the operands: a user, user/type, or user/type/name. With --recipes, the recipes of the source tree and their versions.',
    options: [
      { long: 'published', doc: 'those in public/ instead' },
      { long: 'recipes', doc: 'recipes and their versions instead' },
      REPOSITORIES,
      ...DEPOT,
    ],
    examples: [{ command: 'igos depot list alan/src --tree examples/depot', says: "alan's sources" }],
  }),
  command('info', {
    summary: 'show what is known of archives',
    operands: 'ARCHIVE…',
    description: `${NAMES} Where it is, its hash, what it needs and what needs it, whether it is published, and whose key and server belong to it.`,
    options: [...DEPOT],
    examples: [{ command: 'igos depot info alan/src/wall/2026-11-21 --tree examples/depot', says: 'one archive' }],
  }),
  command('diff', {
    summary: 'compare two archives; exit 1 where they differ',
    operands: 'ARCHIVE ARCHIVE',
    description:
      'Prints the files that are only in the first (-), only in the second (+), or in both with other content, target or executable bit (~).',
    options: [...DEPOT],
    examples: [
      {
        command: 'igos depot diff alan/src/wall/2026-11-21 alan/api/clock/2026-11-21 --tree examples/depot || true',
        says: 'what is in one and not in the other',
      },
    ],
  }),
  command('gc', {
    summary: 'remove archives that nothing needs any more',
    operands: '',
    maxOperands: 0,
    description:
      'Keeps the newest version of every archive, what --keep names, and all that these need; removes the rest, and what crashes left. With --only-kept the newest versions are not kept for their own sake.',
    options: [
      { long: 'keep', values: ['ARCHIVE'], isRepeated: true, doc: 'keep this one, and all that it needs' },
      { long: 'only-kept', doc: 'keep what --keep names, and nothing else' },
      { long: 'dry-run', short: 'n', doc: 'print what would be removed' },
      ...DEPOT,
    ],
    examples: [{ command: 'igos depot gc --dry-run --tree examples/depot', says: 'what would go' }],
  }),
  command('verify', {
    summary: 'compare archives with what was signed; exit 1 if one differs',
    operands: '[ARCHIVE…]',
    description:
      'Checks signatures in public/ again, and compares each archive of the depot with its published one; what was never published, with the hash that it was made with. Without ARCHIVE: all of the depot.',
    options: [JOBS, ...DEPOT],
    examples: [{ command: 'igos depot verify --tree examples/depot', says: 'the whole depot' }],
  }),
  command('serve', {
    summary: 'serve public/ over HTTP',
    operands: '',
    maxOperands: 0,
    description:
      'Prints the address and serves until it is interrupted: archives, signatures and indexes, read only, with ranges; at / a page for people with what is there, what it needs, and commands to copy.',
    options: [
      { long: 'port', short: 'p', values: ['N'], doc: 'listen on this port (default 8000; 0 takes a free one)' },
      { long: 'host', values: ['ADDRESS'], doc: 'listen on this address (default 127.0.0.1)' },
      ...DEPOT,
    ],
    examples: [
      { command: 'timeout 2 igos depot serve --port 0 --tree examples/depot || true', says: 'prints http://127.0.0.1:…' },
    ],
  }),
];
