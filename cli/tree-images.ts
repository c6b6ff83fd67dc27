/** Packages of declared trees for a change of a root. Apart, and loaded when asked: the evaluator and the builder come with it. */
import type { PackageInfo, Tree } from '../eval/index.ts';
import type { LeftToSwitch, PackageImage, PackageRecord } from '../pkm/index.ts';
import type { ObjectStore } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { imagesOf } from './images.ts';
import { leftToSwitch } from './left-to-switch.ts';
import { openSession } from './session.ts';
import { namesSystem, type Operand, packagesForOthers, splitOperand, Trees } from './targets.ts';

export interface TreeImages extends Disposable {
  /** Open until this is disposed of: images are read from it. */
  readonly store: ObjectStore;
  /** With the runtime closure of what was asked for; what is needed first, first. */
  readonly images: readonly PackageImage[];
  /** What was asked for. */
  readonly infos: readonly PackageInfo[];
  /** Names of all packages of these trees. */
  readonly declared: readonly string[];
  /** What these trees say of systems, and an install does not bring. */
  readonly leftToSwitch: readonly LeftToSwitch[];
}

/** Which packages `PATH#NAME` means. */
type Choose = (tree: Tree, operand: Operand) => readonly PackageInfo[];

/** Evaluates trees and realizes packages of them. */
export async function imagesOfTrees(
  context: Context,
  args: Arguments,
  operands: readonly string[],
  installed: ReadonlyMap<string, PackageRecord>,
  choose: Choose = namedPackages,
): Promise<TreeImages> {
  using opened = new DisposableStack();
  const session = opened.use(openSession(context, args, { isReadOnly: false }));
  const trees = new Trees(session);
  const left: LeftToSwitch[] = [];
  const wanted = operands.flatMap((operand) => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const chosen = choose(tree, { path, name });
    left.push(...leftToSwitch(tree, { path, name }, installed));
    return chosen.map((info) => ({ tree, info }));
  });
  const images = await imagesOf(context, args, session, wanted);
  const kept = opened.move();
  return {
    store: session.store,
    images,
    infos: wanted.map(({ info }) => info),
    leftToSwitch: left,
    declared: wanted.flatMap(({ tree }) => [...tree.packages.keys()]),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

/** Of a system, what it lists; of a tree, what ships. Their closures come along as of any package. */
const namedPackages: Choose = (tree, operand) =>
  namesSystem(tree, operand.name) ? tree.selectSystem(operand.name).packages : packagesForOthers(tree, operand, 'pkm install');
