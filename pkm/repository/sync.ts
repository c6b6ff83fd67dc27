import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareBytes, Fault, sys } from '../../base/index.ts';
import { printable } from '../names.ts';
import { readSetting, writeSetting } from '../state/state.ts';
import type { RootContext } from '../transaction.ts';
import { checkSignature, decodeIndex, INDEX_NAME, indexFault, SIGNATURE_NAME } from './index-file.ts';

const MAX_INDEX_BYTES = 64 << 20;
const MAX_SIGNATURE_BYTES = 4096;
const TIMEOUT_MS = 30_000;

/**
 * Replaces what is known of one repository by its current index, in one transaction.
 * @param address  `file:`, `http:` or `https:` address of the folder that holds `index.json`
 * @param keys     trusted public keys, PEM; default: `<root>/etc/igos/trusted-keys/*.pub`
 * @throws Fault E-PKM-026; the old index stays in use
 */
export async function syncIndex(
  context: RootContext,
  address: string,
  keys?: readonly string[],
): Promise<{ serial: number; nPackages: number }> {
  const { database, io, layout } = context;
  const base = folderAddress(address);
  const trusted = keys === undefined ? readTrustedKeys(layout.trustedKeys) : keys.map((pem) => parseKey(pem, 'a given key'));
  const bytes = await fetchBytes(new URL(INDEX_NAME, base), MAX_INDEX_BYTES);
  const signature = await fetchBytes(new URL(SIGNATURE_NAME, base), MAX_SIGNATURE_BYTES);
  checkSignature(bytes, Buffer.from(signature).toString('latin1'), trusted, address);
  const index = decodeIndex(bytes, address);
  const setting = `repository_serial ${base.href}`;
  const last = Number(readSetting(database, setting) ?? 0);
  if (index.serial < last)
    throw indexFault(address, `its serial is ${index.serial}, and ${last} is known already: somebody serves an old one`);
  io.commit('sync', () =>
    database.transaction(() => {
      database.run('DELETE FROM available WHERE repository = ?', base.href);
      for (const item of index.packages) {
        database.run(
          `INSERT INTO available VALUES (${'?,'.repeat(13)}?)`,
          base.href,
          item.name,
          item.version,
          item.release,
          item.tier,
          item.summary,
          item.license,
          item.file,
          item.sha256,
          item.sizeBytes,
          JSON.stringify(item.runtime),
          JSON.stringify(item.provides),
          JSON.stringify(item.conflicts),
          JSON.stringify(item.supersedes),
        );
      }
      writeSetting(database, setting, String(index.serial));
    }),
  );
  return { serial: index.serial, nPackages: index.packages.length };
}

/** With a slash at its end, so that names are resolved inside. */
function folderAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['file:', 'http:', 'https:'].includes(url.protocol)) {
    throw indexFault(address, 'its address does not begin with file:, http: or https:', [
      "as in 'https://example.org/packages/'",
    ]);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

async function fetchBytes(url: URL, maxBytes: number): Promise<Uint8Array> {
  try {
    if (url.protocol === 'file:') {
      const path = fileURLToPath(url);
      if (statSync(path).size > maxBytes) throw new Error('it is too long');
      return readFileSync(path);
    }
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > maxBytes) throw new Error('it is too long');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: { code?: string } };
    const why = code === 'ENOENT' ? 'there is no such file' : (cause?.code ?? message);
    throw new Fault('E-PKM-026', `cannot fetch '${printable(url.href)}': ${why}`, {
      cause: error,
      notes: ['the index that was known before stays in use'],
      hints: ['check the address and the network'],
    });
  }
}

function readTrustedKeys(folder: string): KeyObject[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pub'))
    .sort(compareBytes)
    .map((name) => {
      const path = join(folder, name);
      return parseKey(
        sys('read', path, () => readFileSync(path, 'utf8')),
        path,
      );
    });
}

function parseKey(pem: string, from: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // said below
  }
  throw new Fault('E-PKM-026', `'${printable(from)}' is no ed25519 public key in PEM form`, {
    hints: ['make a pair with: openssl genpkey -algorithm ed25519', 'and the public half with: openssl pkey -pubout'],
  });
}
