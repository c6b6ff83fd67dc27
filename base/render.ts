import { bytesToText } from './bytes.ts';
import { Fault, type Label, type TraceStep } from './fault.ts';

export interface RenderOptions {
  readonly color?: boolean;
  /** Show every trace step; without it only the first and the last few. */
  readonly fullTrace?: boolean;
}

const SHOWN_STEPS = 6;

/** The one text form of an error, rustc-like: header, excerpts, notes, trace, hints. Stable without colour. Ends in a newline. */
export function renderFault(fault: Fault, options: RenderOptions = {}): string {
  const paint = painter(options.color === true);
  const lines = [`${paint.error(`error[${fault.code}]`)}: ${paint.bold(fault.message)}`];
  fault.labels.forEach((label, index) => {
    lines.push(...excerpt(label, index === 0, paint));
  });
  const margin = fault.labels.length > 0 ? `${' '.repeat(gutter(fault.labels.at(-1)!))} ${paint.dim('│')} ` : '';
  for (const note of fault.notes) lines.push(`${margin}note: ${note.replaceAll('\n', `\n${margin}      `)}`);
  lines.push(...traceLines(fault.trace, options.fullTrace === true, paint));
  for (const hint of fault.hints) lines.push(`${paint.hint('hint')}: ${hint}`);
  const cause = fault.cause;
  if (cause instanceof Fault) lines.push('caused by:', renderFault(cause, options).trimEnd());
  return `${lines.join('\n')}\n`;
}

function excerpt(label: Label, isPrimary: boolean, paint: Painter): string[] {
  const { line, column } = label.source.position(label.start);
  const width = gutter(label);
  const text = bytesToText(label.source.line(line)).replaceAll('\t', ' ');
  const end = label.source.position(Math.max(label.start, label.end - 1));
  const length = end.line === line ? Math.max(1, end.column - column + 1) : Math.max(1, text.length - column + 1);
  const mark = (isPrimary ? '^' : '-').repeat(length);
  const bar = paint.dim('│');
  const underline = `${' '.repeat(column - 1)}${isPrimary ? paint.error(mark) : paint.hint(mark)}${label.text === '' ? '' : ` ${label.text}`}`;
  return [
    `${' '.repeat(width)} ${paint.dim('┌─')} ${label.source.name}:${line}:${column}`,
    `${paint.dim(String(line).padStart(width))} ${bar} ${text}`,
    `${' '.repeat(width)} ${bar} ${underline}`,
  ];
}

const gutter = (label: Label): number => String(label.source.position(label.start).line).length;

function traceLines(trace: readonly TraceStep[], isFull: boolean, paint: Painter): string[] {
  const hidden = isFull ? 0 : Math.max(0, trace.length - SHOWN_STEPS);
  const shown = hidden === 0 ? trace : [trace[0]!, ...trace.slice(hidden + 1)];
  const lines = shown.map((step) => `${paint.dim('…')} ${step.text}${step.span ? ` (${place(step.span)})` : ''}`);
  if (hidden > 0) lines.splice(1, 0, `${paint.dim('…')} (${hidden} more steps; --show-trace shows all)`);
  return lines;
}

/** `file:line:column` of a span's start. */
export function place(span: Pick<Label, 'source' | 'start'>): string {
  const { line, column } = span.source.position(span.start);
  return `${span.source.name}:${line}:${column}`;
}

interface Painter {
  error(text: string): string;
  hint(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

function painter(isColored: boolean): Painter {
  const wrap = (code: string) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { error: wrap('1;31'), hint: wrap('36'), bold: wrap('1'), dim: wrap('2') };
}
