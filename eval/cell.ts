/**
 * Which places hold one and the same value. Nix compares what is in lists and sets by address first: by that of the cell, which a variable
 * hands on as it is (`[ f ]`, `inherit f`), while whatever is evaluated is put into a cell of its own (`[ s.f ]`, `[ (id f) ]`). Only of
 * functions, and of floats that are no number, can a program tell: they are equal to nothing but their own cell. So their objects are
 * the cells here. What thunks and calls give is one that was made on the way, or a copy: made by the variable, the selection or the
 * builtin that the result is taken from, so that results that are made need no look.
 *
 * Of lists printing tells (`«repeated»`), where a copy would cost too much: their cell is the thunk, which stays in every slot that holds
 * one (`settled`, `forceAt`), or the list itself where it was made at once. Sets are the same in all cells.
 */
import { Attrs } from './attrs.ts';
import { Float, Lambda, PrimOp, PrimOpApp, type Value } from './value.ts';

/** The value in a cell of its own. The frequent kinds first: none of these needs one. */
export const inOwnCell = (value: Value): Value =>
  typeof value !== 'object' || value instanceof Attrs || value === null || Array.isArray(value) ? value : copied(value);

function copied(value: Value): Value {
  if (value instanceof Lambda) return new Lambda(value.site, value.env);
  if (value instanceof PrimOp) return new PrimOp(value.name, value.arity, value.ctx, value.impl, value.formals);
  if (value instanceof PrimOpApp) return new PrimOpApp(value.op, value.args);
  return value instanceof Float ? new Float(value.value) : value;
}
