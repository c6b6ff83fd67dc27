/**
 * From a place in a text to what it means. Nothing is evaluated: sets, imports, packages and what builds on them are followed
 * through the text as far as it goes; beyond that there is no answer rather than a guess.
 */
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { bytesToText } from '../../base/index.ts';
import { type Declared, type DeclaredLayer, type DeclaredSplit, fieldDocs, libraryFile } from '../../eval/index.ts';
import {
  type AttrName,
  type AttrsExpr,
  type BindingHolder,
  type Expr,
  findLocal,
  type Local,
  type MergedAttrs,
  type NameScope,
  type PathExpr,
  type Spot,
  type StaticAttr,
} from '../../lang/index.ts';
import { commentAbove, commentOn } from './comments.ts';
import type { Entity, Place, Shape } from './entity.ts';
import type { File } from './files.ts';
import { fieldDoc, globalNames, libraryNames, phaseNames, styleNames } from './language-names.ts';
import type { Membership, TreeView, Workspace } from './workspace.ts';

/** How far definitions are followed; also what ends circles. */
const MAX_DEPTH = 40;

/** A supply of names, as seen from one place. */
export interface Level {
  lookup(name: string): Entity | undefined;
  all(): Iterable<Entity>;
  /** Whether there may be names that the text does not tell. */
  readonly isOpen: boolean;
  /** A `with` never hides a global. */
  readonly isWith?: boolean;
}

export type Found = { readonly entity: Entity } | { readonly entity: undefined; readonly isCertain: boolean };

export class Resolver {
  readonly #workspace: Workspace;
  readonly #instead: { readonly path: string; readonly view: TreeView } | undefined;
  readonly #fieldsOf = new WeakMap<Membership, ReadonlyMap<string, Entity>>();
  readonly #treeLevels = new WeakMap<TreeView, Level>();

  /** @param instead  the tree to be assumed for one file: to try out another text */
  constructor(workspace: Workspace, instead?: { readonly path: string; readonly view: TreeView }) {
    this.#workspace = workspace;
    this.#instead = instead;
  }

  treeOf(path: string): TreeView | undefined {
    return this.#instead?.path === path ? this.#instead.view : this.#workspace.treeOf(path);
  }

  /** What stands at a spot. */
  entityAt(file: File, spot: Spot): Entity | undefined {
    switch (spot.kind) {
      case 'var': {
        const scope = file.names.scopeOf.get(spot.expr);
        return scope && this.name(file, spot.expr.name, scope).entity;
      }
      case 'param':
        return this.#localAt(file, spot.start);
      case 'inherited':
        return this.#inherited(file, spot);
      case 'key':
        return this.#key(file, spot);
      case 'attr': {
        const before = this.#selected(file, spot.expr, spot.index, 0);
        const part = spot.expr.path[spot.index]!;
        return part.kind === 'static' ? membersOf(before)?.get(part.name) : undefined;
      }
      case 'path':
      case 'searchPath': {
        const path = spot.kind === 'path' ? this.pathOf(file, spot.expr) : undefined;
        return path === undefined ? undefined : fileEntity(this.#workspace, path);
      }
      case 'declared':
      case 'word': {
        const tree = this.treeOf(file.path);
        const membership = tree?.membership(spot.declaration);
        if (tree === undefined || membership === undefined) return undefined;
        return membership.split === undefined
          ? this.#declared(tree, membership.declared)
          : this.#split(tree, membership.declared, membership.split);
      }
      case 'string':
      case 'number':
        return undefined;
    }
  }

  /** What a name means in a scope. Not found and certain: it is unknown. */
  name(file: File, name: string, scope: NameScope, depth = 0): Found {
    const local = findLocal(name, scope);
    if (local !== undefined) return { entity: this.local(file, local) };
    const global = globalNames().get(name);
    let isCertain = true;
    for (const level of this.levels(file, scope, depth)) {
      if (level.isWith === true && global !== undefined) continue;
      const entity = level.lookup(name);
      if (entity !== undefined) return { entity };
      if (level.isOpen) isCertain = false;
    }
    return global === undefined ? { entity: undefined, isCertain } : { entity: global };
  }

  /** All names in sight with what they mean, inner ones first where two are alike. */
  namesInSight(file: File, scope: NameScope): Map<string, Entity> {
    const all = new Map<string, Entity>();
    const add = (name: string, entity: Entity): void => {
      if (!all.has(name)) all.set(name, entity);
    };
    for (let at: NameScope | undefined = scope; at !== undefined; at = at.around)
      for (const local of at.locals.values()) add(local.name, this.local(file, local));
    const withs: Entity[] = [];
    for (const level of this.levels(file, scope, 0)) {
      if (level.isWith === true) withs.push(...level.all());
      else for (const each of level.all()) add(each.name, each);
    }
    for (const [name, entity] of globalNames()) add(name, entity);
    for (const each of withs) add(each.name, each);
    return all;
  }

  /** What names are looked up in behind those that the text binds, in order; the globals come after. */
  *levels(file: File, scope: NameScope, depth: number): Generator<Level> {
    let isTree = false;
    const isDeclarations = file.parsed.tree.kind === 'declarations';
    const tree = isDeclarations ? this.treeOf(file.path) : undefined;
    for (let at: NameScope | undefined = scope; at !== undefined; at = at.around) {
      if (at.kind === 'with' && at.set !== undefined) {
        const shape = depth > MAX_DEPTH ? undefined : this.shapeOf(file, at.set, depth + 1);
        const members = membersOf(shape);
        yield { ...levelOf(members ?? new Map()), isOpen: !isComplete(shape), isWith: true };
      } else if (at.kind === 'field' || at.kind === 'declaration') {
        const declaration = at.declaration!;
        if (declaration.kind === 'tree') isTree = true;
        const membership = tree?.membership(declaration);
        if (at.kind === 'field') {
          if (membership !== undefined && membership.index > 0) yield levelOf(new Map([['super', this.#super(membership)]]));
          if (at.field === 'style') yield levelOf(styleNames());
          if ((at.field === 'tier' || at.field === 'after') && tree !== undefined) {
            const { tiers } = tree.tree.names;
            yield this.#treeLevel(
              tree,
              (name) => tiers.get(name),
              () => tiers.values(),
            );
          }
        } else if (membership !== undefined) yield levelOf(this.#fields(membership));
      }
    }
    if (!isDeclarations) return;
    if (!isTree && tree !== undefined) yield this.#treeNames(tree);
    yield levelOf(this.#library());
  }

  /** A name that the text binds. */
  local(file: File, local: Local): Entity {
    const first = local.places[0]!;
    return {
      kind: local.kind === 'let' || local.kind === 'rec' ? 'variable' : 'argument',
      name: local.name,
      key: `${file.path}:${first.start}`,
      places: local.places.map((place) => ({ file, ...place })),
      ...(local.value === undefined
        ? {}
        : { detail: `${local.name} ${local.kind === 'formal' ? '?' : '='} ${oneLine(file, local.value)}` }),
      doc: () => commentOn(file, first.start, local.value),
      shape: (depth) => this.#localShape(file, local, depth),
    };
  }

  /** The attributes and so on of an expression, as far as the text tells. */
  shapeOf(file: File, expr: Expr, depth: number): Shape | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const next = depth + 1;
    switch (expr.kind) {
      case 'attrs':
        return this.#setShape(file, expr);
      case 'var': {
        const scope = file.names.scopeOf.get(expr);
        return scope && this.name(file, expr.name, scope, next).entity?.shape?.(next);
      }
      case 'select':
        return this.#selected(file, expr, expr.path.length, next);
      case 'let':
      case 'with':
      case 'assert':
        return this.shapeOf(file, expr.body, next);
      case 'if':
        return this.shapeOf(file, expr.then, next) ?? this.shapeOf(file, expr.otherwise, next);
      case 'lambda':
        return { kind: 'function', file, lambda: expr };
      case 'binary': {
        if (expr.op !== '//') return undefined;
        const left = this.shapeOf(file, expr.left, next);
        const right = this.shapeOf(file, expr.right, next);
        const members = new Map([...(membersOf(left) ?? []), ...(membersOf(right) ?? [])]);
        return { kind: 'set', members, isComplete: isComplete(left) && isComplete(right) };
      }
      case 'call':
        return this.#callShape(file, expr, next);
      default:
        return undefined;
    }
  }

  /** What `path[count]` of a selection is selected from. */
  shapeBefore(file: File, expr: Expr & { kind: 'select' | 'has' }, count: number): Shape | undefined {
    return this.#selected(file, expr, count, 0);
  }

  /** The absolute path of a path literal without interpolation. */
  pathOf(file: File, expr: PathExpr): string | undefined {
    const [text] = expr.parts;
    if (expr.parts.length !== 1 || typeof text !== 'string') return undefined;
    const written = bytesToText(text);
    if (written.startsWith('~/')) return join(homedir(), written.slice(2));
    if (written.startsWith('/')) return resolve(written);
    return file.path.startsWith('/') ? resolve(dirname(file.path), written) : undefined;
  }

  /** The members before `path[count]` of a selection: of its target for 0. */
  #selected(file: File, expr: Expr & { kind: 'select' | 'has' }, count: number, depth: number): Shape | undefined {
    if (depth > MAX_DEPTH) return undefined;
    let shape = this.shapeOf(file, expr.target, depth + 1);
    for (const part of expr.path.slice(0, count)) {
      if (part.kind !== 'static') return undefined;
      shape = membersOf(shape)
        ?.get(part.name)
        ?.shape?.(depth + 1);
    }
    return shape;
  }

  #callShape(file: File, expr: Expr & { kind: 'call' }, depth: number): Shape | undefined {
    let shape = this.shapeOf(file, expr.fn, depth);
    for (const arg of expr.args) {
      if (shape?.kind === 'import') shape = this.#imported(file, arg, depth);
      else if (shape?.kind === 'function') shape = this.shapeOf(shape.file, shape.lambda.body, depth);
      else if (shape?.kind === 'overrider') shape = shape.result;
      else return undefined;
    }
    return shape;
  }

  #imported(file: File, arg: Expr, depth: number): Shape | undefined {
    const path = arg.kind === 'path' ? this.pathOf(file, arg) : undefined;
    const found = path === undefined ? undefined : this.#workspace.files.peek(expressionFile(path));
    return found?.parsed.tree.kind === 'expr' ? this.shapeOf(found, found.parsed.tree.expr, depth + 1) : undefined;
  }

  #setShape(file: File, { merged }: Pick<AttrsExpr, 'merged'>): Shape {
    const members = new Map<string, Entity>();
    for (const { name, start, end, value } of merged.statics) {
      const expr = value.kind === 'expr' ? value.expr : undefined;
      members.set(name, {
        kind: 'attribute',
        name,
        key: `${file.path}:${start}`,
        places: [{ file, start, end }],
        ...(expr === undefined ? {} : { detail: `${bytesToText(name)} = ${oneLine(file, expr)}` }),
        doc: () => commentOn(file, start, expr),
        shape: (depth) => {
          if (expr !== undefined) return this.shapeOf(file, expr, depth + 1);
          if (depth > MAX_DEPTH) return undefined;
          if (value.kind === 'inheritFrom')
            return membersOf(this.shapeOf(file, merged.inheritFroms[value.index]!, depth + 1))
              ?.get(name)
              ?.shape?.(depth + 1);
          const use = file.names.uses.find((each) => each.start === start && each.isInherited);
          return use && this.name(file, name, use.scope, depth + 1).entity?.shape?.(depth + 1);
        },
      });
    }
    return { kind: 'set', members, isComplete: merged.dynamics.length === 0 };
  }

  #localShape(file: File, { name, value, from, outer }: Local, depth: number): Shape | undefined {
    if (depth > MAX_DEPTH) return undefined;
    if (value !== undefined) return this.shapeOf(file, value, depth + 1);
    if (from !== undefined)
      return membersOf(this.shapeOf(file, from, depth + 1))
        ?.get(name)
        ?.shape?.(depth + 1);
    return outer && this.name(file, name, outer.scope, depth + 1).entity?.shape?.(depth + 1);
  }

  #localAt(file: File, start: number): Entity | undefined {
    const local = file.names.locals.find((each) => each.places.some((place) => place.start === start));
    return local && this.local(file, local);
  }

  /** `inherit x;` means the x around; `inherit (e) x;` the attribute of e. */
  #inherited(file: File, { binding, name, start }: Spot & { kind: 'inherited' }): Entity | undefined {
    if (binding.from !== undefined)
      return membersOf(this.shapeOf(file, binding.from, 0))?.get(name) ?? this.#localAt(file, start);
    const use = file.names.uses.find((each) => each.start === start && each.isInherited);
    return use && this.name(file, name, use.scope).entity;
  }

  #key(file: File, { binding, index, holder, start, end }: Spot & { kind: 'key' }): Entity | undefined {
    const part = binding.path[index]!;
    if (part.kind !== 'static') return undefined;
    if (holder.kind === 'declaration') {
      const first = binding.path[0]!;
      if (index === 1 && first.kind === 'static' && first.name === 'phases') return phaseNames.get(part.name);
      if (index === 0) {
        const tree = this.treeOf(file.path);
        const membership = tree?.membership(holder.declaration);
        const kind = membership === undefined ? holder.declaration.kind : membership.split ? 'split' : membership.declared.kind;
        const spec = kind === 'override' ? undefined : fieldDocs(kind).find((each) => each.name === part.name);
        if (spec !== undefined) {
          const place: Place = { file, start, end };
          return {
            kind: 'field',
            name: spec.name,
            key: `${file.path}:${start}`,
            places: [place],
            detail: `${spec.name} = ${spec.example};`,
            doc: () => fieldDoc(spec),
          };
        }
      }
    }
    const local = index === 0 ? this.#localAt(file, start) : undefined;
    if (local !== undefined) return local;
    const merged = mergedOf(file, holder);
    const first = merged && firstPlace(merged, binding.path.slice(0, index + 1));
    const value = index === binding.path.length - 1 ? binding.value : undefined;
    return {
      kind: 'attribute',
      name: part.name,
      key: `${file.path}:${first ?? start}`,
      places: [{ file, start: first ?? start, end: first === undefined ? end : first + end - start }],
      ...(value === undefined ? {} : { detail: `${bytesToText(part.name)} = ${oneLine(file, value)}` }),
      doc: () => commentOn(file, binding.start, value),
    };
  }

  #library(): ReadonlyMap<string, Entity> {
    const all = new Map(libraryNames());
    // what `lib` means depends on nothing that an editor changes, but its file is parsed only where it is asked for
    const file = this.#workspace.files.peek(libraryFile);
    const tree = file?.parsed.tree;
    if (file !== undefined && tree?.kind === 'expr')
      all.set('lib', { ...all.get('lib')!, shape: (depth) => this.shapeOf(file, tree.expr, depth + 1) });
    return all;
  }

  #treeNames(tree: TreeView): Level {
    let level = this.#treeLevels.get(tree);
    if (level === undefined) {
      level = this.#makeTreeLevel(tree);
      this.#treeLevels.set(tree, level);
    }
    return level;
  }

  #makeTreeLevel(tree: TreeView): Level {
    const { packages, tiers, systems } = tree.tree.names;
    const set = (name: string, members: () => Iterable<Entity>): Entity => ({
      kind: 'library',
      name,
      key: `tree:${name}`,
      places: [],
      doc: () => `All ${name} of the tree, by name.`,
      shape: () => ({ kind: 'set', members: new Map([...members()].map((each) => [each.name, each])), isComplete: true }),
    });
    const one = (declared: Declared): Entity => this.#declared(tree, declared);
    const sets = new Map([
      ['packages', set('packages', () => [...packages.values()].map(one).concat(this.#allSplits(tree)))],
      ['systems', set('systems', () => [...systems.values()].map(one))],
      ['tiers', set('tiers', () => [...tiers.values()].map(one))],
    ]);
    return {
      isOpen: false,
      lookup: (name) => {
        const found = packages.get(name);
        if (found !== undefined) return one(found);
        const split = tree.splits.get(name);
        if (split !== undefined) return this.#split(tree, split.declared, split.split);
        const other = systems.get(name) ?? tiers.get(name);
        return other === undefined ? sets.get(name) : one(other);
      },
      all: () => [
        ...[...packages.values()].map(one),
        ...this.#allSplits(tree),
        ...[...systems.values(), ...tiers.values()].map(one),
        ...sets.values(),
      ],
    };
  }

  #allSplits(tree: TreeView): Entity[] {
    return [...tree.splits.values()].map(({ declared, split }) => this.#split(tree, declared, split));
  }

  #treeLevel(tree: TreeView, lookup: (name: string) => Declared | undefined, all: () => Iterable<Declared>): Level {
    return {
      isOpen: false,
      lookup: (name) => {
        const found = lookup(name);
        return found && this.#declared(tree, found);
      },
      all: () => [...all()].map((each) => this.#declared(tree, each)),
    };
  }

  #declared(tree: TreeView, declared: Declared): Entity {
    const { kind, name, layers } = declared;
    return {
      kind,
      name,
      key: `${kind}:${name}`,
      places: this.#places(layers),
      detail: headOf(declared),
      doc: () => this.#declaredDoc(tree, layers),
      shape: () => this.#declaredShape(tree, declared),
    };
  }

  #split(tree: TreeView, declared: Declared, split: DeclaredSplit): Entity {
    return {
      kind: 'split',
      name: split.name,
      key: `package:${split.name}`,
      places: this.#places(split.layers),
      detail: `split ${split.output} of ${headOf(declared)}`,
      doc: () => this.#declaredDoc(tree, [...declared.layers, ...split.layers]),
      shape: () => this.#declaredShape(tree, declared),
    };
  }

  #places(layers: readonly DeclaredLayer[]): Place[] {
    return layers.flatMap(({ declaration, file }) => {
      const found = this.#workspace.files.peek(file.path);
      return found === undefined || declaration.name === undefined
        ? []
        : [{ file: found, start: declaration.name.start, end: declaration.name.end }];
    });
  }

  #declaredDoc(tree: TreeView, layers: readonly DeclaredLayer[]): string {
    const text = (name: string): string | undefined => literal(layers, name);
    const lines: string[] = [];
    const summary = text('summary');
    if (summary !== undefined) lines.push(summary, '');
    const tier = layers.findLast((layer) => layer.fields.has('tier'))?.fields.get('tier')?.value;
    if (tier?.kind === 'expr' && tier.expr.kind === 'var') lines.push(`- tier: ${tier.expr.name}`);
    for (const name of ['license', 'homepage']) {
      const value = text(name);
      if (value !== undefined) lines.push(`- ${name}: ${value}`);
    }
    layers.forEach(({ file, declaration }, index) => {
      const shown = file.path.startsWith(`${tree.tree.root}/`) ? file.path.slice(tree.tree.root.length + 1) : file.path;
      const { line } = file.source.position(declaration.start);
      const verb = declaration.kind === 'override' ? 'overridden' : index === 0 ? 'declared' : declaration.kind;
      lines.push(`- ${verb} in ${shown}:${line}`);
    });
    const comment = layers[0] && this.#workspace.files.peek(layers[0].file.path);
    const above = comment && commentAbove(comment, layers[0]!.declaration.start);
    if (above !== undefined) lines.push('', above);
    return lines.join('\n');
  }

  #declaredShape(tree: TreeView, declared: Declared): Shape {
    const members = new Map<string, Entity>();
    const { kind, name } = declared;
    if (kind === 'package') {
      for (const each of PACKAGE_ATTRIBUTES) members.set(each.name, each);
      for (const split of declared.splits.values()) members.set(split.output, this.#split(tree, declared, split));
    }
    const fields = this.#fieldEntities(kind, declared.layers, true);
    for (const [field, entity] of fields) members.set(field, entity);
    members.set('name', this.#nameConstant(kind, name));
    const shape: Shape = { kind: 'set', members, isComplete: true };
    if (kind === 'package') {
      members.set('override', { ...OVERRIDE, shape: () => ({ kind: 'overrider', result: shape }) });
    }
    return shape;
  }

  #nameConstant(kind: string, name: string): Entity {
    return {
      kind: 'field',
      name: 'name',
      key: `name:${kind}:${name}`,
      places: [],
      detail: `name = "${name}"`,
      doc: () => `The name of the ${kind}.`,
    };
  }

  /** The names that a declaration's own fields give its expressions. */
  #fields(membership: Membership): ReadonlyMap<string, Entity> {
    const known = this.#fieldsOf.get(membership);
    if (known !== undefined) return known;
    const { declared, split, layers } = membership;
    const own = this.#fieldEntities(split === undefined ? declared.kind : 'split', layers, false);
    own.set('name', this.#nameConstant(split === undefined ? declared.kind : 'split', split?.name ?? declared.name));
    if (split !== undefined) {
      for (const [name, entity] of this.#fieldEntities('package', declared.layers, false))
        if (!own.has(name)) own.set(name, entity);
    }
    this.#fieldsOf.set(membership, own);
    return own;
  }

  #super({ declared, split, layers, index }: Membership): Entity {
    const kind = split === undefined ? declared.kind : 'split';
    return {
      kind: 'library',
      name: 'super',
      key: `super:${declared.kind}:${declared.name}`,
      places: this.#places(layers.slice(0, index)).slice(-1),
      doc: () => `The fields of ${declared.kind} \`${declared.name}\` below this override.`,
      shape: () => ({ kind: 'set', members: this.#fieldEntities(kind, layers.slice(0, index), true), isComplete: false }),
    };
  }

  /** Fields by name, each at the topmost layer that has it. `isAll`: also those that nobody gives. */
  #fieldEntities(kind: Declared['kind'] | 'split', layers: readonly DeclaredLayer[], isAll: boolean): Map<string, Entity> {
    const members = new Map<string, Entity>();
    for (const spec of fieldDocs(kind)) {
      const layer = layers.findLast(
        (each) => each.fields.has(spec.name) || (spec.name === 'version' && each.declaration.version !== undefined),
      );
      if (layer === undefined && !isAll) continue;
      const at = layer?.fields.get(spec.name) ?? (spec.name === 'version' ? layer?.declaration.version : undefined);
      const file = layer && this.#workspace.files.peek(layer.file.path);
      const value = layer?.fields.get(spec.name)?.value;
      const expr = value?.kind === 'expr' ? value.expr : spec.name === 'version' ? layer?.declaration.version : undefined;
      members.set(spec.name, {
        kind: 'field',
        name: spec.name,
        key: file === undefined || at === undefined ? `field:${kind}:${spec.name}` : `${file.path}:${at.start}`,
        places: file === undefined || at === undefined ? [] : [{ file, start: at.start, end: at.end }],
        detail:
          file === undefined || expr === undefined ? `${spec.name} = ${spec.example};` : `${spec.name} = ${oneLine(file, expr)};`,
        doc: () => fieldDoc(spec),
        ...(file === undefined || expr === undefined ? {} : { shape: (depth: number) => this.shapeOf(file, expr, depth + 1) }),
      });
    }
    return members;
  }
}

const attribute = (name: string, doc: string): Entity => ({
  kind: 'field',
  name,
  key: `package-attribute:${name}`,
  places: [],
  doc: () => doc,
});
const PACKAGE_ATTRIBUTES: readonly Entity[] = [
  attribute('type', 'Always `"derivation"`: a package passes for one.'),
  attribute('outputName', 'The output that this package is: `"out"`, or the name of the split.'),
  attribute('drvPath', 'The path of the derivation. Reading it makes the derivation.'),
  attribute('outPath', 'The path of the output; what `"${package}"` means.'),
];
const OVERRIDE = attribute(
  'override',
  '`override { … }` or `override (super: { … })`: the same package with fields laid over it, without a name in the tree.',
);

export const membersOf = (shape: Shape | undefined): ReadonlyMap<string, Entity> | undefined =>
  shape?.kind === 'set' ? shape.members : undefined;

const isComplete = (shape: Shape | undefined): boolean => shape?.kind === 'set' && shape.isComplete;

const levelOf = (members: ReadonlyMap<string, Entity>): Level => ({
  isOpen: false,
  lookup: (name) => members.get(name),
  all: () => [...members].map(([name, entity]) => (entity.name === name ? entity : { ...entity, name })),
});

const headOf = ({ kind, name, layers }: Declared): string => {
  const version = kind === 'package' ? literal(layers, 'version') : undefined;
  return `${kind} ${name}${version === undefined ? '' : ` "${version}"`}`;
};

/** A field that is a plain string, from the topmost layer that has it. */
function literal(layers: readonly DeclaredLayer[], name: string): string | undefined {
  for (const layer of layers.toReversed()) {
    const value = layer.fields.get(name)?.value;
    const expr =
      value?.kind === 'expr' ? value.expr : name === 'version' && value === undefined ? layer.declaration.version : undefined;
    if (value === undefined && expr === undefined) continue;
    const [part] = expr?.kind === 'string' ? expr.parts : [];
    return expr?.kind === 'string' && expr.parts.length === 1 && typeof part === 'string' ? bytesToText(part) : undefined;
  }
  return undefined;
}

const LINE = 80;

/** The beginning of an expression as written, on one line. */
export function oneLine(file: File, { start, end }: Expr): string {
  const text = bytesToText(file.text.slice(start, Math.min(end, start + 4 * LINE))).replace(/\s+/g, ' ');
  return text.length > LINE || end - start > 4 * LINE ? `${text.slice(0, LINE)}…` : text;
}

/** What `import` takes for a path: the `default.nix` of a folder. */
export function expressionFile(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? join(path, 'default.nix') : path;
}

function fileEntity(workspace: Workspace, path: string): Entity | undefined {
  const target = expressionFile(path);
  const file = workspace.files.peek(target);
  if (file === undefined) {
    if (!existsSync(path))
      return { kind: 'file', name: path, key: `file:${path}`, places: [], doc: () => 'There is no such file.' };
    return { kind: 'file', name: path, key: `file:${path}`, places: [], detail: path };
  }
  return { kind: 'file', name: target, key: `file:${target}`, places: [{ file, start: 0, end: 0 }], detail: target };
}

function mergedOf(file: File, holder: BindingHolder): MergedAttrs | undefined {
  if (holder.kind === 'declaration') return holder.declaration.merged;
  const { tree } = file.parsed;
  if (holder.expr === undefined) return tree.kind === 'declarations' ? tree.merged : undefined;
  return 'merged' in holder.expr ? holder.expr.merged : undefined;
}

/** Where the attribute of a path is first bound: `a.b = …; a.c = …;` has one `a`. */
function firstPlace(merged: MergedAttrs, path: readonly AttrName[]): number | undefined {
  let at: MergedAttrs | undefined = merged;
  let start: number | undefined;
  for (const part of path) {
    if (part.kind !== 'static') return undefined;
    const attr: StaticAttr | undefined = at?.statics.find((each) => each.name === part.name);
    if (attr === undefined) return undefined;
    start = attr.start;
    at = attr.value.kind === 'expr' && attr.value.expr.kind === 'attrs' ? attr.value.expr.merged : undefined;
  }
  return start;
}
