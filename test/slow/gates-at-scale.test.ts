/** All six gates and the report on a distribution of 857 packages with every input there, faults planted and none, and what it costs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openStore, parseStorePath, type StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { generatedSource, writeGeneratedTree } from '../check/generated-tree.ts';
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

  // one fault in the middle of it is found
  appendFileSync(
    join(tree, 'extra', 'extra-p7.igos'),
    'package new-one "1" { tier = extra; summary = "new"; build = [ ai-p0 ]; }\n',
  );
  const planted = run('check', tree);
  assert.equal(planted.status, 1);
  assert.match(planted.stdout, /^ {2}missing {2}new-one {2}no audit record at all/m);
  assert.match(planted.stdout, /^ {2}CROSS-TIER-DEP {2}new-one {2}build-dep on ai-p0 \(tier:ai\)/m);
});

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
