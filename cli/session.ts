/** Store and evaluator for one command, made from its options. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { absolutePath, type Bytes, boundWords, bytesToText, Fault, textToBytes, told, withoutSecrets } from '../base/index.ts';
import {
  ConfinedIO,
  createEvaluator,
  type EvalIO,
  type EvalSettings,
  type FetchedUrl,
  type Interpreter,
  NodeEvalIO,
  type Slot,
  type SourceMemory,
  StoreBridge,
  type TalkKind,
  type UrlRequest,
} from '../eval/index.ts';
import { type ObjectStore, parseHash, parseStorePath, type StorePath, splitStorePath, toldPath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { WatchingIO, WatchingStore } from './evaluation-cache/watching-io.ts';
import { experimentalFeatures } from './experimental.ts';
import { type Fetched, FetchedFolder, isFresh } from './fetched.ts';
import { commitMemory } from './fetched-commits.ts';
import { lintsOf } from './lints.ts';
import { loggedIO } from './log.ts';
import { openContextStore } from './open-store.ts';
import { searchEntries } from './search-entries.ts';
import { SourceFolder } from './source-memory.ts';
import { userHome } from './user-home.ts';

export interface Session extends Disposable {
  readonly store: ObjectStore;
  readonly bridge: StoreBridge;
  readonly interpreter: Interpreter;
  /** `--arg` and `--argstr`. */
  readonly autoArgs: ReadonlyMap<string, Slot>;
}

/** Thrown where a read-only evaluation turns out to need a build, or to read what it would write: the command starts over, writing. */
export class NeedsWriting extends Error {
  override readonly name = 'NeedsWriting';
}

export { openContextStore };

/** How often what an evaluation needs is built again, because a collection was quicker than we were. */
const MAX_REALISATIONS = 5;

export interface SessionOptions {
  readonly isReadOnly: boolean;
  /** What evaluation copies into the store is only written when the bridge is flushed: see StoreBridge. */
  readonly defersWrites?: boolean;
  /** While it answers true, evaluation neither says nor builds anything (the repl completes a name). */
  readonly isSilent?: () => boolean;
  /** The store of somebody who goes on with it afterwards, and closes it; without it the session has its own. */
  readonly store?: () => ObjectStore;
}

export function openSession(context: Context, args: Arguments, options: SessionOptions): Session {
  let opened: ObjectStore | undefined;
  const open = (): ObjectStore => {
    if (options.store !== undefined) return options.store();
    opened ??= openContextStore(context);
    return opened;
  };
  const { recorder } = context;
  const store = { storeDir: context.storeDir, open };
  const bridge = new StoreBridge(store, { isReadOnly: options.isReadOnly, defersWrites: options.defersWrites === true });
  /** A child lets go of what it made when it ends: what was collected before we hold it is made again. `undefined`: each time. */
  const held = <T>(make: () => T, pathsOf: (made: T) => Iterable<StorePath>): T | undefined => {
    for (let n = 0; n < MAX_REALISATIONS; n++) {
      const made = make();
      // Where nothing had to be written before, what is looked up next would be as of before it.
      open().refresh();
      if ([...pathsOf(made)].every((path) => open().hold(path))) return made;
    }
    return undefined;
  };
  /** Outputs that their derivation says the paths of, where all are there: nothing is to be built for them, nor written. */
  const alreadyThere = (drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> | undefined => {
    const drv = bridge.readDerivation(drvPath);
    if (drv === undefined) return undefined;
    const paths = new Map<string, StorePath>();
    for (const name of outputs.length === 0 ? drv.outputs.keys() : outputs) {
      const path = toldPath(drv.outputs.get(name));
      if (path === undefined || !open().hold(path)) return undefined;
      paths.set(name, path);
    }
    return paths;
  };
  const realise = (drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> => {
    const there = alreadyThere(drvPath, outputs);
    if (there !== undefined) return there;
    if (options.isSilent?.() === true) throw new Fault('E-CLI-001', `evaluation needs '${drvPath}', which is not built`);
    if (options.isReadOnly) throw new NeedsWriting('evaluation imports what a derivation builds');
    bridge.flush();
    const built = held(
      () => realiseInChild(context, drvPath, outputs),
      (made) => made.values(),
    );
    if (built !== undefined) return built;
    throw new Fault('E-CLI-001', `evaluation needs '${drvPath}', and what it builds is collected at once`, {
      notes: [`it was built ${MAX_REALISATIONS} times, and gone before it could be read`],
      hints: ['stop what collects all the time, or keep it: igos realize --out-link NAME'],
    });
  };
  const refuseFetch = (): void => {
    if (options.isSilent?.() === true) throw new Fault('E-CLI-001', 'evaluation needs what is not fetched');
    if (options.isReadOnly) throw new NeedsWriting('evaluation reads what it fetches');
  };
  /** What an address gave: one evaluation sees one thing there. */
  const fetched = new Map<string, FetchedUrl>();
  const fetchUrl = (request: UrlRequest): FetchedUrl => {
    const question = JSON.stringify(request);
    const known = fetched.get(question);
    if (known !== undefined) return known;
    const found = fetchHeld(request);
    fetched.set(question, found);
    return found;
  };
  const fetchHeld = (request: UrlRequest): FetchedUrl => {
    const maxAgeSeconds = args.has('refresh') ? 0 : FRESH_SECONDS;
    const folder = new FetchedFolder(context.home, open());
    const fresh = (): Fetched | undefined => {
      const kept = maxAgeSeconds === 0 ? undefined : folder.find(request);
      return kept !== undefined && isFresh(kept, maxAgeSeconds) ? kept : undefined;
    };
    let used = fresh();
    let found: FetchedUrl | undefined = used;
    if (found === undefined) {
      refuseFetch();
      found = held(
        () => fetchInChild(context, request, maxAgeSeconds),
        ({ path }) => [path],
      );
      used = fresh();
    }
    if (recorder !== undefined) {
      if (used === undefined || used.path !== found?.path) recorder.spoil('what was fetched may be another thing at once');
      else {
        // Until its time is over, or somebody fetched it again.
        recorder.doesUntil(used.atMs, used.atMs + maxAgeSeconds * 1000);
        watched.readFile(textToBytes(folder.fileOf(request)));
      }
    }
    if (found !== undefined) return found;
    throw new Fault('E-CLI-001', `evaluation needs '${withoutSecrets(request.url)}', and what is fetched is collected at once`, {
      hints: ['stop what collects all the time'],
    });
  };
  const toReal = (path: Bytes): Bytes => {
    const split = splitStorePath(path, context.storeDir);
    if (split === undefined) return path;
    if (bridge.isUnwritten(split.path)) {
      if (options.isReadOnly) throw new NeedsWriting(`evaluation reads '${split.path}', which it made itself`);
      bridge.flush();
    }
    return textToBytes(open().toReal(split.path)) + split.rest;
  };
  const machine = new NodeEvalIO({
    store: recorder === undefined ? bridge : new WatchingStore(bridge, recorder, toReal),
    toReal,
    env: context.environment,
    trace: (kind, text) => {
      if (options.isSilent?.() !== true) context.out.talk(talkText(kind, told(bytesToText(text), context.out.isColored)));
    },
    realise,
    fetchUrl,
    beforeFetch: refuseFetch,
    gitCache: `${context.environment['XDG_CACHE_HOME'] || `${userHome()}/.cache`}/igos/git`,
  });
  const watched = loggedIO(context, recorder === undefined ? machine : new WatchingIO(machine, recorder, toReal));
  const commits = commitMemory(context.home, open, (path) => recorder?.needs(path));
  const settings = { ...evalSettings(context, args), commits };
  const basePath = textToBytes(context.workingDirectory);
  const io: EvalIO = settings.pure === true ? confined(watched, basePath, settings) : watched;
  const interpreter = createEvaluator({ io, settings });
  const autoArgs = new Map<string, Slot>([
    ...args
      .all('arg')
      .map(([name, text]): [string, Slot] => [
        name!,
        interpreter.ctx.delay(() => interpreter.evalExpr(textToBytes(text!), { basePath, name: `<--arg ${name}>` })),
      ]),
    ...args.all('argstr').map(([name, text]): [string, Slot] => [name!, textToBytes(text!)]),
    ...args.all('arg-from-file').map(([name, given]): [string, Slot] => {
      const file = textToBytes(absolutePath(context.workingDirectory, given!));
      io.admit?.(file);
      return [name!, interpreter.ctx.delay(() => io.readFile(file))];
    }),
  ]);
  const close = (): void => {
    recorder?.settleStore(context.home, open(), bridge.pending());
    opened?.close();
  };
  return {
    get store() {
      return open();
    },
    bridge,
    interpreter,
    autoArgs,
    [Symbol.dispose]: close,
  };
}

/** Expressions on the command line speak of the folder they are given in; files and trees are admitted where they are opened. */
function confined(io: EvalIO, workingDirectory: Bytes, { searchPath = [] }: EvalSettings): EvalIO {
  const confinedIO = new ConfinedIO(io);
  // Who stands at the root has not pointed at anything.
  if (workingDirectory !== '/') confinedIO.admit(workingDirectory);
  for (const { path } of searchPath) confinedIO.admit(path);
  return confinedIO;
}

/** As Nix lays it out: further lines of a warning stand below its first, unless it begins on a line of its own. */
function talkText(kind: TalkKind, text: string): string {
  if (kind !== 'evaluation warning') return `${kind}: ${text}`;
  return text.startsWith('\n') ? `${kind}:${text}` : `${kind}: ${text.replaceAll('\n', `\n${' '.repeat(kind.length + 2)}`)}`;
}

/** Smaller sources are parsed in as little time as it takes to look. */
const MIN_REMEMBERED_BYTES = 1 << 13;

/** The folder is made where a source is large: its code is none that every start loads. */
function sourceMemory(home: string): SourceMemory {
  let folder: SourceFolder | undefined;
  return {
    minBytes: MIN_REMEMBERED_BYTES,
    about: (text, how) => {
      folder ??= new SourceFolder(home);
      return folder.about(text, how);
    },
  };
}

function evalSettings(context: Context, args: Arguments): EvalSettings {
  const environment = context.environment;
  const included = args.all('include').map(([entry]) => entry!);
  const inherited = args.has('impure') ? (environment['NIX_PATH'] ?? '') : '';
  const lints = lintsOf(args);
  const isTrue = (name: string): boolean => ['1', 'true', 'yes', 'on'].includes(environment[name] ?? '');
  return {
    ...experimentalFeatures(context, args),
    ...(args.has('max-call-depth') ? { maxCallDepth: args.number('max-call-depth', 0) } : {}),
    isTraceVerbose: args.has('trace-verbose'),
    isAbortingOnWarn: args.has('abort-on-warn') || isTrue('NIX_ABORT_ON_WARN'),
    pure: !args.has('impure'),
    system: args.value('system') ?? machineSystem(),
    searchPath: searchEntries(included, inherited, context.workingDirectory),
    memory: sourceMemory(context.home),
    ...(lints === undefined ? {} : { lints }),
  };
}

/** Import from derivation. */
function realiseInChild(context: Context, drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> {
  const answer = inChild<{ outputs: { output: string; path: string }[] }>(context, ['realize'], [drvPath]);
  if (answer === undefined) {
    throw new Fault('E-CLI-001', `evaluation needs '${drvPath}', and its build failed`, {
      hints: [`see why: igos log ${drvPath}`],
    });
  }
  const paths = new Map<string, StorePath>();
  for (const { output, path } of answer.outputs) {
    if (outputs.length === 0 || outputs.includes(output)) paths.set(output, parseStorePath(path, context.storeDir));
  }
  return paths;
}

/** As long as Nix takes what it fetched, without asking whether there is something new. */
const FRESH_SECONDS = 3600;

function fetchInChild(context: Context, { url, name, isTree }: UrlRequest, maxAgeSeconds: number): FetchedUrl {
  const options = ['--name', name, '--max-age', String(maxAgeSeconds), ...(isTree ? ['--unpack'] : [])];
  const answer = inChild<{ paths: [FetchedRow] }>(context, ['store', 'fetch', ...options], [url]);
  if (answer === undefined) throw new Fault('E-CLI-001', `evaluation needs '${withoutSecrets(url)}', which cannot be fetched`);
  const { path, hash, lastModified } = answer.paths[0];
  return {
    path: parseStorePath(path, context.storeDir),
    digest: parseHash(hash),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** What `igos store fetch --json` says of one address. */
interface FetchedRow {
  readonly path: string;
  readonly hash: string;
  readonly lastModified?: number;
}

/**
 * What another process of ours answers: evaluation is synchronous, and neither builds nor transfers are. It says itself why it fails.
 *
 * @returns `undefined` where it fails
 */
function inChild<T>({ home, storeDir, isQuiet }: Context, words: readonly string[], operands: readonly string[]): T | undefined {
  const all = [...words, '--json', ...(isQuiet ? ['--quiet'] : []), '--home', home, '--store-dir', storeDir, '--', ...operands];
  const [program, args] = boundWords(join(import.meta.dirname, '..', 'bin', 'igos'), all);
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  return status === 0 ? (JSON.parse(stdout) as T) : undefined;
}

/** What this machine runs, in Nix's words: `x86_64-linux`. */
export const machineSystem = (): string =>
  `${process.arch === 'arm64' ? 'aarch64' : process.arch === 'x64' ? 'x86_64' : process.arch}-${process.platform}`;
