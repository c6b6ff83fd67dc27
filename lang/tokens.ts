/** The tokens of a source in order, as arrays: nine bytes a token, none an object. */
import type { Bytes } from '../base/index.ts';
import { End } from './kinds.ts';
import type { Comment } from './tree.ts';

/** `kinds`, `starts` and `ends` (byte offsets) hold `count` tokens, the last one `End`, and at least four more `End`s behind it. */
export class Tokens {
  text: Bytes;
  count = 0;
  kinds: Uint8Array;
  starts: Int32Array;
  ends: Int32Array;
  /** Start and end of each comment. */
  readonly commentPlaces: number[] = [];

  /** @param expected  how many there may be; room for more is made */
  constructor(text: Bytes, expected: number) {
    this.text = text;
    const size = Math.max(64, expected);
    this.kinds = new Uint8Array(size);
    this.starts = new Int32Array(size);
    this.ends = new Int32Array(size);
  }

  push(kind: number, start: number, end: number): void {
    const at = this.count++;
    if (at === this.kinds.length) this.#grow();
    this.kinds[at] = kind;
    this.starts[at] = start;
    this.ends[at] = end;
  }

  /** Ends the list, at the end of what was read. */
  finish(end: number): void {
    this.push(End, end, end);
    while (this.kinds.length < this.count + 4) this.#grow();
    for (let i = this.count; i < this.count + 4; i++) {
      this.kinds[i] = End;
      this.starts[i] = this.ends[i] = end;
    }
  }

  /** Makes room for the tokens of another text. */
  clear(text: Bytes): void {
    this.text = text;
    this.count = 0;
    this.commentPlaces.length = 0;
  }

  #grow(): void {
    const size = this.kinds.length * 2;
    const { kinds, starts, ends } = this;
    this.kinds = new Uint8Array(size);
    this.kinds.set(kinds);
    this.starts = new Int32Array(size);
    this.starts.set(starts);
    this.ends = new Int32Array(size);
    this.ends.set(ends);
  }

  /** The source text of a token. */
  image(index: number): Bytes {
    return this.text.slice(this.starts[index], this.ends[index]);
  }

  comments(): Comment[] {
    const comments: Comment[] = [];
    for (let i = 0; i < this.commentPlaces.length; i += 2) {
      const start = this.commentPlaces[i]!;
      const end = this.commentPlaces[i + 1]!;
      comments.push({ start, end, text: this.text.slice(start, end) });
    }
    return comments;
  }
}
