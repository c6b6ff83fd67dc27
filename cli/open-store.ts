/** The store that a command works on. Apart from `session.ts`, which loads the evaluator. */
import { type ObjectStore, openStore } from '../store/index.ts';
import type { Context } from './context.ts';

export const openContextStore = (context: Context): ObjectStore => openStore({ home: context.home, storeDir: context.storeDir });
