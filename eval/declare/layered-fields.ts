/**
 * The fields of one declaration and of the overrides laid over it. A field's value comes from the topmost layer that has it;
 * names inside see the *final* fields (an override of `version` changes `source`), `super` sees those of the layers below.
 */
import type { Span } from '../../base/index.ts';
import type { Expr, StaticAttr } from '../../lang/index.ts';
import { type Attrs, attrsFromMap, emptyAttrs, mergeAttrs } from '../attrs.ts';
import { InfiniteRecursion } from '../errors.ts';
import type { DynamicScope, Scope } from '../scope.ts';
import type { Slot } from '../value.ts';
import { type DeclaredLayer, nameSpan } from './collect.ts';
import { type DeclarationKind, FIELDS } from './fields.ts';
import type { Realm } from './realm.ts';
import type { FieldSpec, ShapeName } from './shape.ts';

const ALL_PACKAGES =
  "in a system 'packages' is this list; those of the tree have another name with 'let all = packages; in' at the top of the file";

/** What `NAME.override { … }` lays over. */
export interface ValueLayer {
  readonly kind: 'value';
  readonly attrs: Attrs;
}

export type Layer = DeclaredLayer | ValueLayer;

/** Where a field's value comes from: what errors point at. */
export interface FieldPlace {
  readonly spec: FieldSpec;
  /** "package 'zlib'" */
  readonly subject: string;
  readonly span: Span | undefined;
  /** Written there, if it is an expression of ours. */
  readonly expr: Expr | undefined;
}

export class LayeredFields {
  readonly realm: Realm;
  readonly kind: DeclarationKind;
  readonly subject: string;
  readonly layers: readonly Layer[];
  /** What the declaration's own expressions see first: its fields by name. */
  readonly ownNames: DynamicScope;
  readonly #final = new Map<string, Slot | undefined>();
  readonly #scopes = new Map<string, Scope>();

  /**
   * @param constants  names that are no fields (`name`)
   * @param around     further names behind the own ones (a split sees its package's)
   */
  constructor(
    realm: Realm,
    kind: DeclarationKind,
    subject: string,
    layers: readonly Layer[],
    constants: ReadonlyMap<string, Slot>,
    around?: DynamicScope,
  ) {
    this.realm = realm;
    this.kind = kind;
    this.subject = subject;
    this.layers = layers;
    this.ownNames = {
      lookup: (name) => constants.get(name) ?? this.slot(name) ?? around?.lookup(name),
      names: () => [...constants.keys(), ...FIELDS[kind].filter((spec) => this.has(spec.name)).map((spec) => spec.name)],
    };
  }

  has(name: string): boolean {
    return this.#top(name, this.layers.length) >= 0;
  }

  /** As written, unchecked; `undefined` where no layer has it. */
  slot(name: string): Slot | undefined {
    if (this.#final.has(name)) return this.#final.get(name);
    const slot = this.#slotBelow(name, this.layers.length);
    this.#final.set(name, slot);
    return slot;
  }

  place(name: string): FieldPlace {
    const spec = FIELDS[this.kind].find((field) => field.name === name)!;
    const top = this.#top(name, this.layers.length);
    const layer = this.layers[top];
    if (layer === undefined) return { spec, subject: this.subject, span: this.span, expr: undefined };
    if (layer.kind === 'value') return { spec, subject: this.subject, span: layer.attrs.spanOf(name), expr: undefined };
    const expr = exprOf(layer, name);
    const { start, end } = expr ?? layer.fields.get(name)!;
    return { spec, subject: this.subject, span: { source: layer.file.source, start, end }, expr };
  }

  /** Where the declaration's name stands. */
  get span(): Span | undefined {
    const first = this.layers.find((layer) => layer.kind === 'declared');
    return first === undefined ? undefined : nameSpan(first);
  }

  /** The fields below a layer as a set: what `super` is. Lists and sets that nothing gives are empty, so that one can add to them. */
  fieldsBelow(count: number): Attrs {
    const entries = new Map<string, Slot>();
    for (const { name, shape } of FIELDS[this.kind]) {
      const slot = this.#slotBelow(name, count) ?? EMPTY[shape]?.();
      if (slot !== undefined) entries.set(name, slot);
    }
    return attrsFromMap(entries);
  }

  #top(name: string, count: number): number {
    for (let index = count - 1; index >= 0; index--) if (layerHas(this.layers[index]!, name)) return index;
    return -1;
  }

  #slotBelow(name: string, count: number): Slot | undefined {
    const top = this.#top(name, count);
    if (top < 0) return undefined;
    const slot = this.#slotIn(top, name);
    const isMerged = FIELDS[this.kind].some((spec) => spec.name === name && spec.isMerged);
    if (!isMerged) return slot;
    const below = this.#slotBelow(name, top);
    if (below === undefined) return slot;
    const { evaluator } = this.realm;
    const what = `the field '${name}' of ${this.subject}`;
    return evaluator.delay(() => mergeAttrs(evaluator.forceAttrs(below, what), evaluator.forceAttrs(slot, what)));
  }

  #slotIn(index: number, name: string): Slot {
    const layer = this.layers[index]!;
    if (layer.kind === 'value') return layer.attrs.get(name)!;
    const expr = exprOf(layer, name) ?? inherited(layer, layer.fields.get(name)!);
    const slot = this.realm.scoping.delayInScope(expr, this.#scope(index, layer, name), name, this.subject);
    if (index > 0)
      return this.#hinting(slot, `'${name}' is the field with this override in it: 'super.${name}' is the one below`);
    return this.kind === 'system' && name === 'packages' ? this.#hinting(slot, ALL_PACKAGES) : slot;
  }

  /** Who writes `version = version + "-1"` in an override means the version below. */
  #hinting(inner: Slot, hint: string): Slot {
    const { evaluator } = this.realm;
    const slot = evaluator.delay(() => {
      try {
        return evaluator.force(inner);
      } catch (error) {
        if (error instanceof InfiniteRecursion && error.entry === slot) {
          error.hints = [hint];
        }
        throw error;
      }
    });
    return slot;
  }

  #scope(index: number, layer: DeclaredLayer, name: string): Scope {
    const first =
      name === 'style' ? this.realm.styleNames : name === 'tier' || name === 'after' ? this.realm.tierNames : undefined;
    const key = `${index} ${first === undefined ? '' : name}`;
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const { evaluator, scoping } = this.realm;
      scope = scoping.dynamicScope(this.realm.scopeOf(layer.file), this.ownNames);
      if (first !== undefined) scope = scoping.dynamicScope(scope, first);
      if (index > 0) {
        const below = evaluator.delay(() => this.fieldsBelow(index));
        scope = scoping.dynamicScope(scope, {
          lookup: (wanted) => (wanted === 'super' ? below : undefined),
          names: () => ['super'],
        });
      }
      this.#scopes.set(key, scope);
    }
    return scope;
  }
}

const EMPTY: Partial<Record<ShapeName, () => Slot>> = {
  tiers: () => [],
  packages: () => [],
  names: () => [],
  strings: () => [],
  patterns: () => [],
  paths: () => [],
  phases: () => emptyAttrs,
  environment: () => emptyAttrs,
  modes: () => emptyAttrs,
  capabilities: () => emptyAttrs,
  triggers: () => emptyAttrs,
  services: () => emptyAttrs,
  files: () => emptyAttrs,
  boot: () => emptyAttrs,
  globs: () => [],
  probes: () => [],
  reasons: () => emptyAttrs,
  waivers: () => emptyAttrs,
  data: () => emptyAttrs,
  release: () => 1,
};

const layerHas = (layer: Layer, name: string): boolean =>
  layer.kind === 'value'
    ? layer.attrs.has(name)
    : layer.fields.has(name) || (name === 'version' && layer.declaration.version !== undefined);

/** `undefined` for an inherited field: see `inherited`. */
function exprOf(layer: DeclaredLayer, name: string): Expr | undefined {
  const attr = layer.fields.get(name);
  if (attr === undefined) return name === 'version' ? layer.declaration.version : undefined;
  return attr.value.kind === 'expr' ? attr.value.expr : undefined;
}

/** `inherit x;` and `inherit (e) x;` as the expressions they stand for. */
function inherited(layer: DeclaredLayer, attr: StaticAttr): Expr {
  const { name, start, end, value } = attr;
  if (value.kind !== 'inheritFrom') return { kind: 'var', name, start, end };
  const target = layer.declaration.merged.inheritFroms[value.index]!;
  return { kind: 'select', target, path: [{ kind: 'static', name, start, end }], start, end };
}
