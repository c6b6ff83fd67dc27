/**
 * Messages from a stream, with bounds that the library's own reader lacks: a length or header beyond them ends the connection
 * instead of filling the memory. What is no JSON is answered and skipped, since its length is known.
 */
import type { Readable } from 'node:stream';
import {
  AbstractMessageReader,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  type Message,
  type MessageReader,
} from 'vscode-languageserver-protocol/node';

const MAX_BODY_BYTES = 1 << 28;
const MAX_HEADER_BYTES = 1 << 13;

export class BoundedReader extends AbstractMessageReader implements MessageReader {
  readonly #input: Readable;
  readonly #answer: (message: Message) => void;
  readonly #done: () => Promise<void>;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Of the body that is arriving. */
  #wanted: number | undefined;

  /**
   * @param answer  sends what has to be said about a message that nobody will see
   * @param done    waits until all is done that was read: what is asked before the stream ends is answered
   */
  constructor(input: Readable, answer: (message: Message) => void, done: () => Promise<void>) {
    super();
    this.#input = input;
    this.#answer = answer;
    this.#done = done;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      try {
        this.#read(callback);
      } catch (error) {
        this.#input.off('data', onData);
        this.#chunks = [];
        this.fireError(error);
        this.fireClose();
      }
    };
    this.#input.on('data', onData);
    this.#input.on('end', () => void this.#done().then(() => this.fireClose()));
    this.#input.on('error', (error) => this.fireError(error));
    return { dispose: () => void this.#input.off('data', onData) };
  }

  #read(callback: DataCallback): void {
    for (;;) {
      if (this.#wanted === undefined) {
        const all = this.#joined();
        const end = all.indexOf('\r\n\r\n');
        if (end > MAX_HEADER_BYTES || (end === -1 && all.length > MAX_HEADER_BYTES)) throw new Error('the header is too long');
        if (end === -1) return;
        this.#wanted = bodyLength(all.toString('latin1', 0, end));
        this.#keep(all.subarray(end + 4));
      }
      if (this.#size < this.#wanted) return;
      const all = this.#joined();
      const body = all.toString('utf8', 0, this.#wanted);
      this.#keep(all.subarray(this.#wanted));
      this.#wanted = undefined;
      this.#hand(body, callback);
    }
  }

  #hand(body: string, callback: DataCallback): void {
    let message: unknown;
    try {
      message = JSON.parse(body);
    } catch {
      this.#refuse(ErrorCodes.ParseError, 'the message is not JSON');
      return;
    }
    if (!isMessage(message)) this.#refuse(ErrorCodes.InvalidRequest, 'the message is no request, notification or response');
    else this.#deliver(message, callback);
  }

  /** The library throws for some notifications without parameters (`$/cancelRequest`): nobody waits for an answer. */
  #deliver(message: Message, callback: DataCallback): void {
    try {
      callback(message);
    } catch (error) {
      this.fireError(error);
    }
  }

  #refuse(code: number, message: string): void {
    this.#answer({ jsonrpc: '2.0', id: null, error: { code, message } } as Message);
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }
}

/** @throws Error the header has no length, or one out of bounds */
function bodyLength(header: string): number {
  const found = /^content-length:[ \t]*(\d{1,15})[ \t]*$/im.exec(header);
  if (found === null) throw new Error('the header has no Content-Length');
  const length = Number(found[1]);
  if (length > MAX_BODY_BYTES) throw new Error(`a message of ${length} bytes is too long`);
  return length;
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { id, method, params } = value as Record<string, unknown>;
  const isId = typeof id === 'string' || typeof id === 'number';
  if (method === undefined) return isId || id === null;
  const isParams = params === undefined || params === null || typeof params === 'object';
  return typeof method === 'string' && isParams && (isId || id === undefined);
}
