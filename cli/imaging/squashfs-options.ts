/** What `igos image` takes of how it writes. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CompressionName, SquashfsOptions } from '../../image/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseSize } from '../quantities.ts';

const HIGHEST: Readonly<Record<CompressionName, number>> = { zstd: 19, gzip: 9 };
/** As builds have it. */
const SECONDS = 315_619_200;

/** @throws UsageError */
export function squashfsOptions(context: Context, args: Arguments): SquashfsOptions {
  const compression = (args.value('compression') as CompressionName | undefined) ?? 'zstd';
  const level = args.value('level');
  const highest = HIGHEST[compression];
  if (level !== undefined && !(/^\d+$/.test(level) && Number(level) >= 1 && Number(level) <= highest))
    throw new UsageError(`--level takes a number from 1 to ${highest} with ${compression}, not '${level}'`);
  const block = args.value('block-size');
  const blockBytes = block === undefined ? undefined : parseSize('block-size', block);
  if (blockBytes !== undefined && !(Number.isInteger(Math.log2(blockBytes)) && blockBytes >= 4096 && blockBytes <= 1 << 20))
    throw new UsageError(`--block-size takes a power of two from 4K to 1M, not '${block}'`);
  const given = context.environment['SOURCE_DATE_EPOCH'] ?? '';
  return {
    seconds: /^\d{1,10}$/.test(given) && Number(given) <= 0xffffffff ? Number(given) : SECONDS,
    compression,
    ...(level === undefined ? {} : { level: Number(level) }),
    ...(blockBytes === undefined ? {} : { blockBytes }),
  };
}

/** Where `--output` puts the file: a folder, there or named with a slash behind it, gets one of this name. @throws UsageError */
export function imageOutput(context: Context, args: Arguments, name: string): string {
  const output = args.value('output');
  const given = resolve(context.workingDirectory, output ?? '.');
  const there = statSync(given, { throwIfNoEntry: false });
  if (there?.isDirectory() === true || output?.endsWith('/') === true) return join(given, name);
  if (there === undefined || there.isFile()) return given;
  throw new UsageError(`'${output}' is no file`, ['write the image to a file, and copy it from there when it is complete']);
}
