/** The folder of audits on disk: `records/NAME.json`, the database `audits.json` that the gates read, and `reference.json`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, Fault, Faults, makeDirectory, sys, writeFileAtomic } from '../../base/index.ts';
import { readForeignRecord } from './foreign-record.ts';
import { type AuditRecord, decodeRecord, encodeRecord, isObject, recordProblem } from './record.ts';

/** Package → record. */
export type AuditDatabase = ReadonlyMap<string, AuditRecord>;

export const databasePath = (folder: string): string => join(folder, 'audits.json');
const recordPath = (folder: string, name: string): string => join(folder, 'records', `${name}.json`);

/** @throws Fault E-CHECK-001 · SystemFault */
export function readRecord(folder: string, name: string): AuditRecord | undefined {
  const path = recordPath(folder, name);
  return existsSync(path) ? parseRecord(path, name) : undefined;
}

/** @throws SystemFault */
export function writeRecord(folder: string, record: AuditRecord): string {
  const path = recordPath(folder, record.name);
  makeDirectory(join(folder, 'records'));
  writeFileAtomic(path, encodeRecord(record));
  return path;
}

/**
 * Makes the database of all records, in one step: readers see the old one or the new one. Cost: one read of each record.
 *
 * @throws Fault, Faults E-CHECK-001 each bad record, and nothing is written · Fault E-CHECK-003 · SystemFault
 */
export function aggregate(folder: string): AuditDatabase {
  const names = recordNames(join(folder, 'records'));
  if (names.length === 0) {
    throw new Fault('E-CHECK-003', `there are no audit records in '${folder}'`, {
      hints: ['write them first: igos audit TREE', 'say where they are: --audits FOLDER'],
    });
  }
  const faults: Fault[] = [];
  const records = new Map<string, AuditRecord>();
  for (const name of names) {
    try {
      records.set(name, parseRecord(recordPath(folder, name), name));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults.length === 1 ? faults[0] : new Faults(faults);
  writeFileAtomic(databasePath(folder), `${JSON.stringify({ format: 1, records: [...records.values()] })}\n`);
  return records;
}

/** The database, or `undefined` where nothing was aggregated. @throws Fault E-CHECK-002 · SystemFault */
export function readDatabase(folder: string): AuditDatabase | undefined {
  const path = databasePath(folder);
  if (!existsSync(path)) return undefined;
  const text = sys('read', path, () => readFileSync(path, 'utf8'));
  const value = tryParse(text);
  const records = isObject(value) && value['format'] === 1 ? value['records'] : undefined;
  const isWhole = Array.isArray(records) && records.every((each) => recordProblem(each) === undefined);
  if (!isWhole) {
    throw new Fault('E-CHECK-002', `'${path}' is not an audit database`, { hints: ['make it again: igos audit aggregate TREE'] });
  }
  return new Map((records as AuditRecord[]).map((each) => [each.name, each]));
}

/**
 * Takes records of InterGenOS into the folder; a record of ours that is newer stays.
 *
 * @param from  a folder of its JSON files
 * @returns how many came, and the names of files that are no such records
 */
export function importRecords(folder: string, from: string): { readonly taken: number; readonly refused: readonly string[] } {
  const refused: string[] = [];
  let taken = 0;
  for (const name of recordNames(from)) {
    const path = join(from, `${name}.json`);
    const record = readForeignRecord(sys('read', path, () => readFileSync(path, 'utf8')));
    if (record === undefined || record.name !== name) {
      refused.push(`${name}.json`);
      continue;
    }
    const ours = readRecord(folder, name);
    if (ours !== undefined && ours.auditedAt > record.auditedAt) continue;
    writeRecord(folder, record);
    taken++;
  }
  return { taken, refused };
}

function recordNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = sys('read', folder, () => readdirSync(folder));
  return files
    .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort(compareBytes);
}

function parseRecord(path: string, name: string): AuditRecord {
  const decoded = decodeRecord(sys('read', path, () => readFileSync(path, 'utf8')));
  const wrong = typeof decoded === 'string' ? decoded : decoded.name === name ? undefined : `it is of '${decoded.name}'`;
  if (wrong === undefined) return decoded as AuditRecord;
  throw new Fault('E-CHECK-001', `'${path}' is not an audit record: ${wrong}`, {
    hints: [
      'mend it: what was noted and reviewed by hand stands in it',
      `or remove it, and write it anew: igos audit TREE#${name}`,
    ],
  });
}

export function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
