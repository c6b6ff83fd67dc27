/**
 * Every write of every scenario fails: simulated death, a full disk, a disk error; and a child process is killed with SIGKILL
 * before each of its writes. The root must be exactly generation N or N+1 afterwards: every path, mode, byte and row.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { checkBothSeen, checkRecovered, childWords, copySandbox, failEveryWrite, prepare } from '../pkm/crash-harness.ts';
import { scenarios } from '../pkm/crash-scenarios.ts';

for (const scenario of scenarios) {
  for (const mode of ['death', 'ENOSPC', 'EIO'] as const) {
    test(`crash: ${scenario.name}, ${mode} at every write`, (t) => failEveryWrite(t, scenario, mode, 1));
  }
}

for (const scenario of scenarios) {
  test(`SIGKILL: ${scenario.name}, before every write`, async (t) => {
    const prepared = await prepare(t, scenario);
    const [program, ...words] = childWords();
    const seen = new Set<number>();
    for (let step = 0; ; step++) {
      const box = copySandbox(t, prepared.template);
      const child = spawnSync(program, [...words, scenario.name, box.base, String(step)], { encoding: 'utf8' });
      if (child.signal !== 'SIGKILL') {
        assert.equal(child.status, 0, child.stderr);
        assert.ok(step > 10, `only ${step} writes seen`);
        break;
      }
      checkRecovered(box, `${scenario.name}, killed before write ${step}`, { ...prepared, seen });
      box.remove();
    }
    checkBothSeen(prepared, seen);
  });
}
