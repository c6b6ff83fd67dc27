/** The JSON view of a derivation: what `nix show-derivation` of Nix 2.8 prints for one. For people and tools; hashing uses the ATerm. */
import { bytesToText, compareBytes } from '../base/index.ts';
import { methodPrefix } from './store-path.ts';
import type { Derivation, DerivationOutput } from './types.ts';

export interface DerivationJson {
  readonly outputs: Record<string, { path?: string; hashAlgo?: string; hash?: string }>;
  readonly inputSrcs: readonly string[];
  readonly inputDrvs: Record<string, readonly string[]>;
  readonly system: string;
  readonly builder: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

/** Byte strings are decoded for showing: what is not UTF-8 becomes U+FFFD. */
export const derivationToJson = (drv: Derivation): DerivationJson => ({
  outputs: record(drv.outputs, outputToJson),
  inputSrcs: [...drv.inputSrcs].sort(compareBytes),
  inputDrvs: record(drv.inputDrvs, (outputs) => [...outputs].sort(compareBytes)),
  system: bytesToText(drv.system),
  builder: bytesToText(drv.builder),
  args: drv.args.map(bytesToText),
  env: record(drv.env, bytesToText),
});

function outputToJson(output: DerivationOutput): { path?: string; hashAlgo?: string; hash?: string } {
  switch (output.kind) {
    case 'input-addressed':
      return { path: output.path };
    case 'fixed':
      return { path: output.path, hashAlgo: `${methodPrefix(output.method)}${output.digest.algorithm}`, hash: output.digest.hex };
    case 'floating':
      return { hashAlgo: `${methodPrefix(output.method)}${output.algorithm}` };
    case 'deferred':
      return {};
  }
}

/** Keys sorted; made without a prototype's setters, so that a variable named `__proto__` is just a key. */
const record = <T, U>(map: ReadonlyMap<string, T>, value: (item: T) => U): Record<string, U> =>
  Object.fromEntries([...map].sort(([a], [b]) => compareBytes(a, b)).map(([key, item]) => [bytesToText(key), value(item)]));
