/** The installed Nix as an oracle, where there is one. Extra comparison: the suites stand without it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const probe = spawnSync('nix-instantiate', ['--version'], { encoding: 'latin1' });

/** Skips the test, with the reason, where Nix is not installed. */
export function needsNix(context: TestContext): boolean {
  if (probe.status === 0) return true;
  context.skip('nix-instantiate is not installed');
  return false;
}

/** What Nix prints for an expression (byte string), evaluated strictly. */
export const nixEval = (expression: string): string => run(expression, [], {});

/** The same with a store of its own to write derivations to, which some contexts need. */
export function nixEvalWriting(expression: string): string {
  const root = mkdtempSync(join(tmpdir(), 'igos-nix-'));
  try {
    return run(expression, ['--read-write-mode', '--option', 'build-users-group', ''], {
      NIX_REMOTE: `local?root=${root}`,
      HOME: root,
    });
  } finally {
    spawnSync('chmod', ['-R', 'u+w', root]);
    rmSync(root, { recursive: true, force: true });
  }
}

function run(expression: string, flags: readonly string[], env: Readonly<Record<string, string>>): string {
  const nix = spawnSync('nix-instantiate', ['--eval', '--strict', ...flags, '-'], {
    input: Buffer.from(expression, 'latin1'),
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
  });
  if (nix.status !== 0) throw new Error(`nix-instantiate failed: ${nix.stderr}`);
  return nix.stdout.replace(/\n$/, '');
}

export const nixString = (text: string): string => `"${text.replaceAll(/["\\]|\$\{/g, (found) => `\\${found}`)}"`;
