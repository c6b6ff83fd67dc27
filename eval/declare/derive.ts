/**
 * From recipe to derivation, as docs/decisions/0002 says. What a recipe needs is derived before it, from a list of its own and
 * not by recursion, so that long chains of packages cost no stack and a cycle is seen as one.
 */
import { Fault, type Label } from '../../base/index.ts';
import { type Attrs, attrsFromMap } from '../attrs.ts';
import { ContextString, type Slot, withContext } from '../value.ts';
import { buildScript } from './build-script.ts';
import { needsInBuilds, pathTo, type RootLayer, rootLayers } from './closure.ts';
import type { Package } from './package.ts';
import type { Recipe } from './recipe.ts';
import { deriveSeed } from './seed.ts';

/** What became of a recipe. */
export interface Derived {
  /** Absent where nothing is built (host tools). A string with its context. */
  readonly drvPath: Slot | undefined;
  /** Output → path: the store path where it is known already, a placeholder where only the build tells. Strings with context. */
  readonly outPaths: ReadonlyMap<string, Slot>;
}

/** Derives a recipe and, before it, all that it needs. @throws Fault E-DECL-009 and whatever reading the fields throws */
export function derive(recipe: Recipe): Derived {
  if (recipe.derived !== undefined) return recipe.derived;
  const { instantiating } = recipe.realm;
  const bottom = instantiating.length;
  try {
    const open = [enter(recipe)];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const needed = top.layers[top.next++]?.package.recipe;
      if (needed === undefined) {
        top.recipe.derived = deriveOne(top.recipe, top.layers);
        instantiating.pop();
        open.pop();
      } else if (needed.derived === undefined) open.push(enter(needed));
    }
  } finally {
    instantiating.length = bottom;
  }
  return recipe.derived!;
}

interface Frame {
  readonly recipe: Recipe;
  readonly layers: readonly RootLayer[];
  next: number;
}

function enter(recipe: Recipe): Frame {
  const { instantiating } = recipe.realm;
  if (instantiating.includes(recipe)) throw cycle(recipe);
  instantiating.push(recipe);
  const isBuilt = recipe.style.kind === 'phases';
  return { recipe, layers: isBuilt ? rootLayers(recipe) : [], next: 0 };
}

/** The steps between recipes are often several: `a` builds with `b`, which needs `c` to run, which builds with `a`. */
function cycle(recipe: Recipe): Fault {
  const open = recipe.realm.instantiating;
  const members = [...open.slice(open.indexOf(recipe)), recipe];
  const names = [recipe.name];
  const labels: Label[] = [];
  for (let index = 0; index + 1 < members.length; index++) {
    const from = members[index]!;
    const to = members[index + 1]!;
    const { tier } = from.main;
    const way = (roots: readonly Package[]): string[] =>
      pathTo(roots, (each) => each.recipe === to, needsInBuilds(tier)).map((each) => each.name);
    const named = way([...from.build, ...from.host]);
    const path = named.length > 0 ? named : way(tier.buildsOn);
    names.push(...(path.length > 0 ? path : [to.name]));
    const field = ['build', 'host'].find((name) => from.fields.has(name));
    const span =
      named.length === 0 && tier.fields.has('buildsOn')
        ? tier.fields.place('buildsOn').span
        : field === undefined
          ? undefined
          : from.fields.place(field).span;
    if (span !== undefined) labels.push({ ...span, text: `what '${from.name}' is built with` });
  }
  return new Fault('E-DECL-009', `package '${recipe.name}' is needed to build itself: ${names.join(' → ')}`, {
    labels,
    hints: [
      `declare a variant that needs less, like '${recipe.name}-pass1', build with that, and let '${recipe.name}' supersede it`,
    ],
  });
}

function deriveOne(recipe: Recipe, layers: readonly RootLayer[]): Derived {
  const { realm } = recipe;
  const { style } = recipe;
  if (style.kind !== 'phases' && recipe.packages.size > 1) throw splitNothing(recipe);
  if (style.kind === 'host') {
    const path = realm.evaluator.withTrace(
      () => `while making package '${recipe.name}' from tools of the host`,
      () => realm.evaluator.io.store.addHostTree(`${recipe.name}-${recipe.version}`, style),
      recipe.fields.place('style').span,
    );
    return { drvPath: undefined, outPaths: new Map([['out', new ContextString(path, [path])]]) };
  }
  const set = realm.evaluator.withTrace(
    () => `while making the derivation of package '${recipe.name}'`,
    () => {
      const strict = realm.evaluator.force(globalBuiltin(recipe, 'derivationStrict'));
      const make = (given: Attrs): Attrs => realm.evaluator.forceAttrs(realm.evaluator.call(strict, given), 'the derivation');
      return style.kind === 'seed' ? deriveSeed(recipe, style.seed, make) : make(attributes(recipe, layers));
    },
    recipe.fields.span,
  );
  const outPaths = new Map([...recipe.packages.keys()].map((output) => [output, set.get(output)!]));
  return { drvPath: set.get('drvPath')!, outPaths };
}

function attributes(recipe: Recipe, layers: readonly RootLayer[]): Attrs {
  const { realm } = recipe;
  const scriptContext = new Set<string>();
  const sourceContext = new Set<string>();
  const patchContext = new Set<string>();
  const phases = recipe.phases(scriptContext);
  if (phases.install === undefined || phases.install.trim() === '') throw nothingToInstall(recipe);
  const sources = recipe.sources(sourceContext);
  const patches = recipe.patches(patchContext);
  const { splits } = recipe;
  const script = buildScript({
    name: recipe.name,
    version: recipe.version,
    sources: sources.map((source) => source.place),
    patches: patches.map((patch) => patch.place),
    phases,
    knownFailures: recipe.check.kind === 'known-failures' ? recipe.check.reason : undefined,
    strip: recipe.strip,
    hasDebug: recipe.hasDebug,
    splits,
  });
  const entries = new Map<string, Slot>([
    ['__contentAddressed', true],
    ['args', ['-e', '-c', '. "$buildScriptPath"']],
    ['buildScript', withContext(script, scriptContext)],
    ['builder', '/bin/sh'],
    ['igosRoot', rootDescription(layers)],
    ['name', `${recipe.name}-${recipe.version}`],
    ['outputHashAlgo', 'sha256'],
    ['outputHashMode', 'recursive'],
    ['outputs', [...recipe.packages.keys()]],
    ['passAsFile', ['buildScript']],
    ['system', realm.evaluator.force(globalBuiltin(recipe, 'currentSystem'))],
  ]);
  const rules = recipe.outputRules;
  if (Object.keys(rules).length > 0) entries.set('igosOutputs', JSON.stringify(rules));
  const paths = (files: readonly { readonly path: string }[]): string => files.map(({ path }) => path).join(' ');
  const { memoryBytes } = recipe;
  if (memoryBytes !== undefined) entries.set('igosMemory', String(memoryBytes));
  if (sources.length > 0) entries.set('sources', withContext(paths(sources), sourceContext));
  if (patches.length > 0) entries.set('patches', withContext(paths(patches), patchContext));
  const environmentContext = new Set<string>();
  for (const [name, text] of recipe.environment(environmentContext)) entries.set(name, withContext(text, environmentContext));
  return attrsFromMap(entries);
}

/** The layers of the build's root as JSON; the paths in it carry their context. */
function rootDescription(layers: readonly RootLayer[]): Slot {
  const context = new Set<string>();
  const texts = layers.map(({ package: each, level }) => {
    const described = describeLayer(each);
    for (const part of described.context) context.add(part);
    return level === 0 ? described.text : `${described.text.slice(0, -1)},"level":${level}}`;
  });
  return withContext(`{"layers":[${texts.join(',')}]}`, context);
}

interface DescribedLayer {
  readonly text: string;
  readonly context: ReadonlySet<string>;
}

const describedLayers = new WeakMap<Package, DescribedLayer>();

/** The same for all builds that have it: some packages are a layer of most others. */
function describeLayer(each: Package): DescribedLayer {
  let described = describedLayers.get(each);
  if (described === undefined) {
    const context = new Set<string>();
    const { evaluator } = each.recipe.realm;
    const path = evaluator.forceString(each.recipe.derived!.outPaths.get(each.output)!, 'an output path', context);
    described = { text: JSON.stringify({ name: each.name, path, supersedes: each.supersedes }), context };
    describedLayers.set(each, described);
  }
  return described;
}

function splitNothing(recipe: Recipe): Fault {
  const { span } = [...recipe.packages.values()].at(-1)!;
  return new Fault(
    'E-DECL-010',
    `package '${recipe.name}' has nothing to split: ${recipe.style.kind === 'seed' ? 'a seed is' : 'host tools are'} not built`,
    {
      labels: span === undefined ? [] : [{ ...span, text: '' }],
      hints: [`declare a second package with style = ${recipe.style.name}`],
    },
  );
}

function nothingToInstall(recipe: Recipe): Fault {
  const { span } = recipe.fields;
  const { name } = recipe.style;
  return new Fault('E-DECL-013', `package '${recipe.name}' installs nothing: style '${name}' has no install phase`, {
    labels: span === undefined ? [] : [{ ...span, text: '' }],
    hints: ['give it a style (style = autotools;) or an install phase (phases.install = "…";)'],
  });
}

function globalBuiltin(recipe: Recipe, name: string): Slot {
  const { evaluator } = recipe.realm;
  const builtins = evaluator.forceAttrs(evaluator.globals.get('builtins')!, 'builtins');
  return evaluator.getAttr(builtins, name, 'builtins');
}
