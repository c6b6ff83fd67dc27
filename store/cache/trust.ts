/** Why what a cache says of a path may be believed: a signature, or a name that the content proves. */
import { Fault } from '../../base/index.ts';
import type { Ingested } from '../ingest.ts';
import { contentAddressedPath, parseContentAddress, storePathName } from '../store-path.ts';
import type { PathInfo } from '../types.ts';
import type { CacheCode } from './codes.ts';
import { pathFingerprint } from './fingerprint.ts';
import { type PublicKey, trustedSigner } from './keys.ts';

type Claim = Pick<PathInfo, 'path' | 'narHash' | 'narSizeBytes' | 'references' | 'ca'> & {
  readonly signatures: readonly string[];
};

export interface Trust {
  /** By name. */
  readonly keys: ReadonlyMap<string, PublicKey>;
  /** `false`: whatever a cache says is taken (its hashes are checked all the same). */
  readonly needsSignature: boolean;
}

/**
 * Looks at what is claimed before any content is there. A content address must give the path; whether it is that of the content is
 * for `checkContentAddress` to see.
 *
 * @throws Fault E-CACHE-003
 */
export function checkTrust(claim: Claim, storeDir: string, trust: Trust, url: string): void {
  if (!trust.needsSignature || namesItself(claim, storeDir)) return;
  checkSigned(pathFingerprint(claim), claim.signatures, trust.keys, `'${claim.path}' from cache '${url}'`);
}

/** @param what  subject of the message, in the singular. @throws Fault E-CACHE-003 no key that is trusted signed the text */
export function checkSigned(
  text: string,
  signatures: readonly string[],
  keys: ReadonlyMap<string, PublicKey>,
  what: string,
): void {
  if (trustedSigner(text, signatures, keys) !== undefined) return;
  const names = [...new Set(signatures.map((signature) => signature.split(':')[0]!))];
  const known = names.filter((name) => keys.has(name));
  const reason =
    names.length === 0
      ? 'nobody signed it'
      : known.length > 0
        ? `the signature by ${list(known)} does not fit what the cache says of it`
        : `it is signed by ${list(names)}, which this store does not trust`;
  throw new Fault('E-CACHE-003' satisfies CacheCode, `${what} is not trusted: ${reason}`, {
    hints:
      known.length > 0
        ? ['it was changed after it was signed, or signed with another key of that name: do not use this cache']
        : ["if you trust who runs the cache: --trusted-key NAME:KEY, or 'trusted-public-keys' in etc/caches.conf of the store"],
  });
}

/** Whether its path follows from the content address that it claims. */
function namesItself(claim: Claim, storeDir: string): boolean {
  if (claim.ca === undefined) return false;
  try {
    const references = {
      others: claim.references.filter((path) => path !== claim.path),
      self: claim.references.includes(claim.path),
    };
    const address = parseContentAddress(claim.ca);
    if (address.kind === 'text' && references.self) return false;
    return contentAddressedPath(address, storePathName(claim.path), references, storeDir) === claim.path;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** What to hash besides the NAR, so that `contentProblem` can answer. */
export function hashesFor(claim: Pick<Claim, 'path' | 'ca' | 'references'>): {
  algorithm?: 'md5' | 'sha1' | 'sha256' | 'sha512';
  modulo?: string;
} {
  if (claim.ca === undefined) return {};
  const { digest } = parseContentAddress(claim.ca);
  const isSelf = claim.references.includes(claim.path);
  return { algorithm: digest.algorithm, ...(isSelf ? { modulo: storeHashPart(claim.path) } : {}) };
}

const storeHashPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1).slice(0, 32);

/** What is wrong with content that claims a content address; `undefined` where it is that, or claims none. */
export function contentProblem(claim: Pick<Claim, 'path' | 'ca' | 'references'>, content: Ingested): string | undefined {
  if (claim.ca === undefined) return undefined;
  const address = parseContentAddress(claim.ca);
  const root = content.manifest[0];
  const flat = root?.kind === 'file' && !root.isExecutable ? content.flatDigest : undefined;
  const isFlat = address.kind === 'text' || address.method === 'flat';
  const hex = isFlat ? flat : claim.references.includes(claim.path) ? content.modulo?.hex : content.narDigest;
  return hex === address.digest.hex ? undefined : `its content does not have the content address '${claim.ca}'`;
}

const list = (names: readonly string[]): string => names.map((name) => `'${name.slice(0, 80)}'`).join(', ');
