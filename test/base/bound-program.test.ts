/** What a process waits for standing still ends with it, and what it worked in goes. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { boundWords, processStartTime, removedAfterEnd } from '../../base/index.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../../base/bound-program.ts'));
const isBound = boundWords('true', [])[0] !== 'true';

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let n = 0; !isSo(); n++) {
    assert.ok(n < 600, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} while a program runs`, async (t) => {
    if (!isBound) return t.skip('no setpriv here that knows --pdeathsig');
    const parent = mkdtempSync(join(tmpdir(), 'igos-bound-'));
    t.after(() => rmSync(parent, { recursive: true, force: true }));
    const [folder, begun] = [join(parent, "it's\na folder"), join(parent, 'begun')];
    mkdirSync(join(folder, 'tree'), { recursive: true });
    const script = `import { spawnSync } from 'node:child_process';
      const { boundWords, removedAfterEnd } = await import(${MODULE});
      removedAfterEnd(${JSON.stringify(folder)});
      spawnSync(...boundWords('sh', ['-c', 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 60', ${JSON.stringify(begun)}]));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    const ended = once(child, 'exit');
    await until(() => existsSync(begun), 'it did not begin');
    child.kill(signal);
    assert.deepEqual(await ended, [null, signal]);
    const pid = Number(readFileSync(begun, 'utf8'));
    await until(() => processStartTime(pid) === undefined, 'the program is still at work');
    await until(() => !existsSync(folder), 'the folder is still there');
    assert.deepEqual(readdirSync(parent), ['begun']);
  });
}

test('a program runs as it would otherwise, and one that is not there has the status that shells give', () => {
  const { stdout, status } = spawnSync(...boundWords('sh', ['-c', 'cat; exit 3']), { input: 'text', encoding: 'utf8' });
  assert.deepEqual([stdout, status], ['text', 3]);
  const missing = spawnSync(...boundWords('/no/program', []), { stdio: 'ignore' });
  assert.equal(missing.status ?? 127, 127);
});

test('a folder that is done with goes at once, and nobody waits for it any more', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-bound-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  {
    using _ = removedAfterEnd(folder);
    assert.ok(existsSync(folder));
  }
  assert.ok(!existsSync(folder));
  const guards = (): string[] =>
    readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder);
      } catch {
        return false;
      }
    });
  await until(() => guards().length === 0, 'somebody is still waiting');
});
