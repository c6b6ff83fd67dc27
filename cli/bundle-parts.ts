/**
 * A bundle in two parts: what every evaluation needs, and what seldom runs, which is loaded when something in it is first used.
 * A start pays for each function that its file has, run or not: it is deserialized.
 *
 * esbuild makes each part with the modules of the other left out, as `require('igos-part:FILE')`. Here those become names: in the
 * upper part constants, since the lower is there by then; in the lower part a call of `igosPart` at each use.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** Files of the upper part. Nothing at the top level of another file may use them: it would load the part at every start. */
const SELDOM = [
  /^builder\//,
  /^base\/(atomic|process|render|suggest|syscalls)\.ts$/,
  /^(base|lang|store|eval|builder)\/(.*\/)?codes\.ts$/,
  /^lang\/(brackets|completeness|doc|doc-comment|file-kind|format|indented-layout|layout|merge|print|scopes|spots|token-docs|words)\.ts$/,
  /^store\/(?!(store-index|object-store|nar-encode|temporary-roots|staging|registration-log|aterm|base32|store-path|hash|hash-modulo|derivation|complete-derivation)\.ts$)/,
  /^eval\/(declare|git|library)\//,
  /^eval\/builtins\/(flake-ref|regex|toml)\//,
  /^eval\/builtins\/(documentation|json-message|json-names)\.ts$/,
  /^eval\/(docs|pretty|show-value)\.ts$/,
  /^cli\/(help|version|exit)\.ts$/,
];

export type Part = 'lower' | 'upper';

/** Lists of what others export and of numbers have no state: each part has its own. */
const isInBoth = (file: string): boolean => file.endsWith('/index.ts') || file === 'lang/kinds.ts';

const partOf = (file: string): Part => (SELDOM.some((pattern) => pattern.test(file)) ? 'upper' : 'lower');

/** Leaves out the modules of the other part. */
export const parted = (home: string, own: Part): Plugin => ({
  name: `the ${own} part`,
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, kind, importer }) => {
      const file = relative(home, join(resolveDir, path));
      const isOther = partOf(file) !== own && !isInBoth(file) && importer !== '';
      // What this part asks the other for by hand is not left out.
      return isOther && kind !== 'require-call' ? { path: `igos-part:${file}`, external: true } : undefined;
    });
    // A list of everything in a file that is elsewhere would load it.
    build.onLoad({ filter: /\/index\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^export \* from '(.*)';$/gm,
        (_, from: string) => `export { ${exportsOf(join(path, '..', from)).join(', ')} } from '${from}';`,
      ),
      loader: 'ts',
    }));
  },
});

/** Names of values that a file exports, in the way that we write it. */
function exportsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const own = text.matchAll(/^export (?:abstract |async )*(?:function\*?|const|class) (\w+)/gm);
  const lists = text.matchAll(/^export \{([^}]*)\}/gm);
  const named = [...lists].flatMap(([, names]) => names!.split(',').map((name) => name.trim()));
  return [...[...own].map(([, name]) => name!), ...named.filter((name) => name !== '' && !name.startsWith('type '))];
}

const LEFT_OUT = /\b(import_\w+) = require\("igos-part:([^"]+)"\);/g;

/** Files of the other part that a bundle uses, and the names in each. */
export function usedOfOther(text: string): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const [, variable, file] of text.matchAll(LEFT_OUT)) {
    const names = used.get(file!) ?? new Set();
    for (const [, name] of text.matchAll(new RegExp(`\\b${variable}\\.([\\w$]+)`, 'g'))) names.add(name!);
    used.set(file!, names);
  }
  return used;
}

/** A module with all that the upper part uses of the lower, for the lower part. */
export function lowerExports(used: ReadonlyMap<string, ReadonlySet<string>>): string {
  const files = [...used].map(([file, names], i) => ({ file, names: [...names], prefix: `m${i}_` }));
  const imports = files.map(
    ({ file, names, prefix }) => `import { ${names.map((name) => `${name} as ${prefix}${name}`).join(', ')} } from './${file}';`,
  );
  const rows = files.map(
    ({ file, names, prefix }) => `${JSON.stringify(file)}: { ${names.map((name) => `${name}: ${prefix}${name}`).join(', ')} },`,
  );
  return `${imports.join('\n')}\nexport const lower = {\n${rows.join('\n')}\n};`;
}

/** A module with all files of the upper part that the lower uses. */
export const upperEntry = (files: Iterable<string>): string =>
  `declare const require: any;\nexport const parts = {\n${[...files].map((file) => `${JSON.stringify(file)}: () => require('./${file}'),`).join('\n')}\n};`;

/** The upper part runs with `igosLower`, which is there: its names become constants. */
export function linkUpper(text: string): string {
  const constants: string[] = [];
  const variables = new Map([...text.matchAll(LEFT_OUT)].map(([, variable, file]) => [variable!, file!]));
  const used = usedOfOther(text);
  for (const [variable, file] of variables) {
    const names = [...used.get(file)!].map((name) => `${name}: ${variable}_${name}`);
    constants.push(`const { ${names.join(', ')} } = igosLower[${JSON.stringify(file)}];`);
  }
  const linked = text
    .replaceAll(LEFT_OUT, (_, variable: string) => `${variable};`)
    .replaceAll(/\b(import_\w+)\.([\w$]+)/g, (use, variable: string, name: string) =>
      variables.has(variable) ? `${variable}_${name}` : use,
    );
  return complete(`${constants.join('\n')}\n${linked}`);
}

/** The lower part loads the upper one, named `upper`, at the first use of something in it. */
export function linkLower(text: string, upper: string): string {
  const variables = new Map([...text.matchAll(LEFT_OUT)].map(([, variable, file]) => [variable!, file!]));
  const linked = text
    .replaceAll(LEFT_OUT, (_, variable: string) => `${variable};`)
    .replaceAll(/\bigosImport\("igos-part:([^"]+)"\)/g, (_, file: string) => `Promise.resolve(igosPart(${JSON.stringify(file)}))`)
    .replaceAll(/\b(import_\w+)\./g, (use, variable: string) => {
      const file = variables.get(variable);
      return file === undefined ? use : `(${variable} ??= igosPart(${JSON.stringify(file)})).`;
    });
  return complete(
    `let igosParts;\nconst igosPart = (file) => (igosParts ??= igosLoad(${JSON.stringify(upper)}, module.exports.lower()).parts)[file]();\n${linked}`,
  );
}

function complete(text: string): string {
  const left = /.*igos-part:.*/.exec(text);
  if (left !== null) throw new Error(`the parts of a bundle do not fit together: ${left[0].trim()}`);
  return text;
}
