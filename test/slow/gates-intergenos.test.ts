/**
 * The gates on the real tree of InterGenOS, beside its own tools. `IGOS_INTERGENOS` names a checkout; its scripts run with python3 and
 * yaml. Where the two differ, the difference is stated here, and why.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding, GateResult } from '../../check/index.ts';
import { programs } from '../cli/programs.ts';

const checkout = process.env['IGOS_INTERGENOS'];
const skip = whyNot();

function whyNot(): string | false {
  if (checkout === undefined) return 'not part of igos: IGOS_INTERGENOS does not name a checkout of InterGenOS';
  if (!existsSync(join(checkout, 'scripts', 'validate-package-tiers.py')))
    return `not part of igos: ${checkout} holds no validate scripts`;
  const isThere = spawnSync('python3', ['-c', 'import yaml']).status === 0;
  return isThere ? false : 'not part of igos: its tools need python3 with yaml';
}

/** What one of its scripts prints. */
function theirs(script: string, ...words: string[]): string {
  const { stdout, stderr, error } = spawnSync('python3', [join(checkout!, 'scripts', script), ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.ok(error === undefined && stdout !== '', stderr);
  return stdout;
}

const linesOf = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, ...groups]) => groups.join(' ')).sort((a, b) => (a < b ? -1 : 1));

const kinds = ({ findings }: GateResult, kind: RegExp): string[] =>
  findings
    .filter((finding) => kind.test(finding.kind))
    .map((finding: Finding) => `${finding.package} ${finding.kind}`)
    .sort((a, b) => (a < b ? -1 : 1));

test('the real tree: what its own tools find, igos check finds', { skip }, (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'tree');
  const imported = igos('import', 'intergenos', checkout!, '-o', tree);
  assert.equal(imported.status, 0, imported.stderr);
  const aggregated = igos('audit', 'aggregate', tree, '--import', join(checkout!, 'build', 'audits'));
  assert.equal(aggregated.status, 0, aggregated.stderr);
  const checked = igos('check', tree, '--json');
  assert.equal(checked.status, 1, checked.stderr);
  const record = JSON.parse(checked.stdout) as { gates: GateResult[]; report: { category: string }[] };
  const [reachability, audits, tiers, order, loss, undeclared] = record.gates as [
    GateResult,
    GateResult,
    GateResult,
    GateResult,
    GateResult,
    GateResult,
  ];

  // gate 1: the same orphans
  const orphans = linesOf(theirs('preflight-tier-coverage.py'), /^(\S+) +\S+ +not in run_package list/gm);
  assert.ok(orphans.length > 0);
  assert.deepEqual(
    kinds(reachability, /./),
    orphans.map((name) => `${name} ORPHAN`),
  );

  // gate 2: its gate reads a database in the checkout, which is not to be written; its aggregator and its rules are asked apart
  const answer = spawnSync('python3', ['-c', AUDIT_RULES, checkout!], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  assert.deepEqual(kinds(audits, /./), linesOf(answer.stdout, /^(\S+) (\S+)$/gm));

  // gate 3: the same verdict for each package
  const verdicts = linesOf(theirs('validate-package-tiers.py'), /^([^\s#]\S*)\t\S+\t((?:MOVE→\S+|UNCLEAR|CROSS-TIER-DEP))\t/gm);
  assert.ok(verdicts.length > 0);
  assert.deepEqual(kinds(tiers, /./), verdicts);

  // gate 4: theirs, and more
  const violations = linesOf(theirs('preflight-build-order.py', '--verbose'), /\] (\S+) needs (\S+) @/g);
  const ours = order.findings.map((finding) => linesOf(finding.text, /\] (\S+) (?:needs|supersedes) (\S+) /g)[0]!);
  assert.ok(violations.length > 0);
  for (const each of violations) assert.ok(ours.includes(each), `${each} is not among ${ours.join(', ')}`);
  for (const { kind, package: name, text } of order.findings) {
    if (violations.includes(linesOf(text, /\] (\S+) (?:needs|supersedes) (\S+) /g)[0]!)) continue;
    // its scan reads `build` only, and of that no list in brackets behind comments; it knows no order between a package and what it supersedes,
    // and the names that it does not have are told by its builder
    const isExplained = / \(host\) @ /.test(text) || / supersedes /.test(text) || kind === 'DEP-NOT-FOUND' || isFlowList(name!);
    assert.ok(isExplained, `${kind} ${text}`);
  }

  // gates 5 and 6: there is no build of it and no source here, and that is what is said
  assert.deepEqual([loss.status, undeclared.status], ['not run', 'not run']);

  // the advisory report: as many rows of each category
  const report = join(work, 'report.tsv');
  theirs(
    'aggregate-package-audits.py',
    '--audits-dir',
    join(checkout!, 'build', 'audits'),
    '--db',
    join(work, 'audits.db'),
    '--report',
    report,
  );
  const categories = spawnSync('cut', ['-f2', report], { encoding: 'utf8' }).stdout.trim().split('\n').slice(1);
  const count = (list: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const each of list) counts[each] = (counts[each] ?? 0) + 1;
    return counts;
  };
  const { 'bundled-libs': bundled = 0, ...rest } = count(record.report.map(({ category }) => category));
  assert.deepEqual({ ...rest, 'rule-5-trigger': bundled }, count(categories));
});

/** Whether its own file writes the list in brackets. */
function isFlowList(name: string): boolean {
  const found = spawnSync('grep', ['-rlE', `^name: ${name}$`, join(checkout!, 'packages'), '--include=package.yml'], {
    encoding: 'utf8',
  });
  return spawnSync('grep', ['-qE', '^  build: *\\[.+\\]', found.stdout.trim()]).status === 0;
}

/** The three rules of its audit gate, over its records and recipes: what `preflight-audit-coverage.py` would read from its database. */
const AUDIT_RULES = `
import json, pathlib, re, sys, yaml
root = pathlib.Path(sys.argv[1])
ch8 = set(re.findall(r'^\\s*run_package\\s+"([^"]+)"', (root / 'scripts/chroot-build-ch8.sh').read_text(), re.M))
for path in sorted((root / 'packages').rglob('package.yml')):
    package = yaml.safe_load(path.read_text())
    name = package['name']
    if package.get('tier') == 'toolchain' or name in ch8 or package.get('pending_acquisition'): continue
    file = root / 'build/audits' / (name + '.json')
    if not file.exists(): print(name, 'missing'); continue
    record = json.loads(file.read_text())
    build = (package.get('dependencies') or {}).get('build') or []
    if record['version'] != str(package['version']): print(name, 'stale')
    elif sorted(record.get('our_deps_build') or []) != sorted(build): print(name, 'drift')
`;
