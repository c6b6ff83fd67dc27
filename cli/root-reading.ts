/** A root, opened for questions: no store, no lock. Apart from `roots.ts`, so that `pkm list` loads nothing it does not need. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault } from '../base/index.ts';
import { type OpenOptions, openRoot, type Root } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';

export const rootOf = (args: Arguments): string => resolve(args.value('root') ?? '/');

/** @throws Fault E-CLI-011 there is no such folder, unless it may be made */
export function openForReading(
  args: Arguments,
  options: Pick<OpenOptions, 'manyFiles'> & { readonly mayBeMissing?: boolean } = {},
): Root {
  const root = rootOf(args);
  if (options.mayBeMissing !== true && !existsSync(root)) {
    throw new Fault('E-CLI-011', `there is no root '${root}'`, {
      hints: ['mend the path after --root', "or make the root by installing something: 'pkm install' makes its folder"],
    });
  }
  return openRoot(root, { manyFiles: options.manyFiles === true, readOnly: true });
}
