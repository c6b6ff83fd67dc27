/**
 * igos killed at random points of a build of many packages: the next run goes on, comes to the same outputs, and nothing of the dead one
 * is left: no process, mount, build folder, lock, log or cgroup.
 *
 * With IGOS_SLOW the same for real software: `examples/from-source#ci`, a quarter of an hour and more.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCgroup } from '../../builder/cgroup.ts';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, type Programs, programs, project } from '../cli/programs.ts';

const skip = await noSandbox();

const N_PACKAGES = 40;
const N_KILLS = 20;

/** Numbers from 0 to 1 that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Says in `ps` whose it is: no other test sleeps for so long. */
const daemonSeconds = 4_000_000 + process.pid;

/**
 * Packages as in a distribution: few at the bottom, each needs some of those before it, reads what they installed, and installs files,
 * links and folders of its own; some have two outputs; each leaves a daemon behind.
 */
function treeText(random: () => number): string {
  const packages = Array.from({ length: N_PACKAGES }, (_, index) => {
    const needs = new Set(Array.from({ length: Math.min(index, 3) }, () => Math.floor(random() * index)));
    const name = `p${index}`;
    const list = [...needs].map((need) => `p${need}`).join(' ');
    return `
package ${name} "1.${index}" {
  tier = base;
  summary = "Number ${index}";
  license = "MIT";
  build = [ tools ${list} ];
${index % 5 === 0 ? '  split dev { files = [ "usr/include" ]; }\n' : ''}
  phases.build = ''
    (sleep ${daemonSeconds} >/dev/null 2>&1 &)
    ${[...needs].map((need) => `cat /usr/share/p${need}/text >>text`).join('\n    ')}
    echo "${name} of ${list}" >>text
    sleep 0.0${index % 7}
  '';
  phases.install = ''
    mkdir -p "$out/usr/share/${name}/deep/er" "$out/usr/bin" "$out/usr/include"
    cp text "$out/usr/share/${name}/"
    ln -s "../share/${name}/text" "$out/usr/bin/${name}"
    for i in 1 2 3 4 5 6 7 8; do echo "$i ${name}" >"$out/usr/share/${name}/deep/er/$i"; done
    echo "int ${name};" >"$out/usr/include/${name}.h"
  '';
}
`;
  });
  return `
tier base {
  summary = "All";
}

package tools "1" {
  tier = base;
  summary = "Tools of this machine";
  license = "MIT";
  style = hostTools { tools = [ "sh" "cat" "cp" "ln" "mkdir" "mv" "sleep" ]; };
}
${packages.join('')}`;
}

interface Subject {
  readonly home: string;
  readonly operand: string;
}

interface Realized {
  readonly built: number;
  readonly outputs: readonly { readonly name: string; readonly output: string; readonly path: string }[];
}

const words = ({ operand }: Subject): string[] => ['realize', operand, '--json', '--jobs', '3', '--max-memory', '1G'];

/** Starts a run and kills igos, and only igos, after `ms`. @returns its process, and whether it was quicker */
async function killed(own: Programs, subject: Subject, ms: number): Promise<{ pid: number; hasEnded: boolean }> {
  const child = spawn(join(project, 'bin/igos'), words(subject), {
    cwd: project,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: own.work, IGOS_HOME: subject.home },
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([ended.then(() => 'end'), sleep(ms, 'kill')]);
  child.kill('SIGKILL');
  await ended;
  return { pid: child.pid!, hasEnded: first === 'end' };
}

function realized(own: Programs, subject: Subject): Realized {
  const { status, stdout, stderr } = own.igos('--home', subject.home, ...words(subject));
  assert.equal(status, 0, stderr.slice(-4000));
  return JSON.parse(stdout) as Realized;
}

/** Processes of builds of this test. */
const daemons = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${daemonSeconds}\0`;
    } catch {
      return false;
    }
  });

/** Folders that igos makes its cgroups in. */
const cgroupPlaces = await (async () => {
  const group = makeCgroup({ maxMemoryBytes: 1 << 30, maxTasks: 100 });
  await group?.remove();
  return (group?.joinedBy ?? []).map((file) => dirname(dirname(file)));
})();

/** With the death of igos its processes go, and what is mounted with them. */
async function seeThemDie(home: string): Promise<void> {
  for (let ms = 0; daemons().length > 0; ms += 10) {
    assert.ok(ms < 60_000, 'processes of builds outlive igos by a minute');
    await sleep(10);
  }
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(home), false, 'a mount is left');
}

function seeNothingLeft(home: string, dead: ReadonlySet<number>): void {
  for (const folder of ['tmp', 'var/lock', 'var/log/running'].map((name) => join(home, name)))
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [], folder);
  const groups = cgroupPlaces
    .flatMap((place) => readdirSync(place))
    .filter((name) => dead.has(Number(/^igos-(\d+)-/.exec(name)?.[1])));
  assert.deepEqual(groups, [], 'a cgroup is left');
}

function prepare(t: TestContext): Programs & { tree: string } {
  const own = programs(t);
  const tree = join(own.work, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'tree.igos'), treeText(randomNumbers(7)));
  return { ...own, tree };
}

test(`igos killed ${N_KILLS} times in a build of ${N_PACKAGES} packages`, { skip }, async (t) => {
  const own = prepare(t);
  const random = randomNumbers(11);
  const reference: Subject = { home: join(own.work, 'reference'), operand: own.tree };
  const started = performance.now();
  const wanted = realized(own, reference);
  const durationMs = performance.now() - started;
  assert.equal(wanted.built, N_PACKAGES);
  const rebuilt: number[] = [];
  const dead = new Set<number>();
  for (let round = 0; dead.size < N_KILLS; round++) {
    const subject: Subject = { home: join(own.work, `home-${round}`), operand: own.tree };
    // One, two or three deaths before it comes through.
    for (let nDeaths = 1 + (round % 3); nDeaths > 0 && dead.size < N_KILLS; nDeaths--) {
      const { pid, hasEnded } = await killed(own, subject, random() * durationMs);
      await seeThemDie(own.work);
      if (!hasEnded) dead.add(pid);
    }
    const { built, outputs } = realized(own, subject);
    assert.deepEqual(outputs, wanted.outputs);
    rebuilt.push(built);
    seeNothingLeft(subject.home, dead);
    assert.equal(own.igos('--home', subject.home, 'store', 'verify', '--contents').status, 0);
    assert.equal(realized(own, subject).built, 0);
  }
  t.diagnostic(`a whole run: ${(durationMs / 1000).toFixed(1)} s; built by the last run of each round: ${rebuilt.join(' ')}`);
  assert.ok(
    rebuilt.some((n) => n < N_PACKAGES),
    'no run went on where another had died',
  );
  assert.deepEqual(daemons(), []);
});

test('what a killed igos leaves goes with the garbage, too', { skip }, async (t) => {
  const own = prepare(t);
  const subject: Subject = { home: join(own.work, 'home'), operand: own.tree };
  for (const command of [['gc'], ['store', 'clean']]) {
    const { pid } = await killed(own, subject, 2500);
    await seeThemDie(own.work);
    assert.equal(own.igos('--home', subject.home, ...command).status, 0);
    seeNothingLeft(subject.home, new Set([pid]));
  }
});

const isLong = process.env['IGOS_SLOW'] !== undefined;

test('igos killed in a build of real software', {
  skip: skip || (isLong ? false : 'not part of igos: IGOS_SLOW is not set'),
}, async (t) => {
  const own = programs(t);
  const random = randomNumbers(13);
  const operand = 'examples/from-source#ci';
  const wanted = realized(own, { home: join(own.work, 'reference'), operand });
  const dead = new Set<number>();
  const rebuilt: number[] = [];
  for (let round = 0; dead.size < N_KILLS; round++) {
    const subject: Subject = { home: join(own.work, `home-${round}`), operand };
    // Until one comes through before it is killed.
    for (let hasEnded = false; !hasEnded && dead.size < N_KILLS; ) {
      const death = await killed(own, subject, 1000 + random() * 59_000);
      ({ hasEnded } = death);
      if (!hasEnded) dead.add(death.pid);
      await seeThemDie(own.work);
    }
    const { built, outputs } = realized(own, subject);
    rebuilt.push(built);
    assert.deepEqual(outputs, wanted.outputs);
    seeNothingLeft(subject.home, dead);
    assert.equal(own.igos('--home', subject.home, 'store', 'verify', '--contents').status, 0);
    assert.equal(realized(own, subject).built, 0);
    removeTree(subject.home);
  }
  t.diagnostic(`built by the last run of each of ${rebuilt.length} homes: ${rebuilt.join(' ')} of ${wanted.built}`);
});
