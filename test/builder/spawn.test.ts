import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { type TestContext, test } from 'node:test';
import koffi from 'koffi';
import { type Descriptor, type Started, startProgram } from '../../builder/spawn.ts';

const start = (script: string, descriptors: readonly Descriptor[] = ['empty', 'output', 'output', 'channel']): Started =>
  startProgram('/bin/sh', ['-c', script], { cwd: '/', env: { NAME: 'välue' }, descriptors });

async function end(child: Started): Promise<{ out: string; error: string; status: number | null; signal: string | null }> {
  let out = '';
  let error = '';
  child.stdio[1]?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stdio[2]?.on('data', (chunk: Buffer) => (error += chunk.toString('utf8')));
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...ends) => resolve(ends)),
  );
  return { out, error, status, signal };
}

const onLinux = (t: TestContext): boolean => {
  if (process.platform !== 'linux') t.skip('not Linux');
  return process.platform === 'linux';
};

test('a program gets its words, folder, variables and an empty input, and its end is told', async () => {
  assert.deepEqual(await end(start('pwd; echo "$NAME"; cat; echo err >&2; exit 7')), {
    out: '/\nvälue\n',
    error: 'err\n',
    status: 7,
    signal: null,
  });
});

test('all that it wrote is there when it has ended', async () => {
  const { out } = await end(start('i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done'));
  assert.equal(out.length, 220_000);
});

test('what goes on for longer is read to its end, however many there are', async () => {
  const script = 'echo early; sleep 0.0$1; echo between; head -c 100000 /dev/zero >&2; sleep 0.05; echo late';
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => end(start(`set -- ${n}; ${script}`))));
  for (const { out, error, status } of all) {
    assert.equal(out, 'early\nbetween\nlate\n');
    assert.equal(error.length, 100_000);
    assert.equal(status, 0);
  }
});

test('what it wrote comes while it runs', async () => {
  const child = start('echo early; read -r _ <&3; echo late');
  let out = '';
  child.stdio[1]!.on('data', (chunk) => {
    out += chunk.toString('utf8');
    if (out === 'early\n') child.kill('SIGTERM');
  });
  const signal = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
  assert.equal(signal, 'SIGTERM');
  assert.equal(out, 'early\n');
});

test('a program that closed its pipes is waited for', async () => {
  assert.equal((await end(start('exec >&- 2>&- 3>&-; sleep 0.2; exit 3'))).status, 3);
});

test('a signal that ended it is named, and one that is sent reaches it', async () => {
  assert.equal((await end(start('kill -TERM $$'))).signal, 'SIGTERM');
  const child = start('read -r _ <&3');
  const ended = end(child);
  assert.equal(child.kill('SIGKILL'), true);
  assert.equal((await ended).signal, 'SIGKILL');
  assert.equal(child.kill('SIGKILL'), false, 'its number may be another’s by now');
});

test('a program whose end somebody else was told of has not succeeded', async (t) => {
  if (!onLinux(t)) return;
  const child = start(':');
  const wait4 = koffi.load(null).func('int wait4(int pid, void *status, int options, void *usage)');
  assert.equal(wait4(child.pid, null, 0, null), child.pid);
  assert.equal((await end(child)).signal, 'SIGKILL');
});

test('a program that is not there is an error with its number', async () => {
  const child = startProgram('/no/such/program', [], { cwd: '/', env: {}, descriptors: ['empty', 'output'] });
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.on('error', resolve));
  assert.equal(error.code, 'ENOENT');
});

test('it inherits nothing but what it is given, ignores no signal, and leads a session of its own', async (t) => {
  if (!onLinux(t)) return;
  const secret = openSync('/dev/zero', 'r');
  const lent = openSync('/etc/passwd', 'r');
  const script =
    'cd /proc/self/fd; for f in *; do printf "%s " "$f"; done; echo; grep SigIgn /proc/self/status; cut -d" " -f1,6 /proc/$$/stat';
  const { out } = await end(start(script, ['empty', 'output', 'output', 'channel', lent]));
  closeSync(secret);
  closeSync(lent);
  const [descriptors, ignored, session] = out.split('\n');
  // Whoever lists them has the folder open, too.
  assert.deepEqual(descriptors!.trim().split(' ').slice(0, 5), ['0', '1', '2', '3', '4']);
  assert.ok(descriptors!.trim().split(' ').length <= 6, descriptors);
  assert.match(ignored!, /SigIgn:\s0+$/);
  const [pid, leader] = session!.split(' ');
  assert.equal(pid, leader);
});

test('who is nice has nice programs, whose session is a group of the scheduler', async (t) => {
  if (!onLinux(t)) return;
  const group = '/proc/self/autogroup';
  if (!existsSync(group)) {
    t.skip('not part of igos: this kernel has no groups of sessions');
    return;
  }
  const url = JSON.stringify(import.meta.resolve('../../builder/spawn.ts'));
  const script = `
    const { startProgram } = await import(${url});
    const descriptors = ['empty', 'output'];
    const child = startProgram('/bin/sh', ['-c', 'sleep 0.3; cat ${group}'], { cwd: '/', env: process.env, descriptors });
    child.stdio[1].on('data', (chunk) => process.stdout.write(chunk));`;
  const words = ['--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync('nice', ['-n', '7', process.execPath, ...words], { encoding: 'utf8' });
  assert.match(stdout, new RegExp(`nice ${Math.min(getPriority() + 7, 19)}$`, 'm'), stderr);
});

test('no descriptor is left open', async (t) => {
  if (!onLinux(t)) return;
  const count = (): number => readdirSync('/proc/self/fd').length;
  await end(start(':'));
  const before = count();
  for (let i = 0; i < 20; i++) await end(start(':'));
  assert.ok(count() <= before, `${count()} after ${before}`);
});
