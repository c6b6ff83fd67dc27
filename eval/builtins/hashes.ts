/** Hashes and placeholders. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import type { HashAlgorithm } from '../../store/index.ts';
import { formatHash, type HashFormat, hashBytes, hashSizes, isHashAlgorithm, parseHash, placeholder } from '../../store/index.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import { reading } from '../files.ts';
import type { Slot, Value } from '../value.ts';
import { neededAttribute, unexpectedAttribute, unknownAlgorithm, unknownWord } from './faults.ts';
import { forceRealPath } from './real-path.ts';

const algorithms = (): string[] => Object.keys(hashSizes);

/** What `convertHash` calls the formats. */
const formats: Readonly<Record<string, HashFormat>> = {
  base16: 'base16',
  base32: 'nix32',
  base64: 'base64',
  nix32: 'nix32',
  sri: 'sri',
};

export const hashBuiltins: readonly Builtin[] = [
  builtin({
    name: 'convertHash',
    args: ['{ hash, hashAlgo ?, toHashFormat }'],
    doc: 'Writes a hash in another format: "base16", "nix32", "base64" or "sri". `hashAlgo` is needed where `hash` does not name its algorithm.',
    example: [
      'builtins.convertHash { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; toHashFormat = "base16"; }',
      '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
    ],
    impl: convertHash,
  }),
  builtin({
    name: 'hashFile',
    args: ['algorithm', 'path'],
    doc: 'The hash of a file, in hexadecimal. Algorithms: "md5", "sha1", "sha256", "sha512".',
    cost: 'reads the file',
    impl: (ctx, algorithm, path) => {
      const name = forceAlgorithm(ctx, algorithm, 'the first argument passed to builtins.hashFile');
      const file = forceRealPath(ctx, path, 'the second argument passed to builtins.hashFile');
      return reading(file, () => ctx.io.hashFile(name, file));
    },
  }),
  builtin({
    name: 'hashString',
    args: ['algorithm', 's'],
    doc: 'The hash of a string, in hexadecimal. Algorithms: "md5", "sha1", "sha256", "sha512".',
    cost: 'O(n)',
    example: ['builtins.hashString "md5" "abc"', '"900150983cd24fb0d6963f7d28e17f72"'],
    impl: (ctx, algorithm, s) => {
      const name = forceAlgorithm(ctx, algorithm, 'the first argument passed to builtins.hashString');
      return hashBytes(name, ctx.forceString(s, 'the second argument passed to builtins.hashString'));
    },
  }),
  builtin({
    name: 'placeholder',
    args: ['output'],
    doc: "Stands for the path of one of a derivation's own outputs, which the build replaces by the path.",
    example: ['placeholder "out"', '"/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"'],
    isGlobal: true,
    impl: (ctx, output) => placeholder(ctx.forceStringNoContext(output, 'the first argument passed to builtins.placeholder')),
  }),
];

function forceAlgorithm(ctx: Evaluator, slot: Slot, what: string): HashAlgorithm {
  return checkAlgorithm(ctx.forceStringNoContext(slot, what));
}

/** @throws Fault E-EVAL-107 */
function checkAlgorithm(name: Bytes): HashAlgorithm {
  if (!isHashAlgorithm(name)) throw unknownAlgorithm(name, algorithms());
  return name;
}

function convertHash(ctx: Evaluator, argument: Slot): Value {
  const set = ctx.forceAttrs(argument, 'the first argument passed to builtins.convertHash');
  const known = ['hash', 'hashAlgo', 'toHashFormat'];
  for (const name of set.names) if (!known.includes(name)) throw unexpectedAttribute('builtins.convertHash', name, known);
  const text = (name: string): Bytes | undefined => {
    const slot = set.get(name);
    return slot === undefined
      ? undefined
      : ctx.forceStringNoContext(slot, `the attribute '${name}' passed to builtins.convertHash`);
  };
  const hash = text('hash');
  if (hash === undefined) throw neededAttribute('the argument of builtins.convertHash', 'hash');
  const algorithm = text('hashAlgo');
  const format = text('toHashFormat');
  if (format === undefined) throw neededAttribute('the argument of builtins.convertHash', 'toHashFormat');
  if (format === 'base32') ctx.io.trace('warning', '"base32" is a deprecated alias for hash format "nix32".');
  if (!Object.hasOwn(formats, format)) {
    const message = `unknown hash format '${bytesToText(format)}', expect 'base16', 'base32', 'base64', or 'sri'`;
    throw unknownWord(message, format, Object.keys(formats));
  }
  return formatHash(parseHash(hash, algorithm === undefined ? undefined : checkAlgorithm(algorithm)), formats[format]!);
}
