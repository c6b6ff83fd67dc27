/** Facts of a tree → findings: the validate gates, and the audit records that one of them asks for. Prints nothing. */
export { type AuditedSource, auditPackage } from './audit/audit.ts';
export type { AuditRecord } from './audit/record.ts';
export {
  type AuditDatabase,
  aggregate,
  databasePath,
  importRecords,
  readDatabase,
  readRecord,
  writeRecord,
} from './audit/store.ts';
export { inScope } from './audit-coverage.ts';
export { type CheckInputs, type CheckResult, check, gateSpecs } from './check.ts';
export { type CheckCode, checkCodes } from './codes.ts';
export type * from './facts.ts';
export { type Features, readFeatures } from './features.ts';
export { type Reference, readReference, referencePath, writeReference } from './reference.ts';
export { requirePassed } from './refuse.ts';
export { renderCheck, renderReport } from './render.ts';
export type { Finding, GateName, GateResult } from './report.ts';
export type { LoggedFeatures } from './silent-loss.ts';
export { readSource } from './source/read-source.ts';
export type { BuildSystem, Requirement } from './source/requirement.ts';
export { type SourceScan, scanSource } from './source/scan.ts';
export type { KnownSource } from './undeclared-deps.ts';
