import { createRequire } from 'node:module';

/** What we use of the package. */
export interface Koffi {
  /** The libraries of the process itself. */
  load(name: null): { func(signature: string): unknown };
  errno(): number;
  address(memory: Uint8Array): bigint | number;
}

let koffi: Koffi | undefined;

/** Looking for its compiled part takes longer than loading that: a bundle knows where it is (cli/bundle-koffi.ts). */
export const loadKoffi = (): Koffi => {
  koffi ??= createRequire(import.meta.url)('koffi') as Koffi;
  return koffi;
};

/** Whether what calls of the C library cost at first has been paid. */
export const hasKoffi = (): boolean => koffi !== undefined;
