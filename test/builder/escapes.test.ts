/** Hostile builds, by root and without root: what they try is refused, and what they leave is not taken. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasMemoryGroups } from '../../builder/cgroup.ts';
import { type Findings, type Outside, tryEscapes } from './escape-attempts.ts';
import { needsSandbox, temporaryFolder } from './support.ts';

const noCompiler = spawnSync('cc', ['--version']).status === 0 ? false : 'no C compiler here (cc)';

/** What is left of the machine for a build: nothing to find, nothing allowed, nobody there. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'read-shadow': /ENOENT/,
  'read-root-of-1': /EACCES/,
  'list-root-of-1': /EACCES/,
  'list-cwd-of-1': /EACCES/,
  'read-memory-of-1': /EACCES/,
  'read-environ-of-1': /EACCES/,
  'read-report-of-1': /EACCES/,
  'read-host-path': /ENOENT/,
  'up-and-out': /ENOENT/,
  'write-hostname': /EACCES|EROFS|EPERM/,
  'write-core-pattern': /EACCES|EROFS/,
  'write-sysrq': /EACCES|EROFS|ENOENT/,
  'write-uid-map': /EACCES|EPERM/,
  'write-input': /EROFS|EACCES/,
  'read-kernel-memory': /ENOENT/,
  'chmod-input': /EROFS/,
  'link-input': /EXDEV|EPERM/,
  'rename-input': /EXDEV/,
  'unlink-input': /EBUSY/,
  'host-loopback': /ECONNREFUSED|ENETUNREACH/,
  dns: /ENETUNREACH/,
  'host-socket': /ECONNREFUSED/,
  'datagram-to-host': /ECONNREFUSED/,
  'raw-to-host': /ECONNREFUSED/,
  // Without root it is of the same user: the kernel lets no signal of its own children end it.
  'kill-1': /EPERM|done/,
  'kill-outside': /ESRCH/,
  'ptrace-1': /EPERM/,
  'ptrace-outside': /ESRCH/,
  'setuid-root': /EINVAL/,
  'setgid-root': /EINVAL/,
  'raw-socket': /EPERM/,
  clone3: /ENOSYS/,
  'io-uring': /ENOSYS/,
  vsock: /EAFNOSUPPORT/,
  'narrow-vsock': /ENOSYS/,
  'pair-of-vsock': /EAFNOSUPPORT/,
  'packet-socket': /EAFNOSUPPORT/,
};

/** Refused as not permitted. */
const NOT_PERMITTED = [
  ...['mknod-char', 'mknod-block', 'mount-tmpfs', 'mount-bind', 'remount-input', 'umount-proc', 'pivot-root', 'chroot'],
  ...['unshare-user', 'unshare-mount', 'clone-user', 'setns', 'setgroups', 'add-key', 'keyctl', 'request-key', 'bpf', 'perf'],
  ...['userfaultfd', 'kexec', 'module', 'reboot', 'personality', 'handle', 'more-tasks', 'type'],
];

/** What a build may do. */
const ALLOWED = ['pseudo-terminal'];

function checkFindings({ attempts, networked, endings, leftovers }: Findings, hasGroups: boolean): void {
  const results = (lines: readonly string[]): Map<string, string> =>
    new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
  const seen = results(attempts);
  for (const [name, expected] of Object.entries(REFUSED)) assert.match(seen.get(name) ?? 'not told', expected, name);
  for (const name of NOT_PERMITTED) assert.equal(seen.get(name), 'EPERM', name);
  for (const name of ALLOWED) assert.equal(seen.get(name), 'done', name);
  assert.deepEqual(
    [...seen.keys()].filter((name) => REFUSED[name] === undefined && ![...NOT_PERMITTED, ...ALLOWED].includes(name)),
    [],
    'nothing was told that was not asked',
  );
  // A fetcher has the network of the machine, and for the rest no more than others.
  const fetcher = results(networked);
  assert.match(fetcher.get('host-loopback')!, /done/);
  assert.match(fetcher.get('host-socket')!, /EAFNOSUPPORT/);
  for (const name of ['datagram-to-host', 'raw-to-host']) assert.match(fetcher.get(name)!, /ESOCKTNOSUPPORT/, name);
  const other = ['host-loopback', 'host-socket', 'datagram-to-host', 'raw-to-host', 'dns'];
  for (const [name, expected] of Object.entries(REFUSED))
    if (!other.includes(name)) assert.match(fetcher.get(name) ?? 'not told', expected, name);

  assert.match(endings['setuid']!, /^built :directory id:file$/);
  assert.match(endings['fifo']!, /^E-STORE-010 'fifo\/pipe' is a named pipe/);
  assert.match(endings['device']!, /^E-BUILD-001 .*Operation not permitted/s);
  assert.equal(endings['link-to-etc'], 'built :symlink→/etc');
  assert.equal(endings['link-up'], 'built :directory root:symlink→/proc/1/root up:symlink→../../../../../../etc/passwd');
  assert.match(endings['link-to-input']!, /^E-BUILD-001 .*(?:[Cc]ross-device|not permitted)/s);
  assert.equal(endings['other-name'], 'built :file', 'what it made beside its output is not taken');
  assert.equal(endings['out-of-store'], 'built :file');
  // Whatever stood there when it was killed, and nothing behind a link.
  assert.match(endings['swapping']!, /^built :directory(?: \w+:(?:file|symlink→\/etc))*$/);
  assert.equal(endings['daemon'], 'built :file');
  assert.equal(endings['signals-group'], 'built :file');
  assert.equal(endings['locked'], 'built :directory f:file');
  assert.match(endings['many-tasks']!, /^E-BUILD-001 .*fork/s);
  assert.match(endings['fork-bomb']!, /^(?:built :file$|E-BUILD-001 )/);
  if (hasGroups)
    assert.match(endings['memory-hog']!, /^E-BUILD-033 the build of 'memory-hog' was ended: killed for memory: limit 64 MiB/);
  else assert.match(endings['memory-hog']!, /--max-memory holds for each process: E-BUILD-001 /);
  assert.deepEqual(leftovers, []);
}

/** What builds try to reach. */
async function outsideOf(t: TestContext): Promise<Outside> {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const program = join(folder, 'escape');
  const compiled = spawnSync('cc', ['-static', '-O1', '-o', program, join(import.meta.dirname, 'escape.c')], {
    encoding: 'utf8',
  });
  assert.equal(compiled.status, 0, compiled.stderr);
  const hostPath = join(folder, 'secret');
  writeFileSync(hostPath, 'secret');
  const socketName = `igos-escape-${process.pid}-${folder.slice(-6)}`;
  const tcp = await listen(t, createServer(), 0);
  await listen(t, createServer(), `\0${socketName}`);
  const home = join(folder, 'home');
  mkdirSync(home);
  return { home, program, port: (tcp.address() as { port: number }).port, socketName, hostPath, sleepSeconds };
}

async function listen(t: TestContext, server: Server, where: number | string): Promise<Server> {
  server.on('connection', (socket) => socket.on('error', () => {}).destroy());
  if (typeof where === 'number') server.listen(where, '127.0.0.1');
  else server.listen(where);
  await once(server, 'listening');
  t.after(() => server.close());
  return server;
}

/** Says in the list of processes whose they are: no other test, and no other run of this one, sleeps for so long. */
const sleepSeconds = 44_000_000 + process.pid;

/** Processes of builds that outlived them. */
const survivors = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${sleepSeconds}\0`;
    } catch {
      return false;
    }
  });

test('hostile builds get nowhere', { skip: noCompiler }, async (t) => {
  if (!needsSandbox(t)) return;
  const outside = await outsideOf(t);
  const hasGroups = hasMemoryGroups();
  if (!hasGroups) t.diagnostic('no cgroup for memory can be made here: the memory hog was held by a limit on each process');
  checkFindings(await tryEscapes(outside), hasGroups);
  assert.deepEqual(survivors(), []);
  assert.equal(existsSync('/evil') || existsSync(join(outside.home, 'evil')), false);
});

test('hostile builds get nowhere without root, either', { skip: noCompiler }, async (t) => {
  if (process.getuid?.() !== 0) return t.skip('these tests are not run by root: the other test shows it');
  if (!needsSandbox(t)) return;
  const outside = await outsideOf(t);
  chownSync(outside.home, 65534, 65534);
  chmodSync(outside.hostPath, 0o644);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'escape-attempts.ts'), JSON.stringify(outside)], {
    uid: 65534,
    gid: 65534,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TMPDIR: outside.home },
  });
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await once(child, 'close');
  assert.notEqual(text, '', errors);
  const found = JSON.parse(text) as Findings | { skip: string };
  if ('skip' in found) return t.skip(found.skip);
  checkFindings(found, false);
  assert.deepEqual(survivors(), []);
  assert.equal(statSync(outside.hostPath).size, 6);
});
