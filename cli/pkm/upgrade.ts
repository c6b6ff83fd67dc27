import { Fault, typedWord } from '../../base/index.ts';
import { installOrder, type KeptBack, type PackageRecord } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import {
  fetchAhead,
  isTreeOperand,
  nameInRequirement,
  namingPackages,
  offeredImages,
  refuseArchives,
} from '../offered-images.ts';
import { installedRecords, openForReading } from '../root-reading.ts';
import { archiveImages, openForChange, printReport } from '../roots.ts';
import type { TreeImages } from '../tree-images.ts';
import { changeOptions } from './install.ts';
import { unlessSynced } from './offers.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  refuseArchives('upgrade', args.operands);
  const names = args.operands.filter((operand) => !isTreeOperand(operand));
  const versioned = names.find((name) => nameInRequirement(name) !== name);
  if (versioned !== undefined)
    throw new UsageError(`pkm upgrade takes names: '${versioned}' asks for a version`, [`pkm install '${versioned}'`]);
  const operands = args.operands.filter(isTreeOperand);
  const fromRepositories = names.length > 0 || (operands.length === 0 && !args.has('archive'));
  const holds = { ignoreHolds: args.has('ignore-holds') };
  const installed = installedRecords(args);
  const keptBack: KeptBack[] = [];
  using ofTrees = operands.length === 0 ? undefined : await fromTrees(context, args, operands, installed, keptBack);
  if (fromRepositories) await fetchAhead(context, args, names, { upgrade: true });
  using root = openForChange(context, args, 'pkm upgrade');
  const offers = fromRepositories ? namingPackages(root, names, () => root.resolve(names, { upgrade: true, ...holds })) : [];
  if (fromRepositories) keptBack.push(...root.keptBack(offers, { ...holds, ...(names.length === 0 ? {} : { names }) }));
  const archived = await archiveImages(root, args);
  const images = [...(ofTrees?.images ?? []), ...(await offeredImages(context, root, offers)), ...archived];
  // what was installed for its own sake stays so, and hands that on to its successors, and those to theirs
  const explicit = new Set<string>();
  for (const one of [...(ofTrees?.infos ?? []), ...offers]) {
    const isAsked = concerns(one, installed).some((record) => record.reason === 'explicit');
    if (isAsked || one.supersedes.some((name) => explicit.has(name))) explicit.add(one.name);
  }
  const asked = archived.map((image) => image.name);
  const declared = ofTrees?.declared ?? [];
  const left = ofTrees === undefined ? {} : { leftToSwitch: ofTrees.leftToSwitch };
  const request = { ...changeOptions(context, args), explicit: [...explicit, ...asked], declared, keptBack, ...left };
  const report = root.install(images, request);
  const unsynced = fromRepositories && !report.isChanged && !context.isJson ? unlessSynced(root) : '';
  if (unsynced !== '') context.out.talk(`nothing newer is known${unsynced}`);
  return printReport(context, args, report, root);
}

/**
 * In a small bundle this begins the command anew in the whole one (cli/bundle.ts).
 *
 * @param keptBack  is told what is left as it is, since it is held
 */
async function fromTrees(
  context: Context,
  args: Arguments,
  operands: readonly string[],
  records: ReadonlyMap<string, PackageRecord>,
  keptBack: KeptBack[],
): Promise<TreeImages> {
  using root = openForReading(args, { mayBeMissing: true });
  const ignoreHolds = args.has('ignore-holds');
  const { imagesOfTrees } = await import('../tree-images.ts');
  const found = await imagesOfTrees(context, args, operands, records, (tree, { path, name }) => {
    const upgrades = root.upgradesAmong([...tree.packages.values()], { name, ignoreHolds });
    keptBack.push(...upgrades.keptBack);
    if (upgrades.chosen.length + upgrades.keptBack.length > 0) return upgrades.chosen;
    if (name !== undefined) tree.select(name);
    throw new Fault(
      'E-CLI-007',
      name === undefined
        ? `nothing that '${path}' declares is installed`
        : `'${name}' is not installed, and supersedes nothing that is`,
      {
        hints: [`install it: pkm install ${typedWord(`${path}#${name ?? 'NAME'}`)}`],
      },
    );
  });
  // What comes along with others is not to change what is held.
  const installed = new Set(root.list({ all: true }).map((record) => record.name));
  const held = new Set(ignoreHolds ? [] : root.holds().flatMap(({ name }) => (installed.has(name) ? [name] : [])));
  for (const { name } of found.infos) held.delete(name);
  return { ...found, images: installOrder(found.images.filter(({ name }) => !held.has(name))) };
}

/** The installed packages that a declared or offered one is the next version of, or supersedes. */
const concerns = (
  one: { readonly name: string; readonly supersedes: readonly string[] },
  installed: ReadonlyMap<string, PackageRecord>,
): PackageRecord[] => [one.name, ...one.supersedes].flatMap((name) => installed.get(name) ?? []);
