/**
 * Real packages of InterGenOS: imported, built from nothing but pinned Debian packages and their sources, installed and run.
 * `IGOS_INTERGENOS` names a checkout; the sources come from a Debian mirror (`intergenos-sources/`). docs/import.md says how long it takes.
 * `IGOS_INTERGENOS_HOME` names a home that is kept, so that a run which was broken off goes on where it was; `IGOS_TEST_JOBS` says how
 * many builds run at once.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noSandbox, programs, project } from '../cli/programs.ts';

const checkout = process.env['IGOS_INTERGENOS'];
const skip =
  checkout === undefined
    ? 'not part of igos: IGOS_INTERGENOS does not name a checkout of InterGenOS'
    : !existsSync(join(checkout, 'packages'))
      ? `not part of igos: ${checkout} holds no packages`
      : await noSandbox();

const keptHome = process.env['IGOS_INTERGENOS_HOME'];
const sources = join(project, 'test', 'slow', 'intergenos-sources');
const names = [...readFileSync(join(sources, 'sources.igos'), 'utf8').matchAll(/^override (\S+) \{$/gm)].map(
  (match) => match[1]!,
);

test(`${names.length} packages of InterGenOS build, are installed, verified, and run`, { skip }, (t) => {
  const { igos, pkm, work, root } = programs(t, keptHome === undefined ? {} : { home: keptHome });
  const ok = (run: { status: number | null; stdout: string; stderr: string }): string => {
    assert.equal(run.status, 0, run.stderr.slice(-8000));
    return run.stdout;
  };
  const lock = join(project, 'examples', 'import', 'toolchain.lock');
  ok(igos('import', 'intergenos', checkout!, '-o', join(work, 'intergenos'), '--seed', lock));
  const tree = join(work, 'mine');
  cpSync(sources, tree, { recursive: true });
  writeFileSync(join(tree, 'tree.igos'), 'tree { over = [ ../intergenos ]; }\n');

  const goals = names.map((name) => `${tree}#${name}`);
  const started = performance.now();
  const { built, outputs } = JSON.parse(
    ok(igos('realize', ...goals, '--json', '--keep-going', '--jobs', process.env['IGOS_TEST_JOBS'] ?? '2')),
  ) as {
    built: number;
    outputs: readonly { readonly name: string; readonly path: string }[];
  };
  t.diagnostic(`${built} built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  assert.ok(outputs.length >= names.length);
  if (keptHome === undefined) assert.ok(built >= names.length, `only ${built} built`);
  const tiers = JSON.parse(
    ok(
      igos(
        'eval',
        tree,
        '--strict',
        '--json',
        '--expr',
        `map (name: packages.\${name}.tier.name) ${JSON.stringify(names).replaceAll(',', ' ')}`,
      ),
    ),
  ) as string[];
  assert.ok(new Set(tiers).size >= 4, [...new Set(tiers)].join(' '));

  ok(pkm('install', ...goals, `${tree}#seed-libc`));
  ok(pkm('verify'));
  const installed = ok(pkm('list')).trimEnd().split('\n').length;
  assert.ok(installed >= names.length + 1, `${installed} installed`);
  const enter = process.getuid?.() === 0 ? ['chroot', root] : ['unshare', '-r', 'chroot', root];
  // There is no /dev in it.
  const script =
    'echo "$BASH_VERSION"; echo hello | sed s/h/H/; lua -e "print(6*7)"; echo x | bzip2 | bzip2 -d; gperf --version | sed q';
  const ran = spawnSync(enter[0]!, [...enter.slice(1), '/usr/bin/bash', '-c', script], {
    encoding: 'utf8',
    // Also where this machine keeps `chroot`.
    env: { PATH: '/usr/bin:/usr/sbin' },
  });
  assert.match(ran.stdout, /^5\.2\.37\S*\nHello\n42\nx\nGNU gperf 3\.2\.1\n$/, ran.stderr);
  t.diagnostic(`${installed} packages of ${new Set(tiers).size} tiers installed`);
});
