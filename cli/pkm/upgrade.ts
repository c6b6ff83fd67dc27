import { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { fetchAhead, isTreeOperand, namingPackages, offeredImages, refuseArchives } from '../offered-images.ts';
import { openForReading } from '../root-reading.ts';
import { archiveImages, openForChange, printReport } from '../roots.ts';
import type { TreeImages } from '../tree-images.ts';
import { changeOptions } from './install.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  refuseArchives('upgrade', args.operands);
  const names = args.operands.filter((operand) => !isTreeOperand(operand));
  const operands = args.operands.filter(isTreeOperand);
  const fromRepositories = names.length > 0 || (operands.length === 0 && !args.has('archive'));
  const installed = installedRecords(args);
  using ofTrees = operands.length === 0 ? undefined : await fromTrees(context, args, operands, installed);
  if (fromRepositories) await fetchAhead(context, args, names, { upgrade: true });
  using root = openForChange(context, args, 'pkm upgrade');
  const offers = fromRepositories
    ? namingPackages(names, () => root.resolve(names, { upgrade: true, ignoreHolds: args.has('ignore-holds') }))
    : [];
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
  const request = { ...changeOptions(context, args), explicit: [...explicit, ...asked], declared };
  return printReport(context, args, root.install(images, request));
}

/** In a small bundle this begins the command anew in the whole one (cli/bundle.ts). */
async function fromTrees(
  context: Context,
  args: Arguments,
  operands: readonly string[],
  installed: ReadonlyMap<string, PackageRecord>,
): Promise<TreeImages> {
  const { imagesOfTrees } = await import('../tree-images.ts');
  return await imagesOfTrees(context, args, operands, (tree, { path, name }) => {
    const candidates = name === undefined ? [...tree.packages.values()] : [tree.select(name)];
    const infos = candidates.filter((info) => concerns(info, installed).length > 0);
    if (infos.length > 0) return infos;
    throw new Fault(
      'E-CLI-007',
      name === undefined
        ? `nothing that '${path}' declares is installed`
        : `'${name}' is not installed, and supersedes nothing that is`,
      {
        hints: [`install it: pkm install ${path}#${name ?? 'NAME'}`],
      },
    );
  });
}

function installedRecords(args: Arguments): ReadonlyMap<string, PackageRecord> {
  using root = openForReading(args, { mayBeMissing: true });
  return new Map(root.list().map((record) => [record.name, record]));
}

/** The installed packages that a declared or offered one is the next version of, or supersedes. */
const concerns = (
  one: { readonly name: string; readonly supersedes: readonly string[] },
  installed: ReadonlyMap<string, PackageRecord>,
): PackageRecord[] => [one.name, ...one.supersedes].flatMap((name) => installed.get(name) ?? []);
