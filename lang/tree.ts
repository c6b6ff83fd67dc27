/**
 * The syntax tree. Plain objects discriminated by `kind`; `start`/`end` are byte offsets into the SourceFile that was parsed.
 * Immutable once the parser returns it. Strings are byte strings with escapes already resolved.
 */
import type { Bytes } from '../base/index.ts';

export interface Node {
  readonly start: number;
  readonly end: number;
}

export type Expr =
  | IntExpr
  | FloatExpr
  | StringExpr
  | PathExpr
  | SearchPathExpr
  | VarExpr
  | ListExpr
  | AttrsExpr
  | LambdaExpr
  | CallExpr
  | SelectExpr
  | HasAttrExpr
  | LetExpr
  | LegacyLetExpr
  | WithExpr
  | IfExpr
  | AssertExpr
  | UnaryExpr
  | BinaryExpr;

/** A number while it is safe (|value| ≤ 2^53 - 1), else a bigint. Literals beyond int64 are a syntax error. */
export interface IntExpr extends Node {
  readonly kind: 'int';
  readonly value: number | bigint;
}
export interface FloatExpr extends Node {
  readonly kind: 'float';
  readonly value: number;
}
/** Literal pieces and interpolated expressions, in order; no two literals adjoin, none is empty. `""` has no parts. URIs are strings. */
export interface StringExpr extends Node {
  readonly kind: 'string';
  readonly parts: readonly (Bytes | Expr)[];
  readonly style: 'quoted' | 'indented' | 'uri';
}
/** As written (`./a/${x}/b`, `~/a`, `/a`); the evaluator makes it absolute. The first part is always a literal. */
export interface PathExpr extends Node {
  readonly kind: 'path';
  readonly parts: readonly (Bytes | Expr)[];
}
/** `<nixpkgs/lib>`: the text between the brackets. */
export interface SearchPathExpr extends Node {
  readonly kind: 'searchPath';
  readonly path: Bytes;
}
export interface VarExpr extends Node {
  readonly kind: 'var';
  readonly name: string;
}
export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly items: readonly Expr[];
}
export interface AttrsExpr extends Node {
  readonly kind: 'attrs';
  readonly isRec: boolean;
  /** As written. Empty in sets that the parser made for `a.b = …`, and everywhere in what is read for evaluation only. */
  readonly bindings: readonly Binding[];
  readonly merged: MergedAttrs;
}
/** Curried lambdas are nested; `{ a, b }: …` has formals. */
export interface LambdaExpr extends Node {
  readonly kind: 'lambda';
  /** The body is text until it is first asked for (deferred.ts). It is no lambda, nor a `++` or `//`. */
  readonly isDeferred?: true;
  readonly param: Param;
  readonly body: Expr;
}
/** `f a b` is one node with two args; `|>` and `<|` are calls too. */
export interface CallExpr extends Node {
  readonly kind: 'call';
  readonly fn: Expr;
  readonly args: readonly Expr[];
}
export interface SelectExpr extends Node {
  readonly kind: 'select';
  readonly target: Expr;
  readonly path: readonly AttrName[];
  readonly fallback?: Expr;
}
export interface HasAttrExpr extends Node {
  readonly kind: 'has';
  readonly target: Expr;
  readonly path: readonly AttrName[];
}
export interface LetExpr extends Node {
  readonly kind: 'let';
  readonly bindings: readonly Binding[];
  readonly merged: MergedAttrs;
  readonly body: Expr;
}
/** `let { body = …; }`, the old form. */
export interface LegacyLetExpr extends Node {
  readonly kind: 'legacyLet';
  readonly bindings: readonly Binding[];
  readonly merged: MergedAttrs;
}
export interface WithExpr extends Node {
  readonly kind: 'with';
  readonly scope: Expr;
  readonly body: Expr;
}
export interface IfExpr extends Node {
  readonly kind: 'if';
  readonly condition: Expr;
  readonly then: Expr;
  readonly otherwise: Expr;
}
export interface AssertExpr extends Node {
  readonly kind: 'assert';
  readonly condition: Expr;
  readonly body: Expr;
}
export interface UnaryExpr extends Node {
  readonly kind: 'unary';
  readonly op: '!' | '-';
  readonly operand: Expr;
}
export type BinaryOp = '->' | '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '//' | '+' | '-' | '*' | '/' | '++';
export interface BinaryExpr extends Node {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  /** Where the operator stands. */
  readonly opStart: number;
}

/** `x: …`, `{ a, b ? 1, ... }: …`, `{ … }@args: …` */
export type Param =
  | { readonly kind: 'name'; readonly name: string; readonly start: number; readonly end: number }
  | {
      readonly kind: 'formals';
      readonly formals: readonly Formal[];
      readonly isOpen: boolean;
      /** The `args` of `{ … }@args`. */
      readonly as?: string;
      readonly start: number;
      readonly end: number;
    };
export interface Formal extends Node {
  readonly name: string;
  readonly fallback?: Expr;
}

export type AttrName =
  | { readonly kind: 'static'; readonly name: Bytes; readonly start: number; readonly end: number }
  | { readonly kind: 'dynamic'; readonly expr: Expr; readonly start: number; readonly end: number };

export type Binding =
  | {
      readonly kind: 'bind';
      readonly path: readonly AttrName[];
      readonly value: Expr;
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly kind: 'inherit';
      readonly from?: Expr;
      readonly names: readonly { readonly name: Bytes; readonly start: number; readonly end: number }[];
      readonly start: number;
      readonly end: number;
    };

/** A binding whose value stays text (deferred.ts): what would become of it is there already. */
export interface DeferredBinding {
  readonly kind: 'deferred';
  readonly attr: StaticAttr;
}

/**
 * Bindings after `a.b = 1; a.c = 2;` are put together as Nix does, names unique. What the evaluator reads.
 * `statics` in order of first appearance; `dynamics` after them.
 */
export interface MergedAttrs {
  readonly statics: readonly StaticAttr[];
  readonly dynamics: readonly { readonly name: Expr; readonly value: Expr; readonly start: number; readonly end: number }[];
  /** The sources of `inherit (e) …`, each evaluated at most once. */
  readonly inheritFroms: readonly Expr[];
}
/** `start`: where the whole path that defines it begins (`a` of `a.b = 1;`, for `b` too); `end`: where its own name ends. */
export interface StaticAttr extends Node {
  readonly name: Bytes;
  readonly value:
    | { readonly kind: 'expr'; readonly expr: Expr; readonly isDeferred?: undefined }
    | DeferredValue
    /** `inherit x;`: the name in the scope around the set. */
    | { readonly kind: 'inherit' }
    /** `inherit (e) x;`: `e` is `inheritFroms[index]`. */
    | { readonly kind: 'inheritFrom'; readonly index: number };
}

/** A value that is text until `expr` is first asked for (deferred.ts). The expression stands at `start` to `end`, and is no set. */
export interface DeferredValue extends Node {
  readonly kind: 'expr';
  readonly expr: Expr;
  readonly isDeferred: true;
}

/** What a file holds. `*.nix` is always an expression. */
export type FileTree =
  | { readonly kind: 'expr'; readonly expr: Expr }
  | {
      readonly kind: 'declarations';
      /** The `let … in` that opens the file. */
      readonly bindings?: readonly Binding[];
      readonly merged?: MergedAttrs;
      readonly declarations: readonly Declaration[];
    };

/** `tier NAME { … }`, `package NAME "VERSION" { … }`, `override NAME { … }`, `system NAME { … }`, `tree { … }`; `split NAME { … }` inside a package or the override of one. */
export interface Declaration extends Node {
  readonly kind: 'tier' | 'package' | 'override' | 'system' | 'tree' | 'split';
  /** Absent for `tree`. An identifier or a quoted string without interpolation. */
  readonly name?: { readonly text: string; readonly start: number; readonly end: number };
  /** The string after a package's name. */
  readonly version?: StringExpr;
  /** Fields as in an attribute set, `phases.check = …` included. */
  readonly bindings: readonly Binding[];
  readonly merged: MergedAttrs;
  /** `split` declarations inside a package or override. */
  readonly splits: readonly Declaration[];
}

/** A comment, for the formatter. Text includes its `#` or `/* … `. */
export interface Comment extends Node {
  readonly text: Bytes;
}
