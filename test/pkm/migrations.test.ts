/** Databases of earlier schemas: vectors are dumps of real ones, made by the igos of then. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { SINCE_1 } from '../../pkm/state/state.ts';
import { Sandbox } from './support.ts';

test('a database of schema 1 is read as it is, and brought up to date by the first change', (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('var/lib/igos'), { recursive: true });
  const path = box.path('var/lib/igos/pkm.db');
  const old = new DatabaseSync(path);
  old.exec(readFileSync(join(import.meta.dirname, '../vectors/pkm-schema-1.sql'), 'utf8'));
  old.close();

  const asked = box.do(
    (root) => [root.list().map((record) => record.version), root.files('a').length, root.available().length, root.repositories()],
    { readOnly: true },
  );
  assert.deepEqual(asked, [['2'], 4, 0, []], 'what an older schema lacks is empty until then');

  box.do((root) => {
    const [offer] = root.available();
    assert.deepEqual(
      [offer!.name, offer!.version, offer!.priority, offer!.runtime, offer!.provides, offer!.repository],
      ['b', '2.0', 100, ['a'], ['bee'], 'https://example.org/packages/'],
    );
    assert.deepEqual(root.checkInvariants(), []);
    assert.equal(root.verify().history, undefined, 'the chain of the history is whole');
    assert.deepEqual(
      root.packagesAt(1).map((record) => record.version),
      ['1'],
    );
  });
  const migrated = new DatabaseSync(path);
  const serial = migrated.prepare('SELECT serial FROM repositories').get();
  const fresh = new Sandbox(t);
  fresh.do(() => undefined);
  const other = new DatabaseSync(fresh.path('var/lib/igos/pkm.db'));
  const schema = (database: DatabaseSync): unknown[] =>
    database.prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
  const [a, b] = [schema(migrated), schema(other)];
  migrated.close();
  other.close();
  assert.equal(serial!['serial'], 1, 'no index older than the known one');
  assert.deepEqual(
    a.map((row) => String((row as { sql: string }).sql).replace(/\s+/g, ' ')),
    b.map((row) => String((row as { sql: string }).sql).replace(/\s+/g, ' ')),
    'old and new databases end up alike',
  );
});

test('what came after a generation is found without a look at every row', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const steps = database.prepare(`EXPLAIN QUERY PLAN SELECT * FROM files WHERE ${SINCE_1}`).all(0);
  database.close();
  const said = steps.map((step) => String(step['detail'])).join('\n');
  assert.match(said, /SEARCH files USING PRIMARY KEY \(package=\? AND from_generation>\?\)/);
});
