/** What `run` does to the disk that a loss of power could undo or tear, in order: `sync PATH`, `move FROM TO`, `delete PATH`. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

export function diskSteps(t: TestContext, run: () => void): string[] {
  const steps: string[] = [];
  const { fdatasyncSync, fsyncSync, renameSync, unlinkSync } = fs;
  const mocked = [
    ...([['fsyncSync', fsyncSync] as const, ['fdatasyncSync', fdatasyncSync] as const] as const).map(([name, original]) =>
      t.mock.method(fs, name, (fd: number) => {
        steps.push(`sync ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`);
        original(fd);
      }),
    ),
    t.mock.method(fs, 'renameSync', (from: fs.PathLike, to: fs.PathLike) => {
      steps.push(`move ${String(from)} ${String(to)}`);
      renameSync(from, to);
    }),
    t.mock.method(fs, 'unlinkSync', (path: fs.PathLike) => {
      steps.push(`delete ${String(path)}`);
      unlinkSync(path);
    }),
  ];
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    for (const { mock } of mocked) mock.restore();
    syncBuiltinESMExports();
  }
  return steps;
}
