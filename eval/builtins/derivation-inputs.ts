/** From the context of a derivation's strings to its inputs. */
import { compareBytes } from '../../base/index.ts';
import type { InputOutput, StorePath, UnfinishedDerivation } from '../../store/index.ts';
import type { DerivationState } from './derivation-state.ts';

export type DerivationInputs = Pick<UnfinishedDerivation, 'inputs' | 'inputSrcs'>;

const NO_SOURCES: readonly StorePath[] = [];

export function inputsOfContext(state: DerivationState, context: ReadonlySet<string>): DerivationInputs {
  const inputs: InputOutput[] = [];
  let sources: Set<StorePath> | undefined;
  for (const each of context) {
    const element = state.contextElement(each);
    const path = element.path as StorePath;
    if (element.kind === 'output') inputs.push(element);
    else if (element.kind === 'path') {
      sources ??= new Set();
      sources.add(path);
    } else {
      sources ??= new Set();
      // The whole derivation: every path that its build needs, and every output of every derivation among them.
      for (const needed of state.closure(path)) {
        sources.add(needed);
        if (needed.endsWith('.drv')) for (const output of state.outputNames(needed)) inputs.push({ path: needed, output });
      }
    }
  }
  return { inputs, inputSrcs: sources === undefined ? NO_SOURCES : [...sources].sort(compareBytes) };
}
