/** All that a declared system installs. */
import { didYouMean, Fault, typedWord } from '../base/index.ts';
import type { System, Tree } from '../eval/index.ts';
import { type PackageImage, servicesOf, withoutPaths } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { imagesOf } from './images.ts';
import type { Session } from './session.ts';
import { systemImage } from './system-files.ts';

export interface SystemImages {
  /** What is needed first, first; the files that the system itself declares last. */
  readonly images: readonly PackageImage[];
  /** Names of those that did not come along as dependencies. */
  readonly explicit: readonly string[];
}

/** Realizes the packages of a system. @throws Fault E-PKM-043 */
export async function systemImages(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
  system: System,
): Promise<SystemImages> {
  const wanted = system.packages.map((info) => ({ tree, info }));
  const built = await imagesOf(context, args, session, wanted, system.services);
  checkServices(system.services.keys(), built);
  const files = systemImage(session.store, system);
  const taken = new Set(files?.entries.flatMap((entry) => (entry.kind === 'directory' ? [] : [entry.path])));
  return {
    images: [...built.map((image) => withoutPaths(image, taken)), ...(files === undefined ? [] : [files])],
    explicit: [...system.packages.map((info) => info.name), ...(files === undefined ? [] : [files.name])],
  };
}

/** The system that an operand names; a tree with one needs no name after it. @throws UsageError · Fault */
export const chosenSystem = (tree: Tree, { path, name }: { path: string; name: string | undefined }): System =>
  tree.selectSystem(name ?? onlyName(path, tree.systems));

function onlyName(path: string, systems: ReadonlyMap<string, unknown>): string {
  const [first, ...others] = systems.keys();
  if (first === undefined) {
    throw new UsageError(`the tree '${path}' declares no system`, [
      'declare one: system NAME { packages = [ … ]; }',
      `or install packages of the tree: pkm install ${typedWord(`${path}#PACKAGE`)}`,
    ]);
  }
  if (others.length === 0) return first;
  const all = [first, ...others].map((name) => `${path}#${name}`).join(', ');
  throw new UsageError(`the tree '${path}' declares ${systems.size} systems`, [`name one of them: ${all}`]);
}

/** @throws Fault E-PKM-043 none of the packages has it */
function checkServices(names: Iterable<string>, images: readonly PackageImage[]): void {
  const there = new Set(images.flatMap((image) => [...servicesOf(image)]));
  for (const name of names) {
    const template = name.replace(/@[^@]+\.([a-z]+)$/, '@.$1');
    if (there.has(name) || there.has(`${name}.service`) || there.has(template)) continue;
    const near = didYouMean(name, there);
    throw new Fault('E-PKM-043', `no package of the system has the service '${name}'`, {
      hints: near.length > 0 ? near : ['one of them brings it: a unit usr/lib/systemd/system/NAME, or a script etc/init.d/NAME'],
    });
  }
}
