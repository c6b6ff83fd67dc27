/** LMDB within a bundle. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Begins the names of what stands for its packages. */
export const LMDB_INSIDE = 'lmdb inside';

/**
 * The index needs lmdb, whose fifteen files take 25 ms to load, and whose compiled part is looked for in a dozen places: its files go
 * into the bundle, and the compiled part is the one that is there now. Where it does not load (another machine), it is looked for.
 * Our values are bytes, so its msgpack stays out.
 */
export const lmdbInside = (home: string): Plugin => ({
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
});

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
