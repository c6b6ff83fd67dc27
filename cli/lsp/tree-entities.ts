/** What trees declare, as entities: packages, splits, tiers, systems, and the fields of each. */
import { bytesToText } from '../../base/index.ts';
import { type Declared, type DeclaredLayer, type DeclaredSplit, fieldDocs } from '../../eval/index.ts';
import type { Expr } from '../../lang/index.ts';
import { commentAbove } from './comments.ts';
import type { Entity, Level, Place, Shape } from './entity.ts';
import type { File } from './files.ts';
import { fieldDoc } from './language-names.ts';
import type { Membership, TreeView, Workspace } from './workspace.ts';

export class TreeEntities {
  readonly #workspace: Workspace;
  readonly #shapeOf: (file: File, expr: Expr, depth: number) => Shape | undefined;
  readonly #fieldsOf = new WeakMap<Membership, ReadonlyMap<string, Entity>>();
  readonly #treeLevels = new WeakMap<TreeView, Level>();

  constructor(workspace: Workspace, shapeOf: (file: File, expr: Expr, depth: number) => Shape | undefined) {
    this.#workspace = workspace;
    this.#shapeOf = shapeOf;
  }

  names(tree: TreeView): Level {
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
    const one = (declared: Declared): Entity => this.declared(tree, declared);
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
        if (split !== undefined) return this.split(tree, split.declared, split.split);
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
    return [...tree.splits.values()].map(({ declared, split }) => this.split(tree, declared, split));
  }

  /** The tiers alone: first in the fields that hold such. */
  tiers(tree: TreeView): Level {
    const { tiers } = tree.tree.names;
    return {
      isOpen: false,
      lookup: (name) => {
        const found = tiers.get(name);
        return found && this.declared(tree, found);
      },
      all: () => [...tiers.values()].map((each) => this.declared(tree, each)),
    };
  }

  declared(tree: TreeView, declared: Declared): Entity {
    const { kind, name, layers } = declared;
    return {
      kind,
      name,
      key: `${kind}:${name}`,
      places: this.#places(layers),
      detail: () => headOf(declared),
      doc: () => this.#declaredDoc(tree, layers),
      shape: () => this.#declaredShape(tree, declared),
    };
  }

  split(tree: TreeView, declared: Declared, split: DeclaredSplit): Entity {
    return {
      kind: 'split',
      name: split.name,
      key: `package:${split.name}`,
      places: this.#places(split.layers),
      detail: () => `split ${split.output} of ${headOf(declared)}`,
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
      for (const split of declared.splits.values()) members.set(split.output, this.split(tree, declared, split));
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
      detail: () => `name = "${name}"`,
      doc: () => `The name of the ${kind}.`,
    };
  }

  /** The names that a declaration's own fields give its expressions. */
  ownFields(membership: Membership): ReadonlyMap<string, Entity> {
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

  below({ declared, split, layers, index }: Membership): Entity {
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
        detail: () =>
          file === undefined || expr === undefined ? `${spec.name} = ${spec.example};` : `${spec.name} = ${oneLine(file, expr)};`,
        doc: () => fieldDoc(spec),
        ...(file === undefined || expr === undefined ? {} : { shape: (depth: number) => this.#shapeOf(file, expr, depth + 1) }),
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
