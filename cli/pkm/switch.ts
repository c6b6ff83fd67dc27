import { didYouMean, Fault } from '../../base/index.ts';
import { type PackageImage, servicesOf } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imagesOf } from '../images.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';
import { openSession } from '../session.ts';
import { systemImage, withoutPaths } from '../system-files.ts';
import { splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const { path, name } = splitOperand(args.operands[0]!);
  using session = openSession(context, args, { isReadOnly: false });
  const tree = new Trees(session).open(path);
  const system = tree.selectSystem(name ?? onlyName(path, tree.systems));
  const built = await imagesOf(
    context,
    args,
    session,
    system.packages.map((info) => ({ tree, info })),
    system.services,
  );
  checkServices(system.services.keys(), built);
  const files = systemImage(session.store, system);
  const taken = new Set(files?.entries.flatMap((entry) => (entry.kind === 'directory' ? [] : [entry.path])));
  const images = [...built.map((image) => withoutPaths(image, taken)), ...(files === undefined ? [] : [files])];
  using root = openForChange(context, args, 'pkm switch', { mayBeMissing: true });
  const explicit = [...system.packages.map((info) => info.name), ...(files === undefined ? [] : [files.name])];
  const report = root.switchTo(images, { ...changeRequest(context, args), explicit, declared: tree.packages.keys() });
  return printReport(context, args, report);
}

/** A tree with one system needs no name after it. @throws UsageError */
function onlyName(path: string, systems: ReadonlyMap<string, unknown>): string {
  const [first, ...others] = systems.keys();
  if (first === undefined) {
    throw new UsageError(`the tree '${path}' declares no system`, [
      'declare one: system NAME { packages = [ … ]; }',
      `or install packages of the tree: pkm install ${path}#PACKAGE`,
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
    throw new Fault('E-PKM-043', `no package of the system has the service '${name}'`, { hints: didYouMean(name, there) });
  }
}
