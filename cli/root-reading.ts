/** A root, opened for questions: no store, no lock. Apart from `roots.ts`, so that `pkm list` loads nothing it does not need. */
import { resolve } from 'node:path';
import { type OpenOptions, openRoot, type Root } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';

export const rootOf = (args: Arguments): string => resolve(args.value('root') ?? '/');

export const openForReading = (args: Arguments, options: Pick<OpenOptions, 'manyFiles'> = {}): Root =>
  openRoot(rootOf(args), { ...options, readOnly: true });
