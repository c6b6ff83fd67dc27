/** stdout is data, stderr is talk. Writes are synchronous: nothing is lost when the process ends, and a closed pipe is noticed. */
import { writeSync } from 'node:fs';
import { type Bytes, bytesToText, isAscii, printable, printableInColour, SystemFault, textToBytes, told } from '../base/index.ts';
import { isTerminal } from './terminal.ts';
import { wordToBytes } from './words.ts';

/** The reader of our stdout went away (`igos … | head`): exit status 3, no message. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** 1 is stdout, 2 stderr. */
type Sink = (descriptor: 1 | 2, data: Buffer) => void;

export class Output {
  /** Whether stderr takes colour. */
  readonly isColored: boolean;
  /** Set while a live display owns the terminal: talk is handed to it instead. */
  interceptTalk: ((line: string) => void) | undefined;

  readonly #sink: Sink;

  /** @param sink  where bytes go; the process's own stdout and stderr by default */
  constructor(isColored: boolean, sink: Sink = writeToProcess) {
    this.isColored = isColored;
    this.#sink = sink;
  }

  /** The same, and each write is also shown to `observe`. */
  copyTo(observe: Sink): Output {
    return new Output(this.isColored, (descriptor, data) => {
      observe(descriptor, data);
      this.#sink(descriptor, data);
    });
  }

  /** Bytes to stdout (1) or stderr (2), as they are. */
  write(descriptor: 1 | 2, data: Buffer): void {
    this.#sink(descriptor, data);
  }

  /** Text to stdout, with a line end. On a terminal control characters (of hostile file names) show as pictures; a pipe gets the text as it is. */
  line(text: string): void {
    this.write(1, encode(`${isTerminal(1) ? shownText(text) : text}\n`));
  }

  /** Many lines at once: one write. */
  lines(texts: readonly string[]): void {
    if (texts.length === 0) return;
    const shown = isTerminal(1) ? texts.map(shownText) : texts;
    this.write(1, encode(`${shown.join('\n')}\n`));
  }

  /** Bytes to stdout, as they are. */
  bytes(bytes: Bytes): void {
    this.write(1, Buffer.from(bytes, isAscii(bytes) ? 'utf8' : 'latin1'));
  }

  /**
   * Text to stdout that others wrote or that holds what they wrote, as bytes: logs, printed values. On a terminal control characters
   * show as pictures, colours stay; a pipe gets the bytes as they are.
   */
  foreign(bytes: Bytes): void {
    this.bytes(isTerminal(1) ? textToBytes(printableInColour(bytesToText(bytes))) : bytes);
  }

  /** A record to stdout, indented, with a line end. */
  json(value: unknown): void {
    this.line(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item), 2));
  }

  /** A line of talk to stderr. Whatever names and messages of others it holds, it does no more to a terminal than to colour text, where colour is taken. */
  talk(text: string): void {
    const shown = this.isColored ? printableInColour(text) : told(text, false);
    if (this.interceptTalk) this.interceptTalk(shown);
    else this.write(2, Buffer.from(`${shown}\n`, 'utf8'));
  }
}

const shownText = (text: string): string => printable(text).toWellFormed();

/** Names that are not UTF-8 are written as they are. */
const encode = (text: string): Buffer =>
  text.isWellFormed() ? Buffer.from(text, 'utf8') : Buffer.from(wordToBytes(text), 'latin1');

function writeToProcess(fd: 1 | 2, data: Buffer): void {
  for (let done = 0; done < data.length; ) {
    try {
      done += writeSync(fd, data, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') throw new BrokenPipe('the reader went away');
      // Talk that cannot be written (a log file on a full disk) stops no work: nobody could be told either.
      if (code !== 'EAGAIN' && fd === 2) return;
      if (code !== 'EAGAIN') throw new SystemFault('write', 'standard output', error);
      // a non-blocking pipe that is full: wait a moment for its reader
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
