/** The commands of `igos` that make archives and repositories for others. */
import type { Command, Option } from '../command.ts';
import { JOBS, SIGNING, TREE_EVALUATION } from './shared-options.ts';

/** How an index is signed (`cli/publication.ts`). */
export const PUBLICATION: readonly Option[] = [
  {
    long: 'key',
    short: 'k',
    values: ['FILE'],
    isRepeated: true,
    doc: 'sign with this secret key, as made by igos key generate (needed)',
  },
  { long: 'expires', values: ['DAYS'], doc: 'how long the index is good for (default 30; 0: for ever)' },
  {
    long: 'serial',
    values: ['N'],
    doc: 'number of this index (default: one more than the last): must be above all that machines have synced',
  },
  {
    long: 'identity',
    values: ['NAME'],
    doc: 'what the repository calls itself (default: as before, at first nothing): machines take no other for it then',
  },
  { long: 'allow-privileged', doc: 'answer for setuid files and file capabilities that archives do not declare' },
];

/** How large images are, how they are signed and compressed. */
export const IMAGE_OPTIONS: readonly Option[] = [
  {
    long: 'size',
    values: ['SIZE'],
    doc: 'of a root that can be written to, such as 4G (default: its contents twice, and 256M free at least)',
  },
  ...SIGNING,
  {
    long: 'compression',
    values: ['NAME'],
    choices: ['zstd', 'gzip'],
    doc: 'zstd (default), or gzip, which every Linux can read',
  },
  {
    long: 'level',
    values: ['N'],
    doc: 'how hard to compress the squashfs: 1 to 19 with zstd (default: 15), 1 to 9 with gzip (default: 9)',
  },
  { long: 'block-size', values: ['SIZE'], doc: 'what of it is compressed in one go, 4K to 1M (default: 128K)' },
];

export const publishingCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'archive',
    summary: 'make binary archives of packages',
    operands: 'TREE[#NAME]…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      "Realizes the packages and writes each as NAME-VERSION.igos.tar.gz, which pkm and InterGenOS's own pkm install. Equal packages give archives that are equal to the bit, wherever and whenever they are made. TREE alone stands for what ships (igos help tier), and for what that needs at run time; what does not ship is named.",
    options: [
      {
        long: 'output',
        short: 'o',
        values: ['PATH'],
        doc: 'write to this file, or into this folder (default: the current folder)',
      },
      { long: 'closure', doc: 'archive what the packages need at run time, too' },
      JOBS,
      ...TREE_EVALUATION,
    ],
    examples: [{ command: 'igos archive examples/tour/v1#greet -o /tmp/root-archives/', says: 'greet-1.0.igos.tar.gz' }],
  },
  {
    program: 'igos',
    name: 'image',
    summary: 'make file systems, kernel images and media of a declared system',
    operands: 'TREE[#SYSTEM]',
    minOperands: 1,
    maxOperands: 1,
    description:
      "Realizes the packages of a system, has pkm install them into an empty root, and writes that as a squashfs: with every owner, mode and capability that the packages declare, whoever runs it, and with pkm's database, so that the root can be verified and upgraded where it is used. --format asks for more: the same root as an ext4 file system, which can be written to and grows with its disk; the hash tree of the squashfs for dm-verity; a kernel image (UKI) that firmware starts, with the root hash on its command line; an ISO 9660 image for discs and sticks; a disk with partitions for them, whose root is a squashfs with its hash tree, or ext4 where the system says so. What is started is the field boot of the system. --sign-key and --sign-certificate sign the kernel image for Secure Boot. No program of the machine is run for it, but the triggers of packages. Equal systems give images that are equal to the bit: all times in them are SOURCE_DATE_EPOCH, or the one that builds have.",
    options: [
      {
        long: 'format',
        short: 'f',
        values: ['NAME'],
        choices: ['squashfs', 'ext4', 'verity', 'uki', 'iso', 'disk'],
        isRepeated: true,
        doc: 'what to make (default: squashfs): SYSTEM.squashfs, SYSTEM.ext4, SYSTEM.verity, SYSTEM.efi, SYSTEM.iso, SYSTEM.img',
      },
      {
        long: 'output',
        short: 'o',
        values: ['PATH'],
        doc: 'write to this file, or into this folder (default: the current folder)',
      },
      ...IMAGE_OPTIONS,
      JOBS,
      ...TREE_EVALUATION,
    ],
    examples: [{ command: 'igos image examples/tour/v1#tour -o /tmp/igos-images/', says: 'tour.squashfs' }],
  },
  {
    program: 'igos',
    name: 'repo build',
    summary: 'index and sign a folder of archives, for pkm sync',
    operands: 'DIR',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Reads the *.igos.tar.gz of a folder and writes index.json beside them, with versions, sizes, SHA-256, dependencies, what they provide, conflict with and supersede, and the list of their files; and index.json.sig, its signature by each key. Any web server can serve the folder. Archives that did not change since the last time are not read again. The index has a serial, one more than before, and expires: publish again before that, also when nothing is new. Where the index of before was lost, or the folder is made anew each time, --serial says it: machines refuse an index whose serial is not higher. A package that was published with other bytes in the same version and release is named.',
    options: [...PUBLICATION],
    examples: [
      {
        command:
          'igos key generate packages.example.org-1 -o /tmp/root-repo.key && igos repo build /tmp/root-archives -k /tmp/root-repo.key',
        says: 'the folder is a repository now',
      },
    ],
  },
];
