/** What is legal and yet discouraged: literals that Nix can warn about or refuse. */

export type LintLevel = 'ignore' | 'warn' | 'fatal';

/** Absent means `ignore`. Nix's settings `lint-url-literals` and so on. */
export interface Lints {
  readonly urlLiterals?: LintLevel;
  readonly shortPathLiterals?: LintLevel;
  readonly absolutePathLiterals?: LintLevel;
}

export type Lint = keyof Lints;

/** As Nix calls them, and the code of each. */
export const LINTS = {
  urlLiterals: { setting: 'lint-url-literals', code: 'E-LANG-030' },
  shortPathLiterals: { setting: 'lint-short-path-literals', code: 'E-LANG-031' },
  absolutePathLiterals: { setting: 'lint-absolute-path-literals', code: 'E-LANG-032' },
} as const satisfies Record<Lint, { setting: string; code: `E-LANG-${string}` }>;

/** Which lint a path literal is a case of, and what Nix says about it. */
export function pathLint(literal: string): { lint: Lint; message: string; hint: string } | undefined {
  if (literal.startsWith('/') || literal.startsWith('~')) {
    const kind = literal.startsWith('/') ? 'absolute' : 'home';
    return {
      lint: 'absolutePathLiterals',
      message: `${kind} path literals are not portable. Consider replacing path literal '${literal}' by a string, relative path, or parameter`,
      hint: 'keep the file in the tree and name it relative to this one',
    };
  }
  if (literal.startsWith('.')) return undefined;
  return {
    lint: 'shortPathLiterals',
    message: `relative path literal '${literal}' should be prefixed with '.' for clarity: './${literal}'`,
    hint: `write './${literal}'`,
  };
}

export const uriMessage = (uri: string, isFatal: boolean): string =>
  `URL literals are ${isFatal ? 'disallowed' : 'discouraged'}. Consider using a string literal "${uri}" instead`;
