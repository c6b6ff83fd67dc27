/** `igos check` and `igos audit` as a user runs them, on a copy of examples/gates and on trees with faults. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noSandbox, programs, project } from './programs.ts';

const skip = await noSandbox();

/** A copy of the example, and how to change it. */
function example(t: TestContext) {
  const { work, ...rest } = programs(t);
  const tree = join(work, 'tree');
  cpSync(join(project, 'examples', 'gates'), tree, { recursive: true });
  const edit = (file: string, from: string, to: string): void => {
    const text = readFileSync(join(tree, file), 'utf8');
    assert.ok(text.includes(from), from);
    writeFileSync(join(tree, file), text.replace(from, to));
  };
  return { ...rest, work, tree, edit };
}

/** A tree of one file. */
function treeOf(t: TestContext, text: string) {
  const { igos, work } = programs(t);
  const tree = join(work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'tree.igos'), text);
  return { igos, tree };
}

test('check, audit, aggregate; a gate without its input is not run', (t) => {
  const { igos, tree, work, edit } = example(t);
  const first = igos('check', tree);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /^2 audit coverage +not run {2}there is no audit database/m);
  assert.match(first.stderr, /^check: no gate failed; not run: audit-coverage, silent-loss$/m);
  assert.equal(igos('check', tree, '--strict').status, 1);
  assert.equal(igos('check', tree, '--strict', '--gate', 'build-order').status, 0);

  const audit = igos('audit', tree);
  assert.equal(
    audit.stdout,
    ['base-files', 'greet-lib', 'greeter'].map((name) => join(tree, 'audits/records', `${name}.json\n`)).join(''),
  );
  // the gate reads the database, not the records
  assert.match(igos('check', tree).stdout, /^2 audit coverage +not run/m);
  assert.equal(igos('audit', 'aggregate', tree).stdout, `${join(tree, 'audits/audits.json')}\n`);
  assert.match(igos('check', tree).stdout, /^2 audit coverage +passed/m);

  edit('packages.igos', 'package greet-lib "1.2"', 'package greet-lib "1.3"');
  const stale = igos('check', tree, '--gate', 'audit-coverage');
  assert.equal(stale.status, 1);
  assert.match(stale.stdout, /^\[audit-preflight\] stale \(version\): 1$/m);
  assert.match(stale.stdout, /^\[audit-preflight\] FAIL: 1 package needs audit work\.$/m);
  igos('audit', `${tree}#greet-lib`, '--by', 'ada');
  igos('audit', 'aggregate', tree);
  assert.equal(igos('check', tree, '--gate', 'audit-coverage').status, 0);
  assert.equal(JSON.parse(readFileSync(join(tree, 'audits/records/greet-lib.json'), 'utf8')).auditedBy, 'ada');

  const elsewhere = join(work, 'private');
  assert.equal(igos('audit', tree, '--audits', elsewhere).status, 0);
  assert.ok(existsSync(join(elsewhere, 'records/greeter.json')));
  // neither makes a derivation, or anything else in the store
  const store = join(work, 'home', 'store');
  assert.deepEqual(existsSync(store) ? readdirSync(store) : [], []);
});

test('--json, --report and --gate', (t) => {
  const { igos, tree, edit } = example(t);
  edit('packages.igos', '  tier = apps;', '  tier = core;');
  igos('audit', tree);
  igos('audit', 'aggregate', tree);
  const { status, stdout } = igos('check', tree, '--json');
  const record = JSON.parse(stdout);
  assert.equal(status, 1);
  assert.equal(record.passed, false);
  assert.deepEqual(
    record.gates.map((gate: { gate: string; status: string }) => `${gate.gate} ${gate.status}`),
    [
      'tier-reachability passed',
      'audit-coverage passed',
      'tier-validation failed',
      'build-order passed',
      'silent-loss not run',
      'undeclared-deps passed',
    ],
  );
  assert.deepEqual(
    record.gates[2].findings.map((finding: { kind: string; package: string }) => [finding.kind, finding.package]),
    [['MOVE→apps', 'greeter']],
  );
  assert.equal(igos('check', tree, '--gate', 'tier-validation').status, 1);
  assert.equal(igos('check', tree, '--gate', 'build-order').status, 0);
  // Each that is named is run.
  assert.equal(igos('check', tree, '--gate', 'tier-validation', '--gate', 'build-order').status, 1);
  assert.equal(igos('check', tree, '--gate', 'no-such').status, 2);
  assert.equal(
    igos('check', tree, '--report').stdout,
    'package\tcategory\tissue\tdetail\ngreet-lib\tneeds-review\tbuild-system-undetected\t\n',
  );
});

test('what is written wrong is a finding, and the other packages are still looked at', (t) => {
  const { igos, tree } = treeOf(
    t,
    `tier core { summary = "c"; holds = [ "*" ]; }
package a "1" { tier = core; summary = "a"; style = autotools; build = [ b nobody "text" ]; lacks = [ "gnupg" ]; }
package b "1" { tier = core; summary = "b"; style = autotools; host = [ a ]; }
package c "1" { tier = core; summary = "c"; style = autotools; pending = ""; waivers = { build-order = { reason = "r"; approver = "ada"; expires = "2020-01-01"; }; }; }
package d "1" { tier = core; summary = throw "no"; style = autotools; version = throw "no"; }
`.replace(' version = throw "no";', ''),
  );
  const { status, stdout } = igos('check', tree);
  assert.equal(status, 1);
  for (const line of [
    /UNREADABLE {2}c {2}pending cannot be evaluated: 'pending' of package 'c' is empty/,
    /DEP-NOT-FOUND {2}a {2}build: undefined variable 'nobody'/,
    /DEP-NOT-FOUND {2}a {2}build: .* holds a string \("text"\), which is not a package/,
    /DEP-NOT-FOUND {2}a {2}lacks gnupg/,
    /CYCLE {2}a {2}dependency cycle: a -> b -> a/,
    /EXPIRED-OVERRIDE {2}c {2}its override ran out on 2020-01-01/,
    /resolve: mend the field that cannot be evaluated: 'igos help package'/,
  ])
    assert.match(stdout, line);
});

test('fields that only an installation reads are told too, those of splits and systems among them; what splits inherit is told once', (t) => {
  const { igos, tree } = treeOf(
    t,
    `tier core { summary = "c"; holds = [ "*" ]; }
package a "1" { tier = core; summary = "a"; style = autotools; license = [ "MIT" ]; modes = { "usr/bin/a" = 4755; };
  triggers.t = { paths = "usr"; run = "true"; };
  split dev { files = [ "usr/include" ]; config = [ "/etc/a" ]; }
}
package b "1" { tier = core; summary = "b"; style = autotools; homepage = 1; }
system s { packages = [ a "b" ]; etc."../motd" = "x"; services.x = true; }
system good { packages = [ ]; etc.motd = "x"; }
`,
  );
  const { status, stdout } = igos('check', tree, '--gate', 'build-order');
  assert.equal(status, 1);
  assert.deepEqual(
    [...stdout.matchAll(/^ *UNREADABLE {2}(.*?) cannot be evaluated: .*\(.*tree\.igos:(\d)\)$/gm)].map(
      ([, what, line]) => `${what} ${line}`,
    ),
    [
      'a  license 2',
      'a  modes 2',
      'a  triggers 3',
      'a-dev  config 4',
      'b  homepage 6',
      'system s  packages 7',
      'system s  etc 7',
      'system s  services 7',
    ],
  );
});

test('every field is looked at, and none is worth a build', (t) => {
  const fields = ['release', 'summary', 'provides', 'conflicts', 'capabilities', 'services', 'meta', 'check', 'verifyPaths'];
  const { igos, tree } = treeOf(
    t,
    `tier core { summary = "c"; holds = [ "*" ]; }
package a "1" { tier = core; style = autotools; ${fields.map((field) => `${field} = ${field === 'release' ? '"x"' : 1};`).join('\n')} }
package b "1" { tier = core; style = autotools; summary = import (derivation { name = "x"; system = "none"; builder = "/none"; }); }
`,
  );
  const { stdout, stderr } = igos('check', tree, '--gate', 'build-order');
  assert.deepEqual(
    [...stdout.matchAll(/^ *UNREADABLE {2}a {2}(\w+) /gm)].map(([, field]) => field),
    fields,
    stderr,
  );
  assert.match(stdout, /\b9 findings: 9 UNREADABLE\n/);
});

test('an override that cannot be read is told by whichever gate runs; a misspelt dependency with the name that is meant', (t) => {
  const { igos, tree } = treeOf(
    t,
    `tier core { summary = "c"; holds = [ "*" ]; }
package zlib "1" { tier = core; summary = "a"; style = autotools; }
package curl "1" { tier = core; summary = "b"; style = autotools; host = [ zilb ];
  waivers = { build-order = { reason = "r"; expires = "2999-01-01"; }; }; }
`,
  );
  const { status, stdout } = igos('check', tree, '--gate', 'build-order');
  assert.equal(status, 1);
  assert.match(stdout, /UNREADABLE {2}curl {2}waivers cannot be evaluated: .*approver.*tree\.igos:4\)/);
  assert.match(stdout, /DEP-NOT-FOUND {2}curl {2}host: undefined variable 'zilb'; did you mean 'zlib'\? {2}\(/);
  assert.match(stdout, /resolve: build the dependency earlier.*\n {2}resolve: mend the field/);
});

test('tiers in a circle, and a tree that cannot be read', (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'tree');
  mkdirSync(tree);
  const file = join(tree, 'tree.igos');
  writeFileSync(
    file,
    'tier a { summary = "a"; after = [ b ]; }\ntier b { summary = "b"; after = [ a ]; }\npackage p "1" { tier = a; summary = "p"; style = autotools; }\n',
  );
  const circle = igos('check', tree);
  assert.equal(circle.status, 1);
  assert.match(circle.stdout, /UNREACHABLE-TIER {2}tiers come after each other in a circle: a → b → a/);
  writeFileSync(file, 'tier a {');
  const broken = igos('check', tree);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /^error\[E-LANG-/m);
});

test('an archive that was fetched is read where it lies', (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'tree');
  mkdirSync(join(work, 'x-1'));
  mkdirSync(tree);
  writeFileSync(join(work, 'x-1', 'meson.build'), "project('x', 'c')\ndependency('zlib')\n");
  const archive = join(work, 'x-1.tar.gz');
  assert.equal(spawnSync('tar', ['-C', work, '-czf', archive, 'x-1']).status, 0);
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const declare = (host: string): void =>
    writeFileSync(
      join(tree, 'tree.igos'),
      `tier core { summary = "c"; }
package zlib "1" { tier = core; summary = "z"; style = autotools; }
package x "1" {
  tier = core;
  summary = "x";
  source = fetchurl { url = "https://example.org/x-1.tar.gz"; sha256 = "${sha256}"; };
  host = [ ${host} ];
  style = meson { };
}
`,
    );
  declare('');
  assert.match(igos('check', tree, '--gate', 'undeclared-deps').stdout, /NOT RUN: no source is in the store \(1 package\)/);
  assert.equal(igos('store', 'add', '--flat', archive).status, 0);
  for (const _ of ['read', 'remembered']) {
    const { status, stdout } = igos('check', tree, '--gate', 'undeclared-deps');
    assert.equal(status, 1);
    assert.match(stdout, /UNDECLARED-MESON-DEP-REQUIRED {2}x {2}meson\.build:2 requires pkgconfig\(zlib\): zlib is not among/);
  }
  igos('audit', `${tree}#x`);
  igos('audit', 'aggregate', tree);
  assert.match(igos('check', tree, '--report').stdout, /^x\tmismatch\tzlib\tmeson\.build:2 requires pkgconfig\(zlib\)/m);
  declare('zlib');
  assert.equal(igos('check', tree, '--gate', 'undeclared-deps').status, 0);
});

test('a source in the store is read once, and a build that lost a feature is told from the reference', { skip }, (t) => {
  const { igos, tree, edit } = example(t);
  assert.match(igos('check', tree, '--gate', 'undeclared-deps').stdout, /2 sources read/);
  assert.equal(igos('audit', 'reference', tree).status, 1);
  assert.equal(igos('realize', tree).status, 0);
  assert.equal(igos('audit', 'reference', tree).stdout, `${join(tree, 'audits/reference.json')}\n`);
  assert.match(igos('check', tree).stdout, /^5 scan B: silent feature loss +passed/m);

  edit('packages.igos', '  host = [ greet-lib ];\n', '');
  const undeclared = igos('check', tree, '--gate', 'undeclared-deps');
  assert.equal(undeclared.status, 1);
  assert.match(
    undeclared.stdout,
    /UNDECLARED-PKG-CONFIG-REQUIRED {2}greeter {2}configure\.ac:3 requires pkgconfig\(greet\): greet-lib/,
  );
  assert.equal(igos('realize', tree).status, 0);
  const lost = igos('check', tree, '--gate', 'silent-loss');
  assert.equal(lost.status, 1);
  assert.match(lost.stdout, /FEATURE-LOST {2}greeter {2}checking for greet >= 1\.0: yes in the reference \(1\.0\), no now/);

  edit('packages.igos', '  phases.configure = "sh configure";', '  phases.configure = "sh configure; exit 7";');
  assert.notEqual(igos('realize', tree).status, 0);
  // the log of a build that failed says nothing about what was built
  assert.match(igos('check', tree, '--gate', 'silent-loss').stdout, /FEATURE-LOST/);
});

test('a build of a whole tree begins with the gates, and ends there if one fails', (t) => {
  const { igos, tree, edit } = example(t);
  const passing = igos('phases', tree, '--until', 'validate');
  assert.equal(passing.status, 0, passing.stderr);
  assert.match(passing.stderr, /^validate: 4 packages in 3 tiers, 4 of 6 gates passed \(not run: audit-coverage, silent-loss\)/m);
  edit('packages.igos', '  tier = apps;', '  tier = core;');
  const failing = igos('phases', tree, '--until', 'validate');
  assert.equal(failing.status, 1);
  assert.match(failing.stderr, /^error\[E-CHECK-006\]: 1 of 6 gates failed: tier-validation$/m);
  assert.match(failing.stderr, /MOVE→apps {2}greeter/);
});
