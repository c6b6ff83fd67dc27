/**
 * Loaded before a program of igos (`--import`): numbers the calls by which it changes files of the store, or below `IGOS_TEST_PLACE`, and
 * ends the program before one of them, or has it fail. `IGOS_TEST_STEPS` says what: `<mode>:<step>:<report>`. The report, a file, gets the
 * number of steps, and which calls failed.
 *
 * | mode | from the step on |
 * | --- | --- |
 * | `count` | nothing happens |
 * | `kill` | the process dies of SIGKILL before it |
 * | `EIO` | that call fails, and no other |
 * | `ENOSPC` | that call and every later one fails that would need room on the disk |
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Call = (...args: unknown[]) => unknown;

const [mode = 'count', at = '0', report = ''] = (process.env['IGOS_TEST_STEPS'] ?? '').split(':');
const place = process.env['IGOS_TEST_PLACE'] ?? process.env['IGOS_HOME'] ?? '';
const calls = fs as unknown as Record<string, Call>;
const descriptors = new Set<unknown>();
const failed: string[] = [];
let n = 0;

/** By which things are made: a full disk refuses these, and no others. */
const MAKING = ['mkdir', 'mkdtemp', 'symlink', 'link', 'writeFile', 'write', 'writev', 'open', 'ftruncate'];
const OTHER = [
  'rename',
  'unlink',
  'rm',
  'rmdir',
  'chmod',
  'fchmod',
  'utimes',
  'lutimes',
  'futimes',
  'fsync',
  'fdatasync',
  'truncate',
];

const isOurs = (value: unknown): boolean =>
  typeof value === 'number' ? descriptors.has(value) : value !== undefined && String(value).startsWith(place);

const isWriting = (flags: unknown): boolean =>
  typeof flags === 'number' ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0 : /[wax+]/.test(String(flags ?? 'r'));

/** The error that the call has to fail with, if any. */
function step(name: string, args: readonly unknown[]): Error | undefined {
  if (!isOurs(args[0]) && !(typeof args[1] === 'string' && isOurs(args[1]))) return undefined;
  if (name === 'open' && !isWriting(args[1])) return undefined;
  n++;
  const isDue = mode === 'ENOSPC' ? n >= Number(at) && MAKING.includes(name) : n === Number(at);
  if (!isDue || mode === 'count') return undefined;
  if (mode === 'kill') process.kill(process.pid, 'SIGKILL');
  failed.push(`${n} ${name}`);
  const error = new Error(`${mode}: injected, ${name}`);
  // As Node does: what goes by a descriptor names no file.
  const named = typeof args[0] === 'number' ? {} : { path: String(args[0]) };
  return Object.assign(error, { code: mode, errno: mode === 'EIO' ? -5 : -28, syscall: name, ...named });
}

for (const name of [...MAKING, ...OTHER]) {
  const sync = calls[`${name}Sync`];
  if (sync !== undefined) {
    calls[`${name}Sync`] = (...args) => {
      const error = step(name, args);
      if (error instanceof Error) throw error;
      const result = sync(...args);
      if (name === 'open' && isOurs(args[0])) descriptors.add(result);
      return result;
    };
  }
  const original = calls[name]!;
  calls[name] = (...args) => {
    const error = step(name, args);
    const done = args.at(-1) as Call;
    if (error instanceof Error) return process.nextTick(done, error);
    if (name !== 'open' || !isOurs(args[0])) return original(...args);
    return original(...args.slice(0, -1), (problem: unknown, descriptor: unknown) => {
      descriptors.add(descriptor);
      done(problem, descriptor);
    });
  };
}

for (const name of ['closeSync', 'close']) {
  const close = calls[name]!;
  calls[name] = (...args) => {
    descriptors.delete(args[0]);
    return close(...args);
  };
}
syncBuiltinESMExports();

const { writeFileSync } = { writeFileSync: calls['writeFileSync']! };
process.on('exit', () => {
  if (report !== '') writeFileSync(report, JSON.stringify({ nSteps: n, failed }));
});
