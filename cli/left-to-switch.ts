/** What `pkm install TREE` and `upgrade TREE` do not bring: a system's own files and services, which only a switch places. */
import { Fault } from '../base/index.ts';
import type { System, Tree } from '../eval/index.ts';
import { type LeftToSwitch, type PackageRecord, systemPackage } from '../pkm/index.ts';
import { systemFiles } from './system-files.ts';
import { namesSystem, type Operand } from './targets.ts';

/**
 * Of a tree those systems of it that the root was switched to, where they have other files now; of a system that is named, also where
 * none are there yet; of a package none.
 */
export function leftToSwitch(
  tree: Tree,
  { path, name }: Operand,
  installed: ReadonlyMap<string, Pick<PackageRecord, 'version'>>,
): LeftToSwitch[] {
  const isSystem = namesSystem(tree, name);
  const systems = [...tree.systems.values()].filter((system) =>
    isSystem ? system.name === name : name === undefined && installed.has(systemPackage(system.name).name),
  );
  return systems
    .filter((system) => isOther(system, installed) || (isSystem && system.services.size > 0))
    .map((system) => ({ system: system.name, operand: `${path}#${system.name}` }));
}

function isOther(system: System, installed: ReadonlyMap<string, Pick<PackageRecord, 'version'>>): boolean {
  try {
    return systemFiles(system)?.version !== installed.get(systemPackage(system.name).name)?.version;
  } catch (error) {
    if (error instanceof Fault) return true; // whoever switches is told of it
    throw error;
  }
}
