/** Strings and paths with interpolation. */
import type { Bytes } from '../../base/index.ts';
import type { Expr, PathExpr, SearchPathExpr, StringExpr } from '../../lang/tree.ts';
import { appendToPath, interpolate } from '../coerce.ts';
import { resolvePath } from '../path.ts';
import { locate } from '../trace.ts';
import { PathValue, type Value } from '../value.ts';
import type { Code, Compiling } from './code.ts';
import { type StaticScope, spanOf } from './scope.ts';

/** The text of a string without interpolation. */
export function literalText({ parts }: StringExpr): Bytes | undefined {
  if (parts.length === 0) return '';
  return parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : undefined;
}

export function compileString(expr: StringExpr, scope: StaticScope, compiling: Compiling): Code {
  const literal = literalText(expr);
  if (literal !== undefined) return () => literal;
  const { ctx } = scope.unit;
  const parts = compileParts(expr.parts, scope, compiling);
  const spans = expr.parts.map((part) => spanOf(scope.unit, typeof part === 'string' ? expr : part));
  return (env) => {
    // Plain strings, the frequent case, need no context and no array.
    let text = '';
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      const value = typeof part === 'string' ? part : part(env);
      if (typeof value === 'string') text += value;
      else {
        const rest: Value[] = [text, value];
        for (let j = i + 1; j < parts.length; j++) {
          const later = parts[j]!;
          rest.push(typeof later === 'string' ? later : later(env));
        }
        try {
          return interpolate(ctx, rest);
        } catch (error) {
          throw locate(error, spans[i]!);
        }
      }
    }
    return text;
  };
}

/** The path of a literal, as far as it is known without running anything. */
export function literalPath({ parts }: PathExpr, scope: StaticScope): PathValue | undefined {
  const [written] = parts;
  if (parts.length !== 1 || typeof written !== 'string' || written.startsWith('~')) return undefined;
  return new PathValue(resolvePath(written, scope.unit.basePath, () => '/'));
}

export function compilePath(expr: PathExpr, scope: StaticScope, compiling: Compiling): Code {
  const literal = literalPath(expr, scope);
  if (literal !== undefined) return () => literal;
  const { ctx, basePath } = scope.unit;
  const [written, ...others] = expr.parts as [Bytes, ...(Bytes | Expr)[]];
  const parts = compileParts(others, scope, compiling);
  const span = spanOf(scope.unit, expr);
  return (env) => {
    const base = resolvePath(written, basePath, () => ctx.io.env('HOME') ?? '/');
    if (parts.length === 0) return new PathValue(base);
    // A slash before the first interpolation is part of the text, which resolving took away.
    const prefix = written.endsWith('/') && base !== '/' ? `${base}/` : base;
    try {
      return appendToPath(
        ctx,
        prefix,
        parts.map((part) => (typeof part === 'string' ? part : part(env))),
        span,
      );
    } catch (error) {
      throw locate(error, span);
    }
  };
}

/** `<x>` is `__findFile __nixPath "x"`, by these names. */
export function compileSearchPath({ path, start, end }: SearchPathExpr, scope: StaticScope, compiling: Compiling): Code {
  const name = (text: string): Expr => ({ kind: 'var', name: text, start, end });
  const literal: Expr = { kind: 'string', parts: [path], style: 'quoted', start, end };
  return compiling.compile({ kind: 'call', fn: name('__findFile'), args: [name('__nixPath'), literal], start, end }, scope);
}

const compileParts = (parts: readonly (Bytes | Expr)[], scope: StaticScope, compiling: Compiling): (Bytes | Code)[] =>
  parts.map((part) => (typeof part === 'string' ? part : compiling.compile(part, scope)));
