/** The derivations of one evaluation. */
import {
  completeDerivation,
  type Derivation,
  type DerivationOutput,
  derivationReferences,
  hashDerivationModulo,
  type InputDerivation,
  type ModuloMemo,
  type StorePath,
  type UnfinishedDerivation,
} from '../../store/index.ts';
import type { Evaluator } from '../evaluator.ts';
import { type ContextElement, parseContextElement } from './context.ts';
import { builtinFault } from './faults.ts';

/** A derivation of this evaluation, as far as others need it. */
export interface MadeDerivation {
  readonly path: StorePath;
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
  /** For dependents. */
  readonly made: InputDerivation;
}

/** Keeps what was made, so that nothing is encoded, decoded or hashed twice. The texts themselves are with the store. */
export class DerivationState {
  readonly #ctx: Evaluator;
  readonly #made = new Map<StorePath, InputDerivation>();
  /** For those that were in the store before. */
  readonly #memo: ModuloMemo = new Map();
  readonly #decoded = new Map<StorePath, Derivation>();
  readonly #elements = new Map<string, ContextElement>();

  constructor(ctx: Evaluator) {
    this.#ctx = ctx;
  }

  /** Completes a derivation and hands it to the store. Equal derivations are added once. */
  add(drv: UnfinishedDerivation): MadeDerivation {
    const { store } = this.#ctx.io;
    const { text, outputs, outputNames, modulo } = completeDerivation(drv, store.storeDir, this.#inputOf);
    const { path } = text;
    const made: InputDerivation = { outputNames, modulo };
    const { size } = this.#made;
    this.#made.set(path, made);
    if (this.#made.size > size) store.addText(text);
    return { path, outputs, made };
  }

  /** @throws Fault E-EVAL-117 */
  readonly #lookup = (path: StorePath): Derivation => {
    const drv = this.#find(path);
    if (drv === undefined) {
      throw builtinFault('E-EVAL-117', `derivation '${path}' is not known`, {
        notes: ['it is neither of this evaluation nor in the store'],
        hints: ['evaluate the expression that makes it, instead of writing its path'],
      });
    }
    return drv;
  };

  /** @throws Fault E-EVAL-117 */
  readonly #inputOf = (path: StorePath): InputDerivation =>
    this.#made.get(path) ?? {
      outputNames: [...this.#lookup(path).outputs.keys()],
      modulo: hashDerivationModulo(path, this.#lookup, this.#memo),
    };

  /** `undefined` where nothing is known of the derivation. */
  findOutputs(path: StorePath): ReadonlyMap<string, DerivationOutput> | undefined {
    return this.#find(path)?.outputs;
  }

  /** None where nothing is known of the derivation. */
  outputNames(path: StorePath): Iterable<string> {
    return this.#made.get(path)?.outputNames ?? this.#find(path)?.outputs.keys() ?? [];
  }

  /** Reads it, the first time. */
  #find(path: StorePath): Derivation | undefined {
    const known = this.#decoded.get(path);
    if (known !== undefined) return known;
    const stored = this.#ctx.io.store.readDerivation(path);
    if (stored !== undefined) this.#decoded.set(path, stored);
    return stored;
  }

  /** A derivation and all that it needs to be built, itself included. Cost: O(graph). @throws Fault E-EVAL-117 */
  closure(start: StorePath): Set<StorePath> {
    if (!this.#made.has(start)) this.#lookup(start);
    const found = new Set<StorePath>([start]);
    // A Set visits what is added while it is walked.
    for (const path of found) for (const reference of this.#references(path)) found.add(reference);
    return found;
  }

  #references(path: StorePath): readonly StorePath[] {
    const { store } = this.#ctx.io;
    const stored = store.references?.(path) ?? [];
    if (stored.length > 0 || !path.endsWith('.drv')) return stored;
    const drv = this.#find(path);
    return drv === undefined ? [] : derivationReferences(drv);
  }

  /** What a string depends on that names an output. */
  outputContext({ path, made }: MadeDerivation, output: string): readonly string[] {
    const text = `!${output}!${path}`;
    // Dependents find the derivation by this alone.
    this.#elements.set(text, { kind: 'output', path, output, made });
    return [text];
  }

  /** `parseContextElement`, once for each: dependents share the text. */
  contextElement(text: string): ContextElement {
    let element = this.#elements.get(text);
    if (element === undefined) {
      element = parseContextElement(text);
      this.#elements.set(text, element);
    }
    return element;
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
