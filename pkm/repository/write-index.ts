import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, sys, writeFileAtomic } from '../../base/index.ts';
import { imageFromArchive } from '../archive/read-archive.ts';
import { realIo } from '../io.ts';
import type { AvailablePackage } from '../query.ts';
import { decodeIndex, encodeIndex, INDEX_NAME, SIGNATURE_NAME, signIndex } from './index-file.ts';

export interface WrittenIndex {
  readonly serial: number;
  readonly packages: readonly Omit<AvailablePackage, 'repository'>[];
}

/**
 * Reads every `*.igos.tar.gz` of a folder, and writes and signs the index beside them. The serial is one more than before.
 * @param privateKey  ed25519, PEM (PKCS 8)
 * @throws Fault an archive that cannot be installed, or two of one package
 */
export async function writeIndex(folder: string, privateKey: string): Promise<WrittenIndex> {
  const key = parsePrivateKey(privateKey);
  const names = sys('read', folder, () => readdirSync(folder)).filter((name) => name.endsWith('.igos.tar.gz'));
  const packages = new Map<string, Omit<AvailablePackage, 'repository'>>();
  for (const file of names.sort()) {
    const item = await describe(folder, file);
    const other = packages.get(item.name);
    if (other !== undefined) {
      throw new Fault('E-PKM-026', `'${other.file}' and '${file}' are both package '${item.name}'`, {
        hints: ['keep one of the two in the folder'],
      });
    }
    packages.set(item.name, item);
  }
  const path = join(folder, INDEX_NAME);
  const serial = existsSync(path) ? decodeIndex(readFileSync(path), folder).serial + 1 : 1;
  const index = { serial, packages: [...packages.values()] };
  const bytes = Buffer.from(encodeIndex(index), 'utf8');
  // A reader between the two writes sees a signature that does not fit, and keeps its old index.
  writeFileAtomic(path, bytes);
  writeFileAtomic(join(folder, SIGNATURE_NAME), signIndex(bytes, key));
  return index;
}

async function describe(folder: string, file: string): Promise<Omit<AvailablePackage, 'repository'>> {
  const scratch = mkdtempSync(join(tmpdir(), 'igos-index-'));
  try {
    const path = join(folder, file);
    const image = await imageFromArchive(path, { folder: join(scratch, 'x'), io: realIo, mtimeSeconds: 1 });
    const { name, version, release, tier, summary, license, runtime, provides, conflicts, supersedes, origin } = image;
    const sha256 = origin.kind === 'archive' ? origin.sha256 : '';
    const common = { name, version, release, tier, summary, license, runtime, provides, conflicts, supersedes };
    return { ...common, file, sha256, sizeBytes: statSync(path).size };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function parsePrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // said below
  }
  throw new Fault('E-PKM-026', 'the signing key is no ed25519 private key in PEM form', {
    hints: ['make one with: openssl genpkey -algorithm ed25519'],
  });
}
