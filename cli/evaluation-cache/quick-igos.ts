/** Which igos a quick answer is of, as tests for the launcher. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { toldState } from './file-state.ts';
import type { QuickConditions } from './quick-conditions.ts';

/** The name of a bundle, after its content; cli/bundle-scripts.ts defines it. */
declare const IGOS_BUILD: string | undefined;

const SETTLING_MS = 2000;

/**
 * Only a bundle has quick answers: `dist/stamp.json` stands for the code (in a checkout, the launcher looks whether a source is newer
 * than it). And the Node that the launcher would take must be the one that runs.
 *
 * @returns the folder of igos, or `undefined` where it runs otherwise
 */
export function quickIgos(conditions: QuickConditions): string | undefined {
  if (typeof IGOS_BUILD !== 'string') return undefined;
  const home = join(import.meta.dirname, '..', '..');
  // What was replaced while this ran is not what this is.
  const startedMs = Date.now() - process.uptime() * 1000 - SETTLING_MS;
  for (const file of ['dist/stamp.json', 'node_modules/.package-lock.json']) {
    const path = `${home}/${file}`;
    if (toldState(path) === undefined) conditions.nothingAt(path);
    else conditions.unchanged(conditions.followed(path), startedMs);
  }
  for (const path of [`${home}/node_modules/.bin/node`, `${home}/../.bin/node`]) {
    if (toldState(path) === undefined) {
      conditions.nothingAt(path);
      continue;
    }
    const node = conditions.followed(path);
    if (realpathSync(node) !== realpathSync(process.execPath)) return undefined;
    conditions.unchanged(node, startedMs);
    return home;
  }
  // One that is found along the PATH may be another next time.
  return undefined;
}
