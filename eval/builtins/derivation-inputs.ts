/** From the context of a derivation's strings to its inputs. */
import { compareBytes } from '../../base/index.ts';
import type { InputOutput, StorePath, UnfinishedDerivation } from '../../store/index.ts';
import type { Context } from '../value.ts';
import type { DerivationState } from './derivation-state.ts';

export type DerivationInputs = Pick<UnfinishedDerivation, 'inputs' | 'inputSrcs'>;

const NO_SOURCES: readonly StorePath[] = [];

export function inputsOfContext(state: DerivationState, context: Context): DerivationInputs {
  // As long as it mostly gets: an array that grows has room for 17 at least.
  const inputs: InputOutput[] = new Array(context.length);
  let count = 0;
  // Of a context, in which each is once.
  let sources: StorePath[] | undefined;
  let closure: Set<StorePath> | undefined;
  for (let i = 0; i < context.length; i++) {
    const element = state.contextElement(context[i]!);
    const path = element.path as StorePath;
    if (element.kind === 'output') inputs[count++] = element;
    else if (element.kind === 'path') {
      if (sources === undefined) sources = [path];
      else sources.push(path);
    } else {
      closure ??= new Set();
      // The whole derivation: every path that its build needs, and every output of every derivation among them.
      for (const needed of state.closure(path)) {
        closure.add(needed);
        if (needed.endsWith('.drv')) for (const output of state.outputNames(needed)) inputs[count++] = { path: needed, output };
      }
    }
  }
  if (count < inputs.length) inputs.length = count;
  if (closure !== undefined) sources = [...closure.union(new Set(sources))];
  return { inputs, inputSrcs: sources === undefined ? NO_SOURCES : sources.sort(compareBytes) };
}
