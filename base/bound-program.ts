/**
 * What this process waits for standing still (`spawnSync`): a signal that ends it meanwhile finds nobody of ours who could end anything
 * before, so others have to do that after.
 */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'];

/** `undefined`: nobody has looked yet. */
let setpriv: string | null | undefined;

/**
 * The words that start a program such that it gets SIGTERM when this process dies, however it does: by the `setpriv` of util-linux. The
 * words as they are where there is none. Where there is no such program the status is then 127. Cost: a millisecond.
 */
export function boundWords(program: string, args: readonly string[]): [program: string, args: string[]] {
  if (setpriv === undefined)
    setpriv = SETPRIV.find((path) => spawnSync(path, [...BIND, 'true'], { stdio: 'ignore' }).status === 0) ?? null;
  return setpriv === null ? [program, [...args]] : [setpriv, [...BIND, program, ...args]];
}

const BIND = ['--pdeathsig', 'TERM'];

/**
 * Has a folder removed when this process ends, however it does, by a shell that waits for that. Cost: a few milliseconds.
 *
 * @returns removes it when it is disposed of
 */
export function removedAfterEnd(folder: string): Disposable {
  // Away from the terminal, whose keys would end it as well. Nobody writes to it: what it reads is our end.
  const guard = spawn('/bin/sh', ['-c', 'read -r _; rm -rf -- "$1"', 'sh', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {}); // no shell: who makes such a folder next removes it, after an hour
  guard.unref();
  return {
    [Symbol.dispose]: () => {
      guard.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
