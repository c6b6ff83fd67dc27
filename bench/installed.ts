import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What is measured. */
export interface Project {
  /** The checkout. */
  readonly root: string;
  /** Where `igos` and `pkm` are: of the installed one. */
  readonly bin: string;
}

/** igos as it is installed, with bundles of the sources as they are. Cost: some ten seconds. */
export function installIgos(root: string, scratch: string): Project {
  run(root, process.execPath, ['cli/bundle.ts']);
  return { root, bin: unpackAsInstalled(root, scratch) };
}

/**
 * The files of the package, made by npm, unpacked and linked as npm does, with the dependencies of the checkout. A checkout looks at each
 * start whether its sources changed, 1 to 2 ms that nobody pays who has installed igos. Cost: a second.
 *
 * @param scratch  where it is installed
 * @returns the folder of its programs
 */
export function unpackAsInstalled(root: string, scratch: string): string {
  const modules = join(scratch, 'node_modules');
  const bin = join(modules, '.bin');
  mkdirSync(bin, { recursive: true });
  const packed = run(root, 'npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch]).trim().split('\n');
  run(scratch, 'tar', ['-xzf', join(scratch, packed.at(-1)!)]);
  const folder = join(modules, 'igos');
  renameSync(join(scratch, 'package'), folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { bin: programs } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  for (const [name, file] of Object.entries(programs)) symlinkSync(join('../igos', file), join(bin, name));
  return bin;
}

function run(cwd: string, program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout;
}
