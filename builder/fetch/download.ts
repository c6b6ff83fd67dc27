/** A file, or the tree in an archive, of which nobody knows the hash yet: an impure evaluation asks for it, and who wants the hash. */
import { textToBytes, withoutSecrets } from '../../base/index.ts';
import { type Digest, type ObjectStore, parseStoreName, type StorePath } from '../../store/index.ts';
import { buildFault, stopped } from '../build-fault.ts';
import { removeScratch } from '../remove.ts';
import { Workspace } from '../workspace.ts';
import { problemOf } from './fetch.ts';
import { fetchHttp, type HttpOutcome } from './http.ts';
import { fetchLocal } from './local.ts';
import { FetchProblem, type Received, receive } from './receive.ts';
import { unpackSource } from './unpack-source.ts';

export interface DownloadRequest {
  readonly url: string;
  /** In the store path. */
  readonly name: string;
  /** It is an archive, and the tree in it is wanted, without a single folder around it. */
  readonly isTree: boolean;
  /** The version of what the caller has already. */
  readonly known?: string | undefined;
}

export interface Download {
  /** Valid, and held as long as the store is open. */
  readonly path: StorePath;
  /** Of the bytes of a file, of the NAR of a tree. */
  readonly digest: Digest;
  /** Of a tree: when its youngest entry was modified, in seconds since 1970; 0 where the archive tells no time. */
  readonly lastModified?: number;
  /** As the server calls it, if it does. */
  readonly version: string | undefined;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number | undefined) => void;
}

const ALL_BYTES: HttpOutcome = { version: undefined, isUnchanged: false };

/**
 * Fetches it into the store. Nothing of it is run; an archive is undone as one with a hash is.
 *
 * @returns `undefined`: the server still has the version that is known
 * @throws Fault E-BUILD-010 it cannot be had · E-BUILD-013 no archive · E-STORE-002 bad name · SystemFault
 */
export async function download(
  store: ObjectStore,
  request: DownloadRequest,
  { signal, onProgress }: DownloadOptions,
): Promise<Download | undefined> {
  const name = parseStoreName(request.name);
  const scratch = store.makeScratch();
  try {
    const file = `${scratch}/download`;
    const receiving = { file, algorithm: 'sha256', onProgress, signal } as const;
    const { version, isUnchanged } = await receive(receiving, (into) => open(request, into)).then(
      ({ outcome }) => outcome,
      (error) => {
        throw signal.aborted ? stopped() : cannotFetch(request, problemOf(error));
      },
    );
    if (isUnchanged) return undefined;
    if (!request.isTree) return { ...store.ensurePath(name, textToBytes(file), { method: 'flat' }), version };
    const target = `${scratch}/tree`;
    using workspace = new Workspace(store);
    const places = { file, folder: `${scratch}/unpacked`, target };
    const lastModified = await unpackSource(places, { workspace, signal, slot: 0 });
    return { ...store.ensurePath(name, textToBytes(target)), lastModified, version };
  } finally {
    removeScratch(scratch);
  }
}

async function open({ url, known }: DownloadRequest, into: Received): Promise<HttpOutcome> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return await fetchHttp(url, into, undefined, known);
  if (scheme !== 'file') throw new FetchProblem('it is no address of the kind https://…, http://… or file:///…');
  await fetchLocal(url, into);
  return ALL_BYTES;
}

function cannotFetch({ url }: DownloadRequest, reason: string): Error {
  const shown = withoutSecrets(url);
  return buildFault('E-BUILD-010', `cannot fetch '${shown}'`, {
    notes: [reason],
    hints:
      /^https?:/i.test(url) && !/^\d{3} /.test(reason)
        ? ['is there a network? behind a proxy, set https_proxy and http_proxy']
        : [],
  });
}
