import type { FaultCode } from './fault.ts';

/** What a code means, for `docs/errors.md` and `igos help E-…`. `wrong` and `right` are short texts a user would write. */
export interface CodeEntry {
  readonly title: string;
  readonly explanation: string;
  readonly wrong?: string;
  readonly right?: string;
  /** A code no longer raised stays in its table, so that it is never given to another error. */
  readonly retired?: true;
}

/** Checks at compile time that a folder's table has well-formed codes; returns it unchanged. */
export const defineCodes = <const T extends Record<FaultCode, CodeEntry>>(table: T): T => table;
