/** The commands of `igos` that make archives and repositories for others. */
import type { Command, Option } from '../command.ts';

const EVALUATION: readonly Option[] = [
  { long: 'impure', doc: 'let expressions see the environment, the clock, and files anywhere' },
  { long: 'pipes', doc: 'understand the |> and <| operators' },
  { long: 'system', values: ['SYSTEM'], doc: "the system to build for (default: this machine's)" },
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
];
