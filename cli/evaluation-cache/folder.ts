/**
 * `<home>/var/cache/eval/<key>`, and `source` beside it: records as files, found by one open. Whoever can write here decides what igos prints, so the folder
 * and its files must belong to the user and be writable by nobody else; otherwise there is no cache. Nothing in it is needed: it may
 * be deleted at any time, and no failure to write it is an error.
 */
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../../base/index.ts';

export interface CacheLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** How many writes share the cost of one look at the whole folder. */
  readonly sweepEvery: number;
}

const LIMITS: CacheLimits = { maxBytes: 256 << 20, maxRecords: 20_000, sweepEvery: 64 };

/** A record that was used gets a new time at most this often. */
const TOUCH_MS = 24 * 3600 * 1000;

export class CacheFolder {
  readonly path: string;
  readonly #limits: CacheLimits;

  /** @param name  of the folder in `var/cache` */
  constructor(home: string, limits: CacheLimits = LIMITS, name = 'eval') {
    this.path = `${home}/var/cache/${name}`;
    this.#limits = limits;
  }

  /** The bytes kept under a key. `undefined` where there are none, or none that can be trusted. Never throws. */
  read(key: string): Buffer | undefined {
    let descriptor: number | undefined;
    try {
      if (!isOurs(lstatSync(this.path)) || !lstatSync(this.path).isDirectory()) return undefined;
      descriptor = openSync(`${this.path}/${key}`, constants.O_RDONLY | constants.O_NOFOLLOW);
      const stat = fstatSync(descriptor);
      if (!stat.isFile() || !isOurs(stat)) return undefined;
      const bytes = readFileSync(descriptor);
      const now = Date.now();
      if (stat.mtimeMs + TOUCH_MS < now) touch(descriptor, now / 1000);
      return bytes;
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** Keeps the bytes, if the disk and its permissions allow. Not synced: a torn record is none. */
  write(key: string, bytes: Buffer): void {
    if (bytes.length > this.#limits.maxBytes / 4) return;
    try {
      makeDirectory(dirname(this.path));
      makeDirectory(this.path, 0o700);
      if (!isOurs(lstatSync(this.path))) return;
      writeFileAtomic(`${this.path}/${key}`, bytes, { mode: 0o600, sync: false });
      if (Math.random() * this.#limits.sweepEvery < 1) this.sweep();
    } catch {
      // full, read-only, or not ours to write: evaluation is then done again
    }
  }

  remove(key: string): void {
    try {
      unlinkSync(`${this.path}/${key}`);
    } catch {
      // gone already
    }
  }

  /** Deletes the records unused for longest until the limits hold with some room. @throws the errors of the file system */
  sweep(): void {
    const records = readdirSync(this.path).flatMap((name) => {
      const stat = lstatSync(`${this.path}/${name}`, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, sizeBytes: stat.size, usedMs: stat.mtimeMs }];
    });
    let totalBytes = records.reduce((sum, record) => sum + record.sizeBytes, 0);
    let nRecords = records.length;
    const { maxBytes, maxRecords } = this.#limits;
    if (totalBytes <= maxBytes && nRecords <= maxRecords) return;
    for (const record of records.sort((one, other) => one.usedMs - other.usedMs)) {
      if (totalBytes <= maxBytes * 0.75 && nRecords <= maxRecords * 0.75) return;
      this.remove(record.name);
      totalBytes -= record.sizeBytes;
      nRecords--;
    }
  }
}

const isOurs = (stat: Stats): boolean => stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;

function touch(descriptor: number, nowSeconds: number): void {
  try {
    futimesSync(descriptor, nowSeconds, nowSeconds);
  } catch {
    // a read-only file system
  }
}
