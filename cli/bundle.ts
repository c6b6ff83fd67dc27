/**
 * Makes `dist/`: igos in two files, with V8's compiled code beside them (`npm run build`; `npm ci` runs it).
 *
 * Loading 300 modules costs more than evaluating most things does. `evaluating.cjs` has what `igos eval`, `instantiate` and `parse`
 * need, `whole.cjs` everything; they share nothing at run time, so no class exists twice in a process. `stamp.json` has size
 * and time of every source that went in: `cli/start.cjs` runs the sources instead where one differs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const home = join(import.meta.dirname, '..');
const dist = join(home, 'dist');
/** Commands of `evaluating.cjs`. */
const EVALUATING = ['eval', 'instantiate', 'parse'];
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

async function bundle(name: string, rows: string): Promise<string[]> {
  const entry = `import { main } from './main.ts';
const commands: any = {
${rows}
};
export const start = (words: string[]) => main(words, (file) => commands[file]());`;
  const result = await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname, sourcefile: `${name}.ts`, loader: 'ts' },
    absWorkingDir: home,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['ink', 'react', 'react/jsx-runtime', 'tar', 'esbuild', 'koffi', 'lmdb', 'fast-glob', 'vscode-*'],
    metafile: true,
    logLevel: 'error',
    define: { IGOS_BUILD: JSON.stringify(UNNAMED) },
    plugins: [placesOfSources],
  });
  const unnamed = lazyBuiltins(result.outputFiles[0]!.text);
  const hash = createHash('sha256').update(unnamed);
  for (const file of READ_LATER) hash.update(readFileSync(join(home, file)));
  const text = unnamed.replaceAll(UNNAMED, hash.digest('hex'));
  writeAtomic(`${name}.cjs`, `(function (exports, require, module, igosHome) {${text}\n})`);
  return Object.keys(result.metafile.inputs).filter((file) => file !== `cli/${name}.ts` && !file.startsWith('node_modules/'));
}

/**
 * Loads a module of Node's where it is first used instead of where it is imported: node:child_process and node:crypto cost
 * 10 ms each, and most runs use neither.
 */
function lazyBuiltins(text: string): string {
  const sources = new Map<string, string>();
  const without = text.replace(
    /\b(import_node_\w+) = (require\("node:[\w/]+"\)|__toESM\(require\("node:[\w/]+"\)(?:, 1)?\));/g,
    (_, variable: string, source: string) => {
      sources.set(variable, source);
      return `${variable};`;
    },
  );
  return without.replace(/\b(import_node_\w+)\./g, (_, variable: string) => `(${variable} ??= ${sources.get(variable)}).`);
}

function writeAtomic(name: string, text: string): void {
  const temporary = join(dist, `.${name}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(dist, name));
}

/** A typical run of each bundle leaves its compiled functions in the cache; the flags of V8 are part of the key, so bin/igos runs it. */
function warm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): void {
  const run = spawnSync(join(home, 'bin', program), words, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'igos'), IGOS_WRITE_CODE_CACHE: name },
  });
  if (run.status !== 0) throw new Error(`the new bundle does not run:\n${run.stderr}`);
}

async function main(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const all = [loaders('igos', commandFiles('igos')), loaders('pkm', commandFiles('pkm'))].join('\n');
  const files = new Set([...(await bundle('evaluating', loaders('igos', EVALUATING))), ...(await bundle('whole', all))]);
  const stamps = [...files, ...READ_LATER, 'cli/start.cjs', 'cli/bundle.ts', 'package.json'].map((file) => {
    const { size, mtimeMs } = statSync(join(home, file));
    return [file, size, mtimeMs];
  });
  writeAtomic('stamp.json', JSON.stringify({ node: process.version, small: EVALUATING, files: stamps }));
  const scratch = mkdtempSync(join(tmpdir(), 'igos-bundle-'));
  try {
    warm('evaluating', 'igos', ['eval', '--expr', '1 + 1'], scratch);
    warm('whole', 'pkm', ['list', '--root', scratch], scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
