import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sys } from '../base/index.ts';
import type { ArchiveName } from './archive-name.ts';
import type { ArchiveFiles } from './dependencies.ts';
import { depotPath, type Layout } from './layout.ts';

/** A depot on disk. What stands in it is whole: everything is put there by a rename. */
export class Depot implements ArchiveFiles {
  /** Absolute. */
  readonly folder: string;
  readonly layout: Layout;

  constructor(folder: string, layout: Layout) {
    this.folder = folder;
    this.layout = layout;
  }

  /** Absolute. */
  path(archive: ArchiveName): string {
    return join(this.folder, depotPath(archive, this.layout));
  }

  has(archive: ArchiveName): boolean {
    const stat = statSync(this.path(archive), { throwIfNoEntry: false });
    return (
      stat !== undefined &&
      (archive.type === 'index' || archive.name === 'index' ? stat.isFile() || stat.isDirectory() : stat.isDirectory())
    );
  }

  read(archive: ArchiveName, file: string): string | undefined {
    const path = join(this.path(archive), file);
    // Whoever made the archive may have made a folder of it.
    return existsSync(path) && statSync(path).isFile() ? sys('read', path, () => readFileSync(path, 'utf8')) : undefined;
  }

  /** What stands in the file `.hash` beside an archive that was made here: of a binary several words. */
  hash(archive: ArchiveName): string | undefined {
    const path = `${this.path(archive)}.hash`;
    return existsSync(path) ? sys('read', path, () => readFileSync(path, 'utf8').trim()) : undefined;
  }
}
