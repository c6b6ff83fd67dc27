/** A root, opened for questions: no store, no lock. Apart from `roots.ts`, so that `pkm list` loads nothing it does not need. */
import { resolve } from 'node:path';
import { openRoot, type Root } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';

export const rootOf = (args: Arguments): string => resolve(args.value('root') ?? '/');

export const openForReading = (args: Arguments): Root => openRoot(rootOf(args), { readOnly: true });
