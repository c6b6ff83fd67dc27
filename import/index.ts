/** Trees of other distributions → declarations, without running anything of theirs. */
export { type ImportCode, importCodes } from './codes.ts';
export type { Imported } from './imported.ts';
export { TOOLCHAIN_LOCK, type Toolchain } from './intergenos/toolchain.ts';
export type { PiGenOptions } from './pi-gen/import.ts';
export { FINDING_KINDS, type Finding, type FindingKind, type ImportReport } from './report.ts';
export { isImport, type TreeFiles, type Written, writeTree } from './write-tree.ts';

/** The reader of InterGenOS; it loads the parser of YAML. */
export const loadIntergenos = (): Promise<typeof import('./intergenos/import.ts')> => import('./intergenos/import.ts');
/** The reader of pi-gen. */
export const loadPiGen = (): Promise<typeof import('./pi-gen/import.ts')> => import('./pi-gen/import.ts');
