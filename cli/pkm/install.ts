import type { ArchiveTrust, InstallRequest } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imagesOf, type Wanted } from '../images.ts';
import { archiveImages, changeRequest, openForChange, printReport } from '../roots.ts';
import { openSession } from '../session.ts';
import { packagesOf, splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.operands.length === 0 && !args.has('archive')) {
    throw new UsageError('pkm install needs TREE#NAME or --archive FILE', ['pkm install examples/tour/v1#greet']);
  }
  using session = openSession(context, args, { isReadOnly: false });
  const trees = new Trees(session);
  const wanted = args.operands.flatMap((operand): Wanted[] => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const isSystem = name !== undefined && !tree.packages.has(name) && tree.systems.has(name);
    const infos = isSystem ? tree.selectSystem(name).packages : packagesOf(tree, name);
    return infos.map((info) => ({ tree, info }));
  });
  const built = await imagesOf(context, args, session, wanted);
  using root = openForChange(context, args, session.store, 'pkm install');
  const images = [...built, ...(await archiveImages(root, args))];
  const explicit = [
    ...wanted.map(({ info }) => info.name),
    ...images.filter((image) => image.origin.kind === 'archive').map((image) => image.name),
  ];
  const declared = wanted.flatMap(({ tree }) => [...tree.packages.keys()]);
  return printReport(context, args, root.install(images, { ...changeOptions(context, args), explicit, declared }));
}

export const changeOptions = (context: Context, args: Arguments): InstallRequest => ({
  ...changeRequest(context, args),
  archiveTrust: (args.value('archive-trust') as ArchiveTrust | undefined) ?? 'strict',
});
