/** What a name stands for, as far as the text tells. */
import type { Expr, LambdaExpr, Node } from '../../lang/index.ts';
import type { File } from './files.ts';

export type EntityKind =
  | 'variable'
  | 'argument'
  | 'attribute'
  | 'field'
  | 'package'
  | 'split'
  | 'tier'
  | 'system'
  | 'builtin'
  | 'library'
  | 'style'
  | 'phase'
  | 'file';

export interface Place extends Node {
  readonly file: File;
}

/** An expression and the file that its names are to be looked up in. */
export interface Written {
  readonly file: File;
  readonly expr: Expr;
}

export interface Entity {
  readonly kind: EntityKind;
  readonly name: string;
  /** Two entities with one key are one and the same. */
  readonly key: string;
  /** Where it is defined, first of all; then where more is added (overrides). Empty for what the language brings. */
  readonly places: readonly Place[];
  /** One line of source, or the like. */
  readonly detail?: () => string;
  /** Markdown. */
  readonly doc?: () => string | undefined;
  /** What selecting from it, or calling it, gives. */
  readonly shape?: (depth: number) => Shape | undefined;
}

export type Shape =
  | {
      readonly kind: 'set';
      readonly members: ReadonlyMap<string, Entity>;
      /** Whether these are all. */
      readonly isComplete: boolean;
    }
  | { readonly kind: 'function'; readonly file: File; readonly lambda: LambdaExpr }
  /** A package with more laid over it; what `.override` gives. */
  | { readonly kind: 'overrider'; readonly result: Shape }
  /** `import` itself. */
  | { readonly kind: 'import' };

/** A supply of names, as seen from one place. */
export interface Level {
  lookup(name: string): Entity | undefined;
  all(): Iterable<Entity>;
  /** Whether there may be names that the text does not tell. */
  readonly isOpen: boolean;
  /** A `with` never hides a global. */
  readonly isWith?: boolean;
}

export const levelOf = (members: ReadonlyMap<string, Entity>): Level => ({
  isOpen: false,
  lookup: (name) => members.get(name),
  all: () => [...members].map(([name, entity]) => (entity.name === name ? entity : { ...entity, name })),
});

export const membersOf = (shape: Shape | undefined): ReadonlyMap<string, Entity> | undefined =>
  shape?.kind === 'set' ? shape.members : undefined;
