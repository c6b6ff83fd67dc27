/**
 * Audit records: what one package was found to be, on one day. A file each, `<audits>/records/NAME.json`, that people read, comment
 * (`notes`, `reviewed`) and keep under version control.
 */
import type { Probe, ProbeKind } from '../facts.ts';
import type { Requirement } from '../source/requirement.ts';

export interface AuditRecord {
  readonly format: 1;
  readonly name: string;
  readonly version: string;
  readonly tier: string;
  /** What the declaration said. */
  readonly build: readonly string[];
  readonly host: readonly string[];
  readonly runtime: readonly string[];
  /** `null` for a package without sources. `isThere`: it was in the store, and has been looked at. */
  readonly source: { readonly path: string; readonly isThere: boolean; readonly files: number } | null;
  /** By the marker files in the source: `autotools`, `meson`, …; `null` where there is none. */
  readonly buildSystem: string | null;
  /** Folders with copies of other people's libraries. */
  readonly bundled: readonly string[];
  /** What its configure steps ask for. */
  readonly requires: readonly Requirement[];
  /** By which names others will find it, as far as the source says. */
  readonly offers: readonly Probe[];
  /** What a person should look at. */
  readonly needsReview: readonly string[];
  /** Of those, what a person has looked at; kept when the package is audited again. */
  readonly reviewed: readonly string[];
  readonly mismatches: readonly Mismatch[];
  readonly auditedAt: string;
  readonly auditedBy: string;
  /** A person's; kept when the package is audited again. */
  readonly notes: readonly string[];
}

/** Something that upstream requires and the declaration does not name. `dependency`: the package, where it is known. */
export interface Mismatch {
  readonly dependency: string | null;
  readonly issue: string;
}

/** As it is kept: keys in a fixed order, so that a change is a small difference. */
export const encodeRecord = (record: AuditRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** @returns the record, or what is wrong with it */
export function decodeRecord(text: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  return recordProblem(value) ?? (value as AuditRecord);
}

/** What keeps a value from being a record. */
export function recordProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is no record';
  if (value['format'] !== 1) return `its format is ${JSON.stringify(value['format'] ?? null)}, not 1`;
  for (const field of ['name', 'version', 'tier', 'auditedAt', 'auditedBy'])
    if (typeof value[field] !== 'string') return `'${field}' is not a string`;
  for (const field of ['build', 'host', 'runtime', 'bundled', 'needsReview', 'reviewed', 'notes'])
    if (!isTexts(value[field])) return `'${field}' is not a list of strings`;
  if (!isList(value['requires'], isRequirement)) return `'requires' is not a list of requirements`;
  if (!isList(value['offers'], isProbe)) return `'offers' is not a list of names`;
  if (!isList(value['mismatches'], isMismatch)) return `'mismatches' is not a list of mismatches`;
  if (value['buildSystem'] !== null && typeof value['buildSystem'] !== 'string')
    return `'buildSystem' is neither a string nor null`;
  if (value['source'] !== null && !isSource(value['source'])) return `'source' is neither a source nor null`;
  return undefined;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isTexts = (value: unknown): value is string[] => isList(value, (item) => typeof item === 'string');

const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(isItem);

const KINDS: readonly ProbeKind[] = ['pkgconfig', 'library', 'header', 'program', 'cmake'];

const isProbe = (value: unknown): boolean =>
  isObject(value) && KINDS.includes(value['kind'] as ProbeKind) && typeof value['name'] === 'string';

const isRequirement = (value: unknown): boolean =>
  isProbe(value) && isObject(value) && typeof value['isRequired'] === 'boolean' && typeof value['where'] === 'string';

const isMismatch = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['issue'] === 'string' &&
  (value['dependency'] === null || typeof value['dependency'] === 'string');

const isSource = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['path'] === 'string' &&
  typeof value['isThere'] === 'boolean' &&
  typeof value['files'] === 'number';
