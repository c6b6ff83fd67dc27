/**
 * From a place in a text to what it means. Nothing is evaluated: sets, imports, packages and what builds on them are followed
 * through the text as far as it goes; beyond that there is no answer rather than a guess.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bytesToText } from '../../base/index.ts';
import { fieldDocs, libraryFile } from '../../eval/index.ts';
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
import { userHome } from '../user-home.ts';
import { commentOn } from './comments.ts';
import { type Entity, type Level, levelOf, membersOf, type Place, type Shape } from './entity.ts';
import { type File, quietly } from './files.ts';
import { fieldDoc, globalNames, libraryNames, phaseNames, styleNames } from './language-names.ts';
import { oneLine, TreeEntities } from './tree-entities.ts';
import type { TreeView, Workspace } from './workspace.ts';

/** How far definitions are followed; also what ends circles. */
const MAX_DEPTH = 40;

export type Found = { readonly entity: Entity } | { readonly entity: undefined; readonly isCertain: boolean };

export class Resolver {
  readonly #workspace: Workspace;
  readonly #instead: { readonly path: string; readonly view: TreeView } | undefined;
  readonly #trees: TreeEntities;
  readonly #setShapes = new WeakMap<MergedAttrs, Shape>();
  /** Of each expression, how far it was followed and what that gave: sets built on each other lead to the same ones again and again. */
  readonly #shapes = new WeakMap<Expr, { readonly depth: number; readonly shape: Shape | undefined }>();
  /** What each name of a selection is selected from: an editor asks for all of them. */
  readonly #selections = new WeakMap<Expr, readonly (Shape | undefined)[]>();

  /** @param instead  the tree to be assumed for one file: to try out another text */
  constructor(workspace: Workspace, instead?: { readonly path: string; readonly view: TreeView }) {
    this.#workspace = workspace;
    this.#instead = instead;
    this.#trees = new TreeEntities(workspace, (file, expr, depth) => this.shapeOf(file, expr, depth));
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
          ? this.#trees.declared(tree, membership.declared)
          : this.#trees.split(tree, membership.declared, membership.split);
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
          if (membership !== undefined && membership.index > 0)
            yield levelOf(new Map([['super', this.#trees.below(membership)]]));
          if (at.field === 'style') yield levelOf(styleNames());
          if ((at.field === 'tier' || at.field === 'after') && tree !== undefined) yield this.#trees.tiers(tree);
        } else if (membership !== undefined) yield levelOf(this.#trees.ownFields(membership));
      }
    }
    if (!isDeclarations) return;
    if (!isTree && tree !== undefined) yield this.#trees.names(tree);
    yield levelOf(this.#library());
  }

  /** A name that the text binds. */
  local(file: File, local: Local): Entity {
    const first = local.places[0]!;
    const { value } = local;
    return {
      kind: local.kind === 'let' || local.kind === 'rec' ? 'variable' : 'argument',
      name: local.name,
      key: `${file.path}:${first.start}`,
      places: local.places.map((place) => ({ file, ...place })),
      ...(value === undefined
        ? {}
        : { detail: () => `${local.name} ${local.kind === 'formal' ? '?' : '='} ${oneLine(file, value)}` }),
      doc: () => commentOn(file, first.start, value),
      shape: (depth) => this.#localShape(file, local, depth),
    };
  }

  /** The attributes and so on of an expression, as far as the text tells. */
  shapeOf(file: File, expr: Expr, depth: number): Shape | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const known = this.#shapes.get(expr);
    if (known !== undefined && known.depth <= depth) return known.shape; // followed at least as far
    const shape = this.#follow(file, expr, depth + 1);
    this.#shapes.set(expr, { depth, shape });
    return shape;
  }

  #follow(file: File, expr: Expr, next: number): Shape | undefined {
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
    if (written.startsWith('~/')) return join(userHome(), written.slice(2));
    if (written.startsWith('/')) return resolve(written);
    return file.path.startsWith('/') ? resolve(dirname(file.path), written) : undefined;
  }

  /** The members before `path[count]` of a selection: of its target for 0. */
  #selected(file: File, expr: Expr & { kind: 'select' | 'has' }, count: number, depth: number): Shape | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const known = depth === 0 ? this.#selections.get(expr) : undefined;
    if (known !== undefined) return known[count];
    let shape = this.shapeOf(file, expr.target, depth + 1);
    const steps = [shape];
    for (const part of expr.path) {
      if (shape === undefined || steps.length > (depth === 0 ? expr.path.length : count)) break;
      shape =
        part.kind === 'static'
          ? membersOf(shape)
              ?.get(part.name)
              ?.shape?.(depth + 1)
          : undefined;
      steps.push(shape);
    }
    if (depth === 0) this.#selections.set(expr, steps);
    return steps[count];
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

  #setShape(file: File, { merged }: AttrsExpr): Shape {
    const known = this.#setShapes.get(merged);
    if (known !== undefined) return known;
    const members = new Map<string, Entity>();
    for (const attr of merged.statics) {
      const { name, value } = attr;
      const { start, end } = file.namePlace(attr);
      const expr = value.kind === 'expr' ? value.expr : undefined;
      members.set(name, {
        kind: 'attribute',
        name,
        key: `${file.path}:${start}`,
        places: [{ file, start, end }],
        ...(expr === undefined ? {} : { detail: () => `${bytesToText(name)} = ${oneLine(file, expr)}` }),
        doc: () => commentOn(file, start, expr),
        shape: (depth) => {
          if (expr !== undefined) return this.shapeOf(file, expr, depth + 1);
          if (depth > MAX_DEPTH) return undefined;
          if (value.kind === 'inheritFrom')
            return membersOf(this.shapeOf(file, merged.inheritFroms[value.index]!, depth + 1))
              ?.get(name)
              ?.shape?.(depth + 1);
          const use = file.nameUseAt(start);
          return use && this.name(file, name, use.scope, depth + 1).entity?.shape?.(depth + 1);
        },
      });
    }
    const shape: Shape = { kind: 'set', members, isComplete: merged.dynamics.length === 0 };
    this.#setShapes.set(merged, shape);
    return shape;
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
    const local = file.localAt(start);
    return local && this.local(file, local);
  }

  /** `inherit x;` means the x around; `inherit (e) x;` the attribute of e. */
  #inherited(file: File, { binding, name, start }: Spot & { kind: 'inherited' }): Entity | undefined {
    if (binding.from !== undefined)
      return membersOf(this.shapeOf(file, binding.from, 0))?.get(name) ?? this.#localAt(file, start);
    const use = file.nameUseAt(start);
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
            detail: () => `${spec.name} = ${spec.example};`,
            doc: () => fieldDoc(spec),
          };
        }
      }
    }
    const local = index === 0 ? this.#localAt(file, start) : undefined;
    if (local !== undefined) return local;
    const merged = mergedOf(file, holder);
    const attr = merged && firstBound(merged, binding.path)[index];
    const place = attr === undefined ? { start, end } : file.namePlace(attr);
    const value = index === binding.path.length - 1 ? binding.value : undefined;
    return {
      kind: 'attribute',
      name: part.name,
      key: `${file.path}:${place.start}`,
      places: [{ file, ...place }],
      ...(value === undefined ? {} : { detail: () => `${bytesToText(part.name)} = ${oneLine(file, value)}` }),
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
}

const isComplete = (shape: Shape | undefined): boolean => shape?.kind === 'set' && shape.isComplete;

/** What `import` takes for a path: the `default.nix` of a folder. */
export function expressionFile(path: string): string {
  const isFolder = quietly(() => statSync(path).isDirectory()) === true;
  return isFolder ? join(path, 'default.nix') : path;
}

function fileEntity(workspace: Workspace, path: string): Entity | undefined {
  const target = expressionFile(path);
  const file = workspace.files.peek(target);
  if (file === undefined) {
    if (!existsSync(path))
      return { kind: 'file', name: path, key: `file:${path}`, places: [], doc: () => 'There is no such file.' };
    return { kind: 'file', name: path, key: `file:${path}`, places: [], detail: () => path };
  }
  return { kind: 'file', name: target, key: `file:${target}`, places: [{ file, start: 0, end: 0 }], detail: () => target };
}

function mergedOf(file: File, holder: BindingHolder): MergedAttrs | undefined {
  if (holder.kind === 'declaration') return holder.declaration.merged;
  const { tree } = file.parsed;
  if (holder.expr === undefined) return tree.kind === 'declarations' ? tree.merged : undefined;
  return 'merged' in holder.expr ? holder.expr.merged : undefined;
}

const indexes = new WeakMap<MergedAttrs, ReadonlyMap<string, StaticAttr>>();

function indexOf(merged: MergedAttrs): ReadonlyMap<string, StaticAttr> {
  let index = indexes.get(merged);
  if (index === undefined) {
    index = new Map(merged.statics.map((attr) => [attr.name, attr]));
    indexes.set(merged, index);
  }
  return index;
}

const bound = new WeakMap<readonly AttrName[], readonly (StaticAttr | undefined)[]>();

/** The attributes that the beginnings of a path bind, first of all: `a.b = …; a.c = …;` has one `a`. Up to what the text does not tell. */
function firstBound(merged: MergedAttrs, path: readonly AttrName[]): readonly (StaticAttr | undefined)[] {
  const known = bound.get(path);
  if (known !== undefined) return known;
  let at: MergedAttrs | undefined = merged;
  const found: (StaticAttr | undefined)[] = [];
  for (const part of path) {
    if (part.kind !== 'static' || at === undefined) break;
    const attr: StaticAttr | undefined = indexOf(at).get(part.name);
    found.push(attr);
    at = attr?.value.kind === 'expr' && attr.value.expr.kind === 'attrs' ? attr.value.expr.merged : undefined;
  }
  bound.set(path, found);
  return found;
}
