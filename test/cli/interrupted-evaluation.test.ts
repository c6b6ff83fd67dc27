/** An evaluation that is ended by a signal while it waits for a program leaves no program at work, and no temporary folder. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { boundWords, processStartTime } from '../../base/index.ts';
import { noSandbox, programs, project } from './programs.ts';

const unbound = boundWords('true', [])[0] === 'true' && 'no setpriv here that knows --pdeathsig';
const noGit = spawnSync('git', ['--version']).status !== 0 && 'git is not installed';
const skipBuild = (await noSandbox()) || unbound;

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let n = 0; !isSo(); n++) {
    assert.ok(n < 1200, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Scene {
  readonly home: string;
  readonly temporary: string;
  readonly bin: string;
  readonly work: string;
  evaluate(expression: string): ChildProcess;
}

function scene(t: TestContext): Scene {
  const { work } = programs(t);
  const [home, temporary, bin] = ['home', 'tmp', 'bin'].map((name) => join(work, name)) as [string, string, string];
  for (const folder of [temporary, bin]) mkdirSync(folder);
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: work, IGOS_HOME: home, TMPDIR: temporary };
  const evaluate = (expression: string): ChildProcess => {
    const child = spawn(join(project, 'bin/igos'), ['eval', '--impure', '--expr', expression], { env, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  return { home, temporary, bin, work, evaluate };
}

test('while Git is at work', { skip: unbound || noGit }, async (t) => {
  const { temporary, bin, work, evaluate } = scene(t);
  const repository = join(work, 'repository');
  const author = ['-c', 'user.name=n', '-c', 'user.email=e@x'];
  spawnSync('git', ['init', '--quiet', repository]);
  spawnSync('git', [...author, '-C', repository, 'commit', '--quiet', '--allow-empty', '--message=first']);
  const git = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  const begun = join(work, 'begun');
  const script = `#!/bin/sh\ncase " $* " in *" ls-tree "*) echo $$ > ${begun}.new; mv ${begun}.new ${begun}; exec sleep 60 ;; esac\nexec ${git} "$@"\n`;
  writeFileSync(join(bin, 'git'), script, { mode: 0o755 });
  const child = evaluate(`builtins.fetchGit { url = "${repository}"; ref = "HEAD"; }`);
  const ended = once(child, 'exit');
  await until(() => existsSync(begun), 'Git was not asked');
  assert.equal(readdirSync(temporary).length, 1);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  const pid = Number(readFileSync(begun, 'utf8'));
  await until(() => processStartTime(pid) === undefined, 'Git is still at work');
  await until(() => readdirSync(temporary).length === 0, 'its folder is still there');
});

test('while what it imports is built', { skip: skipBuild }, async (t) => {
  const { home, evaluate } = scene(t);
  const logs = join(home, 'var/log/running');
  const running = (): string[] => (existsSync(logs) ? readdirSync(logs) : []);
  const system = 'system = builtins.currentSystem';
  const child = evaluate(
    `import (derivation { name = "endless"; ${system}; builder = "/bin/sh"; args = [ "-c" "while :; do :; done" ]; })`,
  );
  const ended = once(child, 'exit');
  await until(() => running().length > 0, 'nothing is built');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  await until(() => running().length === 0 && readdirSync(join(home, 'tmp')).length === 0, 'it is still being built');
});
