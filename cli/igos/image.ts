import { relative } from 'node:path';
import { count, formatBytes } from '../../base/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { formatsOf, type ImageFormat, imageOptions, imageOutputs } from '../imaging/image-options.ts';
import { SystemBuild } from '../imaging/system-build.ts';
import type { Written } from '../imaging/write-image.ts';
import { openSession } from '../session.ts';
import { chosenSystem } from '../system-images.ts';
import { splitOperand, Trees } from '../targets.ts';

/** What a system has to say for that how it starts. */
const STARTED: ReadonlySet<ImageFormat> = new Set(['uki', 'iso', 'disk']);

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const operand = splitOperand(args.operands[0]!);
  const options = await imageOptions(context, args);
  const formats = formatsOf(args);
  using session = openSession(context, args, { isReadOnly: false });
  const tree = new Trees(session).open(operand.path);
  const system = chosenSystem(tree, operand);
  const outputs = imageOutputs(context, args, system.name, formats);
  using build = new SystemBuild(context, args, session, tree, system, options);
  if (formats.some((format) => STARTED.has(format))) build.checkStarts();
  if (formats.includes('iso')) build.checkDisc();
  if (
    options.sizeBytes !== undefined &&
    !formats.some((format) => format === 'ext4' || (build.isWritable && STARTED.has(format)))
  )
    throw new UsageError('--size is for a root that can be written to', [
      'add --format ext4',
      'or write root = "ext4" in boot of the system, and take --format disk',
    ]);

  const written: (Written & { readonly format: ImageFormat })[] = [];
  for (const [format, output] of outputs) {
    const { file, sizeBytes, sha256 } = await build[format](output);
    written.push({ format, file, sizeBytes, sha256 });
  }
  const { entries, packages } = await build.root();
  const hasHash = formats.some((format) => format === 'verity' || (STARTED.has(format) && !build.isWritable));
  const rootHash = hasHash ? (await build.verity()).verity.rootHash : undefined;
  if (context.isJson) {
    context.out.json({ system: system.name, packages, nPaths: entries.length, rootHash: rootHash ?? null, files: written });
    return;
  }
  const sizes = written.map(({ format, sizeBytes }) => `${format} ${formatBytes(sizeBytes)}`).join(', ');
  context.out.talk(`${system.name}: ${count(packages.length, 'package')}, ${count(entries.length, 'path')}: ${sizes}`);
  if (rootHash !== undefined) context.out.talk(`root hash ${rootHash}`);
  for (const { file } of written) {
    const path = relative(context.workingDirectory, file);
    context.out.line(path.startsWith('..') ? file : path);
  }
}
