/** A tree of declarations, evaluated lazily: asking for a name costs that name. */
import {
  bytesToText,
  compareBytes,
  didYouMean,
  Fault,
  Faults,
  type SourceFile,
  type Span,
  textToBytes,
} from '../../base/index.ts';
import { parseExpr } from '../../lang/index.ts';
import type { StorePath } from '../../store/index.ts';
import type { Attrs } from '../attrs.ts';
import { attrsFromMap } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { libraryScope } from '../library/library.ts';
import type { DynamicScope, Scope, Scoping } from '../scope.ts';
import type { Slot, Value } from '../value.ts';
import { runtimeClosure } from './closure.ts';
import { collectDeclarations, type DeclaredNames, makeLayer } from './collect.ts';
import { LayeredFields } from './layered-fields.ts';
import { type DeclarationsFile, loadTree, type TreeFields } from './load-tree.ts';
import { makePackageFunction } from './make-package.ts';
import type { Package } from './package.ts';
import type { PackageInfo } from './package-info.ts';
import { type Reading, readLine, readPatterns, readTrees, readVersion } from './read-field.ts';
import { styleValues } from './read-style.ts';
import { namesOf, type Realm } from './realm.ts';
import { Recipe } from './recipe.ts';
import type { DeclaredSeed } from './seed.ts';
import { System } from './system.ts';
import { orderTiers, Tier } from './tier.ts';

/** What a tree needs of an `Interpreter`. */
export interface TreeInterpreter {
  readonly ctx: Evaluator;
  readonly scopes: Scoping;
  guard<T>(run: () => T): T;
}

/** The names of a tree and their meaning. Nothing is evaluated before it is asked for. */
export interface Tree {
  readonly name: string;
  readonly version: string | undefined;
  /** Absolute path of its folder. */
  readonly root: string;
  /** In order of the files and of the declarations in them; the splits of a package behind it. */
  readonly packages: ReadonlyMap<string, PackageInfo>;
  /** In an order where each comes after those it names in `after`. @throws Fault E-DECL-018 when read */
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly systems: ReadonlyMap<string, System>;

  /** A package by name. @throws Fault E-DECL-017 */
  select(name: string): PackageInfo;
  /** A system by name. @throws Fault E-DECL-017 */
  selectSystem(name: string): System;
  /** The packages and all they need to run, each behind what it needs. */
  runtimeClosure(packages: Iterable<PackageInfo>): PackageInfo[];

  /** Makes the derivations of packages (written to the store unless it is read-only); those that nothing is built for have none. */
  instantiate(packages: Iterable<PackageInfo>): { readonly drvPath: StorePath; readonly outputs: readonly string[] }[];

  /** What the packages with `style = debianSeed { … }` want locked, in the order of the tree. */
  seeds(): DeclaredSeed[];

  /** What `scopeFor` puts into scope, as a set whose values are read when asked for; a tree's name hides one of the library. */
  names(): Attrs;
  /** The names of the tree and the library for an expression from elsewhere; its paths are relative to `basePath`. */
  scopeFor(source: SourceFile, basePath: string): Scope;
  /** `igos eval TREE --expr …`. @throws Faults syntax errors · Fault what evaluation throws */
  evalExpr(source: SourceFile, basePath: string): Value;
  /** Reads every field of everything, derivations included; returns what is wrong. Cost: the whole tree. */
  check(): Fault[];
}

/**
 * Loads and evaluates the tree in a folder, or in one file of declarations.
 *
 * @param argument  as the user wrote it; errors show it that way
 * @throws Fault, Faults  all syntax errors together, then all misplaced, doubled, unknown and missing names and fields together
 */
export function evalTree(interpreter: TreeInterpreter, argument: string): Tree {
  const { ctx: evaluator, scopes: scoping, guard } = interpreter;
  const styles = styleValues(evaluator);
  const styleNames = namesOf(
    (name) => styles.get(name),
    () => styles.keys(),
  );
  const library = libraryScope(
    evaluator,
    scoping,
    new Map<string, Slot>([
      ...styles,
      ['styles', attrsFromMap(styles)],
      ['makePackage', makePackageFunction(evaluator, () => realm)],
    ]),
  );
  const loaded = guard(() => loadTree(evaluator, argument, readTreeFields));
  const declared = collectDeclarations(loaded.files);

  const packages = new Map<string, Package>();
  const tiers = new Map<string, Tier>();
  const systems = new Map<string, System>();
  const fileScopes = new Map<DeclarationsFile, Scope>();
  const realm: Realm = {
    evaluator,
    scoping,
    guard,
    scopeOf,
    styleNames,
    tierNames: namesOf(
      (name) => tiers.get(name)?.value,
      () => tiers.keys(),
    ),
    packages,
    tiers,
    packageOf: new WeakMap(),
    tierOf: new WeakMap(),
    instantiating: [],
  };
  declareAll(realm, declared, packages, tiers, systems);
  const treeScope = treeNames(realm, systems);
  const infos = new Map([...packages].map(([name, each]) => [name, each.info]));
  /** A name that is there, of something else than a package. */
  const otherwise = (name: string): string[] => {
    const dot = name.indexOf('.');
    const [whole, field] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
    if (tiers.has(name))
      return [`'${name}' is a tier; its packages: TREE --expr 'filter (p: p.tier.name == "${name}") (attrValues packages)'`];
    return packages.has(whole) || systems.has(whole) ? [`an attribute of '${whole}': igos eval TREE#${whole} -A ${field}`] : [];
  };
  const selectFrom = <T>(kind: string, names: ReadonlyMap<string, T>, name: string): T => {
    const found = names.get(name);
    if (found !== undefined) return found;
    const hints = [...didYouMean(name, names.keys()), ...(kind === 'package' ? otherwise(name) : [])];
    const all = [...names.keys()].sort(compareBytes);
    const some =
      all.length === 0
        ? `the tree declares no ${kind}`
        : `there are: ${all.slice(0, 12).join(', ')}${all.length > 12 ? ', …' : ''}`;
    throw new Fault('E-DECL-017', `there is no ${kind} '${name}' in the tree '${loaded.name}'`, {
      hints: hints.length > 0 ? hints : [some],
    });
  };

  const tree: Tree = {
    name: loaded.name,
    version: loaded.version,
    root: loaded.root,
    packages: infos,
    get tiers() {
      return guard(() => new Map(orderTiers(tiers.values()).map((tier) => [tier.name, tier])));
    },
    systems,
    select: (name) => selectFrom('package', infos, name),
    selectSystem: (name) => selectFrom('system', systems, name),
    runtimeClosure: (roots) => guard(() => runtimeClosure([...roots].map((info) => info.package)).map((each) => each.info)),
    instantiate: (wanted) => guard(() => instantiate(wanted)),
    seeds: () => guard(() => declaredSeeds(packages)),
    names: namesInScope,
    scopeFor: outsideScope,
    evalExpr: (source, basePath) => scoping.evalInScope(parseExpr(source), outsideScope(source, basePath)),
    check: () => checkAll(tree, infos, tiers, systems),
  };
  return tree;

  function namesInScope(): Attrs {
    const slots = new Map<string, Slot>();
    for (const scope of [library, treeScope])
      for (const name of scope.names())
        slots.set(
          name,
          evaluator.delay(() => evaluator.force(scope.lookup(name)!)),
        );
    return attrsFromMap(slots, (name) => (infos.get(name) ?? systems.get(name))?.span);
  }

  function outsideScope(source: SourceFile, basePath: string): Scope {
    return scoping.dynamicScope(scoping.dynamicScope(scoping.fileScope(source, textToBytes(basePath)), library), treeScope);
  }

  function scopeOf(file: DeclarationsFile): Scope {
    let scope = fileScopes.get(file);
    if (scope === undefined) {
      scope = outsideScope(file.source, folderOf(file));
      if (file.tree.merged !== undefined) scope = scoping.letScope(scope, file.tree.merged);
      fileScopes.set(file, scope);
    }
    return scope;
  }

  /** `tree { … }` is read before there is a tree: it sees the library only. */
  function readTreeFields(declaration: Parameters<typeof makeLayer>[1], file: DeclarationsFile): TreeFields {
    const wrong: Fault[] = [];
    const layer = makeLayer('tree', declaration, file, wrong);
    if (wrong.length > 0) throw wrong.length === 1 ? wrong[0] : new Faults(wrong);
    const scope = scoping.dynamicScope(scoping.fileScope(file.source, textToBytes(folderOf(file))), library);
    const alone = {
      evaluator,
      scoping,
      guard,
      scopeOf: () => scope,
      styleNames,
      tierNames: styleNames,
    } as Partial<Realm> as Realm;
    const fields = new LayeredFields(alone, 'tree', 'the tree', [layer], new Map());
    const read = <T>(name: string, how: (reading: Reading) => T): T | undefined => {
      const slot = fields.slot(name);
      return slot === undefined ? undefined : how({ realm: alone, place: fields.place(name), slot });
    };
    return {
      name: read('name', readLine),
      version: read('version', readVersion),
      include: read('include', readPatterns),
      over: read('over', readTrees),
    };
  }
}

/** As text, as its file. */
const folderOf = (file: DeclarationsFile): string => file.path.slice(0, file.path.lastIndexOf('/')) || '/';

function declareAll(
  realm: Realm,
  declared: DeclaredNames,
  packages: Map<string, Package>,
  tiers: Map<string, Tier>,
  systems: Map<string, System>,
): void {
  for (const each of declared.tiers.values()) tiers.set(each.name, new Tier(realm, each));
  for (const each of declared.systems.values()) systems.set(each.name, new System(realm, each));
  for (const each of declared.packages.values()) {
    const recipe = new Recipe(realm, each.name, each.layers, each.splits);
    for (const one of recipe.packages.values()) packages.set(one.name, one);
  }
}

function instantiate(wanted: Iterable<PackageInfo>): { drvPath: StorePath; outputs: string[] }[] {
  const outputs = new Map<StorePath, string[]>();
  for (const { drvPath, outputName } of wanted) {
    if (drvPath === undefined) continue;
    const known = outputs.get(drvPath) ?? [];
    outputs.set(drvPath, known.includes(outputName) ? known : [...known, outputName]);
  }
  return [...outputs].map(([drvPath, names]) => ({ drvPath, outputs: names }));
}

function declaredSeeds(packages: ReadonlyMap<string, Package>): DeclaredSeed[] {
  return [...packages.values()].flatMap(({ output, name, recipe: { style } }) =>
    output !== 'out' || style.kind !== 'seed'
      ? []
      : [{ name, lock: bytesToText(style.seed.lock), packages: style.seed.packages, without: style.seed.without }],
  );
}

/** Packages hide systems, systems hide tiers; `packages.x`, `systems.x`, `tiers.x` say which is meant. */
function treeNames(realm: Realm, systems: ReadonlyMap<string, System>): DynamicScope {
  const { evaluator, packages, tiers } = realm;
  const setOf = (named: ReadonlyMap<string, { readonly value: Attrs }>): Slot =>
    evaluator.delay(() =>
      attrsFromMap(new Map([...named].map(([name, each]): [string, Slot] => [name, evaluator.delay(() => each.value)]))),
    );
  const sets = new Map<string, Slot>([
    ['packages', setOf(packages)],
    ['systems', setOf(systems)],
    ['tiers', setOf(tiers)],
  ]);
  return namesOf(
    (name) => packages.get(name)?.value ?? systems.get(name)?.value ?? tiers.get(name)?.value ?? sets.get(name),
    () => [...packages.keys(), ...systems.keys(), ...tiers.keys(), ...sets.keys()],
    (name) =>
      name === 'pkgs'
        ? ["the packages of the tree are names by themselves, and the attributes of 'packages'"]
        : [`the tree declares no '${bytesToText(name)}': declare it, or lay the tree over one that does: tree { over = [ … ]; }`],
  );
}

function checkAll(
  tree: Tree,
  infos: ReadonlyMap<string, PackageInfo>,
  tiers: ReadonlyMap<string, Tier>,
  systems: ReadonlyMap<string, System>,
): Fault[] {
  const found = new Map<string, Fault>();
  const attempt = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const at: Span | undefined = error.labels[0];
      found.set(`${error.code} ${error.message} ${at?.source.name} ${at?.start}`, error);
    }
  };
  attempt(() => void tree.tiers);
  for (const tier of tiers.values())
    attempt(() => void [tier.summary, tier.ships, tier.holds, tier.sequence, tier.unaudited, tier.buildsOn, tier.accumulates]);
  for (const info of infos.values()) {
    for (const name of INFO_FIELDS) attempt(() => void info[name]);
    attempt(() => info.package.checkSupersedes());
    attempt(() => void info.drvPath);
  }
  for (const system of systems.values())
    attempt(() => void [system.summary, system.packages, system.etc, system.services, system.boot]);
  return [...found.values()];
}

const INFO_FIELDS = [
  'version',
  'release',
  'tier',
  'summary',
  'license',
  'homepage',
  'runtime',
  'supersedes',
  'provides',
  'conflicts',
  'config',
  'modes',
  'capabilities',
  'triggers',
  'services',
  'foundAs',
  'divergences',
  'lacks',
  'pending',
  'waivers',
  'meta',
] as const satisfies readonly (keyof PackageInfo)[];
