/** The options for literals that are legal and yet discouraged; Nix's spellings and levels. */
import type { LintLevel, Lints } from '../lang/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Option } from './command.ts';

export const LINT_OPTIONS: readonly Option[] = [
  { long: 'lint-url-literals', values: ['LEVEL'], doc: 'URLs without quotes: ignore (the default), warn or fatal' },
  { long: 'lint-short-path-literals', values: ['LEVEL'], doc: "the same for relative paths that do not begin with '.'" },
  { long: 'lint-absolute-path-literals', values: ['LEVEL'], doc: "the same for paths that begin with '/' or '~'" },
];

/** `undefined` where nothing is asked for. @throws UsageError */
export function lintsOf(args: Arguments): Lints | undefined {
  const level = (option: string): LintLevel => {
    const value = args.value(option) ?? 'ignore';
    if (value === 'ignore' || value === 'warn' || value === 'fatal') return value;
    throw new UsageError(`--${option} takes ignore, warn or fatal, not '${value}'`);
  };
  const lints: Lints = {
    urlLiterals: level('lint-url-literals'),
    shortPathLiterals: level('lint-short-path-literals'),
    absolutePathLiterals: level('lint-absolute-path-literals'),
  };
  return Object.values(lints).every((each) => each === 'ignore') ? undefined : lints;
}
