/** The commands of `igos` around seeds: what a tree is first built with. */
import type { Command } from '../command.ts';

export const seedCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'seed lock',
    summary: 'pin the Debian packages that a tree is first built with',
    operands: '[TREE[#NAME]…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "Looks for packages with style = debianSeed { lock = FILE; packages = [ … ]; } in each TREE (default: here), finds what their Debian packages depend on in the lists of this machine's apt, or of the mirrors that are named, and writes all of it to FILE: names, versions, places, sizes, SHA-256. What is locked already stays as it is while it is offered and fits. Nothing is downloaded but lists; the machine's apt is asked, never changed. The lists of a mirror must be signed by a key of the keyring, where there is one. Says what was added (+), changed (~) and removed (-).",
    options: [
      { long: 'check', doc: 'write nothing; exit with 1 if the lock would change' },
      { long: 'update', doc: 'take the newest of everything, also of what is locked and fits' },
      {
        long: 'mirror',
        values: ['SOURCE'],
        isRepeated: true,
        doc: 'ask this mirror instead of apt: address, suite and components, as in sources.list: "https://deb.debian.org/debian bookworm main"',
      },
      {
        long: 'keyring',
        values: ['FILE'],
        doc: "keys that the mirror's lists must be signed with (default: Debian's, where this machine has them)",
      },
      { long: 'no-check-sigs', doc: 'take lists of mirrors that nobody signed' },
      {
        long: 'architecture',
        values: ['NAME'],
        isRepeated: true,
        doc: "lock for this architecture, in Debian's words: amd64, arm64 (default: this machine's); others in the file stay",
      },
      { long: 'system', values: ['SYSTEM'], doc: "the same in Nix's words: x86_64-linux" },
      {
        long: 'include',
        short: 'I',
        values: ['PATH'],
        isRepeated: true,
        doc: 'a search path entry for <name>: PATH or NAME=PATH',
      },
    ],
    examples: [
      { command: 'igos seed lock examples/from-source', says: 'refreshes its seed.lock' },
      { command: 'igos seed lock --update --json examples/from-source', says: 'the newest of everything, as data' },
    ],
  },
];
