/**
 * Machines that lack something, played by this one: igos runs under a filter that refuses a system call, as in a container with a
 * profile of its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { probeSandbox } from '../../builder/index.ts';
import { CallList } from '../../builder/launch/call-list.ts';
import { launch, ownMachine } from '../../builder/launch/launch.ts';
import { launcherProgram } from '../../builder/launch/program.ts';
import { type CallName, callNumber } from '../../builder/launch/system-calls.ts';
import { needsSandbox, temporaryFolder } from './support.ts';

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, path));

/** Builds something, and prints what it was told and what came of it. */
const SCRIPT = `
import { openStore } from ${source('../../store/index.ts')};
import { probeSandbox, realize } from ${source('../../builder/index.ts')};
import { addDerivation, rootOf, toolsLayer } from ${source('support.ts')};
import { readFileSync } from 'node:fs';
const store = openStore({ home: process.argv[2], storeDir: '/igos/store' });
const layer = toolsLayer(store, 'mkdir');
const igosRoot = rootOf({ name: 'host', path: layer });
const goals = ['a', 'b'].map((name) => ({ drvPath: addDerivation(store, { name, env: { igosRoot }, sources: [layer], script: 'echo made > $out' }), outputs: [] }));
const told = [];
try {
  const result = await realize(store, goals, { onEvent: (event) => { if (event.kind === 'lacking') told.push(event.text); } });
  for (const path of [...result.outputs.values()].map((outputs) => outputs.get('out'))) told.push(readFileSync(store.toReal(path), 'utf8').trim());
} catch (fault) {
  told.push(fault.code, fault.message, ...fault.notes);
}
const { isAvailable, hasOverlay } = probeSandbox(process.argv[2]);
console.log(JSON.stringify({ told, isAvailable, hasOverlay }));
store.close();
`;

interface Told {
  readonly told: readonly string[];
  readonly isAvailable: boolean;
  readonly hasOverlay: boolean;
}

const AUDIT_ARCHES = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** What igos says where the kernel refuses a call, or only those whose first argument, or fourth, is this one. */
async function without(t: TestContext, name: CallName, argument?: { index: number; value: number }): Promise<Told> {
  const machine = ownMachine()!;
  const folder = temporaryFolder(t);
  const launcher = join(folder, 'launcher');
  writeFileSync(launcher, launcherProgram(machine), { mode: 0o500 });
  const script = join(folder, 'script.ts');
  writeFileSync(script, SCRIPT);
  const home = join(folder, 'home');
  mkdirSync(home);
  const filter = [
    [0x20, 0, 0, 4],
    [0x15, 1, 0, AUDIT_ARCHES[machine]],
    [0x06, 0, 0, 0x7fff_0000],
    [0x20, 0, 0, 0],
    [0x15, 1, 0, callNumber(name, machine)!],
    [0x06, 0, 0, 0x7fff_0000],
    ...(argument === undefined
      ? []
      : [
          [0x20, 0, 0, 16 + 8 * argument.index],
          [0x15, 1, 0, argument.value],
          [0x06, 0, 0, 0x7fff_0000],
        ]),
    [0x06, 0, 0, 0x0005_0001],
  ].map(([code, yes, no, value]) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(code!, 0);
    bytes.writeUInt8(yes!, 2);
    bytes.writeUInt8(no!, 3);
    bytes.writeUInt32LE(value!, 4);
    return bytes;
  });
  const list = new CallList(machine);
  list.call('prctl', [38, 1], { purpose: 'renounce privileges' });
  list.call('seccomp', [1, 0, list.words([filter.length, list.bytes(Buffer.concat(filter))])], { purpose: 'set a filter' });
  const words = [process.execPath, script, home].map((word) => list.text(textToBytes(word)));
  const environment = [`PATH=${process.env['PATH']}`, 'NO_COLOR=1'].map((variable) => list.text(textToBytes(variable)));
  list.call('execve', [words[0]!, list.words([...words, 0]), list.words([...environment, 0])], { purpose: 'run node' });
  const child = launch(list, { launcher, table: join(folder, 'table'), folder });
  let text = '';
  child.stdio[1]!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdio[3]!.on('data', (chunk: Buffer) => (text += chunk.toString('hex')));
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(text) as Told;
}

test('without filters, builds run and it is said once', async (t) => {
  if (!needsSandbox(t)) return;
  const { told, isAvailable, hasOverlay } = await without(t, 'seccomp');
  assert.deepEqual(told, ['this kernel filters no system calls (seccomp): builds run without', 'made', 'made']);
  assert.deepEqual([isAvailable, hasOverlay], [true, probeSandbox(tmpdir()).hasOverlay]);
});

test('without namespaces, nothing is built and the reason is told', async (t) => {
  if (!needsSandbox(t)) return;
  const { told, isAvailable } = await without(t, 'unshare');
  assert.deepEqual(told, [
    'E-BUILD-003',
    'builds need a sandbox, and the kernel refuses namespaces here',
    'cannot make namespaces: operation not permitted',
  ]);
  assert.equal(isAvailable, false);
});

test('without namespaces inside of namespaces, too', async (t) => {
  if (!needsSandbox(t)) return;
  // What the second one asks for: users alone.
  const { told, isAvailable } = await without(t, 'unshare', { index: 0, value: 0x1000_0000 });
  assert.deepEqual(told.slice(0, 1), ['E-BUILD-003']);
  assert.match(told[2]!, /cannot make a namespace of users: operation not permitted/);
  assert.equal(isAvailable, false);
});

test('where nothing can be mounted, that is told', async (t) => {
  if (!needsSandbox(t)) return;
  const { told, isAvailable } = await without(t, 'mount', { index: 3, value: 2 | 4 | 8 });
  assert.deepEqual(told.slice(0, 2), ['E-BUILD-003', 'builds need a sandbox, and mounting is refused inside of its namespaces']);
  assert.match(told[2]!, /cannot mount \/proc: operation not permitted/);
  assert.equal(isAvailable, false);
});

test('where nothing is laid over anything, layers are copied', async (t) => {
  if (!needsSandbox(t)) return;
  // No other mount of a sandbox has no flags at all.
  const { told, isAvailable, hasOverlay } = await without(t, 'mount', { index: 3, value: 0 });
  assert.deepEqual(told, ['made', 'made']);
  assert.deepEqual([isAvailable, hasOverlay], [true, false]);
});

/** What igos says where a shell has prepared the machine: `words` run what they are followed by. */
function after(t: TestContext, words: readonly [string, ...string[]]): Told | string {
  const folder = temporaryFolder(t);
  const script = join(folder, 'script.ts');
  writeFileSync(script, SCRIPT);
  mkdirSync(join(folder, 'home'));
  const [program, ...rest] = [...words, process.execPath, script, join(folder, 'home')];
  const env = { PATH: process.env['PATH'], NO_COLOR: '1', HOME_OF_STORE: join(folder, 'home') };
  const { stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8', env });
  return stdout === '' ? stderr : (JSON.parse(stdout) as Told);
}

test('a limit on processes that is lower than that of builds holds for them, too', (t) => {
  if (!needsSandbox(t)) return;
  const { told } = after(t, ['bash', '-c', 'ulimit -u 9000; exec "$0" "$@"']) as Told;
  assert.deepEqual(told, ['made', 'made']);
});

const mounts = ['-rm', 'sh', '-c', 'mount -t tmpfs -o noexec none "$HOME_OF_STORE" && exec "$0" "$@"'] as const;
const noMounts =
  spawnSync('unshare', [...mounts, 'true'], { env: { ...process.env, HOME_OF_STORE: tmpdir() } }).status === 0
    ? false
    : 'nothing can be mounted here';

test('a store where no program can be started is told as one', { skip: noMounts }, (t) => {
  if (!needsSandbox(t)) return;
  const { told, isAvailable } = after(t, ['unshare', ...mounts]) as Told;
  assert.deepEqual(told.slice(0, 2), ['E-BUILD-003', 'builds need a sandbox, and no program can be started where it is set up']);
  assert.match(told[2]!, /^in '.*\/home': EACCES$/);
  assert.equal(isAvailable, false);
});
