import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Bug, Fault, sys } from '../base/index.ts';
import { printable } from './names.ts';
import type { FileRow, ImageEntry, PackageImage, ScratchFiles } from './types.ts';

/** Where the bytes of a row of the new generation are now. */
export interface Contents {
  /**
   * A real file. `scratch`: ours, with final metadata, to be moved away rather than copied, and only there once that is finished.
   */
  locate(row: FileRow): { readonly file: string; readonly scratch: ScratchFiles | undefined };
  /** What is known of the bytes before anything is read. */
  storage(row: FileRow): Storage;
}

export interface Storage {
  /** The path of the package whose file it is another name of; its own, where it has one name. */
  readonly first: string;
  /** They are in a file of pkm's own already, which is moved to its place. */
  readonly isWritten: boolean;
}

/** The contents of images, found by owner and path. Cost: one map an owner, on first use. */
export function imageContents(images: readonly PackageImage[]): Contents {
  const byName = new Map(images.map((image) => [image.name, image]));
  const entries = new Map<string, Map<string, ImageEntry>>();
  const imageOf = ({ owner, path }: FileRow): PackageImage => {
    const image = byName.get(owner);
    if (image === undefined) throw new Bug(`no image of '${owner}' for '${path}'`);
    return image;
  };
  const entryOf = ({ owner, path }: FileRow, image: PackageImage): ImageEntry | undefined => {
    const paths = entries.get(owner) ?? new Map(image.entries.map((entry) => [entry.path, entry]));
    entries.set(owner, paths);
    return paths.get(path);
  };
  return {
    storage(row) {
      const image = imageOf(row);
      return { first: firstName(row, entryOf(row, image)), isWritten: image.scratch !== undefined };
    },
    locate(row) {
      const image = imageOf(row);
      const entry = entryOf(row, image);
      if (entry === undefined || entry.sha256 !== row.sha256) throw contentFault(row, 'its source holds something else');
      const { scratch } = image;
      return { file: scratch === undefined ? image.contentPath(entry) : scratch.placeOf(entry), scratch };
    },
  };
}

export const firstName = ({ path }: FileRow, entry: ImageEntry | undefined): string =>
  entry?.kind === 'hardlink' ? entry.target : path;

/** @throws Fault E-PKM-017 the bytes are not those of the row · SystemFault */
export function readContents(contents: Contents, row: FileRow): Buffer {
  const { file, scratch } = contents.locate(row);
  scratch?.finish(row.path);
  const bytes = sys('read', file, () => readFileSync(file));
  if (hash('sha256', bytes) !== row.sha256) throw contentFault(row, 'its source was modified');
  return bytes;
}

export const contentFault = (row: Pick<FileRow, 'path' | 'owner'>, why: string): Fault =>
  new Fault('E-PKM-017', `the bytes of '/${printable(row.path)}' of package '${row.owner}' cannot be had: ${why}`, {
    hints: ["check the store with 'igos store verify'", 'or install the package again from another source'],
  });
