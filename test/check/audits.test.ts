/** Audit records, their database, and the reference: what is kept, and what is refused. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault, Faults, renderFault } from '../../base/index.ts';
import {
  type AuditRecord,
  aggregate,
  auditPackage,
  databasePath,
  importRecords,
  readDatabase,
  readFeatures,
  readRecord,
  readReference,
  referencePath,
  writeRecord,
  writeReference,
} from '../../check/index.ts';
import { golden } from '../golden.ts';
import { audited, facts, inputsWith } from './plant.ts';

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-audits-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The fault that it throws, as it is shown, wherever the folder is. */
function refused(t: TestContext, folder: string, name: string, run: () => unknown): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof Fault, String(error));
    golden(t, `errors/${name}.txt`, renderFault(error).replaceAll(folder, 'AUDITS'));
    return true;
  });
}

const zlib = audited(facts('zlib', { version: '1.3' }));

test('records and their database come back as they were written, whatever else lies there', (t) => {
  const folder = scratch(t);
  const curl = audited(facts('curl'), {
    notes: ['ünïcode "quoted"'],
    needsReview: ['x'],
    requires: [{ kind: 'library', name: 'z', others: [], isRequired: true, by: 'meson', where: 'm:1' }],
  });
  writeRecord(folder, zlib);
  writeRecord(folder, curl);
  writeFileSync(join(folder, 'records', '.hidden.json'), 'no record');
  writeFileSync(join(folder, 'records', 'README'), 'for people');
  assert.deepEqual(readRecord(folder, 'curl'), curl);
  assert.equal(readRecord(folder, 'absent'), undefined);
  assert.equal(readDatabase(folder), undefined);
  aggregate(folder);
  assert.deepEqual(
    readDatabase(folder),
    new Map([
      ['curl', curl],
      ['zlib', zlib],
    ]),
  );
  const before = readFileSync(databasePath(folder), 'utf8');
  aggregate(folder);
  assert.equal(readFileSync(databasePath(folder), 'utf8'), before);
  // a record that is gone is gone from the database
  rmSync(join(folder, 'records', 'curl.json'));
  aggregate(folder);
  assert.deepEqual([...readDatabase(folder)!.keys()], ['zlib']);
});

test('a bad record is named, all of them are, and the database stays', (t) => {
  const folder = scratch(t);
  writeRecord(folder, zlib);
  aggregate(folder);
  const before = readFileSync(databasePath(folder), 'utf8');
  writeFileSync(join(folder, 'records', 'bad.json'), '{ "format": 1, "name": "bad" }');
  refused(t, folder, 'E-CHECK-001', () => aggregate(folder));
  writeFileSync(join(folder, 'records', 'other.json'), 'no json');
  assert.throws(
    () => aggregate(folder),
    (error) => error instanceof Faults && error.faults.length === 2,
  );
  assert.equal(readFileSync(databasePath(folder), 'utf8'), before);
  assert.deepEqual(readdirSync(folder).sort(), ['audits.json', 'records']);
});

test('every field of a record is looked at', (t) => {
  const folder = scratch(t);
  for (const field of Object.keys(zlib)) {
    for (const value of [undefined, 7, [7]]) {
      mkdirSync(join(folder, 'records'), { recursive: true });
      writeFileSync(join(folder, 'records', 'zlib.json'), JSON.stringify({ ...zlib, [field]: value }));
      assert.throws(
        () => readRecord(folder, 'zlib'),
        (error) => error instanceof Fault && error.code === 'E-CHECK-001',
        `${field} ${value}`,
      );
    }
  }
  writeFileSync(join(folder, 'records', 'zlib.json'), JSON.stringify({ ...zlib, name: 'other' }));
  assert.throws(() => readRecord(folder, 'zlib'), /it is of 'other'/);
});

test('what is no database, no reference, no records, no logs', (t) => {
  const folder = scratch(t);
  refused(t, folder, 'E-CHECK-003', () => aggregate(folder));
  writeFileSync(databasePath(folder), '{"format":1,"records":[{"name":"zlib"}]}');
  assert.throws(() => readDatabase(folder), { code: 'E-CHECK-002' });
  writeFileSync(databasePath(folder), '{ }');
  refused(t, folder, 'E-CHECK-002', () => readDatabase(folder));
  writeFileSync(referencePath(folder), '[]');
  refused(t, folder, 'E-CHECK-004', () => readReference(folder));
  refused(t, folder, 'E-CHECK-005', () => writeReference(folder, new Map()));
});

test('a reference keeps what was met; packages that were not built again stay in it', (t) => {
  const folder = scratch(t);
  const met = (...names: string[]) => new Map(names.map((name) => [name, true]));
  writeReference(
    folder,
    new Map([
      ['a', { version: '1', features: met('y', 'x') }],
      ['b', { version: '1', features: met('z') }],
    ]),
  );
  writeReference(folder, new Map([['a', { version: '2', features: new Map([...met('x'), ['y', false]]) }]]));
  assert.deepEqual(
    readReference(folder),
    new Map([
      ['a', { version: '2', met: ['x'] }],
      ['b', { version: '1', met: ['z'] }],
    ]),
  );
});

test('audit records of InterGenOS are taken; a newer one of ours stays; other files are named', (t) => {
  const folder = scratch(t);
  const from = scratch(t);
  const foreign = {
    name: 'zlib',
    version: '1.3',
    tier: 'core',
    our_deps_build: ['cc'],
    our_deps_host: [],
    our_deps_runtime: [],
    source_tarball_exists: false,
    source_tarball: 'zlib.tar.gz',
    build_system: 'autotools',
    bundled_libs: ['contrib'],
    _needs_review: ['build-system-undetected'],
    _mismatches: [{ field: 'deps', issue: 'pango is required' }],
    audited_at: '2026-05-11T16:56:21Z',
    audited_by: 'audit-package.py',
  };
  writeFileSync(join(from, 'zlib.json'), JSON.stringify(foreign));
  writeFileSync(join(from, 'curl.json'), JSON.stringify({ ...foreign, name: 'curl' }));
  writeFileSync(join(from, 'notes.json'), '{}');
  writeFileSync(join(from, 'broken.json'), '{');
  writeRecord(folder, { ...zlib, auditedAt: '2026-06-01T00:00:00Z' });
  assert.deepEqual(importRecords(folder, from), { taken: 1, refused: ['broken.json', 'notes.json'] });
  assert.equal(readRecord(folder, 'zlib')!.auditedBy, 'test');
  const taken = readRecord(folder, 'curl')!;
  assert.deepEqual(
    [taken.build, taken.source, taken.bundled],
    [['cc'], { path: 'zlib.tar.gz', isThere: false, files: 0 }, ['contrib']],
  );
  assert.deepEqual(taken.mismatches, [{ dependency: null, issue: 'deps: pango is required' }]);
});

test('an audit sees requirements that nothing meets, other build systems, bundled libraries; people’s words stay', () => {
  const { tree } = inputsWith();
  const requires = [
    { kind: 'pkgconfig', name: 'gtk', others: [], isRequired: true, by: 'cmake', where: 'CMakeLists.txt:3' } as const,
  ];
  const scan = { files: 9, buildSystems: ['cmake'], bundled: ['vendor'], requires, offers: [] };
  const before: AuditRecord = audited(facts('zlib'), {
    notes: ['mine'],
    reviewed: ["bundled libraries in vendor: used, or the system's?", 'gone'],
  });
  const record = auditPackage({
    tree,
    facts: tree.packages.get('zlib')!,
    source: { path: 'zlib.tar.gz', scan, systems: new Set(['cmake']) },
    others: new Map(),
    before,
    auditedAt: '2026-11-21T00:00:00Z',
    auditedBy: 'ada',
  });
  assert.deepEqual(record.needsReview, [
    'style autotools, source looks like cmake',
    "bundled libraries in vendor: used, or the system's?",
  ]);
  assert.deepEqual(record.reviewed, ["bundled libraries in vendor: used, or the system's?"]);
  assert.deepEqual(record.notes, ['mine']);
  assert.deepEqual(record.mismatches, [
    { dependency: 'gtk', issue: 'CMakeLists.txt:3 requires pkgconfig(gtk): gtk is not among its build and host' },
  ]);
});

test('features in the output of autoconf, cmake and meson', () => {
  const log = [
    'checking for gcc... gcc',
    'checking for zlib.h... (cached) yes',
    'checking for inflate in -lz... no',
    'checking whether to build docs... disabled',
    'checking for asked twice... no',
    'checking for asked twice... yes',
    '-- Found ZLIB: /usr/lib/libz.so (found version "1.3")',
    '-- Could NOT find BZip2 (missing: BZIP2_LIBRARIES)',
    '-- Looking for pthread.h - found',
    '-- Looking for getentropy - not found',
    '-- Performing Test HAVE_X - Failed',
    'Run-time dependency glib-2.0 found: YES 2.80',
    'Dependency gtk4 found: NO (tried pkgconfig and cmake)',
    'Program bison found: NO',
    '  PNG support: yes',
    '  JPEG .... = no',
    'cc -o x x.c',
    'a: b: c',
    'x'.repeat(500),
  ].join('\r\n');
  assert.deepEqual(Object.fromEntries(readFeatures(log)), {
    'checking for gcc': true,
    'checking for zlib.h': true,
    'checking for inflate in -lz': false,
    'checking whether to build docs': false,
    'checking for asked twice': true,
    'package ZLIB': true,
    'package BZip2': false,
    'looking for pthread.h': true,
    'looking for getentropy': false,
    'performing test HAVE_X': false,
    'Run-time dependency glib-2.0': true,
    'Dependency gtk4': false,
    'Program bison': false,
    'summary PNG support': true,
    'summary JPEG ....': false,
  });
});
