/**
 * `{ a, b ? 1 }@args: args.b`: what stands behind the `@` is the set as it was given, which surprises most people once. Looked for in
 * the text, and only when an attribute is missing: no scope has to be kept for a hint.
 */
import { type Bytes, bytesToText, type Span } from '../base/index.ts';

/** The way out, where the missing attribute `name` at `span` was selected from arguments and has a default there. */
export function hintAsGiven(name: Bytes, { source, start }: Span): string | undefined {
  const before = source.text.slice(Math.max(0, start - FAR), start);
  const [, selected, inherited] = SELECTED.exec(before) ?? [];
  const variable = selected ?? inherited;
  if (variable === undefined || !/^[\w'-]+$/.test(name)) return undefined;
  const formals = '\\{((?:[^{}]|\\{[^{}]*\\})*)\\}';
  const functions = new RegExp(`${formals}\\s*@\\s*${variable}\\s*:|(?<![\\w'-])${variable}\\s*@\\s*${formals}\\s*:`, 'g');
  const last = [...before.matchAll(functions)].at(-1);
  const hasDefault = new RegExp(`(?:^|,)\\s*${name}\\s*\\?`).test(last?.[1] ?? last?.[2] ?? '');
  if (!hasDefault) return undefined;
  return `'${variable}' is the set as it was given, without the defaults of its function: write '${bytesToText(name)}' alone`;
}

/** A function is longer than that in no source that a person wrote; what machines write may be too long for a pattern. */
const FAR: number = 1 << 16;

/** `args.`, `inherit (args) a `. */
const SELECTED = /(?<![\w'.-])([A-Za-z_][\w'-]*)\s*\.\s*$|\binherit\s*\(\s*([A-Za-z_][\w'-]*)\s*\)[\w\s'-]*$/;
