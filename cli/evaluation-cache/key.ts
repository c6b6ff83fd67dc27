/** What tells one evaluation from another before anything is read: the words of the command and where it runs. */
import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';
import { codeIdentity } from './code-identity.ts';
import { fingerprint } from './fingerprint.ts';

export interface EvaluationKey {
  /** The file of the record. */
  readonly name: string;
  /** Everything that the name stands for: it is in the record too, as two keys may get one name. */
  readonly text: string;
}

/**
 * What evaluation asks for later (files, variables) is not in the key: that is what the record lists.
 *
 * @param purpose  what the result is
 * @param input    standard input, where it is read
 * @returns        `undefined` where the code of igos is changing
 */
export function evaluationKey(context: Context, purpose: string, input: string | undefined): EvaluationKey | undefined {
  const code = codeIdentity();
  if (code === undefined) return undefined;
  const { words, workingDirectory, home, storeDir, out } = context;
  // The same words print otherwise on a terminal.
  const terminal = [isTerminal(1), out.isColored];
  const { version, arch } = process;
  const text = JSON.stringify([purpose, words, workingDirectory, home, storeDir, terminal, input ?? null, version, arch, code]);
  return { name: fingerprint(Buffer.from(text, 'utf8')), text };
}
