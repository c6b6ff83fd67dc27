import { Fault } from '../../base/index.ts';
import type { PackageInfo } from '../../eval/index.ts';
import type { PackageImage, PackageRecord } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imagesOf, type Wanted } from '../images.ts';
import { fetchAhead, isTreeOperand, namingPackages, offeredImages } from '../offered-images.ts';
import { openContextStore } from '../open-store.ts';
import { openForReading } from '../root-reading.ts';
import { archiveImages, openForChange, printReport } from '../roots.ts';
import { openSession, type Session } from '../session.ts';
import { splitOperand, Trees } from '../targets.ts';
import { changeOptions } from './install.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const names = args.operands.filter((operand) => !isTreeOperand(operand));
  const operands = args.operands.filter(isTreeOperand);
  const fromRepositories = names.length > 0 || (operands.length === 0 && !args.has('archive'));
  using session = operands.length === 0 ? undefined : openSession(context, args, { isReadOnly: false });
  using opened = session === undefined ? openContextStore(context) : undefined;
  const installed = installedRecords(args);
  const wanted = session === undefined ? [] : wantedOf(session, operands, installed);
  const built: PackageImage[] = session === undefined ? [] : await imagesOf(context, args, session, wanted);
  if (fromRepositories) await fetchAhead(context, args, names, { upgrade: true });
  using root = openForChange(context, args, session?.store ?? opened!, 'pkm upgrade');
  const offers = fromRepositories
    ? namingPackages(names, () => root.resolve(names, { upgrade: true, ignoreHolds: args.has('ignore-holds') }))
    : [];
  const archived = await archiveImages(root, args);
  const images = [...built, ...(await offeredImages(context, root, offers)), ...archived];
  // what was installed for its own sake stays so, and hands that on to its successors
  const explicit = [...wanted.map(({ info }) => info), ...offers]
    .filter((one) => concerns(one, installed).some((record) => record.reason === 'explicit'))
    .map((one) => one.name);
  const asked = archived.map((image) => image.name);
  const declared = wanted.flatMap(({ tree }) => [...tree.packages.keys()]);
  const request = { ...changeOptions(context, args), explicit: [...explicit, ...asked], declared };
  return printReport(context, args, root.install(images, request));
}

function wantedOf(session: Session, operands: readonly string[], installed: ReadonlyMap<string, PackageRecord>): Wanted[] {
  const trees = new Trees(session);
  return operands.flatMap((operand): Wanted[] => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const candidates: readonly PackageInfo[] = name === undefined ? [...tree.packages.values()] : [tree.select(name)];
    const infos = candidates.filter((info) => concerns(info, installed).length > 0);
    if (infos.length > 0) return infos.map((info) => ({ tree, info }));
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
