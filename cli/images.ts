/** Packages of a tree, built, as images that pkm can place. */

import { Bug } from '../base/index.ts';
import type { PackageInfo, Tree } from '../eval/index.ts';
import { imageFromStore, installOrder, type PackageImage, servicesOf, withServices } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { pathsOf, realizeTargets } from './realizing.ts';
import type { Session } from './session.ts';
import { packageTarget } from './targets.ts';

export interface Wanted {
  readonly tree: Tree;
  readonly info: PackageInfo;
}

/**
 * Realizes packages with their runtime closure; images in order: predecessors first, and what is needed. Declarations name no order.
 *
 * @param services  those of a system, which count for more than what the packages say
 */
export async function imagesOf(
  context: Context,
  args: Arguments,
  session: Session,
  wanted: readonly Wanted[],
  services: ReadonlyMap<string, boolean> = new Map(),
): Promise<PackageImage[]> {
  return installOrder(await imagesOfAll(context, args, session, closureOf(wanted), services));
}

/** Packages and what they need at run time, what is needed first. */
export function closureOf(wanted: readonly Wanted[]): Wanted[] {
  const byTree = new Map<Tree, PackageInfo[]>();
  for (const { tree, info } of wanted) byTree.set(tree, [...(byTree.get(tree) ?? []), info]);
  return [...byTree].flatMap(([tree, infos]) => tree.runtimeClosure(infos).map((info) => ({ tree, info })));
}

/** Realizes these packages and no others, in this order. */
export async function imagesOfAll(
  context: Context,
  args: Arguments,
  session: Session,
  wanted: readonly Wanted[],
  services: ReadonlyMap<string, boolean> = new Map(),
): Promise<PackageImage[]> {
  const targets = wanted.map(({ tree, info }) => packageTarget(tree, info));
  session.bridge.flush();
  const { outputs } = await realizeTargets(context, args, session.store, targets);
  return targets.map((target) => {
    const path = pathsOf(target, outputs)[0]?.[1];
    if (path === undefined) throw new Bug(`'${target.label}' was realized without an output`);
    const info = target.info!;
    const modes = Object.fromEntries([...info.modes].map(([file, mode]) => [file, Number.parseInt(mode, 8)]));
    const description = {
      name: info.name,
      version: info.version,
      release: info.release,
      tier: info.tier,
      summary: info.summary,
      license: info.license ?? '',
      homepage: info.homepage ?? '',
      runtime: info.runtime,
      supersedes: info.supersedes,
      provides: info.provides,
      conflicts: info.conflicts,
      config: info.config,
      modes,
      capabilities: Object.fromEntries(info.capabilities),
      ...(info.triggers.length === 0 ? {} : { triggers: info.triggers }),
    };
    const image = imageFromStore(description, path, session.store.manifest(path), session.store.toReal(path));
    return withServices(image, servicesFor(image, info.services, services));
  });
}

/** What a package says of its services, and what the system says of those that the package has. */
function servicesFor(
  image: PackageImage,
  own: ReadonlyMap<string, boolean>,
  system: ReadonlyMap<string, boolean>,
): ReadonlyMap<string, boolean> {
  if (system.size === 0) return own;
  const there = servicesOf(image);
  return new Map([...own, ...[...system].filter(([name]) => own.has(name) || there.has(name) || there.has(`${name}.service`))]);
}
