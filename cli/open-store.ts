/** The store that a command works on. Apart from `session.ts`, which loads the evaluator. */
import { type ObjectStore, openStore } from '../store/index.ts';
import type { Context } from './context.ts';
import { logRegistered } from './log.ts';

export const openContextStore = ({ home, storeDir, environment, out }: Context): ObjectStore =>
  openStore({
    ...logRegistered({ environment, out }),
    home,
    storeDir,
    sharesFiles: environment['IGOS_OPTIMISE'] === '1',
    onWait: (pid) =>
      out.talk(`waiting for ${pid === undefined ? 'another process' : `process ${pid}`}, which is at the store's index`),
  });
