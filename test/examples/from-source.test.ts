/** What examples/from-source declares; that it builds is test/slow/from-source.test.ts. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '..', '..', 'examples', 'from-source');
const texts = globSync('*/*.igos', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
const packages = texts.flatMap((text) => text.split(/^(?=package )/m).filter((part) => part.startsWith('package ')));

test('every source is named by its hash, and can come from Debian', () => {
  const fetched = packages.filter((text) => text.includes('fetchurl'));
  assert.ok(fetched.length >= 10, `${fetched.length} packages with a source`);
  for (const text of fetched) {
    const [, source = ''] = /fetchurl \{([\s\S]*?)\n {2}\};/.exec(text) ?? [];
    const name = text.split('\n')[0];
    assert.match(source, /sha256\s*= "[0-9a-f]{64}";/, name);
    assert.match(source, /debian\s*= "[a-z0-9.-]+=[^"]+";/, name);
  }
});

test('the README lists every package with its version, and no other', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const declared = packages
    .map((text) => /^package (\S+) "([^"]*)"/.exec(text)!)
    .map(([, name, version]) => (name!.startsWith('host-') ? `\`${name}\`` : `\`${name}\` ${version}`));
  for (const entry of declared) assert.ok(readme.includes(`| ${entry} |`), entry);
  const listed = [...readme.matchAll(/^\| (`[a-z0-9-]+` [0-9.]+) \|/gm)].map((match) => match[1]!);
  assert.deepEqual(
    listed.filter((entry) => !declared.includes(entry)),
    [],
  );
});
