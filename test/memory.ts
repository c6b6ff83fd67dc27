/** Where what tests write lies in memory: syncing a shared disk costs the machine much more than most tests do. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

const FOLDER = '/dev/shm';

/**
 * @returns a folder in memory that has so much room, and where programs run, if there is one: in containers, /dev/shm often has 64 MB and
 * is mounted `noexec`
 */
export function memoryFolder(sizeBytes: number): string | undefined {
  let probe: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(FOLDER);
    if (Math.min(bavail * bsize, freemem()) < sizeBytes) return undefined;
    probe = mkdtempSync(join(FOLDER, 'igos-'));
    writeFileSync(join(probe, 'program'), '', { mode: 0o755 });
    accessSync(join(probe, 'program'), constants.X_OK);
    return FOLDER;
  } catch {
    return undefined;
  } finally {
    if (probe !== undefined) rmSync(probe, { recursive: true });
  }
}
