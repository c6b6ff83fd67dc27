import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { count, sys } from '../../base/index.ts';
import { writeIndex } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { whileOurs } from '../locked-folder.ts';

const DAY_SECONDS = 86_400;

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const files = args.all('key').map(([file]) => resolve(context.workingDirectory, file!));
  if (files.length === 0) {
    throw new UsageError('igos repo build needs --key FILE', ['make a key with: igos key generate NAME -o FILE']);
  }
  const days = args.value('expires') ?? '30';
  if (!/^\d{1,5}$/.test(days)) throw new UsageError(`--expires takes a number of days, not '${days}'`);
  const folder = resolve(context.workingDirectory, args.operands[0]!);
  sys('read', folder, () => readdirSync(folder));
  await whileOurs(context, folder, () => write(context, args, folder, files, Number(days)));
}

async function write(context: Context, args: Arguments, folder: string, files: readonly string[], days: number): Promise<void> {
  const { openProgress } = await import('../progress/open.ts');
  const progress = await openProgress(context);
  const { serial, packages, expiresAt, nRead } = await writeIndex(folder, {
    keys: files.map((file) => sys('read', file, () => readFileSync(file, 'utf8'))),
    now: publicationTime(context),
    validSeconds: days * DAY_SECONDS,
    allowPrivileged: args.has('allow-privileged'),
    onRead: (file, isDone) => {
      if (isDone) progress.finish(file, 'done');
      else progress.start(file, `reading ${file}`);
    },
  }).finally(() => progress.stop());
  if (context.isJson) {
    context.out.json({ folder, serial, expiresAt, read: nRead, packages });
    return;
  }
  for (const { name, version, privileged } of packages)
    if (privileged.length > 0) context.out.talk(`note: ${name} ${version} has privileged files: ${privileged.join(', ')}`);
  context.out.line(
    `${count(packages.length, 'package')} (${nRead} read), serial ${serial}${expiresAt === 0 ? '' : `, good for ${count(days, 'day')}`}`,
  );
}

/** Seconds since 1970; `SOURCE_DATE_EPOCH`, where somebody needs the same bytes twice. */
function publicationTime(context: Context): number {
  const given = context.environment['SOURCE_DATE_EPOCH'] ?? '';
  return /^\d{1,11}$/.test(given) ? Number(given) : Math.floor(Date.now() / 1000);
}
