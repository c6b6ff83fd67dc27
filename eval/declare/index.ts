/** Declarations: trees of `tier`, `package`, `override` and `system`, as commands use them. */
export { declarationCodes } from './codes.ts';
export type { Declared, DeclaredLayer, DeclaredNames, DeclaredSplit } from './collect.ts';
export { renderFieldDocs, renderFieldHelp } from './field-docs.ts';
export { type DeclarationKind, fieldDocs } from './fields.ts';
export { type DeclarationsFile, loadTree, type ReadSource } from './load-tree.ts';
export { PackageInfo } from './package-info.ts';
export { HOOKS, PHASES } from './phases.ts';
export type { CheckPolicy } from './read-check.ts';
export type { PlainData } from './read-data.ts';
export { GATES, type Gate, type Probe, type Waiver } from './read-policy.ts';
export type { FieldSpec } from './shape.ts';
export { SHAPES } from './shape.ts';
export { STYLES } from './styles.ts';
export { resurvey, type SurveyedTree, surveyTree } from './survey.ts';
export type { System } from './system.ts';
export type { Tier } from './tier.ts';
export { evalTree, type Tree } from './tree.ts';
