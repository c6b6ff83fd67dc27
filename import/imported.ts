import type { ImportReport } from './report.ts';
import type { TreeFiles } from './write-tree.ts';

/** The outcome of an import: nothing is written yet. */
export interface Imported {
  readonly files: TreeFiles;
  readonly report: ImportReport;
}
