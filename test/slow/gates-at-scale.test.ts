/** All six gates and the report on a distribution of 857 packages with every input there: none fails, each finds what is planted, and what it costs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openStore, parseStorePath, type StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { generatedSource, ustar, writeGeneratedTree } from '../check/generated-tree.ts';
import { project } from '../cli/programs.ts';

/** Processor time, since others work on the machine too. The goal is 1.5 s, and 1.1 s is usual; twice the goal is no slow machine any more. */
const MAX_CPU_SECONDS = 3;

test('857 packages: all gates pass, in time; the second check reads neither sources nor logs', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-gates-'));
  t.after(() => removeTree(work));
  const [tree, home] = [join(work, 'tree'), join(work, 'home')];
  const names: string[] = [];
  writeGeneratedTree(tree, (name) => {
    names.push(name);
    return createHash('sha256').update(generatedSource(name)).digest('hex');
  });
  fillStore(home, work, names);

  const run = (...words: string[]) => {
    // the children's processor time, as the shell sees it
    const script = 'ulimit -S -s 200000 2>/dev/null; "$@"; status=$?; times >"$OUT"; exit $status';
    const out = join(work, 'times');
    const result = spawnSync('sh', ['-c', script, 'sh', join(project, 'bin/igos'), ...words], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, IGOS_HOME: home, OUT: out },
    });
    const [user, system] = readFileSync(out, 'utf8')
      .split('\n')[1]!
      .split(' ')
      .map((text) => /(\d+)m([\d.]+)s/.exec(text)!)
      .map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
    return { ...result, cpuSeconds: user! + system! };
  };
  const reference = run('audit', 'reference', tree);
  assert.equal(reference.status, 0, reference.stderr);
  const first = run('check', tree);
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.match(first.stderr, /^check: no gate failed$/m);
  assert.match(first.stdout, /857 sources read/);
  assert.match(first.stdout, /857 packages compared with the reference/);
  const best = Math.min(...Array.from({ length: 3 }, () => run('check', tree).cpuSeconds));
  t.diagnostic(
    `first ${first.cpuSeconds.toFixed(2)} s, then ${best.toFixed(2)} s of processor time${existsSync(join(project, 'dist')) ? '' : ', from the sources'}`,
  );
  assert.ok(best <= MAX_CPU_SECONDS, `${best} s`);

  // A fault of each kind in the middle of it is found by its gate, in the words that people know; mended, the gate passes.
  const change = (file: string, from: string, to: string): (() => void) => {
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes(from), `${from} in ${file}`);
    writeFileSync(file, text.replace(from, to));
    return () => writeFileSync(file, text);
  };
  const needy = addSource(home, work, 'extra-p7', Buffer.concat([ustar('extra-p7-1.0/configure.ac', NEEDY), Buffer.alloc(1024)]));
  const [tiers, extra] = [join(tree, 'tiers.igos'), join(tree, 'extra', 'extra-p7.igos')];
  const plants: readonly (readonly [gate: string, plant: () => () => void, found: RegExp])[] = [
    ['tier-reachability', () => change(tiers, ' core-p9 ', ' '), /^ {2}ORPHAN {2}core-p9 /m],
    ['audit-coverage', () => change(extra, 'package', `${NEW_ONE}package`), /^ {2}missing {2}new-one {2}no audit record at all/m],
    ['audit-coverage', () => change(extra, '"1.0"', '"1.1"'), /^\[audit-preflight\] stale \(version\): 1$/m],
    ['audit-coverage', () => change(extra, 'build = [', 'build = [ core-p0 core-p1 core-p2'), /^ {2}drift {2}extra-p7 /m],
    ['tier-validation', () => change(extra, 'tier = extra', 'tier = ai'), /^ {2}MOVE→extra {2}extra-p7 /m],
    ['tier-validation', () => change(tiers, '"ai-*"', ''), /^ {2}UNCLEAR {2}ai-p1 /m],
    [
      'tier-validation',
      () => change(extra, 'host = [', 'host = [ ai-p0'),
      /^ {2}CROSS-TIER-DEP {2}extra-p7 {2}host-dep on ai-p0 \(tier:ai\)/m,
    ],
    [
      'build-order',
      () => change(join(tree, 'core', 'core-p3.igos'), 'build = [', 'build = [ core-p9'),
      /^ {2}SAME-SEQUENCE-VIOLATION {2}core-p3 /m,
    ],
    [
      'silent-loss',
      () => change(logOf(home, 'extra-p7'), 'thing 8... yes', 'thing 8... no'),
      /^ {2}FEATURE-LOST {2}extra-p7 .*checking for thing 8/m,
    ],
    [
      'undeclared-deps',
      () => change(extra, createHash('sha256').update(generatedSource('extra-p7')).digest('hex'), needy),
      /^ {2}UNDECLARED-PKG-CONFIG-REQUIRED {2}extra-p7 /m,
    ],
  ];
  for (const [gate, plant, found] of plants) {
    const mend = plant();
    const planted = run('check', tree, '--gate', gate);
    assert.equal(planted.status, 1, `${gate}: ${planted.stdout}${planted.stderr}`);
    assert.match(planted.stdout, found);
    mend();
    const mended = run('check', tree, '--gate', gate, '--strict');
    assert.equal(mended.status, 0, `${gate}: ${mended.stdout}${mended.stderr}`);
  }
});

const NEW_ONE = 'package new-one "1" { tier = extra; summary = "new"; }\n\n';

/** Requires the last package of core, which extra-p7 does not name. */
const NEEDY = Buffer.from('AC_INIT([extra-p7], [1.0])\nPKG_CHECK_MODULES([LAST], [core-p271])\n');

/** The log of a package's build, which `fillStore` wrote. */
const logOf = (home: string, name: string): string =>
  globSync(`var/log/**/*-${name}-1.0.drv*`, { cwd: home }).map((file) => join(home, file))[0]!;

/** Puts a source into the store. @returns its hash */
function addSource(home: string, work: string, name: string, data: Buffer): string {
  const store = openStore({ home, storeDir: '/igos/store' });
  const file = join(work, `${name}-1.0.tar`);
  writeFileSync(file, data);
  store.addPath(`${name}-1.0.tar`, file, { method: 'flat' });
  store.close();
  return createHash('sha256').update(data).digest('hex');
}

/** Every source as if it had been fetched, and a log of a build of every package. */
function fillStore(home: string, work: string, names: readonly string[]): void {
  const store = openStore({ home, storeDir: '/igos/store' });
  const realised: { drvPath: StorePath; output: string; path: StorePath }[] = [];
  const checks = Array.from(
    { length: 300 },
    (_, index) => `checking for thing ${index}... ${index % 7 === 0 ? 'no' : 'yes'}\n`,
  ).join('');
  for (const name of names) {
    const file = join(work, `${name}-1.0.tar`);
    writeFileSync(file, generatedSource(name));
    const path = store.addPath(`${name}-1.0.tar`, file, { method: 'flat' });
    const hash = createHash('sha256').update(name).digest('hex').replaceAll('e', 'g').slice(0, 32);
    const drvPath = parseStorePath(`/igos/store/${hash}-${name}-1.0.drv`, '/igos/store');
    realised.push({ drvPath, output: 'out', path });
    mkdirSync(dirname(store.logPath(drvPath)), { recursive: true });
    writeFileSync(store.logPath(drvPath), checks + 'cc -O2 -c x.c\n'.repeat(3000));
  }
  store.addRealisations(realised);
  store.close();
}
