/** Trees of other distributions → declarations, without running anything of theirs. */
export { type ImportCode, importCodes } from './codes.ts';
export { type Imported, importIntergenos } from './intergenos/import.ts';
export { FINDING_KINDS, type Finding, type FindingKind, groupFindings, type ImportReport } from './report.ts';
export { type TreeFiles, type Written, writeTree } from './write-tree.ts';
