/** From the context of a derivation's strings to its inputs. */
import { compareBytes } from '../../base/index.ts';
import type { StorePath } from '../../store/index.ts';
import { parseContextElement } from './context.ts';
import type { DerivationState } from './derivation-state.ts';

export interface DerivationInputs {
  readonly inputDrvs: ReadonlyMap<StorePath, readonly string[]>;
  readonly inputSrcs: readonly StorePath[];
}

export function inputsOfContext(state: DerivationState, context: ReadonlySet<string>): DerivationInputs {
  const drvs = new Map<StorePath, Set<string>>();
  const sources = new Set<StorePath>();
  const need = (path: StorePath, output: string): void => {
    const outputs = drvs.get(path);
    if (outputs === undefined) drvs.set(path, new Set([output]));
    else outputs.add(output);
  };
  for (const each of context) {
    const element = parseContextElement(each);
    const path = element.path as StorePath;
    if (element.kind === 'path') sources.add(path);
    else if (element.kind === 'output') need(path, element.output);
    else {
      // The whole derivation: every path that its build needs, and every output of every derivation among them.
      for (const needed of state.closure(path)) {
        sources.add(needed);
        if (!needed.endsWith('.drv')) continue;
        for (const output of state.find(needed)?.outputs.keys() ?? []) need(needed, output);
      }
    }
  }
  return {
    inputDrvs: new Map([...drvs].map(([path, outputs]) => [path, [...outputs].sort(compareBytes)])),
    inputSrcs: [...sources].sort(compareBytes),
  };
}
