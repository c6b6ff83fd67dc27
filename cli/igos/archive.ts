import { statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeDirectory, shellWord } from '../../base/index.ts';
import { type PackageImage, writeArchive } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { closureOf, imagesOfAll, type Wanted } from '../images.ts';
import { openSession } from '../session.ts';
import { packagesForOthers, splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using session = openSession(context, args, { isReadOnly: false });
  const trees = new Trees(session);
  const named = args.operands.flatMap((operand): Wanted[] => {
    const named = splitOperand(operand);
    const tree = trees.open(named.path);
    const packages = packagesForOthers(tree, named, 'igos archive').map((info): Wanted => ({ tree, info }));
    // What ships comes with what it needs: an archive that nobody could install is no use to others.
    return named.name === undefined ? closureOf(packages) : packages;
  });
  const wanted = args.has('closure') ? closureOf(named) : named;
  const place = placeOf(context, args.value('output'), wanted.length);
  const images = await imagesOfAll(context, args, session, wanted);
  const written = [];
  for (const image of images) {
    const file = place(image);
    const made = await stoppable((signal) => writeArchive(image, file, signal));
    written.push({ name: image.name, version: image.version, file, ...made });
    for (const note of foreignTrouble(image)) context.out.talk(`note: ${note}`);
    if (!context.isJson) context.out.line(shown(context, file));
  }
  if (context.isJson) context.out.json({ archives: written });
}

/** Where the archive of an image goes. A folder is one that exists, ends in a slash, or is to hold several. */
function placeOf(context: Context, output: string | undefined, nArchives: number): (image: PackageImage) => string {
  const given = resolve(context.workingDirectory, output ?? '.');
  const isFolder =
    output === undefined || /\/$/.test(output) || statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && nArchives !== 1) {
    throw new UsageError(`'${output}' is one file, and there are ${nArchives} packages`, [
      `write --output ${shellWord(`${output}/`)} for a folder`,
    ]);
  }
  if (isFolder && output !== undefined) makeDirectory(given);
  return (image) => (isFolder ? join(given, `${image.name}-${image.version}.igos.tar.gz`) : given);
}

function shown(context: Context, file: string): string {
  const path = relative(context.workingDirectory, file);
  return path.startsWith('..') ? file : path;
}

/** What the pkm of InterGenOS would stumble over, though it is good for ours. */
function foreignTrouble(image: PackageImage): string[] {
  const absolute = image.entries.filter((entry) => entry.kind === 'symlink' && entry.target.startsWith('/'));
  if (absolute.length === 0) return [];
  const shown = absolute[0]!;
  return [
    `InterGenOS's own pkm refuses '${image.name}': its symlink '${shown.path}' is absolute ('${shown.target}')${
      absolute.length > 1 ? `, and ${absolute.length - 1} more` : ''
    }`,
  ];
}
