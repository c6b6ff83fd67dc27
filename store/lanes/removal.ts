/** Removes files with the help of lanes. A file system that tells the disk at once what is free has each removal wait for that. */

import { unlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, SystemFault, sys } from '../../base/index.ts';
import { Lanes } from './lanes.ts';
import { notRemoved, PATHS_OFFSET } from './remove.ts';
import { FIRST_RECORD, REMOVE_FILES } from './work.ts';

/** A thread takes as long to start as some hundred files take to be removed. */
const MANY_FILES = 1000;
/** However many processors there are: they wait for the disk. */
const N_LANES = 2;
/** Of a slot: few enough that the last ones do not keep one thread busy for long. */
const MAX_FILES = 32;

export class Removal {
  readonly #lanes: Lanes | undefined;
  #paths: Bytes = '';
  #nFiles = 0;

  /** @param nExpected  how many files will have to go, at least */
  constructor(nExpected: number, start: () => Lanes = () => Lanes.start(N_LANES)) {
    this.#lanes = nExpected < MANY_FILES ? undefined : start();
  }

  /**
   * Removes a file, now or until `wait` returns.
   *
   * @param real  absolute
   * @throws SystemFault  for this file, or one before
   */
  file(real: Bytes): void {
    if (this.#lanes === undefined) {
      sys('remove', bytesToText(real), () => unlinkSync(bytesToPath(real)));
      return;
    }
    this.#paths += `${real}\0`;
    if (++this.#nFiles === MAX_FILES) this.#flush(this.#lanes);
  }

  /** @throws SystemFault as `file` */
  wait(): void {
    if (this.#lanes === undefined) return;
    this.#flush(this.#lanes);
    this.#lanes.drain();
  }

  /** What was not waited for is not removed afterwards. */
  close(): void {
    this.#lanes?.close();
  }

  #flush(lanes: Lanes): void {
    if (this.#nFiles === 0) return;
    const { slot, bytes } = lanes.take();
    const pathsAt = FIRST_RECORD + PATHS_OFFSET;
    const end = pathsAt + bytes.write(this.#paths, pathsAt, 'latin1');
    this.#paths = '';
    this.#nFiles = 0;
    lanes.queue(slot, REMOVE_FILES, end, false, (found) => {
      const failed = notRemoved(found, FIRST_RECORD);
      if (failed !== undefined) throw new SystemFault('remove', bytesToText(failed.path), failed);
    });
  }
}
