/** The store that a command works on. Apart from `session.ts`, which loads the evaluator. */
import { type ObjectStore, openStore } from '../store/index.ts';
import type { Context } from './context.ts';

export const openContextStore = ({ home, storeDir, environment }: Context): ObjectStore =>
  openStore({ home, storeDir, sharesFiles: environment['IGOS_OPTIMISE'] === '1' });
