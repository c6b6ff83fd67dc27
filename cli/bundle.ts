/**
 * Makes `dist/`: igos in few files, with V8's compiled code beside them (`npm run build`; `npm ci` runs it).
 *
 * Loading 300 modules costs more than evaluating most things does. `evaluating` has what `igos eval`, `instantiate` and `parse`
 * need, `realizing` what `igos realize` does, `storing` what works on the store alone, `managing` what pkm does without evaluating,
 * `whole` everything, and `repeated` only what tells an evaluation that was done before from a new one, for which it hands over to
 * `evaluating`. Some are in parts (bundle-parts.ts). They share nothing at run time, so no class exists twice where it matters.
 * `stamp.json` names the files, and the one that has size and time of every source that went in: `cli/start.cjs` of a checkout runs the
 * sources instead where one differs. File names carry the hash of what is in them, so that a program which starts meanwhile never meets half of two builds.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { build, type Plugin, transformSync } from 'esbuild';
import { writeFileAtomic } from '../base/index.ts';
import { type ImageEntry, makeImage, writeArchive } from '../pkm/index.ts';
import { koffiInside } from './bundle-koffi.ts';
import {
  EVALUATION,
  GIVEN,
  GIVEN_NAME,
  givenModule,
  link,
  loaderOf,
  MANAGEMENT,
  mergeUses,
  type Parts,
  partEntry,
  parted,
  REALIZATION,
  usedOf,
} from './bundle-parts.ts';
import { bundleThread, LANE, PREPARE, placesOfSources } from './bundle-thread.ts';
import type { Command } from './command.ts';
import { importCommands } from './igos/import-table.ts';
import { publishingCommands } from './igos/publishing-table.ts';
import { seedCommands } from './igos/seed-table.ts';
import { igosCommands } from './igos/table.ts';
import { repositoryCommands } from './pkm/repository-table.ts';
import { pkmCommands } from './pkm/table.ts';
import { packagesAsOneText, packagesInFiles, WARM_UP_TEXTS } from './warm-up.ts';

const home = join(import.meta.dirname, '..');
const dist = join(home, 'dist');
/** Commands of `evaluating.cjs`. */
const EVALUATING = ['eval', 'instantiate', 'parse'];
/** Commands that need keys. */
const SIGNING = ['store import', 'store sign'];
/** Commands of `storing.cjs`: those that work on the store alone. */
const STORING = igosCommands
  .map(({ name }) => name)
  .filter((name) => (name.startsWith('store ') && !SIGNING.includes(name)) || name === 'gc' || name === 'why-depends');
/** Commands of `realizing.cjs`: what people run all day, mostly to hear that nothing is to be done. */
const REALIZING = ['realize'];
/** Commands of `managing.cjs`: those of pkm that draw nothing, and that do not always evaluate. */
const MANAGING = [...pkmCommands, ...repositoryCommands]
  .map(({ name }) => name)
  .filter((name) => !['switch', 'adopt', 'config resolve', 'help'].includes(name));
/** Commands of its first part. */
const QUICK = ['files', 'history', 'info', 'list', 'owns', 'remove', 'verify'];
/** Those of `evaluating.cjs` whose answer may be known. */
const REMEMBERED = igosCommands
  .filter(({ name, isRemembered }) => isRemembered === true && EVALUATING.includes(name))
  .map(({ name }) => name);
/** Parts of the program that no bundle holds, since they are read when they are needed. */
const READ_LATER = globSync('{eval,lang}/**/*.nix', { cwd: home }).sort();

/** Stands for the name of a bundle, which is the hash of everything in it but the name. */
const UNNAMED = 'IGOS_BUILD_NAME';

/** Parts that a bundle of CommonJS cannot hold, since ink awaits while it loads. Bundles of their own, loaded where a terminal is drawn. */
const LIVE = ['cli/progress/live', 'cli/config-choice'];

const liveParts: Plugin = {
  name: 'live parts',
  setup(build) {
    build.onResolve({ filter: /\.tsx?$/ }, ({ path, resolveDir, kind }) => {
      const part = relative(home, join(resolveDir, path)).replace(/\.tsx?$/, '');
      return kind === 'dynamic-import' && LIVE.includes(part) ? { path: `./${basename(part)}.mjs`, external: true } : undefined;
    });
  },
};

function loaders(program: 'igos' | 'pkm', names: readonly string[]): string {
  const rows = names.map(
    (name) => `${JSON.stringify(`${program}/${name}`)}: () => import(${JSON.stringify(`./${program}/${name}.ts`)}),`,
  );
  return rows.join('\n');
}

const commandFiles = (program: string): string[] =>
  globSync('*.ts', { cwd: join(import.meta.dirname, program) })
    .map((file) => file.slice(0, -3))
    .filter((name) => name !== 'table')
    .sort();

interface Bundle {
  /** Of its file in `dist/`, without `.cjs`. */
  readonly file: string;
  /** Changes with the code in it. */
  readonly identity: string;
  readonly sources: readonly string[];
}

const EXTERNAL = ['ink', 'react', 'tar', 'esbuild', 'koffi', 'fast-glob', 'openpgp', 'vscode-*'];

/** Only what a bundle has of the tables of commands, without their words, which are long: who asks for help meets another bundle. */
const fewCommands = (names: readonly string[], program: 'igos' | 'pkm' = 'igos'): Plugin => ({
  name: 'few commands',
  setup(build) {
    const tables = { igosCommands, importCommands, publishingCommands, seedCommands, pkmCommands, repositoryCommands };
    const rows = (own: string, commands: readonly Command[]): string =>
      literal(commands.filter(({ name }) => own === program && names.includes(name)));
    build.onLoad({ filter: /\/cli\/(igos|pkm)\/(\w+-)?table\.ts$/ }, ({ path }) => {
      const [, own = '', file = ''] = /\/(igos|pkm)\/([\w-]+)\.ts$/.exec(path)!;
      const table = file === 'table' ? `${own}Commands` : `${file.replace(/-table$/, '')}Commands`;
      const commands = tables[table as keyof typeof tables];
      return commands === undefined ? undefined : { contents: `export const ${table} = ${rows(own, commands)};` };
    });
  },
});

/** What is only shown as help. */
const WORDS = new Set(['description', 'doc', 'examples', 'summary']);

/** Data as JavaScript: JSON has no Infinity. */
function literal(data: unknown): string {
  const text = JSON.stringify(data, (key, value) => {
    if (WORDS.has(key)) return typeof value === 'string' ? '' : [];
    if (typeof value === 'function') throw new Error('the table of commands holds more than data');
    return value === Number.POSITIVE_INFINITY ? '\0Infinity' : value;
  });
  return text.replaceAll('"\\u0000Infinity"', 'Infinity');
}

/**
 * The index needs lmdb, whose fifteen files take 25 ms to load, and whose compiled part is looked for in a dozen places: its files go
 * into the bundle, and the compiled part is the one that is there now. Where it does not load (another machine), it is looked for.
 * Our values are bytes, so its msgpack stays out.
 */
const LMDB_INSIDE = 'lmdb inside';
const lmdbInside: Plugin = {
  name: LMDB_INSIDE,
  setup(build) {
    const namespace = LMDB_INSIDE;
    build.onLoad({ filter: /store\/load-lmdb\.ts$/ }, () => ({
      contents: "export const loadLmdb = () => require('lmdb');",
      loader: 'ts',
      resolveDir: home,
    }));
    build.onResolve({ filter: /^(msgpackr|node-gyp-build-optional-packages)$/ }, ({ path, importer }) =>
      importer.includes('/lmdb/') ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: path === 'msgpackr' ? '' : findAddon(), loader: 'js' }));
    build.onLoad({ filter: /\/lmdb\/dist\/index\.cjs$/ }, ({ path }) => ({
      // It makes a `require` of its own, and node:module costs a millisecond.
      contents: readFileSync(path, 'utf8')
        .replaceAll('__filename', '(igosHome + "/package.json")')
        .replace("require('node:module')", '{ createRequire: () => require }'),
      loader: 'js',
    }));
  },
};

/** Stands for the package that looks for the compiled part: the same answer, found once. */
function findAddon(): string {
  const lmdb = createRequire(import.meta.url).resolve('lmdb');
  const search = createRequire(lmdb)('node-gyp-build-optional-packages') as { path(folder: string): string };
  const [, addon = 'none'] = /.*\/node_modules\/(@lmdb\/.+)$/.exec(search.path(join(lmdb, '../..'))) ?? [];
  return `const search = 'node-gyp-build-optional-packages', lmdb = 'lmdb';
module.exports = () => {
  for (const folder of ['node_modules', '..']) {
    try {
      const addon = { exports: {} };
      process.dlopen(addon, igosHome + '/' + folder + ${JSON.stringify(`/${addon}`)});
      return addon.exports;
    } catch {}
  }
  return require(search)(require('node:path').join(require.resolve(lmdb), '../..'));
};`;
}

/** What runs commands itself. */
const withCommands = (rows: string): string => `import { main } from './main.ts';
const commands: any = {
${rows}
};
export const start = (words: string[]) => main(words, (file) => commands[file]());`;

/** The same, in one piece: those of the first part are there from the start. */
const withCommandsInside = (
  program: 'igos' | 'pkm',
  names: readonly string[],
  others: readonly string[] = [],
): string => `import { main } from './main.ts';
${names.map((name, i) => `import { run as run${i} } from './${program}/${name}.ts';`).join('\n')}
const commands: any = {
${names.map((name, i) => `${JSON.stringify(`${program}/${name}`)}: { run: (context, args) => run${i}(context, args) },`).join('\n')}
};
const others: any = {
${loaders(program, others)}
};
export const start = (words: string[]) => main(words, async (file) => commands[file] ?? (await others[file]()));`;

/** What runs none: cli/start.cjs gives it the way to another bundle, a promise that never ends. */
const WITHOUT_COMMANDS = `import { main } from './main.ts';
declare const igosHandOver: () => Promise<never>;
export const start = (words: string[]) => main(words, igosHandOver);`;

/** Calling one of a file's functions is work for the other bundle. Nothing that lasts may have been done before. */
const handingOver = (file: RegExp, name: string): Plugin => ({
  name: 'handing over',
  setup(build) {
    build.onLoad({ filter: file }, () => ({
      contents: `declare const igosHandOver: () => Promise<never>;\nexport const ${name} = igosHandOver;`,
      loader: 'ts',
    }));
  },
});

/**
 * What a part imports later of itself makes esbuild put each of its modules into a function: it is imported at once.
 * Of what no command of the bundle imports another bundle is begun.
 */
const importsAtOnce: Plugin = {
  name: 'imports at once',
  setup(build) {
    build.onLoad({ filter: /\/cli\/main\.ts$|\/evaluation-cache\/(remembered|store-agrees)\.ts$/ }, ({ path }) => {
      const imports: string[] = [];
      const contents = readFileSync(path, 'utf8').replaceAll(/\bawait import\(('[^']+')\)/g, (later, from: string) => {
        if (from === "'./evaluation-cache/remembered.ts'") return 'await igosHandOver()';
        if (path.endsWith('/main.ts')) return later;
        return `atOnce${imports.push(from)}`;
      });
      const lines = imports.map((from, i) => `import * as atOnce${i + 1} from ${from};\n`);
      return { contents: `declare const igosHandOver: () => Promise<never>;\n${lines.join('')}${contents}`, loader: 'ts' };
    });
  },
};

/** The same for binary caches, an eighth of what a bundle of the store would be. */
const withoutCaches: Plugin = {
  name: 'without caches',
  setup(build) {
    build.onLoad({ filter: /\/store\/index\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace("=> import('./cache/index.ts')", '=> igosHandOver()');
      if (contents === text) throw new Error(`'${path}' loads caches in another way`);
      return { contents: `declare const igosHandOver: () => Promise<never>;\n${contents}`, loader: 'ts' };
    });
  },
};

/** What other threads run. */
const lane = await bundleThread(home, LANE);
const threads = [lane, await bundleThread(home, PREPARE, [lane])];
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
    plugins: [...plugins, lmdbInside, koffiInside('igosHome'), ...placesOfThreads, placesOfSources(home), liveParts],
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
async function bundle(name: string, entry: string, plugins: readonly Plugin[] = [], identity?: string): Promise<Bundle> {
  const { text, sources } = await make(name, entry, import.meta.dirname, plugins);
  const ownIdentity = identityOf(text);
  return { file: write(name, text.replaceAll(UNNAMED, identity ?? ownIdentity)), identity: ownIdentity, sources };
}

/** A script for each part: see bundle-parts.ts. @returns them in their order */
async function partedBundle(parts: Parts, entry: string, plugins: readonly Plugin[]): Promise<Bundle[]> {
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

async function live(part: string): Promise<Bundle> {
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

const ownSources = (inputs: Record<string, unknown>): string[] =>
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

const writeAtomic = (name: string, text: string): void => writeFileAtomic(join(dist, name), text);

const LARGE_BYTES: number = 1 << 23;

/** The same for what seldom runs. */
const TREE = `tier base { summary = "b"; }
package text "1" { tier = base; summary = "t"; license = "MIT"; phases.install = ''mkdir -p "$out" && echo 1 >"$out/a"''; }
package user "2" { tier = base; summary = "u"; license = "MIT"; build = [ text ]; runtime = [ text ]; phases.install = "touch $out/b"; }
`;

/** What `igos realize` builds to that end: each reads the one before, and `salt` changes the first only. */
const CHAIN = `{ salt }:
let
  step = i: derivation ({
    name = "step-\${toString i}";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" (if i == 0 then "# \${salt}\necho constant > $out" else "read before < $input; echo $before \${toString i} > $out") ];
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  } // (if i == 0 then { } else { input = step (i - 1); }));
in
step 30
`;

/**
 * Typical runs of each bundle leave their compiled functions in the cache, each beside those of the runs before it. The flags of V8 are
 * part of the key, so bin/igos runs it. @returns what was printed
 */
function warm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): string {
  const { status, stdout, stderr, error } = runToWarm(name, program, words, scratch);
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT')
    throw new Error(`the new bundle '${name}' does not come to an end with: ${program} ${words.join(' ')}\n${stderr}`);
  if (status !== 0) throw new Error(`the new bundle does not run:\n${stderr}`);
  return stdout.trim();
}

/** Trial runs take a second at most; on the busiest of machines not a hundred times that. */
const TRIAL_MS = 300_000;

function runToWarm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): SpawnSyncReturns<string> {
  return spawnSync(join(home, 'bin', program), words, {
    encoding: 'utf8',
    timeout: TRIAL_MS,
    env: { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'igos'), IGOS_WRITE_CODE_CACHE: name },
  });
}

/** An archive of so many files that other threads help to verify and to remove them. */
async function manyFiles(scratch: string): Promise<string> {
  const content = join(scratch, 'empty');
  writeFileSync(content, '');
  const sha256 = createHash('sha256').digest('hex');
  const entries = Array.from({ length: MANY_FILES }, (_, n): ImageEntry => {
    const path = n < 2 ? `etc/${n}` : `usr/${n % 10}/${n}`;
    return { path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, sha256, target: '' };
  });
  const origin = { kind: 'store', storePath: '' } as const;
  const image = makeImage({ description: { name: 'many', version: '1' }, origin, entries, contentPath: () => content });
  const file = join(scratch, 'many-1.igos.tar.gz');
  await writeArchive(image, file);
  return file;
}

const MANY_FILES = 4100;

function scriptsBefore(): string[] {
  try {
    return JSON.parse(readFileSync(join(dist, 'stamp.json'), 'utf8')).files ?? [];
  } catch {
    return [];
  }
}

async function main(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const before = scriptsBefore();
  const all = [loaders('igos', commandFiles('igos')), loaders('pkm', commandFiles('pkm'))].join('\n');
  const [evaluating, ordinary, seldom] = (await partedBundle(EVALUATION, withCommandsInside('igos', EVALUATING), [
    fewCommands(EVALUATING),
  ])) as [Bundle, Bundle, Bundle];
  const whole = await bundle('whole', withCommands(all));
  // A record is one of the evaluator that made it.
  const asking = handingOver(/evaluation-cache\/store-agrees\.ts$/, 'storeAgrees');
  const repeated = await bundle('repeated', WITHOUT_COMMANDS, [asking, fewCommands(REMEMBERED)], evaluating.identity);
  const evaluatesNothing = [
    fewCommands(STORING),
    withoutCaches,
    handingOver(/cli\/package-places\.ts$/, 'packagePlaces'),
    handingOver(/evaluation-cache\/remembered\.ts$/, 'remembered'),
    handingOver(/cli\/repair-store\.ts$/, 'prepareRepair'),
  ];
  const storing = await bundle(
    'storing',
    withCommands(
      loaders(
        'igos',
        STORING.map((name) => name.replace(' ', '-')),
      ),
    ),
    evaluatesNothing,
  );
  const [realizing, reckoning, rare] = (await partedBundle(REALIZATION, withCommandsInside('igos', REALIZING), [
    fewCommands(REALIZING),
    importsAtOnce,
  ])) as [Bundle, Bundle, Bundle];
  const fileOf = (name: string): string => name.replace(' ', '-');
  const [managing, placing] = (await partedBundle(
    MANAGEMENT,
    withCommandsInside('pkm', QUICK, MANAGING.filter((name) => !QUICK.includes(name)).map(fileOf)),
    [
      fewCommands(MANAGING, 'pkm'),
      handingOver(/evaluation-cache\/remembered\.ts$/, 'remembered'),
      handingOver(/cli\/tree-images\.ts$/, 'imagesOfTrees'),
      handingOver(/cli\/depot-images\.ts$/, 'downloadFromDepot'),
    ],
  )) as [Bundle, Bundle];
  const parts = await Promise.all(LIVE.map(live));
  for (const { file, text } of threads) writeAtomic(file, text);
  const ofParts = [evaluating, ordinary, seldom].flatMap((part) => part.sources);
  const made = { evaluating, ordinary, seldom, whole, repeated, storing, realizing, reckoning, rare, managing, placing };
  const always = [
    ...threads.flatMap(({ inputs }) => ownSources(inputs)),
    'cli/start.cjs',
    'cli/bundle.ts',
    'cli/bundle-parts.ts',
    'cli/bundle-thread.ts',
    'cli/warm-up.ts',
    ...WARM_UP_TEXTS.map((name) => `cli/${name}`),
    'package.json',
  ];
  // What is looked at before everything: as few as may be.
  const first = ['cli/start.cjs', ...READ_LATER.filter((file) => !file.startsWith('eval/library/'))];
  const sourcesOf: Record<keyof typeof made, readonly string[]> = {
    evaluating: [...evaluating.sources, ...first],
    ordinary: [...ordinary.sources, ...always],
    seldom: [...seldom.sources, ...READ_LATER],
    whole: [...whole.sources, ...parts.flatMap((part) => part.sources), ...READ_LATER, ...always],
    // What it prints is what the evaluator would.
    repeated: [...repeated.sources, ...ofParts, ...READ_LATER, ...always],
    storing: [...storing.sources, ...always],
    realizing: [...realizing.sources, ...always],
    reckoning: [...reckoning.sources, ...READ_LATER],
    rare: rare.sources,
    managing: [...managing.sources, ...always],
    placing: placing.sources,
  };
  const stamps = [...new Set(Object.values(sourcesOf).flat())].map((file) => {
    const { size, mtimeNs } = statSync(join(home, file), { bigint: true });
    return [file, `${size} ${mtimeNs}`] as const;
  });
  const places = new Map(stamps.map(([file], place) => [file, place]));
  const bundles = Object.fromEntries(
    Object.entries(made).map(([name, { file }]) => {
      const sources = new Set(sourcesOf[name as keyof typeof made]);
      const behind = [EVALUATION, MANAGEMENT, REALIZATION].find(({ names }) => names[0] === name)?.names.slice(1);
      const parts = behind === undefined ? {} : { parts: behind };
      return [name, { file, ...parts, sources: [...sources].map((source) => places.get(source)!) }];
    }),
  );
  const uses = { evaluating: EVALUATING, repeated: REMEMBERED, storing: STORING, realizing: REALIZING, managing: MANAGING };
  const files = Object.values(made).map(({ file }) => file);
  const states = JSON.stringify(stamps);
  const sources = `sources-${createHash('sha256').update(states).digest('hex').slice(0, 16)}.json`;
  writeAtomic(sources, states);
  writeAtomic('stamp.json', JSON.stringify({ node: process.version, bundles, uses, files, sources }));
  // A program that runs may still want a part of the build before.
  const scripts = [...files, ...before].map((file) => `${file}.cjs`);
  const stays = new Set([
    'stamp.json',
    sources,
    ...threads.map(({ file }) => file),
    ...parts.map(({ file }) => `${file}.mjs`),
    ...scripts,
  ]);
  for (const name of readdirSync(dist)) if (!stays.has(name)) rmSync(join(dist, name), { force: true });
  const scratch = mkdtempSync(join(tmpdir(), 'igos-bundle-'));
  try {
    const tree = join(scratch, 'tree.igos');
    writeFileSync(tree, TREE);
    warm(evaluating.file, 'igos', ['eval', '--no-eval-cache', '--expr', '1 + 1'], scratch);
    const chain = join(scratch, 'chain.nix');
    writeFileSync(chain, CHAIN);
    const expression = packagesAsOneText(scratch);
    // What the first part does for packages is in its cache too: 0.5 MiB for all, and 8 ms less for those who make some.
    for (const part of [evaluating, ordinary])
      warm(part.file, 'igos', ['eval', '--no-eval-cache', '--strict', expression], scratch);
    const files = packagesInFiles(scratch);
    for (const _ of ['noted', 'known']) warm(ordinary.file, 'igos', ['eval', '--no-eval-cache', '--strict', files], scratch);
    warm(seldom.file, 'igos', ['instantiate', tree], scratch);
    warm(repeated.file, 'igos', ['eval', '--expr', '1 + 1'], scratch);
    const path = warm(storing.file, 'igos', ['store', 'add', join(home, 'package.json')], scratch);
    // So much that verifying takes the way that it takes with large stores.
    const large = join(scratch, 'large');
    writeFileSync(large, '');
    truncateSync(large, LARGE_BYTES);
    warm(storing.file, 'igos', ['store', 'add', large], scratch);
    for (const words of [
      ['store', 'info', '-rsS', path],
      ['store', 'references', '-r', path],
      ['store', 'verify', '--contents'],
      ['gc'],
    ])
      warm(storing.file, 'igos', words, scratch);
    const derivation = 'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; }';
    for (const part of [reckoning, realizing]) {
      warm(part.file, 'igos', ['realize', '--dry-run', '--no-eval-cache', '--expr', derivation], scratch);
      // Builds, and changes that do not reach the first output. Where there is no sandbox they end early, which is no reason to stop.
      for (const salt of ['a', 'b'])
        runToWarm(
          part.file,
          'igos',
          ['realize', '--impure', '--quiet', '--argstr', 'salt', `${part.file} ${salt}`, chain],
          scratch,
        );
    }
    const fetched = `import <nix/fetchurl.nix> { url = "file://${large}"; sha256 = "${createHash('sha256').update(readFileSync(large)).digest('hex')}"; }`;
    warm(rare.file, 'igos', ['realize', '--expr', fetched], scratch);
    const root = join(scratch, 'root');
    const archive = await manyFiles(scratch);
    for (const part of [placing, managing]) {
      rmSync(root, { recursive: true, force: true });
      warm(part.file, 'pkm', ['install', '--root', root, '--archive-trust', 'loose', '--archive', archive], scratch);
    }
    for (const words of [['list'], ['info', 'many'], ['files', 'many'], ['owns', 'etc/0'], ['verify'], ['remove', 'many']])
      warm(managing.file, 'pkm', [...words, '--root', root], scratch);
    warm(placing.file, 'pkm', ['rollback', '--root', root], scratch);
    // Fails where there is no sandbox, after it has evaluated.
    runToWarm(whole.file, 'pkm', ['install', '--root', root, `${tree}#user`], scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
