/** Strings and paths with interpolation. */
import type { Bytes, Span } from '../../base/index.ts';
import type { Expr, PathExpr, SearchPathExpr, StringExpr } from '../../lang/index.ts';
import { appendToPath, interpolate, interpolated } from '../coerce.ts';
import type { Evaluator } from '../evaluator.ts';
import { resolvePath } from '../path.ts';
import { locate } from '../trace.ts';
import { type ContextString, type Env, PathValue, type Value } from '../value.ts';
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
        const rest: Value[] = [text, partAt(ctx, value, spans[i]!)];
        for (let j = i + 1; j < parts.length; j++) {
          const later = parts[j]!;
          rest.push(typeof later === 'string' ? later : partAt(ctx, later(env), spans[j]!));
        }
        return interpolate(ctx, rest);
      }
    }
    return text;
  };
}

export function partAt(ctx: Evaluator, part: Value, span: Span): Bytes | ContextString {
  try {
    return interpolated(ctx, part);
  } catch (error) {
    throw locate(error, span);
  }
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
      return appendToPath(ctx, prefix, valuesOf(parts, env), span);
    } catch (error) {
      throw locate(error, span);
    }
  };
}

/** One after the other: each is evaluated when it is asked for. */
function* valuesOf(parts: readonly (Bytes | Code)[], env: Env): Iterable<Value> {
  for (const part of parts) yield typeof part === 'string' ? part : part(env);
}

/** `<x>` is `__findFile __nixPath "x"`, by these names. */
export function compileSearchPath({ path, start, end }: SearchPathExpr, scope: StaticScope, compiling: Compiling): Code {
  const name = (text: string): Expr => ({ kind: 'var', name: text, start, end });
  const literal: Expr = { kind: 'string', parts: [path], style: 'quoted', start, end };
  return compiling.compile({ kind: 'call', fn: name('__findFile'), args: [name('__nixPath'), literal], start, end }, scope);
}

const compileParts = (parts: readonly (Bytes | Expr)[], scope: StaticScope, compiling: Compiling): (Bytes | Code)[] =>
  parts.map((part) => (typeof part === 'string' ? part : compiling.compile(part, scope)));
