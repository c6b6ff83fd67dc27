/**
 * A reporter for failures alone, each with what caused it: Node's own ones leave causes out, and a property names the assertion that did
 * not hold only there. `run.ts` shows them last, where who reads only the end of a log finds them.
 */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of one message: a counterexample may be a megabyte of bytes. */
const MAX_CHARACTERS = 1500;

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly file?: string;
    readonly line?: number;
    readonly details?: { readonly error?: unknown };
  };
}

export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    const error = data.details?.error;
    // A suite that fails since a test in it did is no failure of its own.
    if (type !== 'test:fail' || (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed') continue;
    yield `${data.name} (${relative(process.cwd(), data.file ?? '')}:${data.line ?? 0})\n`;
    for (
      let cause = whatFailed(error), depth = 0;
      cause !== undefined && depth < 5;
      cause = (cause as { cause?: unknown }).cause, depth++
    )
      yield `${indented(shortened(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)))}\n`;
  }
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
