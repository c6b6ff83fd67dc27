/** The commands of `igos` that look at a tree before anything is built. */
import type { Command, Option } from '../command.ts';
import { EVALUATION_OF_TREES } from './shared-options.ts';

/** Of commands that read audits. */
export const AUDITS: Option = {
  long: 'audits',
  values: ['FOLDER'],
  doc: 'where audits are kept (default: audits/ in the folder of TREE)',
};

export const gatesCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'check',
    summary: 'run the validate gates on a tree before anything is built',
    operands: 'TREE',
    minOperands: 1,
    maxOperands: 1,
    description:
      "Runs six gates, in this order: tier-reachability (every tier and package can be reached), audit-coverage (a current audit record for each), tier-validation (each package in the tier it belongs to: MOVE→TIER, UNCLEAR, CROSS-TIER-DEP), build-order (dependencies before their consumers), silent-loss (no feature lost since the reference build), undeclared-deps (what the sources' configure steps require is declared); then the reconciliation report, which is advisory. It reads declarations, the audit database, and sources and logs that the store has already; it builds and fetches nothing. A gate without its input is 'not run', never passed. The exit status is 1 if a gate failed. A package is let off a gate for a while by its field `waivers`.",
    options: [
      AUDITS,
      {
        long: 'gate',
        values: ['NAME'],
        choices: ['tier-reachability', 'audit-coverage', 'tier-validation', 'build-order', 'silent-loss', 'undeclared-deps'],
        isRepeated: true,
        doc: 'run this gate only (may be given again)',
      },
      { long: 'all', doc: 'show all findings (default: 25 of a kind)' },
      { long: 'report', doc: 'print the reconciliation report, tab-separated, and nothing else' },
      { long: 'strict', doc: 'exit 1 too if a gate could not run' },
      ...EVALUATION_OF_TREES,
    ],
    examples: [{ command: 'igos check examples/gates', says: 'all gates on a small tree' }],
  },
  {
    program: 'igos',
    name: 'audit',
    summary: 'write audit records of packages',
    operands: 'TREE[#NAME]…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Reads the declaration of each package and, where the store has it, its source, and writes a record of both to AUDITS/records/NAME.json: dependencies as declared, the build system, what the configure steps require, what the package is found as, bundled libraries, and what a person should look at. Without a name, all packages that need a record are audited. What people wrote into a record (notes, reviewed) stays. The gates read the database: run igos audit aggregate afterwards.',
    options: [AUDITS, { long: 'by', values: ['WHO'], doc: 'who audits (default: igos audit)' }, ...EVALUATION_OF_TREES],
    examples: [{ command: 'igos audit examples/gates', says: 'writes examples/gates/audits/records/*.json' }],
  },
  {
    program: 'igos',
    name: 'audit aggregate',
    summary: 'make the database of all audit records, which the gates read',
    operands: 'TREE',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Reads all records and writes AUDITS/audits.json, at once or not at all. One bad record is an error, and the database stays as it was.',
    options: [
      AUDITS,
      {
        long: 'import',
        values: ['FOLDER'],
        isRepeated: true,
        doc: 'first take the audit records of an InterGenOS tree from here (its build/audits)',
      },
      ...EVALUATION_OF_TREES,
    ],
    examples: [{ command: 'igos audit aggregate examples/gates', says: 'the gates see the records now' }],
  },
  {
    program: 'igos',
    name: 'audit reference',
    summary: 'record the features of the newest builds as the reference',
    operands: 'TREE',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Reads the newest build log of each package in the store and writes to AUDITS/reference.json which checks of its configure step were met. The gate silent-loss compares later builds with it. Run it after a build that is good.',
    options: [AUDITS, ...EVALUATION_OF_TREES],
    examples: [],
  },
];
