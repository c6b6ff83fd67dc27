/**
 * The real InterGenOS: `IGOS_INTERGENOS` names a checkout of its repository. Its own parser and graph, in Python, say how many
 * packages and edges there are; bash says what the functions of its scripts are.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { importIntergenos } from '../../import/intergenos/import.ts';
import { dedent, readShellScript } from '../../import/shell-script.ts';
import { openTree } from '../eval/declare/harness.ts';

const checkout = process.env['IGOS_INTERGENOS'];
const python = ['/usr/bin/python3', 'python3'].find((each) => spawnSync(each, ['-c', 'import yaml']).status === 0);
const skip =
  checkout === undefined
    ? 'not part of igos: IGOS_INTERGENOS does not name a checkout of InterGenOS'
    : !existsSync(join(checkout, 'igos-build', 'parser.py'))
      ? `${checkout} holds no igos-build/parser.py`
      : python === undefined
        ? 'not part of igos: no python3 with yaml to run its tools'
        : false;

const seed = {
  kind: 'seed',
  lock: readFileSync(join(import.meta.dirname, '..', '..', 'examples', 'import', 'toolchain.lock')),
} as const;

/** What igos-build reads: packages with tier and the names that each list holds once. */
const THEIRS = `
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1] + '/igos-build')
import parser, graph
packages = [parser.parse_template(t) for t in parser.discover_templates(Path(sys.argv[1]) / 'packages')]
g = graph.DependencyGraph()
for p in packages: g.add_package(p)
sys.stderr = open('/dev/null', 'w')
g.resolve(strict=False)
order = [p.name for p in g.build_order()]
names = set(g.packages)
kinds = ('build', 'host', 'runtime')
print(json.dumps({
  'packages': {p.name: {'tier': p.tier, 'version': p.version, 'supersedes': p.supersedes,
    **{k: sorted(set(getattr(p.dependencies, k)) & names) for k in kinds},
    'dangling': sorted({d for k in kinds for d in getattr(p.dependencies, k)} - names)} for p in packages},
  'edges': sum(len(d) for d in g.depends_on.values()),
  'order': len(order),
}))
`;

interface Theirs {
  readonly packages: Readonly<
    Record<
      string,
      {
        tier: string;
        version: string;
        supersedes: string[];
        build: string[];
        host: string[];
        runtime: string[];
        dangling: string[];
      }
    >
  >;
  readonly edges: number;
  readonly order: number;
}

test('packages, tiers and edges are those of its own tools; all become derivations', { skip }, (t) => {
  const theirs = JSON.parse(execFileSync(python!, ['-c', THEIRS, checkout!], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Theirs;
  const { files, report } = importIntergenos(checkout!, checkout, seed);
  const texts = Object.fromEntries([...files].map(([path, { data }]) => [path, Buffer.from(data).toString('utf8')]));
  const { tree } = openTree(t, texts);
  const ours = [...tree.packages.values()].filter(({ tier }) => tier !== 'seed');
  assert.equal(ours.length, Object.keys(theirs.packages).length);
  const edges = new Set<string>();
  for (const each of ours) {
    const { dangling: _, ...expected } = theirs.packages[each.name]!;
    const { tier, version, supersedes, build, host, runtime } = each;
    const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(
      { tier, version, supersedes: [...supersedes], build: sorted(build), host: sorted(host), runtime: sorted(runtime) },
      expected,
      each.name,
    );
    for (const needed of [...build, ...host, ...runtime]) edges.add(`${each.name} ${needed}`);
    assert.match(each.drvPath!, /\.drv$/);
  }
  assert.equal(edges.size, theirs.edges);
  assert.equal(theirs.order, ours.length);
  const dangling = Object.entries(theirs.packages).flatMap(([name, each]) => each.dangling.map((needed) => `${name} ${needed}`));
  const found = report.findings
    .filter(({ kind, about }) => kind === 'dangling' && about.startsWith('dependencies.'))
    .map(({ name, text }) => `${name!} ${/^'([^']+)'/.exec(text)![1]!}`);
  assert.deepEqual(
    found.sort((a, b) => (a < b ? -1 : 1)),
    dangling.sort((a, b) => (a < b ? -1 : 1)),
  );
  t.diagnostic(`${ours.length} packages, ${edges.size} edges, ${found.length} dangling, ${report.findings.length} findings`);
});

test('every function of every script is what bash takes for it', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-import-bash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const script: string[] = [];
  let count = 0;
  for (const file of globSync(join(checkout!, 'packages/*/*/build.sh'))) {
    const { problem, functions } = readShellScript(readFileSync(file, 'utf8'));
    assert.equal(problem, undefined, file);
    for (const { name, body } of functions) {
      const own = join(folder, String(count++));
      writeFileSync(own, `${name}() {\n${dedent(body)}\n}\n`);
      script.push(
        `a=$(. '${file}' >/dev/null 2>&1; declare -f ${name}); b=$(. ${own}; declare -f ${name}); [ -n "$a" ] && [ "$a" = "$b" ] || echo '${file}' ${name}`,
      );
    }
  }
  const { stdout } = spawnSync('bash', ['-s'], { input: script.join('\n'), encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(stdout, '');
  assert.ok(count > 0);
  t.diagnostic(`${count} functions`);
});
