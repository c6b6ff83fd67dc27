/** The bytes of packages that are recorded already: from their store paths, and from the archives kept as objects. */
import { SystemFault } from '../base/index.ts';
import { type Contents, contentFault, firstName } from './contents.ts';
import { archiveObject } from './objects.ts';
import { wrongValue } from './state/wrong-value.ts';
import type { RootContext } from './transaction.ts';
import type { FileRow, ImageEntry, PackageImage, PackageRecord } from './types.ts';

export interface OriginRequest {
  /** What may be asked for; archives of packages without rows are not opened. */
  readonly rows: readonly FileRow[];
  readonly records: ReadonlyMap<string, PackageRecord>;
  readonly storeFolder: ((storePath: string) => string) | undefined;
  /** Where archives are unpacked: a folder below the staging folder that does not exist yet. */
  readonly scratch: string;
  /** Seconds since 1970: the time of the unpacked files. */
  readonly now: number;
}

/** @throws Fault E-PKM-017 an archive is gone or damaged; and when a row's bytes are asked for that cannot be had */
export async function originContents({ layout, io }: RootContext, request: OriginRequest): Promise<Contents> {
  const images = new Map<string, { image: PackageImage; entries: Map<string, ImageEntry> }>();
  const forbidden = new Map<string, SystemFault>();
  const owners = new Set(request.rows.filter((row) => row.kind === 'file').map((row) => row.owner));
  for (const owner of owners) {
    const origin = request.records.get(owner)?.origin;
    if (origin?.kind !== 'archive') continue;
    const { imageFromArchive } = await import('./archive/read-archive.ts');
    const file = unlessForbidden(() => archiveObject(layout, owner, origin.sha256));
    if (typeof file !== 'string') {
      forbidden.set(owner, file);
      continue;
    }
    const image = await imageFromArchive(file, {
      folder: `${request.scratch}-${images.size}`,
      io,
      mtimeSeconds: request.now,
      mayBePrivileged: () => true, // somebody answered for it when it was installed
    });
    images.set(owner, { image, entries: new Map(image.entries.map((entry) => [entry.path, entry])) });
  }
  return {
    storage(row) {
      const found = images.get(row.owner);
      return { first: firstName(row, found?.entries.get(row.path)), isWritten: found?.image.scratch !== undefined };
    },
    locate(row) {
      const record = request.records.get(row.owner);
      if (record === undefined) throw wrongValue(`the package of path '${row.path}', of which nothing is recorded,`, row.owner);
      if (record.origin.kind === 'store') {
        if (request.storeFolder === undefined) throw contentFault(row, `the store is not at hand ('${record.origin.storePath}')`);
        return { file: `${request.storeFolder(record.origin.storePath)}/${row.path}`, scratch: undefined };
      }
      const refusal = forbidden.get(row.owner);
      if (refusal !== undefined) throw refusal;
      const found = images.get(row.owner);
      const entry = found?.entries.get(row.path);
      if (found === undefined || entry?.sha256 !== row.sha256) throw contentFault(row, 'its archive does not hold it');
      return { file: found.image.contentPath(entry), scratch: found.image.scratch };
    },
  };
}

/** Archives are private to who changes the root. Whoever plans a change seldom needs their bytes, and is refused only then. */
function unlessForbidden(file: () => string): string | SystemFault {
  try {
    return file();
  } catch (error) {
    if (error instanceof SystemFault && error.errno === 'EACCES') return error;
    throw error;
  }
}
