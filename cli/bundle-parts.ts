/**
 * A bundle in parts: what every command needs, what most do, and what seldom runs. A part is loaded when something in it is first
 * used: a start pays for each function that its file has, run or not, since all are deserialized.
 *
 * esbuild makes each part with the modules of the others left out, as `require('igos-part:FILE')`. Here those become names: of parts
 * before it constants, since those are there by then, in `igosBefore`; of parts behind it a call of `igosPart` at each use.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** Parts of one bundle, in the order in which they may rely on each other. Each is a file in `dist/`. */
export interface Parts {
  readonly names: readonly string[];
  /**
   * Files of the parts but the first: of the first here that has a pattern which fits. Nothing at the top level of a file may use a part behind its own: that
   * would load it at every start.
   */
  readonly files: Readonly<Record<string, readonly RegExp[]>>;
}

export const EVALUATION: Parts = {
  names: ['evaluating', 'ordinary', 'seldom'],
  files: {
    ordinary: [
      /^eval\/hot\//,
      // Their tables are read when a program names anything it has not defined.
      /^eval\/builtins\/(?!flake-ref\/|toml\/|(codes|documentation|faults|json-message|xml)\.ts$)/,
      /^eval\/compile\/(assertion|bindings|calls|growth|lambdas|select|sets|strings|variables)\.ts$/,
      /^eval\/(arithmetic|call|coerce|compare|describe|errors|globals|grow|inequality|json-writer|large-source|search-path|steps|to-json|utf8)\.ts$/,
      /^lang\/(deferred|merge|print|strings|words|parser\/strange)\.ts$/,
      /^cli\/igos\/instantiate\.ts$/,
      /^cli\/(evaluation-cache\/|source-memory\.ts$)/,
      /^base\/(koffi|sha256)\.ts$/,
      /^store\/(aterm|base32|complete-derivation|derivation|derivation-text|hash|hash-modulo|kept-text|nar-of-file|small-source|store-path)\.ts$/,
    ],
    seldom: [
      /^builder\//,
      /^base\/(atomic|bound-program|clock|dependency-order|early-flush|ending|errno|file-calls|file-sink|http|lock|look|names-in|native-code|native-loop|native-zstd|plain-path|process|process-group|render|scratch-folder|strongly-connected|suggest|syscalls)\.ts$/,
      /^(base|lang|store|eval|builder)\/(.*\/)?codes\.ts$/,
      /^lang\/(brackets|completeness|doc|doc-comment|file-kind|format|indented-layout|layout|scopes|spots|token-docs|parser\/(misread-comment|swallowed))\.ts$/,
      /^store\//,
      /^eval\/(declare|git|library)\//,
      /^eval\/builtins\/(flake-ref|toml)\//,
      /^eval\/builtins\/(documentation|faults|json-message|xml)\.ts$/,
      /^eval\/(as-given|docs|pretty|show-value)\.ts$/,
      /^cli\/(command-record|help|overview|version|exit|foreign-words|full-disk|igos\/parse)\.ts$/,
      /^cli\/progress\//,
    ],
  },
};

/** Of pkm: what removes packages, verifies and tells of them, and what places them or asks repositories. */
export const MANAGEMENT: Parts = {
  names: ['managing', 'placing'],
  files: {
    placing: [
      /^base\/(bound-program|early-flush|ending|errno|file-sink|http|lock|native-zstd|plain-path|process|process-group|scratch-folder|source|strongly-connected|suggest)\.ts$/,
      /^(base|store|pkm)\/(.*\/)?codes\.ts$/,
      /^cli\/(evaluation-cache|igos)\/(?!([\w-]+-)?table\.ts$)/,
      /^cli\/pkm\/(?!(files|history|info|list|name-pattern|offers|owns|remove|shown-address|verify|table|repository-table)\.ts$)/,
      /^cli\/progress\/(?!model\.ts$)/,
      /^cli\/(?!(arguments|commands|confirmation|context|leave|main|output|quantities|report-lines|root-pins|root-reading|roots|standard-input|terminal|time|user-home|whole-word|words|[\w-]+-table)\.ts$)[\w-]+\.ts$/,
      /^pkm\/(adopt|archive|rebuild|repository\/(?!(available|known)\.ts$))/,
      /^pkm\/config\/settle-config\.ts$/,
      /^pkm\/(config-globs|gc|image|image-from-store|objects|origin-contents|placing|repair|services|unowned|versions|whole-folders)\.ts$/,
      /^pkm\/loops\/(?!(creation|machine-code)\.ts$)/,
      /^pkm\/plan\/(as-placed|critical|declared-upgrades|explain|install|install-order|merge|offers|resolve|roll-packages|tree-plan|world)\.ts$/,
      /^store\/(?!(canonical-metadata|root-owner)\.ts$|removing\/|lanes\/(placed-files|timed-files)\.ts$|screen\/(file-loop|machine-code|placed-loop|placed-scan|web-assembly)\.ts$)/,
    ],
  },
};

/** Of `igos realize`: what builds, what evaluates where the answer is not known, and what seldom runs. */
export const REALIZATION: Parts = {
  names: ['realizing', 'reckoning', 'rare'],
  files: {
    rare: [
      /^base\/(early-flush|errno|file-sink|http|names-in|plain-path|strongly-connected|suggest)\.ts$/,
      /^(base|lang|store|eval|builder)\/(.*\/)?codes\.ts$/,
      /^lang\/(brackets|completeness|doc|doc-comment|format|indented-layout|layout|scopes|spots|token-docs|parser\/(misread-comment|swallowed))\.ts$/,
      /^eval\/git\//,
      /^eval\/builtins\/(flake-ref|toml)\//,
      /^eval\/builtins\/(documentation|faults|json-message|xml)\.ts$/,
      /^eval\/declare\/(seed|seed-lock)\.ts$/,
      /^eval\/(as-given|docs|pretty|show-value)\.ts$/,
      /^builder\/(debian|fetch)\//,
      /^builder\/(ar|build-failure|check|develop|diagnose|kept|probe)\.ts$/,
      /^store\/(cache|removing)\//,
      /^store\/screen\/(?!records\.ts$)/,
      /^store\/lanes\/(marks|placed|placed-files|removal|remove|timed-files)\.ts$/,
      /^store\/(collect|compare|damaged|dependency|derivation-json|disk-usage|export|graph|import|liveness|nar-decode|optimise|optimised-marks|pool|rebuild-index|recover-unlogged|repair|rewrite-tree|verify|zstd-frames)\.ts$/,
      /^cli\/watching\//,
      /^cli\/progress\/nix-json\.ts$/,
      /^cli\/(command-record|diffoscope|exit|foreign-words|full-disk|help|overview|pulling|tell-ending|version)\.ts$/,
    ],
    reckoning: [/^(eval|lang)\//, /^cli\/(lints|package-places|session|targets)\.ts$/],
  },
};

function partOf({ names, files }: Parts, file: string): string {
  return Object.keys(files).find((part) => files[part]!.some((pattern) => pattern.test(file))) ?? names[0]!;
}

const isBefore = ({ names }: Parts, a: string, b: string): boolean => names.indexOf(a) < names.indexOf(b);

/** Lists of what others export and of numbers have no state: each part has its own. */
const isInEach = (file: string): boolean =>
  /^(base|lang|store|eval|eval\/declare|builder|pkm)\/index\.ts$|^lang\/kinds\.ts$/.test(file);

/** Leaves out the modules of other parts. */
export const parted = (parts: Parts, home: string, own: string): Plugin => ({
  name: `the part ${own}`,
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, kind, importer }) => {
      const file = relative(home, join(resolveDir, path));
      const isOther = partOf(parts, file) !== own && !isInEach(file) && importer !== '';
      // What a part asks of itself, by hand, is there.
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
const LEFT_OUT_LATER = /\bigosImport\("igos-part:([^"]+)"\)/g;

/** What a part, before it is linked, uses of another: names by file. */
export function usedOf(parts: Parts, text: string, other: string): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const [, variable, file] of text.matchAll(LEFT_OUT)) {
    if (partOf(parts, file!) !== other) continue;
    const names = used.get(file!) ?? new Set();
    for (const [, name] of text.matchAll(new RegExp(`\\b${variable}\\.([\\w$]+)`, 'g'))) names.add(name!);
    used.set(file!, names);
  }
  for (const [, file] of text.matchAll(LEFT_OUT_LATER))
    if (partOf(parts, file!) === other && !used.has(file!)) used.set(file!, new Set());
  return used;
}

export function mergeUses(uses: readonly ReadonlyMap<string, ReadonlySet<string>>[]): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const use of uses) for (const [file, names] of use) all.set(file, new Set([...(all.get(file) ?? []), ...names]));
  return all;
}

/** A module with all that parts behind use of a part. */
export function givenModule(used: ReadonlyMap<string, ReadonlySet<string>>): string {
  const files = [...used].map(([file, names], i) => ({ file, names: [...names], prefix: `m${i}_` }));
  const imports = files.map(
    ({ file, names, prefix }) => `import { ${names.map((name) => `${name} as ${prefix}${name}`).join(', ')} } from './${file}';`,
  );
  const rows = files.map(
    ({ file, names, prefix }) => `${JSON.stringify(file)}: { ${names.map((name) => `${name}: ${prefix}${name}`).join(', ')} },`,
  );
  return `${imports.join('\n')}\nexport const given = () => ({\n${rows.join('\n')}\n});`;
}

/** The entry of a part behind: what it gives to parts before it (files that are asked for whole) and behind it. */
export function partEntry(files: Iterable<string>): string {
  const rows = [...files].map((file) => `${JSON.stringify(file)}: () => require('./${file}'),`);
  return `declare const require: any;\nexport const files = {\n${rows.join('\n')}\n};\n${GIVEN}`;
}

/** Makes a part give `givenModule`, which stands under this name. */
export const GIVEN_NAME = 'igos:given';
/** Imported, not required: where nothing is required, esbuild puts all modules in a row instead of each in a function. */
export const GIVEN = `export { given } from '${GIVEN_NAME}';`;

/** What esbuild left out gets names. @throws Error where something is used in a way that has none */
export function link(parts: Parts, text: string, own: string): string {
  const variables = new Map([...text.matchAll(LEFT_OUT)].map(([, variable, file]) => [variable!, file!]));
  const constants: string[] = [];
  for (const part of parts.names.filter((part) => isBefore(parts, part, own))) {
    const used = usedOf(parts, text, part);
    for (const [variable, file] of variables) {
      if (partOf(parts, file) !== part) continue;
      const names = [...used.get(file)!].map((name) => `${name}: ${variable}_${name}`);
      constants.push(`const { ${names.join(', ')} } = igosBefore[${JSON.stringify(file)}];`);
    }
  }
  const asked = (file: string): string => `igosPart(${JSON.stringify(partOf(parts, file))}, ${JSON.stringify(file)})`;
  const linked = text
    .replaceAll(LEFT_OUT, (_, variable: string) => `${variable};`)
    .replaceAll(LEFT_OUT_LATER, (_, file: string) => {
      if (isBefore(parts, partOf(parts, file), own))
        throw new Error(`the part '${own}' of a bundle imports '${file}' later, which is before it`);
      return `Promise.resolve(${asked(file)})`;
    })
    .replaceAll(/\b(import_\w+)\.([\w$]+)/g, (use, variable: string, name: string) => {
      const file = variables.get(variable);
      if (file === undefined) return use;
      return isBefore(parts, partOf(parts, file), own) ? `${variable}_${name}` : `(${variable} ??= ${asked(file)}).${name}`;
    });
  const left = /.*igos-part:.*/.exec(linked);
  if (left !== null) throw new Error(`the parts of a bundle do not fit together: ${left[0].trim()}`);
  return `${constants.join('\n')}\n${linked}`;
}

/**
 * The first part loads the others, by cli/start.cjs. Getters become plain properties: they are used often. A part that needs itself to be
 * loaded would be loaded again and again, each time on top of the one before: that is a mistake in the lists above, and is said.
 */
export const loaderOf = ({ names }: Parts): string => `
const igosParts = {};
igosPart = (part, file) => ({ ...igosLoaded(part).files[file]() });
const igosLoaded = (part) => {
  if (igosParts[part] === null)
    throw new Error("the part '" + part + "' of the bundle is used while it is loaded: a file of it uses another part at its top level, or is in the wrong list of cli/bundle-parts.ts");
  if (igosParts[part] === undefined) {
    igosParts[part] = null;
    igosParts[part] = igosLoad(part, igosPart, igosGiven(part));
  }
  return igosParts[part];
};
const igosGiven = (part) => {
  const given = { ...module.exports.given() };
  for (const before of ${JSON.stringify(names.slice(1))}) {
    if (before === part) return given;
    Object.assign(given, igosLoaded(before).given());
  }
};
`;
