/**
 * Waits until making files takes as long as it does at best. ext4 looks at every inode that was freed in the last six minutes before it
 * takes one, so that whoever comes after a removal, anybody's, takes up to eight times as long. The first to come pays most: it gets the
 * groups in which most was freed, and those behind it others. So tools take turns at being first.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const N_FOLDERS = 20;
const N_FILES = 20;
/** Microseconds for a file differ by less where nothing is searched, and are fewer. */
const TOLERANCE = 1.5;
const FAST_MICROSECONDS = 30;
/** How many looks it takes to know what is good. */
const MIN_LOOKS = 3;
const PAUSE_MS = 10_000;

export class SteadyDisk {
  readonly #folder: string;
  readonly #print: (text: string) => void;
  #leftMs: number;
  #nLooks = 0;
  #bestMicroseconds = Infinity;

  /**
   * @param folder      on the file system that is measured. What is made there stays: removing it would be what is waited for
   * @param maxMinutes  how long to wait in all
   */
  constructor(folder: string, maxMinutes: number, print: (text: string) => void) {
    this.#folder = folder;
    this.#leftMs = maxMinutes * 60_000;
    this.#print = print;
  }

  /** Says that it waits, and why. */
  async wait(): Promise<void> {
    let hasSaid = false;
    for (;;) {
      const microseconds = this.#look();
      const isGood = microseconds <= Math.max(TOLERANCE * this.#bestMicroseconds, FAST_MICROSECONDS);
      if (this.#nLooks >= MIN_LOOKS && isGood) return;
      if (this.#nLooks < MIN_LOOKS) continue;
      if (this.#leftMs <= 0) {
        this.#print(`goes on all the same: making a file takes ${described(microseconds, this.#bestMicroseconds)}`);
        return;
      }
      if (!hasSaid)
        this.#print(`waits, as the file system searches: making a file takes ${described(microseconds, this.#bestMicroseconds)}`);
      hasSaid = true;
      this.#leftMs -= PAUSE_MS;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  /** Microseconds of the system a file: others who take the processor do not count. */
  #look(): number {
    const folder = mkdtempSync(join(this.#folder, 'look-'));
    const before = process.cpuUsage();
    for (let d = 0; d < N_FOLDERS; d++) {
      mkdirSync(join(folder, `${d}`));
      for (let i = 0; i < N_FILES; i++) writeFileSync(join(folder, `${d}/${i}`), 'x');
    }
    const { user, system } = process.cpuUsage(before);
    const microseconds = (user + system) / (N_FOLDERS * (N_FILES + 1));
    this.#nLooks++;
    this.#bestMicroseconds = Math.min(this.#bestMicroseconds, microseconds);
    return microseconds;
  }
}

/** In another order each round: each is first as often as the others. */
export const takingTurns = <T>(tools: readonly T[], round: number): readonly T[] => [
  ...tools.slice(round % tools.length),
  ...tools.slice(0, round % tools.length),
];

const described = (now: number, best: number): string => `${now.toFixed(0)} µs, ${best.toFixed(0)} at best`;
