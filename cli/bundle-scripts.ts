/** Makes one script, or one for each part, of an entry and all that it imports, and writes it to `dist/`. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, type Plugin, transformSync } from 'esbuild';
import { writeFileAtomic } from '../base/index.ts';
import { koffiInside } from './bundle-koffi.ts';
import { LMDB_INSIDE, lmdbInside } from './bundle-lmdb.ts';
import {
  GIVEN,
  GIVEN_NAME,
  givenModule,
  link,
  loaderOf,
  mergeUses,
  type Parts,
  partEntry,
  parted,
  usedOf,
} from './bundle-parts.ts';
import { bundleThread, LANE, PREPARE, placesOfSources, type Thread } from './bundle-thread.ts';

export const home: string = join(import.meta.dirname, '..');
export const dist: string = join(home, 'dist');

export const writeAtomic = (name: string, text: string): void => writeFileAtomic(join(dist, name), text);

/** Parts of the program that no bundle holds, since they are read when they are needed. */
export const READ_LATER: readonly string[] = globSync('{eval,lang}/**/*.nix', { cwd: home }).sort();

/** Stands for the name of a bundle, which is the hash of everything in it but the name. */
const UNNAMED = 'IGOS_BUILD_NAME';

/** Parts that a bundle of CommonJS cannot hold, since ink awaits while it loads. Bundles of their own, loaded where a terminal is drawn. */
export const LIVE: readonly string[] = ['cli/progress/live', 'cli/config-choice'];

const liveParts: Plugin = {
  name: 'live parts',
  setup(build) {
    build.onResolve({ filter: /\.tsx?$/ }, ({ path, resolveDir, kind }) => {
      const part = relative(home, join(resolveDir, path)).replace(/\.tsx?$/, '');
      return kind === 'dynamic-import' && LIVE.includes(part) ? { path: `./${basename(part)}.mjs`, external: true } : undefined;
    });
  },
};

export interface Bundle {
  /** Of its file in `dist/`, without `.cjs`. */
  readonly file: string;
  /** Changes with the code in it. */
  readonly identity: string;
  readonly sources: readonly string[];
}

const EXTERNAL = ['ink', 'react', 'tar', 'esbuild', 'koffi', 'fast-glob', 'openpgp', 'vscode-*'];

/** What other threads run. */
const lane = await bundleThread(home, LANE);
export const threads: readonly Thread[] = [lane, await bundleThread(home, PREPARE, [lane])];
const placesOfThreads = threads.map(({ plugin }) => plugin);

interface Made {
  readonly text: string;
  readonly sources: readonly string[];
}

/** One script of an entry, which stands in `folder`; nothing is written. */
async function make(name: string, entry: string, folder: string, plugins: readonly Plugin[]): Promise<Made> {
  const result = await build({
    stdin: { contents: entry, resolveDir: folder, sourcefile: `${name}-bundle.ts`, loader: 'ts' },
    absWorkingDir: home,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: EXTERNAL,
    metafile: true,
    logLevel: 'error',
    define: { IGOS_BUILD: JSON.stringify(UNNAMED) },
    plugins: [...plugins, lmdbInside(home), koffiInside('igosHome'), ...placesOfThreads, placesOfSources(home), liveParts],
  });
  const own = relative(home, join(folder, `${name}-bundle.ts`));
  const sources = ownSources(result.metafile.inputs).filter((source) => source !== own && !source.startsWith('igos:'));
  return { text: lazyModules(result.outputFiles[0]!.text), sources };
}

/**
 * A script under a name that changes with it. Without comments and indentation, a third of it, which every start would read; names and
 * lines stay, for the traces of mistakes. In ASCII, or the engine has two bytes for each character; esbuild leaves others in patterns.
 */
function write(name: string, source: string): string {
  const { code } = transformSync(source, { minifyWhitespace: true, lineLimit: 120, legalComments: 'none', target: 'node24' });
  const text = code.replaceAll(/[^\x00-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const file = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  const parameters = 'exports, require, module, igosHome, igosHandOver, igosImport, igosLoad, igosPart, igosBefore';
  writeAtomic(`${file}.cjs`, `(function (${parameters}) {${text}\n})`);
  return file;
}

function identityOf(...texts: string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  for (const file of READ_LATER) hash.update(readFileSync(join(home, file)));
  return hash.digest('hex');
}

/** @param identity  of the bundle whose records it reads, where that is another one */
export async function bundle(name: string, entry: string, plugins: readonly Plugin[] = [], identity?: string): Promise<Bundle> {
  const { text, sources } = await make(name, entry, import.meta.dirname, plugins);
  const ownIdentity = identityOf(text);
  return { file: write(name, text.replaceAll(UNNAMED, identity ?? ownIdentity)), identity: ownIdentity, sources };
}

/** A script for each part: see bundle-parts.ts. @returns them in their order */
export async function partedBundle(parts: Parts, entry: string, plugins: readonly Plugin[]): Promise<Bundle[]> {
  const [first] = parts.names;
  const makePart = (part: string, contents: string, folder: string, given: string): Promise<Made> => {
    const plugin: Plugin = {
      name: 'what parts behind use',
      setup(build) {
        build.onResolve({ filter: new RegExp(`^${GIVEN_NAME}$`) }, () => ({ path: 'given', namespace: 'igos' }));
        build.onLoad({ filter: /.*/, namespace: 'igos' }, () => ({ contents: given, resolveDir: home, loader: 'ts' }));
      },
    };
    return make(part, contents, folder, [plugin, ...plugins, parted(parts, home, part)]);
  };
  const entryOf = (part: string, users: readonly Made[]): string =>
    part === first ? `${entry}\n${GIVEN}` : partEntry(mergeUses(users.map(({ text }) => usedOf(parts, text, part))).keys());
  // What each uses of the others is known once it is made, and brings more into those.
  let made: Made[] = [];
  for (let isDone = false; !isDone; ) {
    const next: Made[] = [];
    for (const [i, part] of parts.names.entries()) {
      const given = givenModule(mergeUses(made.slice(i + 1).map(({ text }) => usedOf(parts, text, part))));
      next.push(await makePart(part, entryOf(part, next), part === first ? import.meta.dirname : home, given));
    }
    isDone = next.every(({ text }, i) => text === made[i]?.text);
    made = next;
  }
  const identity = identityOf(...made.map(({ text }) => text));
  return made.map(({ text, sources }, i) => {
    const part = parts.names[i]!;
    const linked = (i === 0 ? loaderOf(parts) : '') + link(parts, text, part);
    return { file: write(part, linked.replaceAll(UNNAMED, identity)), identity, sources };
  });
}

export async function live(part: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [join(home, `${part}.ts`)],
    absWorkingDir: home,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: EXTERNAL,
    metafile: true,
    logLevel: 'error',
  });
  const file = basename(part);
  writeAtomic(`${file}.mjs`, result.outputFiles[0]!.text);
  return { file, identity: '', sources: ownSources(result.metafile.inputs) };
}

export const ownSources = (inputs: Record<string, unknown>): string[] =>
  Object.keys(inputs).filter((file) => !file.includes('node_modules/') && !file.startsWith(LMDB_INSIDE));

/**
 * Loads a module of Node's or another package's where it is first used instead of where it is imported: node:child_process and
 * node:crypto cost 10 ms each, tar 25, and most runs use none.
 */
function lazyModules(text: string): string {
  const sources = new Map<string, string>();
  // The loader of a script of node:vm is an experiment, and says so on stderr: cli/start.cjs imports for it.
  const imported = text.replaceAll(/\bimport\("/g, 'igosImport("');
  const without = imported.replace(
    /\b(import_\w+) = (require\("(?!igos-part:)[\w:/-]+"\)|__toESM\(require\("(?!igos-part:)[\w:/-]+"\)(?:, 1)?\));/g,
    (_, variable: string, source: string) => {
      sources.set(variable, source);
      return `${variable};`;
    },
  );
  return without.replace(/\b(import_\w+)\./g, (use, variable: string) => {
    const source = sources.get(variable);
    return source === undefined ? use : `(${variable} ??= ${source}).`;
  });
}
