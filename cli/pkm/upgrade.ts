import { Fault } from '../../base/index.ts';
import type { PackageInfo } from '../../eval/index.ts';
import type { PackageRecord } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imagesOf, type Wanted } from '../images.ts';
import { openForReading } from '../root-reading.ts';
import { archiveImages, openForChange, printReport } from '../roots.ts';
import { openSession } from '../session.ts';
import { splitOperand, Trees } from '../targets.ts';
import { changeOptions } from './install.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.operands.length === 0 && !args.has('archive'))
    throw new UsageError('pkm upgrade needs TREE, TREE#NAME or --archive FILE');
  using session = openSession(context, args, { isReadOnly: false });
  const trees = new Trees(session);
  const installed = installedRecords(args);
  const wanted = args.operands.flatMap((operand): Wanted[] => {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const candidates = name === undefined ? [...tree.packages.values()] : [tree.select(name)];
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
  const built = await imagesOf(context, args, session, wanted);
  using root = openForChange(context, args, session.store, 'pkm upgrade');
  const images = [...built, ...(await archiveImages(root, args))];
  // what was installed for its own sake stays so, and hands that on to its successors
  const explicit = wanted
    .filter(({ info }) => concerns(info, installed).some((record) => record.reason === 'explicit'))
    .map(({ info }) => info.name);
  const archived = images.flatMap((image) => (image.origin.kind === 'archive' ? image.name : []));
  const declared = wanted.flatMap(({ tree }) => [...tree.packages.keys()]);
  const request = { ...changeOptions(context, args), explicit: [...explicit, ...archived], declared };
  return printReport(context, args, root.install(images, request));
}

function installedRecords(args: Arguments): ReadonlyMap<string, PackageRecord> {
  using root = openForReading(args);
  return new Map(root.list().map((record) => [record.name, record]));
}

/** The installed packages that a declared one is the next version of, or supersedes. */
const concerns = (info: PackageInfo, installed: ReadonlyMap<string, PackageRecord>): PackageRecord[] =>
  [info.name, ...info.supersedes].flatMap((name) => installed.get(name) ?? []);
