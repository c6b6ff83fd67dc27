/**
 * A reporter for `run.ts`, a line of JSON each: failures, with what caused them, and how long tests and files took. Node's own reporters
 * leave causes out, and a property names the assertion that did not hold only there. Both are shown last, where who reads only the end
 * of a log finds them.
 */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of one message: a counterexample may be a megabyte of bytes. */
const MAX_CHARACTERS = 1500;

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    readonly file?: string;
    readonly line?: number;
    readonly details?: { readonly error?: unknown; readonly duration_ms?: number };
  };
}

export type Told =
  | { readonly kind: 'failure'; readonly text: string }
  /** A test that is in no other. */
  | { readonly kind: 'test'; readonly file: string; readonly name: string; readonly ms: number }
  /** A file that had a process of its own. */
  | { readonly kind: 'file'; readonly file: string; readonly ms: number };

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    const told =
      type === 'test:fail' ? failureOf(data) : type === 'test:complete' && data.nesting === 0 ? timeOf(data) : undefined;
    if (told !== undefined) yield `${JSON.stringify(told)}\n`;
  }
}

const fileOf = ({ file = '' }: TestEvent['data']): string => relative(process.cwd(), file);

function timeOf(data: TestEvent['data']): Told {
  const [file, ms] = [fileOf(data), data.details?.duration_ms ?? 0];
  return data.name === file ? { kind: 'file', file, ms } : { kind: 'test', file, name: data.name, ms };
}

function failureOf(data: TestEvent['data']): Told | undefined {
  const error = data.details?.error;
  // A suite that fails since a test in it did is no failure of its own.
  if ((error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed') return undefined;
  let text = `${data.name} (${fileOf(data)}:${data.line ?? 0})\n`;
  for (
    let cause = whatFailed(error), depth = 0;
    cause !== undefined && depth < 5;
    cause = (cause as { cause?: unknown }).cause, depth++
  )
    text += `${indented(shortened(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)))}\n`;
  return { kind: 'failure', text };
}

/** Node wraps what a test has thrown. */
function whatFailed(error: unknown): unknown {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return code === 'ERR_TEST_FAILURE' && cause instanceof Error ? cause : error;
}

function shortened(text: string): string {
  const plain = stripVTControlCharacters(text);
  return plain.length <= MAX_CHARACTERS ? plain : `${plain.slice(0, MAX_CHARACTERS)} … (${plain.length} characters)`;
}

const indented = (text: string): string => text.replace(/^/gm, '    ');
