/** Records of manifests, read from their bytes one after the other without making anything of them: there are very many. */
import type { Bytes } from '../../base/index.ts';

const HEX_LENGTH = 64;
const COLON = 58;
const DIGIT_ZERO = 48;
export const SYMLINK: number = 'l'.charCodeAt(0);
export const FOLDER: number = 'd'.charCodeAt(0);
export const FILE: number = 'f'.charCodeAt(0);
export const EXECUTABLE: number = 'x'.charCodeAt(0);

/** Stands at one record of what `encodeManifest` made. Places are places in its bytes. */
export class Records {
  readonly bytes: Buffer;
  /** `FOLDER`, `SYMLINK`, `FILE` or `EXECUTABLE`; anything else is not what `encodeManifest` makes. */
  kind = 0;
  /** Where this record starts, and where it ends. */
  at = 0;
  end = 0;
  pathAt = 0;
  /** There stands a NUL. */
  pathEnd = 0;
  /** 0 where it is no file. */
  sizeBytes = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Goes to the next record, at first to the first. @returns whether there is one, whole */
  next(): boolean {
    const { bytes, end: at } = this;
    if (at >= bytes.length) return false;
    const kind = bytes[at]!;
    let pathAt = at + 1;
    let sizeBytes = 0;
    if (kind === FILE || kind === EXECUTABLE) {
      pathAt += HEX_LENGTH;
      for (let code = bytes[pathAt++]; code !== COLON; code = bytes[pathAt++]) {
        if (code === undefined) return false;
        sizeBytes = sizeBytes * 10 + code - DIGIT_ZERO;
      }
    }
    const pathEnd = bytes.indexOf(0, pathAt);
    const lastNul = kind === SYMLINK && pathEnd !== -1 ? bytes.indexOf(0, pathEnd + 1) : pathEnd;
    if (lastNul === -1) return false;
    this.kind = kind;
    this.at = at;
    this.pathAt = pathAt;
    this.pathEnd = pathEnd;
    this.sizeBytes = sizeBytes;
    this.end = lastNul + 1;
    return true;
  }

  /** Whether it is the object itself. */
  get isRoot(): boolean {
    return this.pathAt === this.pathEnd;
  }

  get path(): Bytes {
    return this.bytes.toString('latin1', this.pathAt, this.pathEnd);
  }

  /** Of a link. */
  get target(): Bytes {
    return this.bytes.toString('latin1', this.pathEnd + 1, this.end - 1);
  }

  /** Where the hash of a file stands, hex. */
  get hashAt(): number {
    return this.at + 1;
  }

  /** Of a file; hex. */
  get sha256(): string {
    return this.bytes.toString('latin1', this.hashAt, this.hashAt + HEX_LENGTH);
  }
}
