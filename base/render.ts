import { bytesToText } from './bytes.ts';
import { Fault, type Label, type TraceStep } from './fault.ts';

export interface RenderOptions {
  /** `error` unless given. A warning shows no code. */
  readonly severity?: 'error' | 'warning';
  readonly color?: boolean;
  /** Show every trace step; without it only the first and the last few. */
  readonly fullTrace?: boolean;
}

const SHOWN_STEPS = 6;
const SHOWN_KEYS = 20;
const MANY = 1000;

/** The one text form of an error, rustc-like: header, excerpts, notes, trace, hints. Stable without colour. Ends in a newline. */
export function renderFault(fault: Fault, options: RenderOptions = {}): string {
  const paint = painter(options.color === true);
  const head = options.severity === 'warning' ? 'warning' : `error[${fault.code}]`;
  const lines = [`${paint.error(head)}: ${paint.bold(paint.told(fault.message))}`];
  fault.labels.forEach((label, index) => {
    lines.push(...excerpt(label, index === 0, paint));
  });
  const margin = fault.labels.length > 0 ? `${' '.repeat(gutter(fault.labels.at(-1)!))} ${paint.dim('│')} ` : '';
  for (const note of fault.notes) lines.push(`${margin}note: ${paint.told(note).replaceAll('\n', `\n${margin}      `)}`);
  lines.push(...traceLines(fault.trace, options.fullTrace === true, paint));
  for (const hint of fault.hints) lines.push(`${paint.hint('hint')}: ${paint.told(hint)}`);
  const cause = fault.cause;
  if (cause instanceof Fault) lines.push('caused by:', renderFault(cause, options).trimEnd());
  return `${lines.join('\n')}\n`;
}

function excerpt(label: Label, isPrimary: boolean, paint: Painter): string[] {
  const { line, column } = label.source.position(label.start);
  const width = gutter(label);
  const whole = printable(bytesToText(label.source.line(line)).replaceAll('\t', ' '));
  const end = label.source.position(Math.max(label.start, label.end - 1));
  const wanted = end.line === line ? Math.max(1, end.column - column + 1) : Math.max(1, whole.length - column + 1);
  const { text, before } = windowOf(whole, column - 1);
  const length = Math.max(1, Math.min(wanted, text.length - before));
  const mark = (isPrimary ? '^' : '-').repeat(length);
  const bar = paint.dim('│');
  const underline = `${' '.repeat(before)}${isPrimary ? paint.error(mark) : paint.hint(mark)}${label.text === '' ? '' : ` ${printable(label.text)}`}`;
  return [
    `${' '.repeat(width)} ${paint.dim('┌─')} ${place(label)}`,
    `${paint.dim(String(line).padStart(width))} ${bar} ${text}`,
    `${' '.repeat(width)} ${bar} ${underline}`,
  ];
}

/** Longer source lines are cut around the place: minified text must not bury the message. */
const WIDTH = 160;

function windowOf(line: string, at: number): { text: string; before: number } {
  if (line.length <= WIDTH) return { text: line, before: at };
  const start = Math.max(0, Math.min(at - WIDTH / 4, line.length - WIDTH));
  const end = start + WIDTH;
  const left = start > 0 ? '…' : '';
  return { text: `${left}${line.slice(start, end)}${end < line.length ? '…' : ''}`, before: at - start + left.length };
}

/**
 * Control characters as pictures: source text, file names and logs must not drive the reader's terminal. Line ends stay. What turns the
 * direction of writing is one of them: behind it a line shows what it does not say.
 */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
  });

/** The same for text that we painted ourselves: colours stay. They last until the next one, move nothing and ask for nothing. */
export const printableInColour = (text: string): string =>
  text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 0 ? printable(part) : part))
    .join('');

const COLOUR = /(\u001b\[[0-9;:]{0,40}m)/;

/** Text whose author may have coloured it (messages of `throw` and `trace`, lines of builds): its colours end with it, or fall out. */
export function told(text: string, isColored: boolean): string {
  if (!isColored) return printable(withoutColour(text));
  return COLOUR.test(text) ? `${printableInColour(text)}\u001b[0m` : printable(text);
}

/** What programs write to colour their lines would show as letters. */
export const withoutColour = (text: string): string => text.replace(/\u001b\[[0-9;:]{0,40}[mK]/g, '');

const gutter = (label: Label): number => String(label.source.position(label.start).line).length;

function traceLines(trace: readonly TraceStep[], isFull: boolean, paint: Painter): string[] {
  const isShown = isFull || trace.length <= SHOWN_STEPS ? () => true : shortTrace(trace);
  const hidden = trace.filter((_, index) => !isShown(index)).length;
  const lines: string[] = [];
  let isCut = false;
  trace.forEach((step, index) => {
    if (isShown(index)) lines.push(`${paint.dim('…')} ${stepText(step, paint)}`);
    else if (!isCut) {
      isCut = true;
      lines.push(`${paint.dim('…')} (${hidden} more steps; --show-trace shows all)`);
    }
  });
  return lines;
}

function stepText({ text, span, times = 1 }: TraceStep, paint: Painter): string {
  return `${paint.told(text)}${span === undefined ? '' : ` (${place(span)})`}${times > 1 ? `, ${timesText(times)} times` : ''}`;
}

/** How deep a stack was when it ran full depends on the engine's mood. */
const timesText = (times: number): string => (times > MANY ? `more than ${MANY}` : String(times));

/** The first step, the last few, and what is always shown, unless even that is much. */
function shortTrace(trace: readonly TraceStep[]): (index: number) => boolean {
  const keys = trace.flatMap(({ isKey }, index) => (isKey === true ? [index] : []));
  const shownKeys = new Set(
    keys.length <= SHOWN_KEYS ? keys : [...keys.slice(0, SHOWN_KEYS / 2), ...keys.slice(-SHOWN_KEYS / 2)],
  );
  const tail = trace.length - (keys.length === 0 ? SHOWN_STEPS - 1 : 2);
  return (index) => index === 0 || index >= tail || shownKeys.has(index);
}

/** `file:line:column` of a span's start. */
export function place(span: Pick<Label, 'source' | 'start'>): string {
  const { line, column } = span.source.position(span.start);
  return `${printable(span.source.name).replaceAll('\n', '\u240a')}:${line}:${column}`;
}

interface Painter {
  error(text: string): string;
  hint(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  told(text: string): string;
}

function painter(isColored: boolean): Painter {
  const wrap = (code: string) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { error: wrap('1;31'), hint: wrap('36'), bold: wrap('1'), dim: wrap('2'), told: (text) => told(text, isColored) };
}
