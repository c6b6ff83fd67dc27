/** Evaluating a text in a test: a disk in memory, the builtins, rendered errors. */
import { type Bytes, bytesToText, Fault, Faults, renderFault, textToBytes } from '../../base/index.ts';
import { builtinTable } from '../../eval/builtins/table.ts';
import { createInterpreter, type Interpreter } from '../../eval/interpreter.ts';
import type { EvalSettings } from '../../eval/io.ts';
import { MemoryIO, type MemoryIOOptions } from './memory-io.ts';

export interface World {
  readonly io: MemoryIO;
  readonly interpreter: Interpreter;
  /** What the expression prints, all of it forced. */
  readonly show: (text: string) => string;
  /** The rendered error; '' and the test fails where there is none. */
  readonly fail: (text: string) => string;
}

export function world(options: MemoryIOOptions & { settings?: EvalSettings } = {}): World {
  const io = new MemoryIO(options);
  const interpreter = createInterpreter({ io, builtins: builtinTable, ...(options.settings && { settings: options.settings }) });
  const evaluate = (text: string): Bytes => {
    const value = interpreter.evalExpr(textToBytes(text), { basePath: '/disk' });
    return interpreter.print(value, { isStrict: true });
  };
  return {
    io,
    interpreter,
    show: (text) => bytesToText(evaluate(text)),
    fail: (text) => rendered(() => evaluate(text)),
  };
}

/** The rendered error of a run that must fail. */
export function rendered(run: () => unknown): string {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    if (error instanceof Fault) return renderFault(error);
    if (error instanceof Faults) return error.faults.map((fault) => renderFault(fault)).join('\n');
    throw error;
  }
  throw new Error(`expected an error, got ${String(value)}`);
}
