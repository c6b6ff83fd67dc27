/**
 * Bindings as written → one set with unique names, by Nix's rules: `a.b = 1; a.c = 2;` and `a = { b = 1; }; a.c = 2;` meet in one
 * set, at any depth; where two sets meet, the first one's `rec` counts for both. Everything else defined twice is an error.
 */
import { printName } from './print.ts';
import type { AttrName, AttrsExpr, Binding, DeferredBinding, Expr, MergedAttrs, StaticAttr } from './tree.ts';

/** `name` is the whole path: `a.b`. */
export interface Duplicate {
  readonly name: string;
  readonly first: { readonly start: number; readonly end: number };
  readonly second: { readonly start: number; readonly end: number };
}

interface MutableMerged {
  readonly statics: StaticAttr[];
  readonly dynamics: MergedAttrs['dynamics'][number][];
  readonly inheritFroms: Expr[];
}

const INDEXED_FROM = 12;

const plain = (expr: Expr): StaticAttr['value'] => ({ kind: 'expr', expr });

/** Merges the bindings of one set or `let`. Sets among the values that meet others are extended in place. */
export const mergeBindings = (bindings: readonly Binding[], onDuplicate: (duplicate: Duplicate) => void): MergedAttrs =>
  merge(bindings, onDuplicate, plain);

/** The same for bindings of which is known that nothing is defined twice. `valueFor`: what stands for a value, which is no set if it is deferred. */
export const mergeUnique = (
  bindings: readonly (Binding | DeferredBinding)[],
  valueFor: (expr: Expr) => StaticAttr['value'],
): MergedAttrs => merge(bindings, undefined, valueFor);

/** Without `onDuplicate` only sets can meet: nothing else is looked up. */
function merge(
  bindings: readonly (Binding | DeferredBinding)[],
  onDuplicate: ((duplicate: Duplicate) => void) | undefined,
  valueFor: (expr: Expr) => StaticAttr['value'],
): MergedAttrs {
  const merged: MutableMerged = { statics: [], dynamics: [], inheritFroms: [] };
  const indexes = new Map<MergedAttrs, Map<string, StaticAttr>>();

  const isMet = (attr: StaticAttr): boolean => onDuplicate !== undefined || setOf(attr) !== undefined;

  const find = (target: MutableMerged, name: string): StaticAttr | undefined => {
    const { statics } = target;
    if (statics.length < INDEXED_FROM) return statics.find((attr) => attr.name === name);
    let index = indexes.get(target);
    if (index === undefined) {
      index = new Map(statics.filter(isMet).map((attr) => [attr.name, attr]));
      indexes.set(target, index);
    }
    return index.get(name);
  };

  const insert = (target: MutableMerged, attr: StaticAttr): void => {
    target.statics.push(attr);
    if (isMet(attr)) indexes.get(target)?.set(attr.name, attr);
  };

  const add = (target: MutableMerged, attr: StaticAttr, path: readonly string[]): void => {
    const first = isMet(attr) ? find(target, attr.name) : undefined;
    if (first === undefined) {
      insert(target, attr);
      return;
    }
    const old = setOf(first);
    const added = setOf(attr);
    if (old === undefined || added === undefined) {
      onDuplicate?.({ name: shownPath([...path, attr.name]), first, second: attr });
      return;
    }
    const into = old.merged as MutableMerged;
    const offset = into.inheritFroms.length;
    for (const inner of added.merged.statics) {
      const { value } = inner;
      const moved = value.kind === 'inheritFrom' ? { ...inner, value: { ...value, index: value.index + offset } } : inner;
      add(into, moved, [...path, attr.name]);
    }
    into.inheritFroms.push(...added.merged.inheritFroms);
    into.dynamics.push(...added.merged.dynamics);
  };

  const bind = (path: readonly AttrName[], value: Expr): void => {
    let target = merged;
    const names: string[] = [];
    // the place of an attribute is that of the path that defines it, as Nix reports it
    const { start } = path[0]!;
    for (let i = 0; i + 1 < path.length; i++) {
      const part = path[i]!;
      const { end } = part;
      const inner = (): AttrsExpr => ({
        kind: 'attrs',
        isRec: false,
        bindings: [],
        merged: { statics: [], dynamics: [], inheritFroms: [] },
        start: path[i + 1]!.start,
        end: value.end,
      });
      let nested: AttrsExpr;
      if (part.kind === 'dynamic') {
        nested = inner();
        target.dynamics.push({ name: part.expr, value: nested, start, end });
        names.push(COMPUTED);
      } else {
        const first = find(target, part.name);
        const found = first && setOf(first);
        if (first !== undefined && found === undefined) {
          onDuplicate?.({ name: shownPath([...names, part.name]), first, second: { start, end } });
          return;
        }
        nested = found ?? inner();
        if (found === undefined) insert(target, { name: part.name, value: { kind: 'expr', expr: nested }, start, end });
        names.push(part.name);
      }
      target = nested.merged as MutableMerged;
    }
    const last = path.at(-1)!;
    const { end } = last;
    if (last.kind === 'dynamic') target.dynamics.push({ name: last.expr, value, start, end });
    else add(target, { name: last.name, value: valueFor(value), start, end }, names);
  };

  for (const binding of bindings) {
    if (binding.kind === 'deferred') {
      merged.statics.push(binding.attr);
      continue;
    }
    if (binding.kind === 'bind') {
      if (binding.path.length > 0) bind(binding.path, binding.value);
      continue;
    }
    const index = merged.inheritFroms.length;
    if (binding.from !== undefined) merged.inheritFroms.push(binding.from);
    for (const { name, start, end } of binding.names) {
      add(
        merged,
        { name, value: binding.from === undefined ? { kind: 'inherit' } : { kind: 'inheritFrom', index }, start, end },
        [],
      );
    }
  }
  return merged;
}

/** Stands in a path for a name that is computed. */
const COMPUTED = '${…}';

const shownPath = (names: readonly string[]): string =>
  names.map((name) => (name === COMPUTED ? name : printName(name))).join('.');

const setOf = ({ value }: StaticAttr): AttrsExpr | undefined =>
  value.kind === 'expr' && value.isDeferred === undefined && value.expr.kind === 'attrs' ? value.expr : undefined;
