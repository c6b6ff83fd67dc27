/** The derivations of one evaluation. */
import {
  type Derivation,
  derivationReferences,
  encodeDerivation,
  type ModuloMemo,
  type StorePath,
  textPath,
} from '../../store/index.ts';
import type { Evaluator } from '../evaluator.ts';
import { builtinFault } from './faults.ts';

/** Keeps what was made, so that nothing is encoded, decoded or hashed twice. */
export class DerivationState {
  readonly memo: ModuloMemo = new Map();
  readonly #ctx: Evaluator;
  readonly #known = new Map<StorePath, Derivation>();

  constructor(ctx: Evaluator) {
    this.#ctx = ctx;
  }

  /** Hands a complete derivation to the store. Equal derivations are added once. */
  add(drv: Derivation): StorePath {
    const { store } = this.#ctx.io;
    const text = encodeDerivation(drv);
    const references = derivationReferences(drv);
    const path = textPath(`${drv.name}.drv`, text, references, store.storeDir);
    if (!this.#known.has(path)) {
      this.#known.set(path, drv);
      store.addText({ name: `${drv.name}.drv`, path, text, references });
    }
    return path;
  }

  /** @throws Fault E-EVAL-117 */
  readonly lookup = (path: StorePath): Derivation => {
    const drv = this.find(path);
    if (drv === undefined) {
      throw builtinFault('E-EVAL-117', `derivation '${path}' is not known`, {
        notes: ['it is neither of this evaluation nor in the store'],
        hints: ['evaluate the expression that makes it, instead of writing its path'],
      });
    }
    return drv;
  };

  find(path: StorePath): Derivation | undefined {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const stored = this.#ctx.io.store.readDerivation(path);
    if (stored !== undefined) this.#known.set(path, stored);
    return stored;
  }

  /** A derivation and all that it needs to be built, itself included. Cost: O(graph). @throws Fault E-EVAL-117 */
  closure(start: StorePath): Set<StorePath> {
    this.lookup(start);
    const found = new Set<StorePath>([start]);
    const { store } = this.#ctx.io;
    // A Set visits what is added while it is walked.
    for (const path of found) {
      const drv = path.endsWith('.drv') ? this.find(path) : undefined;
      for (const reference of drv === undefined ? (store.references?.(path) ?? []) : derivationReferences(drv))
        found.add(reference);
    }
    return found;
  }
}

const states = new WeakMap<Evaluator, DerivationState>();

export function derivationState(ctx: Evaluator): DerivationState {
  let state = states.get(ctx);
  if (state === undefined) {
    state = new DerivationState(ctx);
    states.set(ctx, state);
  }
  return state;
}
