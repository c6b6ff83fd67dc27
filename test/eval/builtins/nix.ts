/** The installed Nix as an oracle, where there is one. Extra comparison: the suites stand without it. */
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

const probe = spawnSync('nix-instantiate', ['--version'], { encoding: 'latin1' });

/** Skips the test, with the reason, where Nix is not installed. */
export function needsNix(context: TestContext): boolean {
  if (probe.status === 0) return true;
  context.skip('nix-instantiate is not installed (a comparison beside the project)');
  return false;
}

/** What Nix prints for an expression (byte string), evaluated strictly. */
export function nixEval(expression: string): string {
  const run = spawnSync('nix-instantiate', ['--eval', '--strict', '-'], {
    input: Buffer.from(expression, 'latin1'),
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`nix-instantiate failed: ${run.stderr}`);
  return run.stdout.replace(/\n$/, '');
}

export const nixString = (text: string): string => `"${text.replaceAll(/["\\]|\$\{/g, (found) => `\\${found}`)}"`;
