/** Stores, caches and keys for the tests of binary caches. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../../base/index.ts';
import {
  BinaryCache,
  keyRing,
  type PullEvent,
  type PullResult,
  pull,
  type ServeOptions,
  serveCache,
} from '../../../store/cache/index.ts';
import { openTransport } from '../../../store/cache/open-transport.ts';
import type { CacheServer } from '../../../store/cache/serve.ts';
import { type ObjectStore, openStore, parseStorePath, type StorePath } from '../../../store/index.ts';
import { temporaryFolder } from '../fixture.ts';

export const nixStoreDir = '/nix/store';
const vectors = join(import.meta.dirname, '../../vectors/nix');
export const vectorKey = readFileSync(join(vectors, 'test-key.pub'), 'utf8').trim();

interface Cleanup {
  after(run: () => unknown): void;
}

export function nixStore(t: Cleanup, storeDir: string = nixStoreDir): ObjectStore {
  const store = openStore({ home: join(temporaryFolder(t), 'home'), storeDir });
  t.after(() => store.close());
  return store;
}

/** A copy of a cache that Nix wrote, to be damaged. */
export function vectorCache(t: Cleanup, name: 'cache' | 'cache-xz'): { folder: string; url: string; paths: StorePath[] } {
  const folder = join(temporaryFolder(t), name);
  cpSync(join(vectors, name), folder, { recursive: true });
  const paths = readdirSync(folder)
    .filter((file) => file.endsWith('.narinfo'))
    .map((file) => /^StorePath: (.*)$/m.exec(readFileSync(join(folder, file), 'latin1'))![1]!)
    .map((path) => parseStorePath(path, nixStoreDir));
  return { folder, url: `file://${folder}`, paths };
}

export async function pullFrom(
  store: ObjectStore,
  urls: string | readonly string[],
  paths: readonly StorePath[],
  options: { keys?: readonly string[]; needsSignature?: boolean; onEvent?: (event: PullEvent) => void } = {},
): Promise<PullResult> {
  const caches = [urls].flat().map((url) => new BinaryCache(openTransport(url, { idleMs: 2000 }), store));
  const { keys = [], needsSignature = true, onEvent } = options;
  return await pull(store, caches, paths, { trust: { keys: keyRing(keys), needsSignature }, ...(onEvent ? { onEvent } : {}) });
}

export async function serve(
  t: Cleanup,
  store: ObjectStore,
  options: Partial<ServeOptions> = {},
): Promise<CacheServer & { url: string }> {
  const server = await serveCache(store, {
    host: '127.0.0.1',
    port: 0,
    keys: [],
    compression: 'zstd',
    priority: 50,
    maxCacheBytes: 1 << 30,
    ...options,
  });
  t.after(() => server.close(0));
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

/** The Fault that `run` ends with. What differs from run to run is taken out of its words. */
export async function faultOf(run: () => Promise<unknown>, ...replaced: (readonly [string, string])[]): Promise<Fault> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const clean = (text: string): string => replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
    return new Fault(error.code, clean(error.message), { notes: error.notes.map(clean), hints: error.hints.map(clean) });
  }
  assert.fail('expected a Fault');
}
