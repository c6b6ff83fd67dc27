/**
 * The language server: the protocol's requests on one side, what the text means on the other. One process serves one editor over
 * a pair of streams. Nothing a client sends may end it, except `exit` and the end of the stream.
 */
import type { Readable, Writable } from 'node:stream';
import {
  type CancellationToken,
  type ClientCapabilities,
  type CompletionItem,
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  type Message,
  type ProtocolConnection,
  ResponseError,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { codeActions } from './actions.ts';
import { BoundedReader } from './bounded-reader.ts';
import { complete, type Suggestion, toItem } from './completion.ts';
import { fileDiagnostics, locationOf, treeDiagnostics, UNNECESSARY, unusedDiagnostics } from './diagnostics.ts';
import { type Change, type File, Files, pathOf, uriOf } from './files.ts';
import { formatting } from './formatting.ts';
import { hover } from './hover.ts';
import { definitions, occurrences } from './occurrences.ts';
import type { Encoding, Position, Range } from './positions.ts';
import { CannotRename, rename, renameTarget } from './rename.ts';
import { Resolver } from './resolver.ts';
import { selectionRange } from './selection.ts';
import { legend, semanticTokens } from './semantic-tokens.ts';
import { documentSymbols, workspaceSymbols } from './symbols.ts';
import { WorkInHand } from './work-in-hand.ts';
import { type TreeView, Workspace } from './workspace.ts';

export interface ServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly version: string;
  /** Whether `|>` and `<|` are allowed. */
  readonly pipes: boolean;
  /** Of errors of ours. */
  readonly log: (line: string) => void;
}

/** How long after the last change diagnostics are made. */
const QUIET_MS = 150;
/** Between two turns of the event loop. */
const SLICE_MS = 20;
const INVALID_PARAMS = -32602;
const INVALID_REQUEST = -32600;
const NOT_INITIALIZED = -32002;

/** Serves until the client is gone. @returns the exit status that the protocol asks for: 0 after `shutdown`, else 1 */
export function serve(options: ServerOptions): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  new Server(options, resolve).start();
  return promise;
}

class Server {
  readonly #options: ServerOptions;
  readonly #connection: ProtocolConnection;
  readonly #inHand: WorkInHand;
  readonly #end: (status: number) => void;
  readonly #files: Files;
  readonly #workspace: Workspace;
  #state: 'new' | 'running' | 'shut down' = 'new';
  #client: ClientCapabilities = {};
  #timer: NodeJS.Timeout | undefined;
  /** Counts rounds of diagnostics, so that an older one ends where a newer begins. */
  #round = 0;
  readonly #published = new Map<string, string>();
  /** Of the last completion, for `completionItem/resolve`. */
  #suggestions: readonly Suggestion[] = [];
  #completions = 0;

  constructor(options: ServerOptions, end: (status: number) => void) {
    this.#options = options;
    this.#end = end;
    this.#files = new Files({ pipes: options.pipes });
    this.#workspace = new Workspace(this.#files);
    const writer = new StreamMessageWriter(options.output);
    const inHand = new WorkInHand();
    const answer = (message: Message): void => void writer.write(message).catch(() => undefined);
    const reader = new BoundedReader(options.input, answer, () => inHand.done());
    const logger = { error: options.log, warn: options.log, info: () => undefined, log: () => undefined };
    this.#connection = createProtocolConnection(reader, writer, logger, { messageStrategy: inHand });
    this.#inHand = inHand;
  }

  start(): void {
    const connection = this.#connection;
    connection.onError(([error]) => this.#options.log(error.message));
    connection.onClose(() => this.#finish());
    connection.onNotification('exit', () => void this.#inHand.done().then(() => this.#finish()));
    connection.onRequest('initialize', (params: InitializeParams) => this.#initialize(params));
    connection.onNotification('initialized', () => this.#initialized());
    this.#request('shutdown', () => {
      this.#state = 'shut down';
      clearTimeout(this.#timer);
      return null;
    });
    this.#documents();
    this.#questions();
    connection.listen();
  }

  #initialize(params: InitializeParams): InitializeResult | ResponseError<void> {
    if (this.#state !== 'new') return new ResponseError(INVALID_REQUEST, 'the server is initialized already');
    this.#state = 'running';
    const { capabilities = {}, workspaceFolders, rootUri } = (params as InitializeParams | undefined) ?? {};
    const offered: unknown = capabilities.general?.positionEncodings;
    const encodings = Array.isArray(offered) ? offered : [];
    // with bytes there is nothing to convert
    const encoding: Encoding = encodings.includes('utf-8') ? 'utf-8' : 'utf-16';
    this.#files.encoding = encoding;
    const folders = Array.isArray(workspaceFolders) ? workspaceFolders.map(({ uri }) => uri) : rootUri ? [rootUri] : [];
    this.#workspace.folders = folders.filter((uri) => typeof uri === 'string').map((uri) => pathOf(uri).replace(/(.)\/+$/, '$1'));
    this.#client = capabilities;
    return {
      serverInfo: { name: 'igos', version: this.#options.version },
      capabilities: {
        positionEncoding: encoding,
        textDocumentSync: { openClose: true, change: 2, save: { includeText: false } },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        documentSymbolProvider: true,
        workspaceSymbolProvider: true,
        completionProvider: { triggerCharacters: ['.', '/'], resolveProvider: true },
        renameProvider: { prepareProvider: true },
        documentFormattingProvider: true,
        selectionRangeProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'] },
        semanticTokensProvider: { legend, full: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  /** Whether the editor can show a stretch of text as one that does nothing. */
  get #greysOut(): boolean {
    const values: unknown = this.#client.textDocument?.publishDiagnostics?.tagSupport?.valueSet;
    return Array.isArray(values) && values.includes(UNNECESSARY);
  }

  #initialized(): void {
    if (this.#client.workspace?.didChangeWatchedFiles?.dynamicRegistration !== true) return;
    const registration = {
      id: 'igos-files',
      method: 'workspace/didChangeWatchedFiles',
      registerOptions: { watchers: [{ globPattern: '**/*.{igos,nix}' }] },
    };
    this.#connection.sendRequest('client/registerCapability', { registrations: [registration] }).catch(() => {
      // then changes on disk are seen when files are opened and saved
    });
  }

  #documents(): void {
    this.#notification('textDocument/didOpen', ({ textDocument }) => {
      const { uri, text, languageId } = textDocument as Record<string, unknown>;
      if (typeof uri !== 'string' || typeof text !== 'string') return;
      this.#files.open(pathOf(uri), text, typeof languageId === 'string' ? languageId : '');
      this.#workspace.noteFiles();
      this.#check();
    });
    this.#notification('textDocument/didChange', ({ textDocument, contentChanges }) => {
      const { uri } = textDocument as Record<string, unknown>;
      if (typeof uri !== 'string' || !Array.isArray(contentChanges)) return;
      this.#files.change(pathOf(uri), contentChanges.filter(isChange));
      this.#workspace.noteEdit();
      this.#check();
    });
    this.#notification('textDocument/didClose', ({ textDocument }) => {
      const { uri } = textDocument as Record<string, unknown>;
      if (typeof uri !== 'string') return;
      this.#files.close(pathOf(uri));
      this.#workspace.noteFiles();
      this.#check();
    });
    const reread = (): void => {
      this.#workspace.noteFiles();
      this.#check();
    };
    this.#notification('textDocument/didSave', reread);
    this.#notification('workspace/didChangeWatchedFiles', reread);
    this.#notification('workspace/didChangeWorkspaceFolders', ({ event }) => {
      const { added, removed } = (event ?? {}) as { added?: unknown; removed?: unknown };
      const paths = (list: unknown): string[] =>
        Array.isArray(list) ? list.filter((each) => typeof each?.uri === 'string').map(({ uri }) => pathOf(uri)) : [];
      const gone = paths(removed);
      this.#workspace.folders = [...this.#workspace.folders.filter((each) => !gone.includes(each)), ...paths(added)];
      reread();
    });
  }

  #questions(): void {
    const resolver = (): Resolver => new Resolver(this.#workspace);
    this.#request('textDocument/hover', (params) => {
      const { file, offset } = this.#place(params);
      return hover(file, offset, resolver()) ?? null;
    });
    this.#request('textDocument/definition', (params) => {
      const { file, offset } = this.#place(params);
      return definitions(file, offset, resolver()).map((place) => locationOf(place.file, place));
    });
    this.#request('textDocument/references', (params) => {
      const { file, offset } = this.#place(params);
      const context = params['context'] as { includeDeclaration?: unknown } | undefined;
      const using = resolver();
      const spot = file.spotAt(offset);
      const entity = spot && using.entityAt(file, spot);
      if (entity === undefined) return [];
      const isDefinition = (at: { file: File; start: number }): boolean =>
        entity.places.some((place) => place.file.path === at.file.path && place.start === at.start);
      return occurrences(entity, file, using, this.#workspace)
        .filter((place) => context?.includeDeclaration !== false || !isDefinition(place))
        .map((place) => locationOf(place.file, place));
    });
    this.#request('textDocument/documentHighlight', (params) => {
      const { file, offset } = this.#place(params);
      const using = resolver();
      const spot = file.spotAt(offset);
      const entity = spot && using.entityAt(file, spot);
      if (entity === undefined) return [];
      return occurrences(entity, file, using, this.#workspace)
        .filter((place) => place.file.path === file.path)
        .map((place) => ({ range: file.range(place) }));
    });
    this.#request('textDocument/documentSymbol', (params) => documentSymbols(this.#file(params)));
    this.#request('workspace/symbol', ({ query }) => workspaceSymbols(typeof query === 'string' ? query : '', this.#workspace));
    this.#request('textDocument/completion', (params) => {
      const { file, offset } = this.#place(params);
      const completion = complete(file, offset, this.#workspace);
      this.#suggestions = completion?.suggestions ?? [];
      this.#completions += 1;
      const list = this.#completions;
      return {
        isIncomplete: false,
        items: this.#suggestions.map((each, index) => toItem(file, completion!, each, { list, index })),
      };
    });
    this.#request('completionItem/resolve', (item) => {
      const { list, index } = (item['data'] ?? {}) as { list?: unknown; index?: unknown };
      const doc = list === this.#completions && typeof index === 'number' ? this.#suggestions[index]?.doc?.() : undefined;
      return {
        ...(item as unknown as CompletionItem),
        ...(doc === undefined ? {} : { documentation: { kind: 'markdown', value: doc } }),
      };
    });
    this.#request('textDocument/prepareRename', (params) => {
      const { file, offset } = this.#place(params);
      const { spot } = refusing(() => renameTarget(file, offset, resolver()));
      return file.range(spot);
    });
    this.#request('textDocument/rename', (params) => {
      const { file, offset } = this.#place(params);
      const { newName } = params;
      if (typeof newName !== 'string') throw new ResponseError(INVALID_PARAMS, 'newName is a string');
      return refusing(() => rename(file, offset, newName, this.#workspace));
    });
    this.#request('textDocument/formatting', (params) => formatting(this.#file(params)));
    this.#request('textDocument/selectionRange', (params) => {
      const { positions } = params;
      if (!Array.isArray(positions) || !positions.every(isPosition))
        throw new ResponseError(INVALID_PARAMS, 'positions are a list of them');
      const file = this.#file(params);
      return positions.map((position) => selectionRange(file, file.lines.offset(position)));
    });
    this.#request('textDocument/codeAction', (params) => {
      const { diagnostics } = objectOf(params['context']);
      const range = isRange(params['range']) ? params['range'] : undefined;
      return codeActions(this.#file(params), range, Array.isArray(diagnostics) ? (diagnostics as Diagnostic[]) : []);
    });
    this.#request('textDocument/semanticTokens/full', (params) => semanticTokens(this.#file(params), resolver()));
  }

  #request(method: string, answer: (params: Record<string, unknown>) => unknown): void {
    this.#connection.onRequest(method, (params: unknown, _token: CancellationToken) => {
      if (this.#state === 'new') return new ResponseError(NOT_INITIALIZED, 'the first request is initialize');
      if (this.#state === 'shut down') return new ResponseError(INVALID_REQUEST, 'the server is shut down');
      try {
        return answer(objectOf(params));
      } catch (error) {
        if (error instanceof ResponseError) return error;
        this.#options.log(`${method}: ${error instanceof Error ? error.stack : String(error)}`);
        throw error;
      }
    });
  }

  #notification(method: string, take: (params: Record<string, unknown>) => void): void {
    this.#connection.onNotification(method, (params: unknown) => {
      if (this.#state !== 'running') return;
      const given = objectOf(params);
      take({ ...given, textDocument: objectOf(given['textDocument']) });
    });
  }

  #file(params: Record<string, unknown>): File {
    const { uri } = objectOf(params['textDocument']);
    if (typeof uri !== 'string') throw new ResponseError(INVALID_PARAMS, 'textDocument.uri is a string');
    const file = this.#files.get(pathOf(uri));
    if (file === undefined) throw new ResponseError(LSPErrorCodes.RequestFailed, `there is no file '${uri}'`);
    return file;
  }

  #place(params: Record<string, unknown>): { file: File; offset: number } {
    const position = objectOf(params['position']);
    if (!isPosition(position))
      throw new ResponseError(INVALID_PARAMS, 'position has a line and a character, whole and not negative');
    const file = this.#file(params);
    return { file, offset: file.lines.offset(position) };
  }

  /** Nobody is told of anything any more. */
  #finish(): void {
    clearTimeout(this.#timer);
    this.#round += 1;
    this.#end(this.#state === 'shut down' ? 0 : 1);
  }

  #check(): void {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#diagnose(this.#round).catch((error: unknown) => {
        this.#options.log(`diagnostics: ${error instanceof Error ? error.stack : String(error)}`);
      });
    }, QUIET_MS);
  }

  /** What is open first, then the rest of the trees, a slice a turn of the event loop. */
  async #diagnose(round: number): Promise<void> {
    const paths = new Set(this.#files.openPaths);
    const views = new Set<TreeView>();
    for (const path of paths) {
      const view = this.#workspace.treeOf(path);
      if (view !== undefined) views.add(view);
    }
    const ofTrees = new Map<string, { diagnostics: readonly Diagnostic[]; hasBroken: boolean }>();
    for (const view of views) {
      const found = treeDiagnostics(view, this.#files);
      const { files } = view.tree;
      const hasBroken = view.tree.isPartial || files.some(({ path }) => this.#files.peek(path)?.isBroken === true);
      for (const { path } of files) {
        paths.add(path);
        ofTrees.set(path, { diagnostics: [...(ofTrees.get(path)?.diagnostics ?? []), ...(found.get(path) ?? [])], hasBroken });
      }
    }
    const resolver = new Resolver(this.#workspace);
    let sliceEnd = performance.now() + SLICE_MS;
    for (const path of paths) {
      if (performance.now() > sliceEnd) {
        await new Promise((resume) => setImmediate(resume));
        if (round !== this.#round) return;
        sliceEnd = performance.now() + SLICE_MS;
      }
      const file = this.#files.peek(path);
      const { diagnostics = [], hasBroken = false } = ofTrees.get(path) ?? {};
      const own = file === undefined ? [] : fileDiagnostics(file, resolver, this.#files, hasBroken);
      if (file !== undefined && this.#greysOut && this.#files.isOpen(path)) own.push(...unusedDiagnostics(file));
      this.#publish(uriOf(path), unique([...own, ...diagnostics]));
    }
    for (const uri of [...this.#published.keys()]) if (!paths.has(pathOf(uri))) this.#publish(uri, []);
  }

  /** What is as it was is not said again, except for files just opened: editors wait for a word on those, even if all is well. */
  #publish(uri: string, diagnostics: readonly Diagnostic[]): void {
    const text = JSON.stringify(diagnostics);
    const isOpen = this.#files.isOpen(pathOf(uri));
    if (text === (this.#published.get(uri) ?? (isOpen ? undefined : NOTHING))) return;
    if (text === NOTHING && !isOpen) this.#published.delete(uri);
    else this.#published.set(uri, text);
    void this.#connection.sendNotification('textDocument/publishDiagnostics', { uri, diagnostics }).catch(() => undefined);
  }
}

const NOTHING = '[]';

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isPosition(value: unknown): value is Position {
  const { line, character } = objectOf(value);
  return isNumber(line) && isNumber(character);
}

function isChange(value: unknown): value is Change {
  const { range, text } = objectOf(value);
  if (typeof text !== 'string') return false;
  return range === undefined || isRange(range);
}

function isRange(value: unknown): value is Range {
  const { start, end } = objectOf(value);
  return isPosition(start) && isPosition(end);
}

/** A wish that cannot be granted is an answer of the protocol, not a mistake of ours. */
function refusing<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof CannotRename) throw new ResponseError(LSPErrorCodes.RequestFailed, error.message);
    throw error;
  }
}

/** In the order of the text. One place can be wrong for two checks in the same words: an unknown tier is an unknown name. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const each of diagnostics) {
    const { start, end } = each.range;
    const isName = each.code === 'E-EVAL-002' || each.code === 'E-DECL-004';
    const key = `${start.line}:${start.character}-${end.line}:${end.character} ${isName ? 'name' : `${each.code} ${each.message}`}`;
    seen.set(key, each);
  }
  return [...seen.values()].sort(
    ({ range: { start: a } }, { range: { start: b } }) => a.line - b.line || a.character - b.character,
  );
}
