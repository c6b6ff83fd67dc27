/** A declared system as one file. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { count, formatBytes, makeDirectory } from '../../base/index.ts';
import type { System, Tree } from '../../eval/index.ts';
import { ImageFile, piecesOf, type SquashfsOptions, writeSquashfs } from '../../image/index.ts';
import type { Arguments } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { warningLines } from '../report-lines.ts';
import type { Session } from '../session.ts';
import { systemImages } from '../system-images.ts';
import { makeSystemRoot } from './system-root.ts';

export interface WrittenImage {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly nEntries: number;
  /** Names and versions, in the order of installation. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** Realizes the system, installs it into a folder that goes again, and writes that as a squashfs. */
export async function writeSystemImage(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
  system: System,
  output: string,
  options: SquashfsOptions,
): Promise<WrittenImage> {
  const installed = await systemImages(context, args, session, tree, system);
  using root = makeSystemRoot(session.store, installed, tree.packages.keys(), options.seconds);
  for (const line of warningLines(root.report)) context.out.talk(line);
  makeDirectory(dirname(output));
  const { nEntries } = await stoppable(async (signal) => {
    using file = new ImageFile(output);
    const report = await writeSquashfs(file, root.entries, { ...options, signal });
    file.commit();
    return report;
  });
  const { size } = statSync(output);
  context.out.talk(
    `${system.name}: ${count(installed.images.length, 'package')}, ${count(nEntries, 'path')}, ${formatBytes(size)}`,
  );
  const packages = installed.images.map(({ name, version }) => ({ name, version }));
  return { sizeBytes: size, sha256: sha256Of(output, size), nEntries, packages };
}

function sha256Of(file: string, sizeBytes: number): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf({ file, sizeBytes })) hash.update(piece);
  return hash.digest('hex');
}
