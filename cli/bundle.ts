/**
 * Makes `dist/`: igos in few files, with V8's compiled code beside them (`npm run build`; `npm ci` runs it).
 *
 * Loading 300 modules costs more than evaluating most things does. `evaluating` has what `igos eval`, `instantiate` and `parse`
 * need, `realizing` what `igos realize` does, `storing` what works on the store alone, `whole` everything, and `repeated` only what
 * tells an evaluation that was done before from a new one, for which it hands over to `evaluating`. They share nothing at run time, so
 * no class exists twice where it matters.
 * `stamp.json` names the files, and has size and time of every source that went in: `cli/start.cjs` runs the sources instead where one
 * differs. File names carry the hash of what is in them, so that a program which starts meanwhile never meets half of two builds.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { writeFileAtomic } from '../base/index.ts';
import { bundleLane, laneProgram } from './bundle-lane.ts';
import { igosCommands } from './igos/table.ts';

const home = join(import.meta.dirname, '..');
const dist = join(home, 'dist');
/** Commands of `evaluating.cjs`. */
const EVALUATING = ['eval', 'instantiate', 'parse'];
/** Commands of `storing.cjs`: those that work on the store alone. `verify` and `sign` need builds, caches or keys. */
const STORING = igosCommands
  .map(({ name }) => name)
  .filter(
    (name) =>
      (name.startsWith('store ') && name !== 'store verify' && name !== 'store sign') || name === 'gc' || name === 'why-depends',
  );
/** Commands of `realizing.cjs`: what people run all day, mostly to hear that nothing is to be done. */
const REALIZING = ['realize'];
/** Those of `evaluating.cjs` whose answer may be known. */
const REMEMBERED = igosCommands
  .filter(({ name, isRemembered }) => isRemembered === true && EVALUATING.includes(name))
  .map(({ name }) => name);
/** Parts of the program that no bundle holds, since they are read when they are needed. */
const READ_LATER = globSync('{eval,lang}/**/*.nix', { cwd: home }).sort();

/** Stands for the name of a bundle, which is the hash of everything in it but the name. */
const UNNAMED = 'IGOS_BUILD_NAME';

/** What `import.meta` says of a file must stay true when the file is part of a bundle. */
const placesOfSources: Plugin = {
  name: 'places of sources',
  setup(build) {
    build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const at = relative(home, path);
      const contents = text
        .replaceAll('import.meta.dirname', `(igosHome + ${JSON.stringify(`/${dirname(at)}`)})`)
        .replaceAll('import.meta.url', `("file://" + encodeURI(igosHome + ${JSON.stringify(`/${at}`)}))`);
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' };
    });
  },
};

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

/** What other threads run. */
const lane = await bundleLane(home);

/** @param identity  of the bundle whose records it reads, where that is another one */
async function bundle(name: string, entry: string, plugins: readonly Plugin[] = [], identity?: string): Promise<Bundle> {
  const result = await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname, sourcefile: `${name}-bundle.ts`, loader: 'ts' },
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
    plugins: [...plugins, lmdbInside, laneProgram(lane.file), placesOfSources, liveParts],
  });
  const unnamed = lazyBuiltins(result.outputFiles[0]!.text);
  const hash = createHash('sha256').update(unnamed);
  for (const file of READ_LATER) hash.update(readFileSync(join(home, file)));
  const ownIdentity = hash.digest('hex');
  const text = unnamed.replaceAll(UNNAMED, identity ?? ownIdentity);
  const file = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  writeAtomic(`${file}.cjs`, `(function (exports, require, module, igosHome, igosHandOver, igosImport) {${text}\n})`);
  return {
    file,
    identity: ownIdentity,
    sources: ownSources(result.metafile.inputs).filter((source) => source !== `cli/${name}-bundle.ts`),
  };
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
 * Loads a module of Node's where it is first used instead of where it is imported: node:child_process and node:crypto cost
 * 10 ms each, and most runs use neither.
 */
function lazyBuiltins(text: string): string {
  const sources = new Map<string, string>();
  // The loader of a script of node:vm is an experiment, and says so on stderr: cli/start.cjs imports for it.
  const imported = text.replaceAll(/\bimport\("/g, 'igosImport("');
  const without = imported.replace(
    /\b(import_node_\w+) = (require\("node:[\w/]+"\)|__toESM\(require\("node:[\w/]+"\)(?:, 1)?\));/g,
    (_, variable: string, source: string) => {
      sources.set(variable, source);
      return `${variable};`;
    },
  );
  return without.replace(/\b(import_node_\w+)\./g, (_, variable: string) => `(${variable} ??= ${sources.get(variable)}).`);
}

const writeAtomic = (name: string, text: string): void => writeFileAtomic(join(dist, name), text);

/**
 * Typical runs of each bundle leave their compiled functions in the cache, each beside those of the runs before it. The flags of V8 are
 * part of the key, so bin/igos runs it. @returns what was printed
 */
function warm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): string {
  const run = spawnSync(join(home, 'bin', program), words, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'igos'), IGOS_WRITE_CODE_CACHE: name },
  });
  if (run.status !== 0) throw new Error(`the new bundle does not run:\n${run.stderr}`);
  return run.stdout.trim();
}

async function main(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const all = [loaders('igos', commandFiles('igos')), loaders('pkm', commandFiles('pkm'))].join('\n');
  const evaluating = await bundle('evaluating', withCommands(loaders('igos', EVALUATING)));
  const whole = await bundle('whole', withCommands(all));
  // A record is one of the evaluator that made it.
  const asking = handingOver(/evaluation-cache\/store-agrees\.ts$/, 'storeAgrees');
  const repeated = await bundle('repeated', WITHOUT_COMMANDS, [asking], evaluating.identity);
  const evaluatesNothing = [
    handingOver(/cli\/package-places\.ts$/, 'packagePlaces'),
    handingOver(/evaluation-cache\/remembered\.ts$/, 'remembered'),
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
  const realizing = await bundle('realizing', withCommands(loaders('igos', REALIZING)));
  const parts = await Promise.all(LIVE.map(live));
  writeAtomic(lane.file, lane.text);
  const made = { evaluating, whole, repeated, storing, realizing };
  const always = [...ownSources(lane.inputs), 'cli/start.cjs', 'cli/bundle.ts', 'package.json'];
  const sourcesOf: Record<keyof typeof made, readonly string[]> = {
    evaluating: [...evaluating.sources, ...READ_LATER, ...always],
    whole: [...whole.sources, ...parts.flatMap((part) => part.sources), ...READ_LATER, ...always],
    // What it prints is what the evaluator would.
    repeated: [...repeated.sources, ...evaluating.sources, ...READ_LATER, ...always],
    storing: [...storing.sources, ...always],
    realizing: [...realizing.sources, ...READ_LATER, ...always],
  };
  const stamps = [...new Set(Object.values(sourcesOf).flat())].map((file) => {
    const { size, mtimeMs } = statSync(join(home, file));
    return [file, size, mtimeMs] as const;
  });
  const places = new Map(stamps.map(([file], place) => [file, place]));
  const bundles = Object.fromEntries(
    Object.entries(made).map(([name, { file }]) => {
      const sources = new Set(sourcesOf[name as keyof typeof made]);
      return [name, { file, sources: [...sources].map((source) => places.get(source)!) }];
    }),
  );
  const uses = { evaluating: EVALUATING, repeated: REMEMBERED, storing: STORING, realizing: REALIZING };
  writeAtomic('stamp.json', JSON.stringify({ node: process.version, bundles, uses, sources: stamps }));
  const scripts = Object.values(made).map(({ file }) => `${file}.cjs`);
  const stays = new Set(['stamp.json', lane.file, ...parts.map(({ file }) => `${file}.mjs`), ...scripts]);
  for (const name of readdirSync(dist)) if (!stays.has(name)) rmSync(join(dist, name), { force: true });
  const scratch = mkdtempSync(join(tmpdir(), 'igos-bundle-'));
  try {
    warm(evaluating.file, 'igos', ['eval', '--expr', '1 + 1'], scratch);
    warm(repeated.file, 'igos', ['eval', '--expr', '1 + 1'], scratch);
    const path = warm(storing.file, 'igos', ['store', 'add', join(home, 'package.json')], scratch);
    for (const words of [['store', 'info', '-rsS', path], ['store', 'references', '-r', path], ['gc']])
      warm(storing.file, 'igos', words, scratch);
    const derivation = 'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; }';
    warm(realizing.file, 'igos', ['realize', '--dry-run', '--expr', derivation], scratch);
    warm(whole.file, 'pkm', ['list', '--root', scratch], scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
