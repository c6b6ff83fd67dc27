/** Static scopes: which names stand where in the environments, so that nothing is looked up by name at run time. */
import type { Bytes, SourceFile, Span } from '../../base/index.ts';
import type { BinaryOp, Node } from '../../lang/index.ts';
import type { Attrs } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { Env, type Slot } from '../value.ts';

/** What all code of one source shares. */
export interface Unit {
  readonly source: SourceFile;
  /** The folder that relative paths start from. */
  readonly basePath: Bytes;
  /** The file, or `undefined` for a text from elsewhere. */
  readonly path: Bytes | undefined;
  readonly ctx: Evaluator;
}

export const spanOf = (unit: Unit, node: Node): Span => ({ source: unit.source, start: node.start, end: node.end });

/**
 * One level of environment.
 * - root: no names; the globals are behind it.
 * - vars: `names` maps to slots.
 * - with: its one slot is the set.
 * - dynamic: its one slot is a `DynamicScope`.
 */
export class StaticScope {
  readonly kind: 'root' | 'vars' | 'with' | 'dynamic';
  readonly around: StaticScope | undefined;
  readonly unit: Unit;
  readonly names: ReadonlyMap<string, number>;
  /** Its environments hold one slot, not an array of them. */
  readonly isSingle: boolean;
  #dynamicInside: StaticScope | undefined;
  #inside: Map<object, StaticScope> | undefined;
  #made: Map<object, unknown> | undefined;

  constructor(
    kind: StaticScope['kind'],
    around: StaticScope | undefined,
    unit: Unit,
    names: ReadonlyMap<string, number> = noNames,
    /** Slots that have no name. */
    nameless = 0,
  ) {
    this.kind = kind;
    this.around = around;
    this.unit = unit;
    this.names = names;
    this.isSingle = kind !== 'vars' || names.size + nameless === 1;
  }

  /** The level that `node` opens here: one and the same for both tiers, so that what one compiles inside serves the other. */
  inside(node: object, kind: 'vars' | 'with', names?: () => ReadonlyMap<string, number>, nameless?: number): StaticScope {
    let inner = this.#inside?.get(node);
    if (inner === undefined) {
      inner = new StaticScope(kind, this, this.unit, names?.(), nameless);
      this.#inside ??= new Map();
      this.#inside.set(node, inner);
    }
    return inner;
  }

  /** What is made once for a node here. `make` decides the type: one kind of thing for one node. */
  once<T>(node: object, make: () => T): T {
    let made = this.#made?.get(node);
    if (made === undefined) {
      made = make();
      this.#made ??= new Map();
      this.#made.set(node, made);
    }
    return made as T;
  }

  /** One and the same level for every dynamic scope opened here, so that code compiled for one serves all. */
  dynamicInside(): StaticScope {
    this.#dynamicInside ??= new StaticScope('dynamic', this, this.unit);
    return this.#dynamicInside;
  }
}

const noNames: ReadonlyMap<string, number> = new Map();

/** The names of a set as a level of their own, and an environment of it. */
export const levelOf = (set: Attrs, around: StaticScope): StaticScope =>
  new StaticScope('vars', around, around.unit, new Map(set.names.map((name, index) => [name, index])));

export const envOf = (set: Attrs, around: Env): Env => new Env(around, set.size === 1 ? set.slots[0] : set.slots.slice());

export type Resolution =
  /** `depth` environments out, at `index`, unless that has but one slot. */
  | { readonly kind: 'slot'; readonly depth: number; readonly index: number; readonly scope: StaticScope }
  | { readonly kind: 'global'; readonly slot: Slot }
  /** Asked in turn at run time, then the global. */
  | { readonly kind: 'search'; readonly levels: readonly Level[]; readonly global: Slot | undefined };

export interface Level {
  readonly kind: 'with' | 'dynamic';
  readonly depth: number;
}

const NO_LEVELS: readonly Level[] = [];

/** A `with` never hides a global; a dynamic scope does. */
export function resolve(name: string, scope: StaticScope): Resolution {
  let levels = NO_LEVELS;
  let depth = 0;
  for (let at: StaticScope | undefined = scope; at !== undefined; at = at.around, depth++) {
    const index = at.names.get(name);
    if (index !== undefined) return { kind: 'slot', depth, index, scope: at };
    if (at.kind === 'with' || at.kind === 'dynamic') levels = [...levels, { kind: at.kind, depth }];
  }
  const global = scope.unit.ctx.globals.get(name);
  const asked = global === undefined ? levels : levels.filter(({ kind }) => kind === 'dynamic');
  if (asked.length === 0 && global !== undefined) return { kind: 'global', slot: global };
  return { kind: 'search', levels: asked, global };
}

/** Whether a name is bound by the program itself, so that an operator must not assume the builtin. */
export function isRebound(name: string, scope: StaticScope): boolean {
  for (let at: StaticScope | undefined = scope; at !== undefined; at = at.around) if (at.names.has(name)) return true;
  return false;
}

/** All lexical names, inner first. */
export function* lexicalNames(scope: StaticScope): Generator<string> {
  for (let at: StaticScope | undefined = scope; at !== undefined; at = at.around) yield* at.names.keys();
}

/** Operators that are calls of builtins by name. */
export const BUILTIN_OF: Partial<Record<BinaryOp, string>> = {
  '-': '__sub',
  '*': '__mul',
  '/': '__div',
  '<': '__lessThan',
  '>': '__lessThan',
  '<=': '__lessThan',
  '>=': '__lessThan',
};
