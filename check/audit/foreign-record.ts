/**
 * Audit records of InterGenOS, read as ours.
 *
 * @source the JSON files of its `build/audits`: name, version, tier, our_deps_build/host/runtime, source_tarball_exists,
 *   build_system, bundled_libs, _needs_review, _mismatches, audited_at, audited_by
 */
import { type AuditRecord, isObject, isTexts, type Mismatch } from './record.ts';

/** @returns `undefined` where the text is no such record */
export function readForeignRecord(text: string): AuditRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value['name'] !== 'string' || !('our_deps_build' in value)) return undefined;
  const line = (name: string): string => (typeof value[name] === 'string' ? value[name] : '');
  const list = (name: string): readonly string[] => (isTexts(value[name]) ? value[name] : []);
  const isSourceless = value['source_intentionally_sourceless'] === true;
  return {
    format: 1,
    name: value['name'],
    version: String(value['version'] ?? ''),
    tier: line('tier'),
    build: list('our_deps_build'),
    host: list('our_deps_host'),
    runtime: list('our_deps_runtime'),
    source: isSourceless
      ? null
      : {
          path: line('source_tarball') || line('source_url'),
          isThere: value['source_tarball_exists'] === true,
          files: typeof value['tarball_files_count'] === 'number' ? value['tarball_files_count'] : 0,
        },
    buildSystem: typeof value['build_system'] === 'string' ? value['build_system'] : null,
    bundled: list('bundled_libs'),
    requires: [],
    offers: [],
    needsReview: list('_needs_review'),
    reviewed: [],
    mismatches: mismatches(value['_mismatches']),
    auditedAt: line('audited_at'),
    auditedBy: line('audited_by'),
    notes: [line('_notes_source'), line('notes')].filter((note) => note !== ''),
  };
}

const mismatches = (value: unknown): Mismatch[] =>
  (Array.isArray(value) ? value : []).filter(isObject).map((each) => ({
    dependency: null,
    issue: [each['field'], each['issue']].filter((part) => typeof part === 'string').join(': '),
  }));
