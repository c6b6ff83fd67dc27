/** An interpreter with all builtins, for tests. */
import { builtinTable } from '../../../eval/builtins/table.ts';
import { createInterpreter, type Interpreter } from '../../../eval/interpreter.ts';
import type { EvalIO, EvalSettings } from '../../../eval/io.ts';
import { MemoryIO } from '../memory-io.ts';

export const interpreter = (
  io: EvalIO = new MemoryIO({ files: { '/here/file': 'content' } }),
  settings: EvalSettings = {},
): Interpreter => createInterpreter({ io, builtins: builtinTable, settings });

/** What an expression (text) prints, evaluated strictly. */
export function evaluate(expression: string, using: Interpreter = interpreter()): string {
  const text = Buffer.from(expression, 'utf8').toString('latin1');
  const value = using.evalExpr(text, { basePath: '/here' });
  return Buffer.from(using.print(value, { isStrict: true }), 'latin1').toString('utf8');
}
