/** A list of system calls as the launcher reads it: rows of words, then the texts and numbers that they point to. */
import { Bug, type Bytes } from '../../base/index.ts';
import { MAX_TABLE_BYTES, type MachineName, ROW_WORDS, TABLE_ADDRESS } from './machine-code.ts';
import { type CallName, callNumber } from './system-calls.ts';

/** A word of the table: a number, or where something stands in it. */
export type Word = number | Place;

/** Made by `CallList` alone. */
export type Place =
  | { readonly kind: 'data'; readonly at: number }
  | { readonly kind: 'row'; readonly row: number; readonly word: number };

export interface CallOptions {
  /** What the call is for, as errors say it; a call without it may fail. */
  readonly purpose?: string;
  /** Where the result goes. */
  readonly result?: Place;
  /** The row to go on with if the result is 0. */
  readonly onZero?: Label;
  /** Repeat until the result is what stands there. */
  readonly until?: Place;
}

/** A row to go on with; `CallList.place` says which. */
export interface Label {
  row: number | undefined;
}

interface Row {
  readonly words: readonly Word[];
  readonly options: CallOptions;
}

const WORD_BYTES = 8;
const ROW_BYTES = ROW_WORDS * WORD_BYTES;

export class CallList {
  readonly machine: MachineName;
  readonly #rows: Row[] = [];
  readonly #purposes: string[] = [];
  readonly #data: (Buffer | readonly Word[])[] = [];
  readonly #texts = new Map<Bytes, Place>();
  #nDataBytes = 0;

  constructor(machine: MachineName) {
    this.machine = machine;
  }

  /** Adds a call. Missing arguments are 0. */
  call(name: CallName, words: readonly Word[], options: CallOptions = {}): void {
    const number = callNumber(name, this.machine);
    if (number === undefined) throw new Bug(`the system call ${name} does not exist on ${this.machine}`);
    if (options.purpose !== undefined) this.#purposes.push(options.purpose);
    this.#rows.push({ words: [number, ...words], options });
  }

  label(): Label {
    return { row: undefined };
  }

  /** The next call is the one that `label` names. */
  place(label: Label): void {
    label.row = this.#rows.length;
  }

  /** An argument (from 0) of the call after the next `nAhead`: to receive a result. */
  argument(index: number, nAhead = 0): Place {
    return { kind: 'row', row: this.#rows.length + 1 + nAhead, word: 1 + index };
  }

  /** Bytes with a NUL behind them. Equal ones stand there once. */
  text(text: Bytes): Place {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const place = this.bytes(Buffer.from(`${text}\0`, 'latin1'));
    this.#texts.set(text, place);
    return place;
  }

  bytes(bytes: Buffer): Place {
    return this.#add(bytes, bytes.length);
  }

  /** Words in a row, with a 0 behind them if they are pointers to texts (`argv`). */
  words(words: readonly Word[]): Place {
    return this.#add(words, words.length * WORD_BYTES);
  }

  #add(data: Buffer | readonly Word[], nBytes: number): Place {
    const place: Place = { kind: 'data', at: this.#nDataBytes };
    this.#data.push(data);
    this.#nDataBytes += Math.ceil(nBytes / WORD_BYTES) * WORD_BYTES;
    return place;
  }

  /** What the call was for whose row came back as a report. */
  purpose(report: Report): string | undefined {
    return this.#purposes[report.purpose - 1];
  }

  /** The table for the launcher. */
  encode(): Buffer {
    const dataAt = this.#rows.length * ROW_BYTES;
    const table = Buffer.alloc(dataAt + this.#nDataBytes);
    if (table.length > MAX_TABLE_BYTES) throw new Bug('the table of system calls is too large');
    const write = (word: Word | undefined, at: number): void => {
      if (word === undefined) return;
      const value =
        typeof word === 'number'
          ? word
          : TABLE_ADDRESS + (word.kind === 'data' ? dataAt + word.at : word.row * ROW_BYTES + word.word * WORD_BYTES);
      table.writeBigInt64LE(BigInt(value), at);
    };
    let nPurposes = 0;
    for (const [index, { words, options }] of this.#rows.entries()) {
      const at = index * ROW_BYTES;
      for (const [column, word] of words.entries()) write(word, at + column * WORD_BYTES);
      write(options.result, at + 7 * WORD_BYTES);
      if (options.purpose !== undefined) write(++nPurposes, at + 8 * WORD_BYTES);
      if (options.onZero !== undefined) {
        if (options.onZero.row === undefined) throw new Bug('a call goes on at a label that was not placed');
        write({ kind: 'row', row: options.onZero.row, word: 0 }, at + 9 * WORD_BYTES);
      }
      write(options.until, at + 10 * WORD_BYTES);
    }
    let at = dataAt;
    for (const data of this.#data) {
      if (Buffer.isBuffer(data)) data.copy(table, at);
      else for (const [index, word] of data.entries()) write(word, at + index * WORD_BYTES);
      at += Math.ceil((Buffer.isBuffer(data) ? data.length : data.length * WORD_BYTES) / WORD_BYTES) * WORD_BYTES;
    }
    return table;
  }
}

/** A row that came back: a call that failed, or one that the list itself has written to tell something. */
export interface Report {
  /** 0 for what the list tells. */
  readonly purpose: number;
  /** Negative: the error's number. */
  readonly result: number;
}

/** A row that tells the number at its word 7, for a `write` to the report descriptor. Words 0 to 6 and 8 to 10 are 0. */
export function reportRow(list: CallList): { row: Place; result: Place; nBytes: number } {
  const row = list.words(Array.from({ length: ROW_WORDS }, () => 0));
  if (row.kind !== 'data') throw new Bug('words are data');
  return { row, result: { kind: 'data', at: row.at + 7 * WORD_BYTES }, nBytes: ROW_BYTES };
}

/** The rows that were read from the report descriptor, in order; a part of one is left out. */
export function decodeReports(bytes: Buffer): Report[] {
  const reports: Report[] = [];
  for (let at = 0; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) {
    const word = (index: number): number => Number(bytes.readBigInt64LE(at + index * WORD_BYTES));
    reports.push({ result: word(7), purpose: word(8) });
  }
  return reports;
}
