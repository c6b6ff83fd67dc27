/** A root, opened for questions: no store, no lock. Apart from `roots.ts`, so that `pkm list` loads nothing it does not need. */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault, printable } from '../base/index.ts';
import { type OpenOptions, openRoot, type PackageRecord, type Root } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { wholeWord } from './whole-word.ts';

/** @throws UsageError an empty variable of a script must not be the working directory, nor eat the option behind it */
export function rootOf(args: Arguments): string {
  const given = args.value('root') ?? '/';
  if (given === '') throw new UsageError('--root is empty', ['name a folder; without --root it is /']);
  if (given.startsWith('-')) {
    throw new UsageError(`--root needs DIR, and '${given}' looks like an option`, [`a folder of that name is ./${given}`]);
  }
  return resolve(wholeWord('--root', given));
}

export interface RootWish {
  /** Its folder need not be there: a change makes it. */
  readonly mayBeMissing?: boolean;
}

/** @throws Fault E-CLI-011 there is no such folder, unless it may be made */
export function openForReading(args: Arguments, options: Pick<OpenOptions, 'manyFiles'> & RootWish = {}): Root {
  const root = existingRoot(args, options);
  return openRoot(root, { manyFiles: options.manyFiles === true, readOnly: true });
}

/** Its active packages, by name. */
export function installedRecords(args: Arguments): ReadonlyMap<string, PackageRecord> {
  using root = openForReading(args, { mayBeMissing: true });
  return new Map(root.list().map((record) => [record.name, record]));
}

/** The folder of the root. @throws Fault E-CLI-011 there is no such folder, unless it may be made */
export function existingRoot(args: Arguments, { mayBeMissing }: RootWish): string {
  const root = rootOf(args);
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) {
    throw new Fault('E-CLI-011', `'${root}' is no folder`, { hints: ['a root is a folder: mend the path after --root'] });
  }
  // No folder can be made there, whoever asks.
  const link = stat === undefined ? lstatSync(root, { throwIfNoEntry: false }) : undefined;
  if (link?.isSymbolicLink() === true) {
    throw new Fault('E-CLI-011', `the root '${root}' is a link to '${printable(readlinkSync(root))}', which is not there`, {
      hints: ['make that folder, mount what has it, or mend the path after --root'],
    });
  }
  if (mayBeMissing !== true && stat === undefined) {
    throw new Fault('E-CLI-011', `there is no root '${root}'`, {
      hints: ['mend the path after --root', "or make the root by installing something: 'pkm install' makes its folder"],
    });
  }
  return root;
}
