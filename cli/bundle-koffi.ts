/** Has a bundle load the compiled part of koffi from where it is now: looking for it takes 4 ms, in each thread. */
import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

/** @param home  an expression for igos's own folder */
export const koffiInside = (home: string): Plugin => ({
  name: 'koffi inside',
  setup(build) {
    build.onLoad({ filter: /base\/koffi\.ts$/ }, () => ({ contents: loader(home), loader: 'js' }));
  },
});

/** Where it does not load (another machine), it is looked for. */
function loader(home: string): string {
  const addon = addonOf('koffi');
  return `let koffi;
export const loadKoffi = () => (koffi ??= find());
export const hasKoffi = () => koffi !== undefined;
function find() {
  for (const folder of ['node_modules', '..']) {
    try {
      const addon = { exports: {} };
      process.dlopen(addon, ${home} + '/' + folder + ${JSON.stringify(addon)});
      return addon.exports;
    } catch {}
  }
  return require('koffi');
}`;
}

/** Below the folder of packages. */
function addonOf(name: string): string {
  const require = createRequire(import.meta.url);
  require(name);
  const [, addon = '/none'] =
    /.*\/node_modules(\/.+)$/.exec(Object.keys(require.cache).find((path) => path.endsWith('.node')) ?? '') ?? [];
  return addon;
}
