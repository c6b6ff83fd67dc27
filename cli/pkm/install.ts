import type { ArchiveTrust, InstallRequest, PackageImage } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import type { depotImages } from '../depot-images.ts';
import { isDepotOperand } from '../depot-operand.ts';
import { imagesOf, type Wanted } from '../images.ts';
import { askedFor, fetchAhead, isTreeOperand, namingPackages, offeredImages } from '../offered-images.ts';
import { openContextStore } from '../open-store.ts';
import { archiveImages, changeRequest, openForChange, printReport } from '../roots.ts';
import { openSession, type Session } from '../session.ts';
import { packagesOf, splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.operands.length === 0 && !args.has('archive')) {
    throw new UsageError('pkm install needs NAME, TREE#NAME or --archive FILE', ['pkm install examples/tour/v1#greet']);
  }
  const names = args.operands.filter((operand) => !isTreeOperand(operand));
  const operands = args.operands.filter((operand) => isTreeOperand(operand) && !isDepotOperand(operand));
  const inDepots = args.operands.filter(isDepotOperand);
  using session = operands.length === 0 ? undefined : openSession(context, args, { isReadOnly: false });
  using opened = session === undefined ? openContextStore(context) : undefined;
  const wanted = session === undefined ? [] : wantedOf(session, operands);
  const built: PackageImage[] = session === undefined ? [] : await imagesOf(context, args, session, wanted);
  if (names.length > 0) await fetchAhead(context, args, names);
  using root = openForChange(context, args, session?.store ?? opened!, 'pkm install');
  const offers =
    names.length === 0 ? [] : namingPackages(names, () => root.resolve(names, { ignoreHolds: args.has('ignore-holds') }));
  const archived = await archiveImages(root, args);
  using ofDepots = inDepots.length === 0 ? undefined : await depotImagesOf(context, args, root, inDepots);
  const images = [...built, ...(await offeredImages(context, root, offers)), ...(ofDepots?.images ?? []), ...archived];
  const explicit = [
    ...wanted.map(({ info }) => info.name),
    ...askedFor(offers, names),
    ...(ofDepots?.asked ?? []),
    ...archived.map((image) => image.name),
  ];
  const declared = wanted.flatMap(({ tree }) => [...tree.packages.keys()]);
  return printReport(context, args, root.install(images, { ...changeOptions(context, args), explicit, declared }));
}

/** The depot brings OpenPGP and a tar library along: 150 ms that nobody else shall pay. */
const depotImagesOf: typeof depotImages = async (...request) => (await import('../depot-images.ts')).depotImages(...request);

function wantedOf(session: Session, operands: readonly string[]): Wanted[] {
  const trees = new Trees(session);
  return operands.flatMap((operand): Wanted[] => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const isSystem = name !== undefined && !tree.packages.has(name) && tree.systems.has(name);
    const infos = isSystem ? tree.selectSystem(name).packages : packagesOf(tree, name);
    return infos.map((info) => ({ tree, info }));
  });
}

export const changeOptions = (context: Context, args: Arguments): InstallRequest => ({
  ...changeRequest(context, args),
  archiveTrust: (args.value('archive-trust') as ArchiveTrust | undefined) ?? 'strict',
});
