/**
 * `<home>/var/registrations`: what was ever registered, one line a record, so that the index can be made anew where its file was
 * damaged. Written by whoever holds the index, never read in everyday use. A line is the first 16 digits of the SHA-256 of the rest,
 * a space, and JSON; lines that a crash cut or filled with zeros do not have their hash and do not count.
 *
 * @source docs/store.md §6
 */
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { makeDirectory, SystemFault, sys, writeAll, writeFileAtomic } from '../base/index.ts';
import { hashBytes } from './hash.ts';
import type { PathInfo, Realisation } from './types.ts';

/** `info` of an object, or a realisation. */
export type LogRecord = { readonly info: PathInfo } | { readonly realisation: Realisation };

const CHECK_LENGTH = 16;

const SMALL_LOG_BYTES = 1 << 18;
/** A record takes some 500 bytes. */
const MUCH_BYTES_A_PATH = 2000;

/** One log. Cost of an append: three system calls a batch; it is as durable as the next flush of the system. */
export class RegistrationLog {
  readonly #path: string;

  constructor(home: string) {
    this.#path = `${home}/var/registrations`;
  }

  /** Call inside of `StoreIndex.write`. @throws SystemFault */
  append(records: readonly LogRecord[]): void {
    if (records.length === 0) return;
    sys('write', this.#path, () => {
      const fd = openSync(this.#path, 'a', 0o644);
      try {
        // A line of its own, also where a crash cut the one before.
        writeSync(fd, '\n');
        writeAll(fd, Buffer.from(records.map(toLine).join(''), 'utf8'));
      } finally {
        closeSync(fd);
      }
    });
  }

  /** All records that are whole, oldest first; none where there is no log. @throws SystemFault */
  read(): LogRecord[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new SystemFault('read', this.#path, error);
    }
    return text.split('\n').flatMap((line) => {
      const json = line.slice(CHECK_LENGTH + 1);
      return json !== '' && checkOf(json) === line.slice(0, CHECK_LENGTH) ? [JSON.parse(json) as LogRecord] : [];
    });
  }

  /**
   * Whether it has grown to several times what `nValid` paths take, so that dropping the rest is worth reading it. Cost: one `stat`.
   */
  isLarge(nValid: number): boolean {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    return size > SMALL_LOG_BYTES + nValid * MUCH_BYTES_A_PATH;
  }

  /** Drops what is not valid any more. Call inside of `StoreIndex.write`. @throws SystemFault */
  replace(records: readonly LogRecord[]): void {
    makeDirectory(this.#path.slice(0, this.#path.lastIndexOf('/')));
    writeFileAtomic(this.#path, records.map(toLine).join(''));
  }
}

const checkOf = (json: string): string => hashBytes('sha256', Buffer.from(json, 'utf8')).slice(0, CHECK_LENGTH);

function toLine(record: LogRecord): string {
  const json = JSON.stringify(record);
  return `${checkOf(json)} ${json}\n`;
}
