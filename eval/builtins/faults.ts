/** The faults of the builtins, where more than one place makes them. */
import { type Bytes, bytesToText, didYouMean, Fault, type FaultDetails, textToBytes } from '../../base/index.ts';
import { printName } from '../../lang/index.ts';
import type { BuiltinCode } from './codes.ts';

/** `message` and details are text, not bytes. */
export const builtinFault = (code: BuiltinCode, message: string, details?: FaultDetails): Fault =>
  new Fault(code, message, details);

/** A word that is not one of `known`. */
export const unknownWord = (message: string, word: Bytes, known: readonly string[]): Fault =>
  builtinFault('E-EVAL-107', message, { notes: [`known are: ${known.join(', ')}`], hints: didYouMean(word, known) });

/** Of a string that would hold NUL. Message and text are bytes. */
export const nulInString = (text: Bytes): Bytes =>
  `input string '${text.replaceAll('\0', NUL_PICTURE)}' cannot be represented as Nix string because it contains null bytes`;

const NUL_PICTURE = textToBytes('\u2400');

export const unknownAlgorithm = (word: Bytes, known: readonly string[]): Fault =>
  unknownWord(
    `unknown hash algorithm '${bytesToText(word)}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'`,
    word,
    known,
  );

/** An attribute that the builtin does not know. */
export const unexpectedAttribute = (builtin: string, name: Bytes, known: readonly string[]): Fault =>
  builtinFault('E-EVAL-108', `unsupported argument '${bytesToText(printName(name))}' to '${builtin}'`, {
    notes: [`it takes: ${known.join(', ')}`],
    hints: didYouMean(name, known),
  });

/** `message`: where Nix has one of its own. */
export const neededAttribute = (what: string, name: string, message = `attribute '${name}' missing`): Fault =>
  builtinFault('E-EVAL-110', message, { notes: [`'${name}' is needed in ${what}`] });

/** Of `fetchGit` and `fetchTree`. */
export const neededInput = (builtin: string, name: string): Fault =>
  neededAttribute(`the argument of '${builtin}'`, name, `input attribute '${name}' is missing`);
