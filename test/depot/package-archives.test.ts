/** Packages of igos as archives of a depot: another content, and another list, is another version. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { archivePackages, Depot, formatArchiveName, type PackageForDepot } from '../../depot/index.ts';

const packageOf = (name: string, content: string, closure: readonly string[] = []): PackageForDepot => ({
  name,
  version: '1',
  readme: `${name}\n`,
  source: new Map([['LICENSE', 'MIT\n']]),
  closure,
  isData: false,
  writeBinary: async (file) => writeFileSync(file, content),
});

test('where only what a package needs has changed, its package archive is another one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const depot = new Depot(folder, 'present');
  const create = async (library: string) => {
    const created: string[] = [];
    const made = await archivePackages([packageOf('app', 'app', ['lib']), packageOf('lib', library)], {
      depot,
      user: 'alan',
      arch: 'x86_64',
      onCreated: (archive) => created.push(formatArchiveName(archive)),
    });
    const [app, lib] = [made.get('app')!, made.get('lib')!];
    return { app: formatArchiveName(app), lib: formatArchiveName(lib), listed: depot.read(app, 'archives')!, created };
  };
  const before = await create('one');
  const again = await create('one');
  assert.deepEqual({ ...again, created: before.created }, before);
  assert.deepEqual(again.created, []);
  const after = await create('two');
  assert.notEqual(after.app, before.app);
  assert.notEqual(after.lib, before.lib);
  const lines = ({ listed }: { listed: string }): string[] => listed.trimEnd().split('\n');
  assert.deepEqual(lines(after)[1], lines(before)[1], 'the binary of the application is the same');
  assert.notEqual(lines(after)[0], lines(before)[0]);
  const created = after.created.map((name) => name.replace(/-\w+$/, ''));
  assert.deepEqual(new Set(created), new Set(['alan/bin/x86_64/lib/1', 'alan/pkg/app/1', 'alan/pkg/lib/1', 'alan/src/lib/1']));
});
