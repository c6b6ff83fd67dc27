import { count, formatBytes } from '../../base/index.ts';
import { removeBuildLeftovers } from '../../builder/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { bytesToWord } from '../words.ts';

export function run(context: Context, _args: Arguments): undefined {
  using store = openContextStore(context);
  const { nScratch, unregistered, nPoolBytes } = store.clean();
  const { nLocks, nLogs } = removeBuildLeftovers(store.home);
  const names = unregistered.map(bytesToWord);
  if (context.isJson) {
    context.out.json({ scratch: nScratch, unregistered: names, poolBytes: nPoolBytes, locks: nLocks, logs: nLogs });
    return;
  }
  for (const name of names) context.out.line(name);
  context.out.talk(
    `removed ${count(nScratch, 'scratch folder')}, ${nLocks + nLogs} locks and logs of dead builds, ${count(names.length, 'unregistered object')}, ${formatBytes(nPoolBytes)} of the pool`,
  );
}
