/** The parts of `dist/` that other threads run: small, since they start while there is work waiting for them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { koffiInside } from './bundle-koffi.ts';

/** A thread of igos, in its sources: what it runs, and the file that says where that is. */
interface ThreadSource {
  readonly name: string;
  /** Below the folder of igos. */
  readonly entry: string;
  /** Has one export, of the same name as here. A bundle has another file instead. */
  readonly program: { readonly file: string; readonly name: string };
}

export const LANE: ThreadSource = {
  name: 'lane',
  entry: 'store/lanes/thread.ts',
  program: { file: 'store/lanes/program.ts', name: 'laneProgram' },
};

export const PREPARE: ThreadSource = {
  name: 'prepare',
  entry: 'builder/prepare-thread.ts',
  program: { file: 'builder/prepare-program.ts', name: 'prepareProgram' },
};

export interface Thread {
  /** Of its program in `dist/`: changes with it. */
  readonly file: string;
  readonly text: string;
  /** What it is made of, as esbuild has it. */
  readonly inputs: Record<string, unknown>;
  /** Tells a bundle where its program is. */
  readonly plugin: Plugin;
}

/** @param others  that it may start itself */
export async function bundleThread(home: string, source: ThreadSource, others: readonly Thread[] = []): Promise<Thread> {
  const result = await build({
    entryPoints: [join(home, source.entry)],
    absWorkingDir: home,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['koffi', 'lmdb', 'fast-glob'],
    banner: { js: "const igosHome = require('node:path').dirname(__dirname);" },
    plugins: [koffiInside('igosHome'), ...others.map(({ plugin }) => plugin), placesOfSources(home)],
    metafile: true,
    logLevel: 'error',
  });
  const { text } = result.outputFiles[0]!;
  const file = `${source.name}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.cjs`;
  return { file, text, inputs: result.metafile.inputs, plugin: placeOfThread(home, source.program, file) };
}

const placeOfThread = (home: string, program: ThreadSource['program'], file: string): Plugin => ({
  name: program.name,
  setup(build) {
    build.onLoad({ filter: /program\.ts$/ }, ({ path }) =>
      relative(home, path) === program.file
        ? {
            contents: `declare const igosHome: string;\nexport const ${program.name} = () => igosHome + ${JSON.stringify(`/dist/${file}`)};`,
            loader: 'ts',
          }
        : undefined,
    );
  },
});

/** Files that are read beside a source are found where the source is, not where the bundle is. */
export const placesOfSources = (home: string): Plugin => ({
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
});
