/** How the evaluator has its files and texts parsed. */
import { type Fault, renderFault, textToBytes } from '../base/index.ts';
import type { ParseOptions } from '../lang/index.ts';
import type { EvalIO, EvalSettings } from './io.ts';

/** What it hangs on: which options are given, and where warnings go. */
export interface Parsing {
  readonly settings: EvalSettings;
  readonly io: EvalIO;
}

/** Warnings are said as they come. */
export function parseOptions({ settings, io }: Parsing): ParseOptions {
  const onWarning = (warning: Fault): void => io.trace('warning', warningText(warning));
  const pipes = settings.pipes === true;
  const options = { pipes, onWarning, isForEvaluation: true };
  return settings.lints === undefined ? options : { ...options, lints: settings.lints };
}

/** A warning without its code: the message, and the source below it. */
function warningText(warning: Fault): string {
  return textToBytes(renderFault(warning, { severity: 'warning' }).trimEnd().slice('warning: '.length));
}
