/** Packages of declared trees for a change of a root. Apart, and loaded when asked: the evaluator and the builder come with it. */
import type { PackageInfo, Tree } from '../eval/index.ts';
import type { PackageImage } from '../pkm/index.ts';
import type { ObjectStore } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { imagesOf } from './images.ts';
import { openSession } from './session.ts';
import { type Operand, packagesForOthers, splitOperand, Trees } from './targets.ts';

export interface TreeImages extends Disposable {
  /** Open until this is disposed of: images are read from it. */
  readonly store: ObjectStore;
  /** With the runtime closure of what was asked for; what is needed first, first. */
  readonly images: readonly PackageImage[];
  /** What was asked for. */
  readonly infos: readonly PackageInfo[];
  /** Names of all packages of these trees. */
  readonly declared: readonly string[];
}

/** Which packages `PATH#NAME` means. */
type Choose = (tree: Tree, operand: Operand) => readonly PackageInfo[];

/** Evaluates trees and realizes packages of them. */
export async function imagesOfTrees(
  context: Context,
  args: Arguments,
  operands: readonly string[],
  choose: Choose = namedPackages,
): Promise<TreeImages> {
  using opened = new DisposableStack();
  const session = opened.use(openSession(context, args, { isReadOnly: false }));
  const trees = new Trees(session);
  const wanted = operands.flatMap((operand) => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    return choose(tree, { path, name }).map((info) => ({ tree, info }));
  });
  const images = await imagesOf(context, args, session, wanted);
  const kept = opened.move();
  return {
    store: session.store,
    images,
    infos: wanted.map(({ info }) => info),
    declared: wanted.flatMap(({ tree }) => [...tree.packages.keys()]),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

/** Of a system, what it lists; of a tree, what ships. Their closures come along as of any package. */
const namedPackages: Choose = (tree, operand) => {
  const { name } = operand;
  const isSystem = name !== undefined && !tree.packages.has(name) && tree.systems.has(name);
  return isSystem ? tree.selectSystem(name).packages : packagesForOthers(tree, operand, 'pkm install');
};
