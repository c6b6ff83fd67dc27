/** The commands of `igos` that make archives and repositories for others. */
import type { Command, Option } from '../command.ts';

const EVALUATION: readonly Option[] = [
  { long: 'impure', doc: 'let expressions see the environment, the clock, and files anywhere' },
  { long: 'pipes', doc: 'understand the |> and <| operators' },
  { long: 'system', values: ['SYSTEM'], doc: "the system to build for (default: this machine's)" },
];

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
  { long: 'serial', values: ['N'], doc: 'at least this serial: one above the last, where the index before was lost' },
  { long: 'allow-privileged', doc: 'answer for setuid files and file capabilities that archives do not declare' },
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
      "Realizes the packages and writes each as NAME-VERSION.igos.tar.gz, which pkm and InterGenOS's own pkm install. Equal packages give archives that are equal to the bit, wherever and whenever they are made. TREE alone stands for all of its packages.",
    options: [
      {
        long: 'output',
        short: 'o',
        values: ['PATH'],
        doc: 'write to this file, or into this folder (default: the current folder)',
      },
      { long: 'closure', doc: 'archive what the packages need at run time, too' },
      { long: 'jobs', short: 'j', values: ['N'], doc: 'builds at the same time (default: the number of cores)' },
      ...EVALUATION,
    ],
    examples: [{ command: 'igos archive examples/tour/v1#greet -o /tmp/root-archives/', says: 'greet-1.0.igos.tar.gz' }],
  },
  {
    program: 'igos',
    name: 'repo build',
    summary: 'index and sign a folder of archives, for pkm sync',
    operands: 'DIR',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Reads the *.igos.tar.gz of a folder and writes index.json beside them, with versions, sizes, SHA-256, dependencies, what they provide, conflict with and supersede, and the list of their files; and index.json.sig, its signature by each key. Any web server can serve the folder. Archives that did not change since the last time are not read again. The index has a serial, one more than before, and expires: publish again before that, also when nothing is new.',
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
