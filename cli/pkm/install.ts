import type { ArchiveTrust, InstallRequest } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import type { downloadFromDepot } from '../depot-images.ts';
import { isDepotOperand } from '../depot-operand.ts';
import { askedFor, fetchAhead, isTreeOperand, namingPackages, offeredImages, refuseArchives } from '../offered-images.ts';
import { installedRecords } from '../root-reading.ts';
import { archiveImages, changeRequest, openForChange, printReport } from '../roots.ts';
import type { imagesOfTrees } from '../tree-images.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.operands.length === 0 && !args.has('archive')) {
    throw new UsageError('pkm install needs NAME, TREE#NAME or --archive FILE', ['pkm install examples/tour/v1#greet']);
  }
  refuseArchives('install', args.operands);
  const names = args.operands.filter((operand) => !isTreeOperand(operand));
  const operands = args.operands.filter((operand) => isTreeOperand(operand) && !isDepotOperand(operand));
  const inDepots = args.operands.filter(isDepotOperand);
  // Before anything is locked or opened: in a small bundle these two begin the command anew in the whole one (cli/bundle.ts).
  const ofDepots = inDepots.length === 0 ? undefined : await fromDepots(context, args, inDepots);
  using ofTrees = operands.length === 0 ? undefined : await fromTrees(context, args, operands, installedRecords(args));
  if (names.length > 0) await fetchAhead(context, args, names);
  using root = openForChange(context, args, 'pkm install', { mayBeMissing: true });
  const holds = { ignoreHolds: args.has('ignore-holds') };
  const offers = names.length === 0 ? [] : namingPackages(root, names, () => root.resolve(names, holds));
  const keptBack = root.keptBack(offers, { ...holds, names });
  const archived = await archiveImages(root, args);
  using unpacked = await ofDepots?.unpack(root);
  const offered = await offeredImages(context, root, offers);
  const images = [...(ofTrees?.images ?? []), ...offered, ...(unpacked?.images ?? []), ...archived];
  const explicit = [
    ...(ofTrees?.infos ?? []).map(({ name }) => name),
    ...askedFor(offers, names),
    ...(unpacked?.asked ?? []),
    ...archived.map((image) => image.name),
  ];
  const declared = ofTrees?.declared ?? [];
  const left = ofTrees === undefined ? {} : { leftToSwitch: ofTrees.leftToSwitch };
  return printReport(
    context,
    args,
    root.install(images, { ...changeOptions(context, args), explicit, declared, keptBack, ...left }),
  );
}

/** The depot brings OpenPGP and a tar library along: 150 ms that nobody else shall pay. */
const fromDepots: typeof downloadFromDepot = async (...request) =>
  (await import('../depot-images.ts')).downloadFromDepot(...request);

/** The evaluator. */
const fromTrees: typeof imagesOfTrees = async (...request) => (await import('../tree-images.ts')).imagesOfTrees(...request);

export const changeOptions = (context: Context, args: Arguments): InstallRequest => ({
  ...changeRequest(context, args),
  archiveTrust: (args.value('archive-trust') as ArchiveTrust | undefined) ?? 'strict',
});
