/** What tells one evaluation from another before anything is read: the words of the command and where it runs. */
import { hash } from 'node:crypto';
import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';
import { codeIdentity } from './code-identity.ts';

/**
 * The name of the record of an evaluation. What evaluation asks for later (files, variables) is not in it: that is what the record
 * lists.
 *
 * @param purpose  what the result is
 * @param input    standard input, where it is read
 * @returns        64 hex digits; `undefined` where the code of igos is changing
 */
export function evaluationKey(context: Context, purpose: string, input: string | undefined): string | undefined {
  const code = codeIdentity();
  if (code === undefined) return undefined;
  const { words, workingDirectory, home, storeDir, out } = context;
  // The same words print otherwise on a terminal.
  const terminal = [isTerminal(1), out.isColored];
  const parts = [purpose, words, workingDirectory, home, storeDir, terminal, input ?? null, process.version, process.arch, code];
  return hash('sha256', JSON.stringify(parts), 'hex');
}
