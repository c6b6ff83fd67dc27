/** The faults of the builtins, where more than one place makes them. */
import { type Bytes, bytesToText, didYouMean, Fault, type FaultDetails } from '../../base/index.ts';
import type { BuiltinCode } from './codes.ts';

/** `message` and details are text, not bytes. */
export const builtinFault = (code: BuiltinCode, message: string, details?: FaultDetails): Fault =>
  new Fault(code, message, details);

/** A word that is not one of `known`. */
export const unknownWord = (what: string, word: Bytes, known: readonly string[]): Fault =>
  builtinFault('E-EVAL-107', `unknown ${what} '${bytesToText(word)}'`, {
    notes: [`known are: ${known.join(', ')}`],
    hints: didYouMean(word, known),
  });

/** An attribute that the builtin does not know. */
export const unexpectedAttribute = (builtin: string, name: Bytes, known: readonly string[]): Fault =>
  builtinFault('E-EVAL-108', `unexpected argument '${bytesToText(name)}' to '${builtin}'`, {
    notes: [`it takes: ${known.join(', ')}`],
    hints: didYouMean(name, known),
  });

export const neededAttribute = (what: string, name: string): Fault =>
  builtinFault('E-EVAL-110', `required attribute '${name}' missing in ${what}`);
