/** The commands of `igos` that read trees of other distributions. */
import type { Command, Option } from '../command.ts';

const OUTPUT: Option = {
  long: 'output',
  short: 'o',
  values: ['DIR'],
  doc: 'the folder for the declarations: new, or that of an earlier import',
};
const FORCE: Option = { long: 'force', doc: 'write over files that were edited since they were imported' };
const WORDS =
  'Nothing of the tree is run. What the declarations say in another way, or cannot say, stands in OUT/IMPORT.md, and with --json in the report. Importing again gives the same bytes, writes only what changed, removes what went, and refuses to undo edits.';

export const importCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'import intergenos',
    summary: 'turn a checkout of InterGenOS into declarations',
    operands: 'DIR',
    minOperands: 1,
    maxOperands: 1,
    description: `Reads packages/TIER/NAME/package.yml and build.sh and writes TIER/NAME.igos, with the files of a package in TIER/NAME/. Where build.sh does what a style does, the style is written; its other functions become phases. toolchain.igos says what every build has under what its package names. ${WORDS}`,
    options: [
      OUTPUT,
      {
        long: 'seed',
        values: ['LOCK'],
        doc: 'the lock file of the Debian packages that every build has; without it the one of an earlier import, or `igos seed lock OUT` makes one',
      },
      {
        long: 'toolchain',
        values: ['TREE#NAME'],
        doc: 'what every build has instead of Debian packages: a package of a tree, over which the imported tree is laid',
      },
      FORCE,
    ],
    examples: [
      {
        command:
          'igos import intergenos examples/import/intergenos -o /tmp/root-intergenos --seed examples/import/toolchain.lock',
        says: 'then: igos instantiate /tmp/root-intergenos',
      },
    ],
  },
  {
    program: 'igos',
    name: 'import pi-gen',
    summary: 'turn a tree of stages for pi-gen into declarations',
    operands: 'DIR',
    minOperands: 1,
    maxOperands: 1,
    description: `Stages become tiers, in the order in which pi-gen builds them; a sub-stage becomes a package that takes the tree so far as its source, and runs debconf, packages, patches, run.sh and run-chroot.sh in pi-gen's order; EXPORT_IMAGE and the like become systems. config, and then every FILE behind -c, are read for assignments. ${WORDS}`,
    options: [
      OUTPUT,
      {
        long: 'config',
        short: 'c',
        values: ['FILE'],
        isRepeated: true,
        doc: 'a configuration that is read after the one of the tree, as with build.sh -c',
      },
      FORCE,
    ],
    examples: [
      {
        command: 'igos import pi-gen examples/import/pi-gen -o /tmp/root-stages',
        says: 'then: igos instantiate /tmp/root-stages',
      },
    ],
  },
];
