/**
 * A large source that is imported: what its sets bind is left as text until it is needed, once an earlier run has found no mistake in
 * it. That run also noted which globals it uses: what they are may change, their absence must not go unnoticed.
 */
import type { Bytes, Fault, SourceFile } from '../base/index.ts';
import { type Expr, type FileTree, parseAround, parseFile, type SourceKind } from '../lang/index.ts';
import { checkNames } from './compile/check-names.ts';
import { notAnExpression } from './errors.ts';
import type { Evaluator } from './evaluator.ts';
import { parseOptions } from './parsing.ts';

/** What earlier runs found out about texts. Neither throws. */
export interface SourceMemory {
  /** Of shorter texts it is not asked. */
  readonly minBytes: number;
  /** @param how  what else than the text it hangs on */
  about(text: Bytes, how: string): AboutText;
}

export interface AboutText {
  /** What was kept, if anything was. */
  readonly found: Int32Array | undefined;
  keep(found: Int32Array): void;
}

export interface Imported {
  readonly expr: Expr;
  /** @throws Fault E-EVAL-002 an undefined variable */
  readonly checkNames: () => void;
}

/** `undefined`: the source is to be parsed as any other. @throws Faults syntax errors */
export function importLarge(file: Bytes, source: SourceFile, kind: SourceKind, ctx: Evaluator): Imported | undefined {
  const { memory, lints, pipes = false } = ctx.settings;
  if (memory === undefined || lints !== undefined) return undefined;
  const about = memory.about(source.text, pipes ? `${kind} with pipes` : kind);
  const known = about.found === undefined ? undefined : parseKnown(source, about.found, pipes, ctx);
  if (known !== undefined) return { expr: known, checkNames: () => {} };

  const noted: number[] = [];
  const used: number[] = [];
  const options = parseOptions(ctx);
  let isQuiet = true;
  const onWarning = (warning: Fault): void => {
    isQuiet = false;
    options.onWarning?.(warning);
  };
  const tree: FileTree = parseFile(source, { ...options, kind, onWarning, noted });
  if (tree.kind !== 'expr') throw notAnExpression(file);
  const { expr } = tree;
  return {
    expr,
    checkNames: () => {
      checkNames(expr, source, { globals: ctx.globals, used });
      if (isQuiet) about.keep(new Int32Array([[used.length], used, noted].flat()));
    },
  };
}

/** Believes nothing that does not fit the text. */
function parseKnown(source: SourceFile, found: Int32Array, pipes: boolean, { globals }: Evaluator): Expr | undefined {
  const firstGap = 1 + found[0]!;
  if (!(firstGap > 0 && firstGap % 2 === 1)) return undefined;
  for (let i = 1; i < firstGap; i += 2) if (!globals.has(source.text.slice(found[i], found[i + 1]))) return undefined;
  return parseAround(source, found.subarray(firstGap), pipes);
}
