import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What is measured. */
export interface Project {
  /** The checkout. */
  readonly root: string;
  /** Where `igos` and `pkm` are: of the installed one. */
  readonly bin: string;
}

/**
 * igos as it is installed: the files of the package, made and unpacked by npm and tar, with the dependencies of the checkout. A checkout
 * looks at each start whether its sources changed, 1 to 2 ms that nobody pays who has installed igos. Cost: some seconds.
 *
 * @param scratch  where it is installed
 */
export function installIgos(root: string, scratch: string): Project {
  mkdirSync(scratch, { recursive: true });
  // The bundles are made from the sources as they are, as for a release.
  run(root, process.execPath, ['cli/bundle.ts']);
  const packed = run(root, 'npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch]).trim().split('\n');
  run(scratch, 'tar', ['-xzf', join(scratch, packed.at(-1)!)]);
  const folder = join(scratch, 'igos');
  renameSync(join(scratch, 'package'), folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { root, bin: join(folder, 'bin') };
}

function run(cwd: string, program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout;
}
