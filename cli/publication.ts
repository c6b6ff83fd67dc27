/** How a folder of archives becomes a repository: for `igos repo build`, and the last phase of a whole build. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { count, sys } from '../base/index.ts';
import { writeIndex } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { identityOf } from './identity-of.ts';
import { several } from './report-lines.ts';

const DAY_SECONDS = 86_400;

/** How an index is signed, and until when it is good. */
export interface Publication {
  /** Texts of secret keys. */
  readonly keys: readonly string[];
  readonly days: number;
  readonly allowPrivileged: boolean;
  /** Of the index; `undefined`: one more than before. */
  readonly serial: number | undefined;
  /** What the repository calls itself; `undefined`: as before. */
  readonly identity: string | undefined;
}

type WrittenIndex = Awaited<ReturnType<typeof writeIndex>>;

/** @param command  how the user names what needs them @throws UsageError no key, or no number of days, no serial, no identity · SystemFault a key cannot be read */
export function publicationOf(context: Context, args: Arguments, command: string): Publication {
  const files = args.all('key').map(([file]) => resolve(context.workingDirectory, file!));
  if (files.length === 0)
    throw new UsageError(`${command} needs --key FILE`, ['make a key with: igos key generate NAME -o FILE']);
  const days = args.value('expires') ?? '30';
  if (!/^\d{1,5}$/.test(days)) throw new UsageError(`--expires takes a number of days, not '${days}'`);
  const keys = files.map((file) => sys('read', file, () => readFileSync(file, 'utf8')));
  return {
    keys,
    days: Number(days),
    allowPrivileged: args.has('allow-privileged'),
    serial: serialOf(args),
    identity: identityOf(args),
  };
}

function serialOf(args: Arguments): number | undefined {
  const text = args.value('serial');
  if (text === undefined) return undefined;
  const serial = /^\d+$/.test(text) ? Number(text) : 0;
  if (serial > 0 && Number.isSafeInteger(serial)) return serial;
  throw new UsageError(`--serial takes a number from 1 on, not '${text}'`);
}

/** Indexes and signs the archives of a folder, which is the caller's alone meanwhile. */
export async function publishFolder(context: Context, folder: string, publication: Publication): Promise<WrittenIndex> {
  const { openProgress } = await import('./progress/open.ts');
  const progress = await openProgress(context);
  const written = await writeIndex(folder, {
    keys: publication.keys,
    now: publicationTime(context),
    validSeconds: publication.days * DAY_SECONDS,
    allowPrivileged: publication.allowPrivileged,
    ...(publication.serial === undefined ? {} : { serial: publication.serial }),
    ...(publication.identity === undefined ? {} : { identity: publication.identity }),
    onRead: (file, isDone) => {
      if (isDone) progress.finish(file, 'done');
      else progress.start(file, `reading ${file}`);
    },
  }).finally(() => progress.stop());
  if (!context.isJson) for (const note of notesOn(written, publication)) context.out.talk(`note: ${note}`);
  return written;
}

/** What a publisher should know. */
function* notesOn({ packages, republished, identity, identityBefore }: WrittenIndex, asked: Publication): Iterable<string> {
  for (const { name, version, privileged } of packages)
    if (privileged.length > 0) yield `${name} ${version} has privileged files: ${privileged.join(', ')}`;
  yield* several(
    'published before with other bytes',
    republished,
    ({ name, version, release }) => `${name} ${version}, release ${release}`,
  );
  if (identity === '' && identityBefore === undefined && asked.identity === undefined)
    yield "the index does not say which repository it is of: with '--identity NAME' machines take no other for it that the same key signed";
  if ((identityBefore ?? '') !== '' && identityBefore !== identity)
    yield `the repository was '${identityBefore}' before: machines refuse the index until 'pkm sync' is told the other --identity`;
  if (republished.length > 0) yield "machines that have such a package keep it: a higher 'release' brings them the new one";
}

/** What was written, for people. */
export const publishedText = ({ packages, nRead, serial, expiresAt }: WrittenIndex, { days }: Publication): string =>
  `${count(packages.length, 'package')} (${nRead} read), serial ${serial}${expiresAt === 0 ? '' : `, good for ${count(days, 'day')}`}`;

/** Seconds since 1970; `SOURCE_DATE_EPOCH`, where somebody needs the same bytes twice. */
function publicationTime(context: Context): number {
  const given = context.environment['SOURCE_DATE_EPOCH'] ?? '';
  return /^\d{1,11}$/.test(given) ? Number(given) : Math.floor(Date.now() / 1000);
}
