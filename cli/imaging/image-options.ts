/** What `igos image` takes of how it writes. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shellWord } from '../../base/index.ts';
import type { CompressionName } from '../../image/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseSize } from '../quantities.ts';
import { imageSeconds, signerOf } from './signing.ts';
import type { ImageOptions } from './system-build.ts';

/** In the order in which one is made of the other. */
const FORMATS = ['squashfs', 'ext4', 'verity', 'uki', 'iso', 'disk'] as const;
export type ImageFormat = (typeof FORMATS)[number];

/** What files of these are called behind the system's name. */
export const SUFFIXES: Readonly<Record<ImageFormat, string>> = {
  squashfs: 'squashfs',
  ext4: 'ext4',
  verity: 'verity',
  uki: 'efi',
  iso: 'iso',
  disk: 'img',
};

const HIGHEST: Readonly<Record<CompressionName, number>> = { zstd: 19, gzip: 9 };
/** @throws UsageError · Fault E-IMG-015 · E-IMG-016 */
export async function imageOptions(context: Context, args: Arguments): Promise<ImageOptions> {
  const compression = (args.value('compression') as CompressionName | undefined) ?? 'zstd';
  const level = args.value('level');
  const highest = HIGHEST[compression];
  if (level !== undefined && !(/^\d+$/.test(level) && Number(level) >= 1 && Number(level) <= highest))
    throw new UsageError(`--level takes a number from 1 to ${highest} with ${compression}, not '${level}'`);
  const block = args.value('block-size');
  const blockBytes = block === undefined ? undefined : parseSize('block-size', block);
  if (blockBytes !== undefined && !(Number.isInteger(Math.log2(blockBytes)) && blockBytes >= 4096 && blockBytes <= 1 << 20))
    throw new UsageError(`--block-size takes a power of two from 4K to 1M, not '${block}'`);
  const size = args.value('size');
  const signer = await signerOf(context, args);
  return {
    seconds: imageSeconds(context),
    compression,
    ...(level === undefined ? {} : { level: Number(level) }),
    ...(blockBytes === undefined ? {} : { blockBytes }),
    ...(size === undefined ? {} : { sizeBytes: parseSize('size', size) }),
    ...(signer === undefined ? {} : { signer }),
  };
}

/**
 * Where each format goes: one into the file that `--output` names, or into a folder, there or named with a slash behind it; several into a
 * folder. @throws UsageError
 */
export function imageOutputs(
  context: Context,
  args: Arguments,
  system: string,
  formats: readonly ImageFormat[],
): ReadonlyMap<ImageFormat, string> {
  const output = args.value('output');
  const given = resolve(context.workingDirectory, output ?? '.');
  const there = statSync(given, { throwIfNoEntry: false });
  const isFolder = there?.isDirectory() === true || output?.endsWith('/') === true;
  if (!isFolder && formats.length > 1)
    throw new UsageError(`'${output}' is one file, and ${formats.length} are to be made`, [
      `write --output ${shellWord(`${output}/`)} for a folder`,
    ]);
  const places = formats.map((format) => (isFolder ? join(given, `${system}.${SUFFIXES[format]}`) : given));
  for (const place of places)
    if (statSync(place, { throwIfNoEntry: false })?.isFile() === false)
      throw new UsageError(`'${isFolder ? place : output}' is no file`, [
        'write the image to a file, and copy it from there when it is complete',
      ]);
  return new Map(formats.map((format, index) => [format, places[index]!]));
}

/** What `--format` asks for, each once. */
export function formatsOf(args: Arguments): ImageFormat[] {
  const asked = args.all('format').map(([format]) => format);
  return asked.length === 0 ? ['squashfs'] : FORMATS.filter((format) => asked.includes(format));
}
