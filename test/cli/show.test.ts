/** `igos show TREE#NAME`: where sources come from. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

const HASH = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

test('a package shows where its sources come from: files of the tree, and what must arrive from where', (t) => {
  const scene = programs(t);
  const tree = join(scene.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'patch'), 'x');
  writeFileSync(
    join(tree, 'tree.igos'),
    `tier base { summary = "All"; }
package mixed "1" {
  tier = base;
  summary = "Has sources of both kinds";
  source = [
    (fetchurl {
      url = "https://user:secret@example.org/x.tar";
      mirrors = [ "https://example.net/x.tar" ];
      sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    })
    ./patch
  ];
  phases.install = "true";
}
package none "1" { tier = base; summary = "Has none"; phases.install = "true"; }
`,
  );
  const { igos } = programs(t, { cwd: scene.work });
  const show = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('show', ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const places = ['https://example.org/x.tar', 'https://example.net/x.tar'];
  assert.deepEqual(
    show('tree#mixed')
      .split('\n')
      .filter((line) => line.startsWith('source')),
    [`source      ${HASH} ${places.join(' ')}`, 'source      tree/patch'],
  );
  const { sources } = JSON.parse(show('tree#mixed', '--json')) as { sources: unknown };
  assert.deepEqual(sources, [{ urls: places, hash: HASH }, { path: 'tree/patch' }]);
  assert.deepEqual(JSON.parse(show('tree#none', '--json')).sources, []);
  assert.doesNotMatch(show('tree#none'), /^source/m);
});

test('a tree as JSON: tiers by name, and nothing of how they are kept', (t) => {
  const scene = programs(t);
  const tree = join(scene.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'tree.igos'), 'tier core { summary = "C"; }\ntier base { summary = "B"; after = [ core ]; }\n');
  const { stdout } = scene.igos('show', tree, '--json');
  assert.deepEqual(JSON.parse(stdout), {
    name: 'tree',
    version: null,
    tiers: [
      { name: 'core', summary: 'C', after: [], ships: true },
      { name: 'base', summary: 'B', after: ['core'], ships: true },
    ],
    packages: [],
    systems: [],
  });
});

test('a system shows a field a line, long lists on several, and as JSON all that it says', (t) => {
  const scene = programs(t);
  const tree = join(scene.work, 'tree');
  mkdirSync(tree);
  const names = Array.from({ length: 30 }, (_, i) => `package-${i}`);
  const declared = [...names, 'linux', 'stub', 'first', 'beneath'].map(
    (name) =>
      `package ${name} "1" { tier = base; summary = "S"; runtime = [ ${name === 'package-0' ? 'beneath' : ''} ]; phases.install = "true"; }`,
  );
  writeFileSync(
    join(tree, 'tree.igos'),
    `tier base { summary = "All"; }
${declared.join('\n')}
system many {
  summary = "Many of them";
  packages = [ ${names.join(' ')} ];
  etc = { motd = "Hello"; };
  services = { "sshd.service" = "enable"; "cron.service" = "disable"; };
  boot = { kernel = linux; stub = stub; initrd = [ first ]; commandLine = "root=LABEL=x"; root = "ext4"; esp = "/efi"; };
}
system few { packages = [ linux ]; }
`,
  );
  const { igos } = programs(t, { cwd: scene.work });
  const shown = igos('show', 'tree#many').stdout;
  assert.equal(
    shown,
    `name        many
summary     Many of them
packages    30: package-0 package-1 package-2 package-3 package-4 package-5
            package-6 package-7 package-8 package-9 package-10 package-11
            package-12 package-13 package-14 package-15 package-16 package-17
            package-18 package-19 package-20 package-21 package-22 package-23
            package-24 package-25 package-26 package-27 package-28 package-29
needed      1: beneath
etc         motd
enabled     sshd.service
disabled    cron.service
kernel      linux
stub        stub
initrd      first
commandLine root=LABEL=x
root        ext4
esp         /efi
declared    tree/tree.igos:36
`,
  );
  assert.deepEqual(JSON.parse(igos('show', 'tree#many', '--json').stdout), {
    name: 'many',
    summary: 'Many of them',
    packages: names,
    closure: ['beneath', ...names],
    etc: { motd: 'Hello' },
    services: { 'sshd.service': true, 'cron.service': false },
    boot: { kernel: 'linux', stub: 'stub', initrd: ['first'], commandLine: 'root=LABEL=x', root: 'ext4', esp: '/efi' },
    declared: 'tree/tree.igos:36',
  });
  assert.match(igos('show', 'tree').stdout, /\n\nsystems\n {2}many {2}Many of them, 30 packages\n {2}few {3}1 package\n$/);
});
