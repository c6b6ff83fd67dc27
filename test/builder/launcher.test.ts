import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CallList, decodeReports } from '../../builder/launch/call-list.ts';
import { seccompFilter } from '../../builder/launch/filter.ts';
import { launch, ownMachine, readReports, tryCalls } from '../../builder/launch/launch.ts';
import { type MachineName, machineCode } from '../../builder/launch/machine-code.ts';
import { launcherProgram } from '../../builder/launch/program.ts';
import { endWithParent, holdPipe, sandboxCalls } from '../../builder/launch/steps.ts';
import { type CallName, type CallTable, callNames, callNumber } from '../../builder/launch/system-calls.ts';
import { starter } from '../../builder/starter.ts';
import { temporaryFolder } from './support.ts';

/** What GNU objdump makes of the bytes, in the spelling of our listings. */
function disassemble(folder: string, program: string, words: readonly string[], code: Uint8Array): string[] {
  const file = join(folder, 'code');
  writeFileSync(file, code);
  const { stdout, status, stderr } = spawnSync(program, ['-D', '-b', 'binary', ...words, file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return [...stdout.matchAll(/^\s+[0-9a-f]+:\t[0-9a-f ]+\t(.*)$/gm)].map((match) =>
    match[1]!
      .replace(/\/\/.*/, '')
      .replace(/QWORD PTR (?:ds:)?/, '')
      .replace(/\s+/g, ' ')
      .replace(/, ?/g, ', ')
      .trim(),
  );
}

/** Our own texts, with the places of labels in their stead. */
const listing = (machine: MachineName): string[] =>
  machineCode(machine).map(({ text, target }) =>
    target === undefined ? text : text.replace(/\S+$/, `0x${target.toString(16)}`),
  );

for (const [machine, program, words] of [
  ['x64', 'objdump', ['-m', 'i386:x86-64', '-M', 'intel']],
  ['arm64', 'aarch64-linux-gnu-objdump', ['-m', 'aarch64']],
] as const) {
  const isThere = spawnSync(program, ['--version']).status === 0;
  const wanted = machine === 'arm64' && process.arch !== 'arm64' ? `not part of igos: ${program}` : `no ${program} here`;
  test(`the loop for ${machine} is what its listing says`, { skip: isThere ? false : wanted }, (t) => {
    const code = Buffer.concat(machineCode(machine).map(({ bytes }) => bytes));
    const seen = disassemble(temporaryFolder(t), program, words, code);
    const plain = (line: string): string =>
      line
        .replace(/\bsyscall\b.*/, 'syscall')
        // Numbers are written one way.
        .replace(/#?\b(0x[0-9a-f]+|\d+)\b/g, (text) => String(Number(text.replace('#', ''))));
    assert.deepEqual(seen.map(plain), listing(machine).map(plain));
  });
}

test('the program is an ELF file of the machine, with nothing in it to write to', () => {
  for (const [machine, id] of [
    ['x64', 62],
    ['arm64', 183],
  ] as const) {
    const program = launcherProgram(machine);
    assert.equal(program.toString('latin1', 0, 4), '\x7fELF');
    assert.equal(program.readUInt16LE(18), id);
    assert.ok(program.length < 400, `${program.length} bytes`);
    const flags = [64, 120].map((at) => program.readUInt32LE(at + 4));
    assert.deepEqual(flags, [5, 6]);
  }
});

const HEADERS: readonly (readonly [CallTable, string])[] = [
  ['x64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'],
  ['ia32', '/usr/include/x86_64-linux-gnu/asm/unistd_32.h'],
  ['arm64', '/usr/include/asm-generic/unistd.h'],
];

/** Calls of 32 bits that had to be made anew for wider numbers: the new ones are meant. */
const WIDER: Readonly<Record<string, string>> = { setgroups: 'setgroups32', setresuid: 'setresuid32', setresgid: 'setresgid32' };

for (const [table, header] of HEADERS) {
  test(`the numbers of calls are those of ${header}`, { skip: existsSync(header) ? false : `no ${header} here` }, () => {
    const text = readFileSync(header, 'utf8');
    const known = new Map(
      [...text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm)].map((match) => [match[1]!, Number(match[2])]),
    );
    // Kernels of 64-bit ARM have never had these, which the header offers to 32-bit newcomers; the others are older than headers.
    const foreign = new Set(table === 'arm64' ? ['clock_settime64', 'clock_adjtime64'] : []);
    for (const name of callNames) {
      const spelled = table === 'ia32' ? (WIDER[name] ?? name) : name;
      if (known.has(spelled) && !foreign.has(name)) assert.equal(callNumber(name, table), known.get(spelled), name);
      else assert.ok(callNumber(name, table) === undefined, name);
    }
  });
}

/** Runs the filter as the kernel does. @returns 'allow', or the errno */
function judge(filter: Buffer, call: { arch: number; number: number; args?: readonly number[] }): 'allow' | number {
  const data = Buffer.alloc(64);
  data.writeInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch, 4);
  for (const [index, value] of (call.args ?? []).entries()) data.writeBigUInt64LE(BigInt(value), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = filter.readUInt16LE(at * 8);
    const [yes, no] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    const value = filter.readUInt32LE(at * 8 + 4);
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x05) at += value;
    else if (code === 0x15) at += accumulator === value ? yes : no;
    else if (code === 0x35) at += accumulator >= value ? yes : no;
    else if (code === 0x06) return value === 0x7fff_0000 ? 'allow' : value & 0xffff;
    else assert.fail(`instruction ${code} at ${at}`);
  }
}

const ARCHES: Readonly<Record<CallTable, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7, ia32: 0x4000_0003 };
const [EPERM, ENOSYS, ESOCKTNOSUPPORT, EAFNOSUPPORT] = [1, 38, 94, 97];

test('the filter refuses what it should, on every kind of machine, and nothing else', () => {
  for (const [machine, table] of [
    ['x64', 'x64'],
    ['x64', 'ia32'],
    ['arm64', 'arm64'],
  ] as const) {
    const filter = seccompFilter(machine, { hasNetwork: false });
    const asked = (name: CallName, ...args: number[]): 'allow' | number | undefined => {
      const number = callNumber(name, table);
      return number === undefined ? undefined : judge(filter, { arch: ARCHES[table], number, args });
    };
    const refused = ['mount', 'umount2', 'pivot_root', 'unshare', 'setns', 'keyctl', 'add_key', 'bpf', 'kexec_load'] as const;
    for (const name of refused) assert.equal(asked(name), EPERM, `${table} ${name}`);
    for (const name of ['perf_event_open', 'userfaultfd', 'finit_module', 'reboot', 'open_by_handle_at'] as const)
      assert.equal(asked(name), EPERM, `${table} ${name}`);
    for (const name of ['clone3', 'io_uring_setup', 'io_uring_enter'] as const) assert.equal(asked(name), ENOSYS, name);
    assert.equal(asked('socketcall', 1), table === 'ia32' ? ENOSYS : undefined, table);
    for (const name of ['openat', 'execve', 'write', 'wait4', 'close', 'prctl', 'seccomp', 'setresuid'] as const)
      assert.equal(asked(name), 'allow', `${table} ${name}`);
    // Threads and children, but no namespaces.
    assert.equal(asked('clone', 17), 'allow');
    assert.equal(asked('clone', 0x3d0f00), 'allow');
    for (const flag of [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
      assert.equal(asked('clone', 17 | flag), EPERM, flag.toString(16));
    assert.equal(asked('mknodat', 0, 0, 0o020644, 0x103), EPERM);
    assert.equal(asked('mknodat', 0, 0, 0o060644, 0x103), EPERM);
    assert.equal(asked('mknodat', 0, 0, 0o010644), 'allow');
    if (table !== 'arm64') assert.deepEqual([asked('mknod', 0, 0o020000), asked('mknod', 0, 0o100644)], [EPERM, 'allow']);
    // The kernel looks at the lower half of a request only.
    assert.deepEqual(
      [asked('ioctl', 0, 0x5412), asked('ioctl', 0, 0x1_0000_5412), asked('ioctl', 0, 0x5401)],
      [EPERM, EPERM, 'allow'],
    );
    assert.deepEqual([asked('personality', 0x40000), asked('personality', 0x400000)], ['allow', EPERM]);
    assert.deepEqual(
      [1, 2, 10, 16].map((family) => asked('socket', family)),
      Array(4).fill('allow'),
    );
    assert.deepEqual(
      [17, 38, 40].map((family) => asked('socket', family)),
      Array(3).fill(EAFNOSUPPORT),
    );
    const open = seccompFilter(machine, { hasNetwork: true });
    const socket = { arch: ARCHES[table], number: callNumber('socket', table)! };
    assert.deepEqual(
      [1, 2].map((family) => judge(open, { ...socket, args: [family] })),
      [EAFNOSUPPORT, 'allow'],
    );
    // Pairs are of Unix sockets. Where the network is the machine's they stay with each other: stream (1) and packets (5) do.
    const pair = { arch: ARCHES[table], number: callNumber('socketpair', table)! };
    assert.deepEqual([asked('socketpair', 1, 2), asked('socketpair', 30, 1)], ['allow', EAFNOSUPPORT]);
    assert.deepEqual(
      [1, 5, 0x80801, 2, 3, 0x80802].map((type) => judge(open, { ...pair, args: [1, type] })),
      ['allow', 'allow', 'allow', ESOCKTNOSUPPORT, ESOCKTNOSUPPORT, ESOCKTNOSUPPORT],
    );
    assert.equal(judge(open, { ...pair, args: [30, 1] }), EAFNOSUPPORT);
  }
  const filter = seccompFilter('x64', { hasNetwork: false });
  assert.equal(judge(filter, { arch: ARCHES.x64, number: 0x4000_0000 + 1 }), ENOSYS, 'the other numbers of x64');
  assert.equal(judge(filter, { arch: ARCHES.arm64, number: 64 }), ENOSYS, 'another machine');
});

function writeLauncher(folder: string): string {
  const launcher = join(folder, 'launcher');
  writeFileSync(launcher, launcherProgram(ownMachine()!), { mode: 0o500 });
  return launcher;
}

const noLauncher = ownMachine() === undefined ? 'no launcher for this machine' : false;

test('calls are made in order, results go where they should, and the first that fails is told', {
  skip: noLauncher,
}, async (t) => {
  const folder = temporaryFolder(t);
  const launcher = writeLauncher(folder);
  const options = { launcher, table: join(folder, 'calls'), folder };
  const list = new CallList(ownMachine()!);
  // Opens a file of the folder that it stands in, writes to what it got, and goes on after what may fail.
  writeFileSync(join(folder, 'file'), '');
  list.call('close', [77]);
  list.call('openat', [-100, list.text('file'), 1], { purpose: 'open', result: list.argument(0) });
  list.call('write', [0, list.text('content'), 7], { purpose: 'write' });
  const over = list.label();
  list.call('umask', [0]);
  list.call('umask', [0], { onZero: over });
  list.call('openat', [-100, list.text('never'), 0], { purpose: 'not reached' });
  list.place(over);
  list.call('openat', [-100, list.text('missing'), 0], { purpose: 'open what is missing' });
  assert.deepEqual(tryCalls(list, options), { purpose: 'open what is missing', message: 'no such file or directory' });
  assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'content');

  // A child's end is waited for among others.
  const parent = new CallList(ownMachine()!);
  const child = parent.label();
  const pid = parent.words([0]);
  const other = parent.label();
  parent.call('clone', [17], { onZero: other });
  parent.call('clone', [17], { onZero: child, result: pid });
  parent.call('wait4', [-1], { until: pid });
  parent.call('exit_group', [0]);
  parent.place(other);
  parent.call('exit_group', [9]);
  parent.place(child);
  parent.call('execve', [parent.text('/nowhere'), 0, 0], { purpose: 'execute' });
  const running = launch(parent, options);
  const told: Buffer[] = [];
  running.stdio[3]!.on('data', (chunk: Buffer) => told.push(chunk));
  await new Promise((resolve) => running.on('close', resolve));
  assert.deepEqual(readReports(parent, Buffer.concat(told)).refusal, {
    purpose: 'execute',
    message: 'no such file or directory',
  });
  assert.equal(existsSync(options.table), false);
  assert.deepEqual(decodeReports(Buffer.alloc(40)), []);
});

test('nothing is run for an igos that died before its builds could be told to die with it', { skip: noLauncher }, (t) => {
  const folder = temporaryFolder(t);
  const launcher = writeLauncher(folder);
  const table = join(folder, 'table');
  const list = sandboxCalls({
    machine: ownMachine()!,
    starter: starter(),
    ...{ hasNetwork: true, cgroups: [], mounts: [] },
    inside: {
      ...{
        root: '/',
        folder,
        user: undefined,
        seenAs: { uid: 1000, gid: 100 },
        limits: [],
        isFiltered: false,
        isInteractive: false,
      },
      builder: '/bin/sh',
      args: ['-c', 'echo ran > ran'],
      environment: new Map(),
    },
  });
  writeFileSync(table, list.encode());
  /** Reports go to a pipe: `reader` is at its other end. */
  const run = (reader: string): boolean => {
    const words = ['-c', '{ sleep 0.3; "$0" 3>&1 >/dev/null 4<"$1"; } | $2', launcher, table, reader];
    spawnSync('/bin/sh', words, { stdio: 'ignore' });
    const hasRun = existsSync(join(folder, 'ran'));
    rmSync(join(folder, 'ran'), { force: true });
    return hasRun;
  };
  if (!run('cat')) return t.skip('no namespaces here');
  assert.equal(run('true'), false);
});

test('a process ends with its parent, also where that ended before the kernel was asked to tell', {
  skip: noLauncher,
}, async (t) => {
  const folder = temporaryFolder(t);
  const launcher = writeLauncher(folder);
  const TABLE_FD = 4;
  const write = (list: CallList, file: string): void => {
    list.call('openat', [-100, list.text(file), 0o101, 0o600], { purpose: 'open', result: list.argument(0) });
    list.call('write', [0, list.text('.'), 1]);
  };
  /** The child is late by 0.7 s. @returns what it has done */
  const run = async (killedAfter: string): Promise<string[]> => {
    const list = new CallList(ownMachine()!);
    const child = list.label();
    holdPipe(list);
    list.call('clone', [17], { onZero: child, result: list.argument(0) });
    list.call('wait4', [0]);
    list.call('exit_group', [0]);
    list.place(child);
    list.call('close_range', [TABLE_FD + 1, 0xffff_ffff]);
    write(list, 'begun');
    list.call('ppoll', [0, 0, list.words([0, 700_000_000])]);
    endWithParent(list, TABLE_FD);
    write(list, 'asked');
    list.call('ppoll', [0, 0, list.words([0, 700_000_000])]);
    write(list, 'ended');
    list.call('exit_group', [0]);
    const running = launch(list, { launcher, table: join(folder, 'calls'), folder });
    running.stdio[1]!.on('data', () => {});
    running.stdio[3]!.on('data', () => {});
    const closed = new Promise((resolve) => running.on('close', resolve));
    const look = setInterval(() => {
      if (existsSync(join(folder, killedAfter))) running.kill('SIGKILL');
    }, 5);
    await closed;
    clearInterval(look);
    const done = ['begun', 'asked', 'ended'].filter((file) => existsSync(join(folder, file)));
    for (const file of done) rmSync(join(folder, file));
    return done;
  };
  assert.deepEqual(await run('begun'), ['begun']);
  assert.deepEqual(await run('asked'), ['begun', 'asked']);
  assert.deepEqual(await run('nothing'), ['begun', 'asked', 'ended']);
});
