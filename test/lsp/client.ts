/** A client of the protocol, on streams of its own or on a process: what the tests drive the server with. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from 'vscode-languageserver-protocol/node';
import { serve } from '../../cli/lsp/server.ts';

export interface Answer {
  readonly id: number | string | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

export class Client {
  readonly #to: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #diagnostics = new Map<string, Diagnostic[]>();
  readonly #listeners = new Set<(message: Message) => void>();
  #buffer = Buffer.alloc(0);
  #id = 0;
  /** The exit status that the server ends with. */
  readonly ended: Promise<number | null>;

  constructor(to: Writable, from: Readable, ended: Promise<number | null>) {
    this.#to = to;
    this.ended = ended;
    from.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  write(text: string): void {
    this.#to.write(text);
  }

  /** Ends the stream without a word. */
  hangUp(): void {
    this.#to.end();
  }

  send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  notify(method: string, params?: unknown): void {
    this.send({ method, params });
  }

  /** The whole answer, error or not. */
  async ask(method: string, params?: unknown): Promise<Message> {
    this.#id += 1;
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#waiting.set(this.#id, resolve);
    this.send({ id: this.#id, method, params });
    return await promise;
  }

  /** The result. @throws Error with the answer's message */
  async request<T>(method: string, params?: unknown): Promise<T> {
    const { result, error } = await this.ask(method, params);
    if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.message}`);
    return result as T;
  }

  /** The id of the last request. */
  get lastId(): number {
    return this.#id;
  }

  /** Calls for every message that arrives. */
  hear(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  /** The next message that fits. */
  async next(fits: (message: Message) => boolean): Promise<Message> {
    return await new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (!fits(message)) return;
        this.#listeners.delete(listener);
        resolve(message);
      };
      this.#listeners.add(listener);
    });
  }

  /** The diagnostics that the server publishes next for a file. */
  async published(uri: string): Promise<Diagnostic[]> {
    const { params } = await this.next(
      ({ method, params: given }) => method === 'textDocument/publishDiagnostics' && (given as { uri: string }).uri === uri,
    );
    return (params as { diagnostics: Diagnostic[] }).diagnostics;
  }

  /** The last diagnostics of a file. */
  diagnosticsOf(uri: string): Diagnostic[] {
    return this.#diagnostics.get(uri) ?? [];
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(this.#buffer.toString('latin1', 0, end))![1]);
      if (this.#buffer.length < end + 4 + length) return;
      const message = JSON.parse(this.#buffer.toString('utf8', end + 4, end + 4 + length)) as Message;
      this.#buffer = this.#buffer.subarray(end + 4 + length);
      this.#take(message);
    }
  }

  #take(message: Message): void {
    if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: Diagnostic[] };
      this.#diagnostics.set(uri, diagnostics);
    } else if (message.method !== undefined && message.id !== undefined) this.send({ id: message.id, result: null });
    for (const listener of this.#listeners) listener(message);
    if (message.method === undefined && typeof message.id === 'number') {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }
}

/** A server in this process. */
export function connect(log: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Client {
  const [to, from] = [new PassThrough(), new PassThrough()];
  return new Client(to, from, serve({ input: to, output: from, version: '0', pipes: false, log }));
}

/** `igos lsp` as an editor starts it. */
export function start(t: TestContext, program: string): Client {
  const child: ChildProcessWithoutNullStreams = spawn(program, ['lsp', '--stdio']);
  t.after(() => child.kill());
  return new Client(child.stdin, child.stdout, new Promise((resolve) => child.on('close', resolve)));
}

/** A folder of files with marks: `«name»` is a place that tests ask about by its name; the marks are not in the files. */
export class Project {
  readonly folder: string;
  readonly #texts = new Map<string, string>();
  readonly #marks = new Map<string, { readonly file: string; readonly line: number; readonly character: number }>();

  constructor(t: Pick<TestContext, 'after'>, files: Readonly<Record<string, string>>) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'igos-lsp-')));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const [name, marked] of Object.entries(files)) this.write(name, marked);
  }

  /** @returns the text without its marks */
  write(name: string, marked: string): string {
    const text = this.mark(name, marked);
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), text);
    return text;
  }

  mark(name: string, marked: string): string {
    let text = '';
    let at = 0;
    for (const match of marked.matchAll(/«(\w+)»/g)) {
      text += marked.slice(at, match.index);
      at = match.index + match[0].length;
      const lines = text.split('\n');
      this.#marks.set(match[1]!, { file: name, line: lines.length - 1, character: lines.at(-1)!.length });
    }
    text += marked.slice(at);
    this.#texts.set(name, text);
    return text;
  }

  uri(name: string): string {
    return pathToFileURL(join(this.folder, name)).href;
  }
  text(name: string): string {
    return this.#texts.get(name)!;
  }
  /** Document and position of a mark, as requests want it. */
  at(mark: string): { textDocument: { uri: string }; position: { line: number; character: number } } {
    const { file, line, character } = this.#marks.get(mark)!;
    return { textDocument: { uri: this.uri(file) }, position: { line, character } };
  }
  /** `file:line:character`, to compare answers with. */
  place(mark: string): string {
    const { file, line, character } = this.#marks.get(mark)!;
    return `${file}:${line}:${character}`;
  }
  placeOf({
    uri,
    range,
  }: {
    readonly uri: string;
    readonly range: { readonly start: { line: number; character: number } };
  }): string {
    const name = uri.startsWith(`${pathToFileURL(this.folder).href}/`)
      ? uri.slice(pathToFileURL(this.folder).href.length + 1)
      : uri;
    return `${name}:${range.start.line}:${range.start.character}`;
  }

  /** Initializes the server on this folder. */
  async begin(client: Client, capabilities: object = {}): Promise<unknown> {
    const result = await client.request('initialize', {
      processId: null,
      rootUri: pathToFileURL(this.folder).href,
      capabilities,
      workspaceFolders: [{ uri: pathToFileURL(this.folder).href, name: 'test' }],
    });
    client.notify('initialized', {});
    return result;
  }

  open(client: Client, name: string): void {
    const textDocument = {
      uri: this.uri(name),
      languageId: name.endsWith('.nix') ? 'nix' : 'igos',
      version: 1,
      text: this.text(name),
    };
    client.notify('textDocument/didOpen', { textDocument });
  }
}
