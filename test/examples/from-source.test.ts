/** What examples/from-source declares; that it builds is test/slow/from-source.test.ts. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { parseSeedLock } from '../../eval/index.ts';
import { programs } from '../cli/programs.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples', 'from-source');
const texts = globSync('*/*.igos', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
const packages: string[] = texts.flatMap((text) => text.split(/^(?=package )/m).filter((part) => part.startsWith('package ')));

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

test('forty packages and more in three tiers, and nothing of the machine', () => {
  const tierOf = (text: string): string => /tier = (\w+);/.exec(text)![1]!;
  const compiled = packages.filter((text) => text.includes('fetchurl'));
  assert.ok(compiled.length >= 40, `${compiled.length} packages`);
  assert.deepEqual([...new Set(compiled.map(tierOf))].sort(compareBytes), ['base', 'core', 'extra']);
  // what no small distribution is without: the system `all` has it, and every part of it is compiled
  const names = 'zlib ncurses readline bash coreutils sed grep gawk gnu-make xz gzip tar perl openssl curl'.split(' ');
  const [, all = ''] = /^system all \{[\s\S]*?packages = \[([^\]]*)\]/m.exec(readFileSync(join(folder, 'systems.igos'), 'utf8'))!;
  for (const name of names) {
    assert.ok(all.split(/\s+/).includes(name), `${name} in the system all`);
    assert.ok(
      compiled.some((text) => text.startsWith(`package ${name} `)),
      `${name} is compiled`,
    );
  }
  assert.deepEqual(
    packages.filter((text) => text.includes('hostTools')),
    [],
  );
  // what is above core is built by what this tree made
  const above = compiled.filter(
    (text) => ['base', 'extra'].includes(tierOf(text)) && /\n {2}build = \[[^\]]*seed-tools/.test(text),
  );
  assert.deepEqual(
    above.map((text) => text.split(' ')[1]),
    ['hello', 'lua'],
  );
});

test('the tree has every package that is declared below it', (t) => {
  const { status, stdout, stderr } = programs(t).igos('eval', folder, '--expr', 'builtins.attrNames packages', '--json');
  assert.equal(status, 0, stderr);
  const names = new Set(JSON.parse(stdout) as string[]);
  for (const text of packages) assert.ok(names.has(text.split(' ')[1]!), text.split('\n')[0]);
});

test('the lock holds what the seeds name', () => {
  const lock = parseSeedLock(readFileSync(join(folder, 'seed/seed.lock'), 'utf8'), 'seed.lock').get('amd64')!;
  for (const name of ['gcc', 'binutils', 'libc6', 'libc6-dev', 'bash', 'coreutils', 'sed', 'tar', 'xz-utils'])
    assert.ok(lock.has(name), name);
  assert.ok(!lock.has('dpkg') && !lock.has('make'), 'what is not wanted is not fetched');
  const sizeBytes = [...lock.values()].reduce((sum, each) => sum + each.sizeBytes, 0);
  assert.ok(sizeBytes < 80e6, `${sizeBytes} bytes`);
});

test('the README lists every package with its version, and no other', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const declared = packages
    .map((text) => /^package (\S+) "([^"]*)"/.exec(text)!)
    .map(([, name, version]) => `\`${name}\` ${version}`);
  for (const entry of declared) assert.ok(readme.includes(`| ${entry} |`), entry);
  const listed = [...readme.matchAll(/^\| (`[a-z0-9-]+` [0-9.]+) \|/gm)].map((match) => match[1]!);
  assert.deepEqual(
    listed.filter((entry) => !declared.includes(entry)),
    [],
  );
});
