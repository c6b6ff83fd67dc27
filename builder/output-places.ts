import { type StorePath, scratchOutputPath } from '../store/index.ts';
import type { Resolved } from './realised.ts';

/** Where each output is made, as the builder sees it: its own path, or one to be replaced once the content is known. */
export function outputPlaces(resolved: Resolved, storeDir: string): Map<string, StorePath> {
  const places = new Map<string, StorePath>();
  for (const [name, output] of resolved.drv.outputs)
    places.set(name, 'path' in output ? output.path : scratchOutputPath(resolved.drvPath, name, storeDir));
  return places;
}
