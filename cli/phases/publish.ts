/** The last phase: archives of all that ships in a folder, with a signed index, as `pkm sync` takes it. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { count, makeDirectory, sys, writeFileAtomic } from '../../base/index.ts';
import type { Tree } from '../../eval/index.ts';
import { archiveSha256, type PackageImage, writeArchive } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { imagesOf } from '../images.ts';
import { whileOurs } from '../locked-folder.ts';
import { type Publication, publicationOf, publishedText, publishFolder } from '../publication.ts';
import type { Session } from '../session.ts';
import { shippedPackages } from '../targets.ts';

export interface PublishRequest extends Publication {
  readonly folder: string;
}

/** What `--publish DIR` asks for. @throws UsageError without a key */
export function publishRequest(context: Context, args: Arguments): PublishRequest | undefined {
  const folder = args.value('publish');
  if (folder === undefined) return undefined;
  return { folder: resolve(context.workingDirectory, folder), ...publicationOf(context, args, 'igos phases --publish') };
}

/**
 * Writes an archive of each package that ships, and of what those need at run time. What stands there of the same package is left, other
 * versions too: the index offers them all.
 *
 * @returns what was done, for people
 */
export async function publishTree(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
  request: PublishRequest,
): Promise<string> {
  const shipped = shippedPackages(tree);
  const images = await imagesOf(
    context,
    args,
    session,
    shipped.map((info) => ({ tree, info })),
  );
  const { folder } = request;
  makeDirectory(folder);
  return whileOurs(context, folder, async () => {
    const nWritten = await writeArchives(folder, images);
    const written = await publishFolder(context, folder, request);
    return `${count(nWritten, 'archive')} written to '${folder}': ${publishedText(written, request)}`;
  });
}

/** What the archives of a folder were made of: file name → digests of the image and of the archive. */
type Known = Record<string, { readonly image: string; readonly sha256: string } | undefined>;

const KNOWN = '.igos-archives.json';

// Compressing again what has not changed would take as long as everything else of a build that has nothing to do.
async function writeArchives(folder: string, images: readonly PackageImage[]): Promise<number> {
  const file = join(folder, KNOWN);
  const known = readKnown(file);
  let nWritten = 0;
  for (const image of images) {
    const name = `${image.name}-${image.version}.igos.tar.gz`;
    const digest = digestOf(image);
    const before = known[name];
    // Whatever stands there is signed: it has to be what was written.
    const isSame =
      before?.image === digest && existsSync(join(folder, name)) && (await archiveSha256(join(folder, name))) === before.sha256;
    if (isSame) continue;
    const { sha256 } = await stoppable((signal) => writeArchive(image, join(folder, name), signal));
    known[name] = { image: digest, sha256 };
    nWritten++;
    writeFileAtomic(file, `${JSON.stringify(known, undefined, 1)}\n`);
  }
  return nWritten;
}

/** What nobody can read is not known: the archives are written again. */
function readKnown(file: string): Known {
  if (!existsSync(file)) return {};
  const text = sys('read', file, () => readFileSync(file, 'utf8'));
  try {
    return { ...(JSON.parse(text) as Known) };
  } catch {
    return {};
  }
}

/** Of all that stands in the archive of an image. */
function digestOf({ origin: _, contentPath: __, scratch: ___, ...image }: PackageImage): string {
  return createHash('sha256').update(JSON.stringify(image)).digest('hex');
}
