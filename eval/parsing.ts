/** How the evaluator has its files and texts parsed. */
import { type Fault, renderFault, textToBytes } from '../base/index.ts';
import type { ParseOptions } from '../lang/index.ts';
import type { EvalIO, EvalSettings } from './io.ts';

/** Warnings of lints are said as they come. */
export function parseOptions({ settings, io }: { settings: EvalSettings; io: EvalIO }): ParseOptions {
  const pipes = settings.pipes === true;
  if (settings.lints === undefined) return { pipes };
  return { pipes, lints: settings.lints, onWarning: (warning) => io.trace('warning', warningText(warning)) };
}

/** A warning without its code: the message, and the source below it. */
function warningText(warning: Fault): string {
  return textToBytes(renderFault(warning, { severity: 'warning' }).trimEnd().slice('warning: '.length));
}
