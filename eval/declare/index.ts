/** Declarations: trees of `tier`, `package`, `override` and `system`, as commands use them. */
export { declarationCodes } from './codes.ts';
export { renderFieldDocs, renderFieldHelp } from './field-docs.ts';
export { type DeclarationKind, fieldDocs } from './fields.ts';
export { loadTree } from './load-tree.ts';
export { PackageInfo } from './package-info.ts';
export type { FieldSpec } from './shape.ts';
export type { System } from './system.ts';
export type { Tier } from './tier.ts';
export { evalTree, type Tree } from './tree.ts';
