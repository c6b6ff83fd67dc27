/** From the context of a derivation's strings to its inputs. */
import { compareBytes } from '../../base/index.ts';
import type { StorePath } from '../../store/index.ts';
import type { DerivationState } from './derivation-state.ts';

export interface DerivationInputs {
  readonly inputDrvs: ReadonlyMap<StorePath, readonly string[]>;
  readonly inputSrcs: readonly StorePath[];
}

const NO_SOURCES: readonly StorePath[] = [];
/** Nearly always what is wanted of an input. */
const ONLY_OUT: readonly string[] = ['out'];

export function inputsOfContext(state: DerivationState, context: ReadonlySet<string>): DerivationInputs {
  const drvs = new Map<StorePath, readonly string[]>();
  let sources: Set<StorePath> | undefined;
  const need = (path: StorePath, output: string): void => {
    const outputs = drvs.get(path);
    if (outputs === undefined) drvs.set(path, output === 'out' ? ONLY_OUT : [output]);
    else if (!outputs.includes(output)) drvs.set(path, [...outputs, output].sort(compareBytes));
  };
  for (const each of context) {
    const element = state.contextElement(each);
    const path = element.path as StorePath;
    if (element.kind === 'path') {
      sources ??= new Set();
      sources.add(path);
    } else if (element.kind === 'output') need(path, element.output);
    else {
      sources ??= new Set();
      // The whole derivation: every path that its build needs, and every output of every derivation among them.
      for (const needed of state.closure(path)) {
        sources.add(needed);
        if (needed.endsWith('.drv')) for (const output of state.outputNames(needed)) need(needed, output);
      }
    }
  }
  return { inputDrvs: drvs, inputSrcs: sources === undefined ? NO_SOURCES : [...sources].sort(compareBytes) };
}
