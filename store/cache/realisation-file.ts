/** `build-trace-v2/<drv>/<output>.doi`: where a cache says what a derivation's output turned out to be; the form of Nix ≥ 2.35. */
import { storePathBase, tryParseStorePath } from '../store-path.ts';
import type { Realisation, StorePath } from '../types.ts';
import { realisationFingerprint } from './fingerprint.ts';
import { type PublicKey, type SecretKey, signText } from './keys.ts';
import { checkSigned } from './trust.ts';

/** Where a cache keeps it. */
export const realisationKey = (drvPath: StorePath, output: string): string =>
  `build-trace-v2/${storePathBase(drvPath)}/${output}.doi`;

export function formatRealisation(realisation: Realisation, keys: readonly SecretKey[]): string {
  const text = realisationFingerprint(realisation);
  const { key, value } = JSON.parse(text) as { key: object; value: object };
  return JSON.stringify({ key, value: { ...value, signatures: keys.map((secret) => signText(secret, text)) } });
}

/**
 * The path, where it is what was asked for and a trusted key signed it: no content can prove that a build gives this path.
 * @throws Fault E-CACHE-003 no key that is trusted did; the same for all that a cache says, so that it is told once
 */
export function readRealisation(
  text: string,
  wanted: { readonly drvPath: StorePath; readonly output: string },
  storeDir: string,
  { keys, url }: { readonly keys: ReadonlyMap<string, PublicKey>; readonly url: string },
): StorePath | undefined {
  const value = outputOf(text);
  const path = value === undefined ? undefined : tryParseStorePath(`${storeDir}/${value.outPath}`, storeDir);
  if (value === undefined || path === undefined) return undefined;
  checkSigned(realisationFingerprint({ ...wanted, path }), value.signatures, keys, `what cache '${url}' says of builds`);
  return path;
}

function outputOf(text: string): { outPath: string; signatures: string[] } | undefined {
  try {
    const { value } = JSON.parse(text) as { value?: { outPath?: unknown; signatures?: unknown } };
    if (typeof value?.outPath !== 'string' || !Array.isArray(value.signatures)) return undefined;
    return { outPath: value.outPath, signatures: value.signatures.filter((entry) => typeof entry === 'string') };
  } catch {
    return undefined;
  }
}
