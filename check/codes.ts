import { defineCodes } from '../base/index.ts';

/** What can be wrong with what the gates read, apart from the tree itself. */
export const checkCodes = defineCodes({
  'E-CHECK-001': {
    title: 'not an audit record',
    explanation:
      'A file in the folder of audit records is not one: it is no JSON, lacks a field, or is of another package than its name says. Mend it, since what was noted and reviewed by hand stands in it; or remove it, and `igos audit TREE#NAME` writes it anew.',
    wrong: 'audits/records/zlib.json: { "name": "zlib" }',
    right: 'rm audits/records/zlib.json && igos audit TREE#zlib',
  },
  'E-CHECK-002': {
    title: 'not an audit database',
    explanation:
      'The file that the gates read is damaged, or of another version of igos. It is made of the records, and can be made again at any time.',
    wrong: 'audits/audits.json: { }',
    right: 'igos audit aggregate TREE',
  },
  'E-CHECK-003': {
    title: 'no audit records',
    explanation: 'There is nothing to aggregate: the folder of audit records is empty or not there.',
    wrong: 'igos audit aggregate TREE (before any package was audited)',
    right: 'igos audit TREE, then igos audit aggregate TREE',
  },
  'E-CHECK-004': {
    title: 'not a reference',
    explanation:
      'The file with the features of the build that later ones are compared with is damaged, or of another version of igos.',
    wrong: 'audits/reference.json: { }',
    right: 'igos audit reference TREE',
  },
  'E-CHECK-005': {
    title: 'no build logs',
    explanation: 'A reference is made of the logs of builds in the store, and the store has none of these packages.',
    wrong: 'igos audit reference TREE (before anything was built)',
    right: 'igos realize TREE, then igos audit reference TREE',
  },
  'E-CHECK-006': {
    title: 'a gate failed',
    explanation:
      'A build of a whole tree begins with its gates, and ends there if one fails: nothing has been built or changed. `igos check` shows all findings with the way out of each.',
    wrong: 'igos phases TREE (with a package that is not in the sequence of its tier)',
    right: 'igos check TREE, mend what it finds, igos phases TREE',
  },
});

export type CheckCode = keyof typeof checkCodes;
