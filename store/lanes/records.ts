/** Records of manifests, read from their text one after the other without making anything of them: there are very many. */
import type { Bytes } from '../../base/index.ts';

/** In texts for lanes: what follows are entries of the object with that real path. */
export const objectText = (real: Bytes): Bytes => `o${real}\0`;

const HEX_LENGTH = 64;
const COLON = 58;
const DIGIT_ZERO = 48;
const SYMLINK = 'l'.charCodeAt(0);
const FILE = 'f'.charCodeAt(0);
const EXECUTABLE = 'x'.charCodeAt(0);

/** Stands at one record of a text of `encodeManifest`, with those of `objectText` in between. Places are places in the text. */
export class Records {
  readonly text: Bytes;
  /** Where this record starts, and where it ends. */
  at = 0;
  end = 0;
  pathAt = 0;
  /** There stands a NUL. */
  pathEnd = 0;
  /** 0 where it is no file. */
  sizeBytes = 0;

  constructor(text: Bytes) {
    this.text = text;
  }

  /** Goes to the next record, at first to the first. @returns whether there is one */
  next(): boolean {
    const { text, end: at } = this;
    if (at >= text.length) return false;
    this.at = at;
    this.pathEnd = text.indexOf('\0', at);
    this.pathAt = at + 1;
    this.sizeBytes = 0;
    const kind = text.charCodeAt(at);
    if (kind === FILE || kind === EXECUTABLE) {
      let digit = at + 1 + HEX_LENGTH;
      for (let code = text.charCodeAt(digit); code !== COLON && digit < this.pathEnd; code = text.charCodeAt(++digit))
        this.sizeBytes = this.sizeBytes * 10 + code - DIGIT_ZERO;
      this.pathAt = digit + 1;
    }
    this.end = (kind === SYMLINK ? text.indexOf('\0', this.pathEnd + 1) : this.pathEnd) + 1;
    return true;
  }

  /** `o`, `d`, `l`, `f` or `x`. */
  get kind(): string {
    return this.text[this.at]!;
  }

  /** Whether it is the object itself. */
  get isRoot(): boolean {
    return this.pathAt === this.pathEnd;
  }

  get path(): Bytes {
    return this.text.slice(this.pathAt, this.pathEnd);
  }

  /** Of a link. */
  get target(): Bytes {
    return this.text.slice(this.pathEnd + 1, this.end - 1);
  }

  /** Of a file; hex. */
  get sha256(): string {
    return this.text.slice(this.at + 1, this.at + 1 + HEX_LENGTH);
  }
}
