/**
 * Where an expression stands, for those who evaluate parts of a file themselves (declarations).
 *
 * Names resolve to lexical bindings, inner to outer; then, inner to outer, to what `with` and the dynamic scopes offer; then to
 * the globals. One exception keeps the expression core exactly Nix's: a `with` never hides a global, a dynamic scope does.
 */
import type { SourceFile } from '../base/index.ts';
import type { Expr, MergedAttrs } from '../lang/index.ts';
import type { Attrs } from './attrs.ts';
import type { Slot, Value } from './value.ts';

/** A supply of names known only at run time: a package's own fields, the tree, the library. */
export interface DynamicScope {
  /** Asked every time a name is evaluated; must answer alike for as long as the scope lives. */
  lookup(name: string): Slot | undefined;
  /** For "did you mean". */
  names(): Iterable<string>;
  /** What to do about a name that nothing is near to. */
  hintsFor?(name: string): readonly string[];
}

/** Opaque; made by `Scoping`, valid for the evaluator that made it. Extending one never changes it. */
export interface Scope {
  readonly __brand: 'Scope';
}

/** How declarations use the evaluator. An expression is compiled once for all scopes that were put together in the same way. */
export interface Scoping {
  /** The globals of one file. Paths in it are relative to `basePath`. */
  fileScope(source: SourceFile, basePath: string): Scope;
  /** Names of a dynamic scope, in front of those of the scopes around. */
  dynamicScope(around: Scope, names: DynamicScope): Scope;
  /** The attributes of a set as lexical names, all in front of those of the scopes around. Cost: the size of the set. */
  setScope(around: Scope, set: Attrs): Scope;
  /** The bindings of a `let`, which see each other. */
  letScope(around: Scope, bindings: MergedAttrs): Scope;
  evalInScope(expr: Expr, scope: Scope): Value;
  /** The same, when it is needed. Messages call it "the field 'NAME' of OWNER". */
  delayInScope(expr: Expr, scope: Scope, name?: string, owner?: string): Slot;
}
