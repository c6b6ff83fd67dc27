/**
 * An imported InterGenOS beside its own igos-build, which without arguments parses all recipes and orders their graph. Ours reads
 * the same graph (names, tiers, edges), and makes all derivations: from an empty store, from a full one, and from what is known.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './installed.ts';
import { type Case, measure, report } from './measure.ts';

const GRAPH = 'map (p: [ p.name p.tier.name (map (d: d.name) (p.build ++ p.host ++ p.runtime)) ]) (builtins.attrValues packages)';

export function importedTable(
  { root, bin }: Project,
  checkout: string,
  scratch: string,
  rounds: number,
  print: (text: string) => void,
): void {
  const igos = join(bin, 'igos');
  const tree = join(scratch, 'intergenos');
  const seed = join(root, 'examples', 'import', 'toolchain.lock');
  mkdirSync(scratch, { recursive: true });
  const environment = { IGOS_HOME: join(scratch, 'home'), XDG_CACHE_HOME: join(scratch, 'cache') };
  // igos-build ends with 1: five names of the tree are not there.
  const theirs = join(scratch, 'igos-build.sh');
  writeFileSync(theirs, 'cd "$1" && python3 igos-build.py >/dev/null 2>&1; true\n');
  const cases: Case[] = [
    { name: 'igos-build: parse, order', command: ['sh', theirs, checkout] },
    {
      name: 'igos eval: names, tiers, edges',
      command: [igos, 'eval', '--no-eval-cache', tree, '--strict', '--json', '--expr', GRAPH],
      environment,
    },
    {
      name: 'igos instantiate, empty store',
      command: [igos, 'instantiate', '--no-eval-cache', tree],
      environment,
      before: () => rmSync(environment.IGOS_HOME, { recursive: true, force: true }),
    },
    { name: 'igos instantiate, full store', command: [igos, 'instantiate', '--no-eval-cache', tree], environment },
    // In a store of its own: the one above goes before every round, and with it what is known of it.
    {
      name: 'igos instantiate, known',
      command: [igos, 'instantiate', tree],
      environment: { ...environment, IGOS_HOME: join(scratch, 'known') },
    },
  ];
  execFileSync(igos, ['import', 'intergenos', checkout, '-o', tree, '--seed', seed], { stdio: 'ignore' });
  print(report('InterGenOS, imported', measure(cases, rounds)));
}
