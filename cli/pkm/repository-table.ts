/** The commands of `pkm` that ask repositories. */
import type { Command } from '../command.ts';

export const repositoryCommands: readonly Command[] = [
  {
    program: 'pkm',
    name: 'sync',
    aliases: ['update', 'refresh'],
    summary: 'fetch the signed indexes of repositories',
    operands: '[NAME|URL…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Without operands: of all repositories that files in etc/igos/repositories.d of the root describe; what was described and is not any more is forgotten. URL is a folder, file:// or http(s)://. An index must be signed by a trusted key (etc/igos/trusted-keys/*.pub of the root, the keys of its own file, or --key), must not be older than the one that is there, must not have expired, and must call its repository what the first one did. Where one is refused, what was known before stays in use, and the exit status is 1.',
    options: [
      { long: 'key', values: ['FILE'], isRepeated: true, doc: 'trust this public key, and no other' },
      {
        long: 'force',
        short: 'f',
        doc: 'take an index that is older than the known one, or expired; it must be signed all the same',
      },
      {
        long: 'identity',
        values: ['NAME'],
        doc: 'the repository must call itself so, whatever it did before; it is remembered',
      },
      { long: 'forget', doc: 'forget these repositories and what they offer instead' },
    ],
    examples: [
      {
        command:
          'igos key public /tmp/root-repo.key >/tmp/root-repo.pub && pkm --root /tmp/root sync /tmp/root-archives/ --key /tmp/root-repo.pub',
        says: 'a folder of this machine',
      },
    ],
  },
  {
    program: 'pkm',
    name: 'repositories',
    summary: 'list the repositories of the root',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Those that were synced, and those that etc/igos/repositories.d describes: priority, packages, serial, when they were synced, and until when their index is good.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root repositories', says: '' }],
  },
  {
    program: 'pkm',
    name: 'available',
    summary: 'list what the synced repositories offer',
    operands: '[NAME…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Name, version and summary, sorted by name, the newest version first; what is installed is marked. A NAME may contain * and ?.',
    options: [{ long: 'all', short: 'a', doc: 'older versions too' }],
    examples: [{ command: 'pkm --root /tmp/root available', says: '' }],
  },
  {
    program: 'pkm',
    name: 'search',
    aliases: ['find'],
    summary: 'search the names and summaries of what is offered or installed',
    operands: 'WORD…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Packages that have every WORD in their name, their summary or what they provide; upper and lower case are the same. Exits 1 where nothing is found.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root search hello', says: '' }],
  },
  {
    program: 'pkm',
    name: 'info',
    aliases: ['show'],
    summary: 'show what is known of a package',
    operands: 'NAME',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Of an installed package: version, tier, origin, dependencies, dependants, supersedes, configuration and size, and whether something newer is offered. Of one that is not, what the synced repositories say.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root info greet', says: '' }],
  },
  {
    program: 'pkm',
    name: 'provides',
    summary: 'tell which packages provide a file or a name',
    operands: 'PATTERN',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Looks through what is installed and what the synced repositories offer. A PATTERN with a slash is a path; without, it is the name of a file in any folder, or a name that packages have or provide. It may contain * and ?. Exits 1 where nothing is found.',
    options: [],
    examples: [{ command: "pkm --root /tmp/root provides '*/bin/greet'", says: '' }],
  },
  {
    program: 'pkm',
    name: 'outdated',
    summary: 'list installed packages of which something newer is offered',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Name, installed version and offered version; or the package that supersedes it. Upgrade does it; what it would leave behind is marked: held, or kept back since it does not fit with what stays.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root outdated', says: '' }],
  },
  {
    program: 'pkm',
    name: 'cache clean',
    summary: 'remove downloaded archives',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Removes the downloaded archives that no synced repository offers any more, and downloads of such that broke off; with --all everything that was downloaded, whole or not. What is installed, and what can be rolled back to, needs none of them.',
    options: [
      { long: 'all', short: 'a', doc: 'those that are offered, too' },
      { long: 'dry-run', short: 'n', doc: 'only say what would be removed' },
    ],
    examples: [{ command: 'pkm --root /tmp/root cache clean', says: '' }],
  },
];
