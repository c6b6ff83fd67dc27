/** The phases that make files which machines start from, of each system of a tree. */
import { join, resolve } from 'node:path';
import { count, formatBytes } from '../../base/index.ts';
import type { Tree } from '../../eval/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type ImageFormat, imageOptions, SUFFIXES } from '../imaging/image-options.ts';
import { type ImageOptions, SystemBuild } from '../imaging/system-build.ts';
import type { Written } from '../imaging/write-image.ts';
import type { Session } from '../session.ts';

export type ImagePhase = 'image' | 'squashfs' | 'uki' | 'iso';

/** What `--images DIR` asks for. What one phase made is there for those behind it. */
export class TreeImages implements Disposable {
  readonly #folder: string;
  readonly #builds: readonly SystemBuild[];

  constructor(context: Context, args: Arguments, session: Session, tree: Tree, folder: string, options: ImageOptions) {
    this.#folder = folder;
    this.#builds = [...tree.systems.values()].map((system) => new SystemBuild(context, args, session, tree, system, options));
  }

  /** @returns what was done, for people */
  async run(phase: ImagePhase): Promise<string> {
    const written: Written[] = [];
    for (const build of phase === 'uki' || phase === 'iso'
      ? this.#builds.filter((each) => each.system.boot !== undefined)
      : this.#builds) {
      const place = (format: ImageFormat): string => join(this.#folder, `${build.system.name}.${SUFFIXES[format]}`);
      if (phase === 'image') await build.root();
      else if (build.isWritable) written.push(await writable(build, phase, place));
      else if (phase === 'squashfs') written.push(await build.squashfs(place('squashfs')));
      else if (phase === 'uki') written.push(await build.verity(place('verity')), await build.uki(place('uki')));
      else written.push(await build.iso(place('iso')));
    }
    if (phase === 'image') return this.#builds.length === 0 ? '' : `${count(this.#builds.length, 'system')} installed`;
    const sizeBytes = written.reduce((sum, each) => sum + each.sizeBytes, 0);
    return written.length === 0 ? '' : `${count(written.length, 'file')} in '${this.#folder}', ${formatBytes(sizeBytes)}`;
  }

  [Symbol.dispose](): void {
    for (const build of this.#builds) build[Symbol.dispose]();
  }
}

/** What a phase makes where the root is written to: it has no hash tree, and starts from a disk. */
function writable(
  build: SystemBuild,
  phase: Exclude<ImagePhase, 'image'>,
  place: (format: ImageFormat) => string,
): Promise<Written> {
  if (phase === 'squashfs') return build.ext4(place('ext4'));
  return phase === 'uki' ? build.uki(place('uki')) : build.disk(place('disk'));
}

/** @returns `undefined` where nobody asks for images @throws UsageError, Fault what is wrong with the options */
export async function treeImages(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
): Promise<TreeImages | undefined> {
  const folder = args.value('images');
  if (folder === undefined) return undefined;
  const options = await imageOptions(context, args);
  if (options.sizeBytes !== undefined && ![...tree.systems.values()].some(({ boot }) => boot?.root === 'ext4'))
    throw new UsageError('--size is for roots that can be written to, and no system of the tree has one', [
      'write root = "ext4" in boot of a system',
    ]);
  return new TreeImages(context, args, session, tree, resolve(context.workingDirectory, folder), options);
}
