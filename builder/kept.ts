/** What --keep-failed leaves: folders that no later process clears away, closed to others as the scratch folder was. */
import { chmodSync, renameSync } from 'node:fs';
import { type Fault, sys } from '../base/index.ts';
import { derivationName, type ObjectStore, type StorePath } from '../store/index.ts';
import { BuildFault } from './build-fault.ts';

/** A name for what is kept of one build. */
export const keptPath = (store: Pick<ObjectStore, 'home'>, kind: 'failed' | 'differs', drvPath: StorePath): string =>
  `${store.home}/tmp/${kind}-${derivationName(drvPath)}-${Date.now().toString(36)}`;

/** @returns target */
export function keepFolder(folder: string, target: string): string {
  sys('keep the build folder as', target, () => {
    chmodSync(folder, 0o700);
    renameSync(folder, target);
  });
  return target;
}

/** The failure of a build that ended well and made the wrong things: with the place where both folders are kept. */
export function withKept(
  fault: Fault,
  drvPath: StorePath,
  kept: { readonly build: string; readonly outputs: string },
): BuildFault {
  const { code, message, labels, notes, hints, trace, cause } = fault;
  const places = [`the build folder was kept: ${kept.build}`, `so were its outputs: ${kept.outputs}`];
  const told = new BuildFault(drvPath, code, message, { labels, notes, hints: [...hints, ...places], trace, cause });
  return Object.assign(told, { keptAt: kept.build });
}
