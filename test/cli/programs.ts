/** Runs the programs as a user does: the launcher, an empty environment, a scratch home. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SystemFault } from '../../base/index.ts';
import { removeTree } from '../../store/write-tree.ts';

export const project: string = join(import.meta.dirname, '..', '..');

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Programs {
  /** Scratch folder; removed after the test. */
  readonly work: string;
  /** A root for pkm inside of it. */
  readonly root: string;
  igos(...words: string[]): Run;
  pkm(...words: string[]): Run;
}

export function programs(t: Pick<TestContext, 'after'>, options: { cwd?: string; home?: string } = {}): Programs {
  const work = mkdtempSync(join(tmpdir(), 'igos-cli-'));
  t.after(() => removeWhole(work));
  const root = join(work, 'root');
  const run = (program: string, words: readonly string[]): Run => {
    const { status, stdout, stderr } = spawnSync(join(project, 'bin', program), words, {
      cwd: options.cwd ?? project,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: work,
        XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(tmpdir(), `igos-test-cache-${process.getuid?.() ?? 0}`),
        IGOS_HOME: options.home ?? join(work, 'home'),
        NO_COLOR: '1',
      },
    });
    return { status, stdout, stderr };
  };
  return { work, root, igos: (...words) => run('igos', words), pkm: (...words) => run('pkm', ['--root', root, ...words]) };
}

/** What was ended by a signal may still be tidying up: of two who remove one file, one does not find it. */
function removeWhole(folder: string): void {
  for (let n = 0; existsSync(folder); n++) {
    try {
      removeTree(folder);
    } catch (error) {
      if (n === 20 || !(error instanceof SystemFault && ['ENOENT', 'ENOTEMPTY'].includes(error.errno))) throw error;
    }
  }
}

/** Why sandboxed builds cannot be tested here, or false. */
export async function noSandbox(): Promise<string | false> {
  const { probeSandbox } = await import('../../builder/index.ts');
  const { isAvailable, fault } = probeSandbox();
  return isAvailable ? false : `no sandbox here: ${fault?.message}`;
}
