/**
 * From files to names: which packages, tiers and systems a tree has, and the layers of each (the declaration, then overrides in
 * order). Whatever can be said without evaluating is checked here, and all of it is reported together.
 */

import { didYouMean, Fault, Faults, type Label, type Span, suggest } from '../../base/index.ts';
import type { Declaration, StaticAttr } from '../../lang/index.ts';
import type { DeclarationCode } from './codes.ts';
import { type DeclarationKind, FIELDS } from './fields.ts';
import { fieldHints } from './foreign-fields.ts';
import type { DeclarationsFile } from './load-tree.ts';

/** One declaration with its fields by name. */
export interface DeclaredLayer {
  readonly kind: 'declared';
  readonly declaration: Declaration;
  readonly file: DeclarationsFile;
  readonly fields: ReadonlyMap<string, StaticAttr>;
}

/** A name and what was declared for it, lowest first. */
export interface Declared {
  readonly kind: 'package' | 'tier' | 'system';
  readonly name: string;
  readonly layers: readonly DeclaredLayer[];
  /** By output name, in order of declaration. */
  readonly splits: ReadonlyMap<string, DeclaredSplit>;
}

export interface DeclaredSplit {
  /** Of the output and of the attribute. */
  readonly output: string;
  /** Of the package that it is in the tree. */
  readonly name: string;
  readonly layers: readonly DeclaredLayer[];
}

export interface DeclaredNames {
  readonly packages: ReadonlyMap<string, Declared>;
  readonly tiers: ReadonlyMap<string, Declared>;
  readonly systems: ReadonlyMap<string, Declared>;
}

type Kind = Declared['kind'];
type Building = Omit<Declared, 'layers' | 'splits'> & { layers: DeclaredLayer[]; splits: Map<string, BuildingSplit> };
type BuildingSplit = { output: string; name: string; layers: DeclaredLayer[] };

/** Outputs that mean something else, and variables that the script or a shell owns. */
const RESERVED_OUTPUTS = new Set(
  'out name version src srcdir sources patches jobs phase status target output pattern file found folder text drvPath outPath outputName override type system builder args outputs'.split(
    ' ',
  ),
);
const OUTPUT_NAME = /^[a-z_][a-z0-9_]*$/;
/** What the name of a declaration may be. */
export const NAME: RegExp = /^[A-Za-z0-9_][A-Za-z0-9+._-]*$/;

/** What the words of a version may be; see `SHAPES.version`. */
export const VERSION: RegExp = /^[A-Za-z0-9][A-Za-z0-9+._?=-]*$/;

/**
 * Collects the declarations of all files, lowest tree first. Cost: linear.
 *
 * @throws Fault, Faults  all that is wrong, in the order of the files
 */
export function collectDeclarations(files: readonly DeclarationsFile[]): DeclaredNames {
  const problems: Fault[] = [];
  const names = collectAll(files, problems);
  const order = new Map(files.map((file, index) => [file.source, index]));
  const place = ({ labels: [at] }: Fault): number => (at === undefined ? 0 : (order.get(at.source) ?? 0) * 2 ** 32 + at.start);
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new Faults(problems.sort((a, b) => place(a) - place(b)));
  return names;
}

/** The same without an end: what is wrong goes to `problems`, and what can be made of the rest is returned. */
export function collectAll(files: readonly DeclarationsFile[], problems: Fault[]): DeclaredNames {
  const known: Record<Kind, Map<string, Building>> = { package: new Map(), tier: new Map(), system: new Map() };
  const overrides: [Declaration, DeclarationsFile][] = [];
  for (const file of files) {
    for (const declaration of file.tree.declarations) {
      if (declaration.kind === 'override') overrides.push([declaration, file]);
      else if (declaration.kind === 'package' || declaration.kind === 'tier' || declaration.kind === 'system') {
        declare(declaration.kind, declaration, file);
      }
    }
  }
  for (const [declaration, file] of overrides) override(declaration, file);
  for (const map of Object.values(known)) for (const each of map.values()) requireFields(each);
  checkSplitNames();
  for (const each of known.package.values()) {
    for (const layers of [each.layers, ...[...each.splits.values()].map((split) => split.layers)]) checkTierNames(layers, 'tier');
  }
  for (const each of known.tier.values()) checkTierNames(each.layers, 'after');
  return { packages: known.package, tiers: known.tier, systems: known.system };

  function declare(kind: Kind, declaration: Declaration, file: DeclarationsFile): void {
    const name = declaration.name!;
    const span = { source: file.source, start: name.start, end: name.end };
    if (!NAME.test(name.text)) {
      problem('E-DECL-007', `'${name.text}' is not a name for a ${kind}`, [label(span)], NAME_HINTS);
      return;
    }
    const before = known[kind].get(name.text);
    if (before !== undefined) {
      problem(
        'E-DECL-005',
        `${kind} '${name.text}' is declared twice`,
        [label(span, 'declared again here'), label(nameSpan(before.layers[0]!), 'first declared here')],
        [`to change a ${kind} declared elsewhere: override ${name.text} { … }`],
      );
      return;
    }
    const layer = makeLayer(kind, declaration, file, problems);
    const made: Building = { kind, name: name.text, layers: [layer], splits: new Map() };
    addSplits(made, declaration, file);
    known[kind].set(name.text, made);
  }

  function override(declaration: Declaration, file: DeclarationsFile): void {
    const name = declaration.name!;
    const below = known.package.get(name.text) ?? known.system.get(name.text) ?? known.tier.get(name.text);
    if (below === undefined) {
      const names = Object.values(known).flatMap((map) => [...map.keys()]);
      const span = { source: file.source, start: name.start, end: name.end };
      const hints = didYouMean(name.text, names);
      problem(
        'E-DECL-011',
        `override of '${name.text}', which nothing declares`,
        [label(span)],
        hints.length > 0 ? hints : [`declare it: package ${name.text} "1.0" { … }`],
      );
      return;
    }
    below.layers.push(makeLayer(below.kind, declaration, file, problems));
    addSplits(below, declaration, file);
  }

  function addSplits(to: Building, declaration: Declaration, file: DeclarationsFile): void {
    for (const split of declaration.splits) {
      const output = split.name!.text;
      const span = { source: file.source, start: split.name!.start, end: split.name!.end };
      if (to.kind !== 'package') {
        problem('E-DECL-010', `'${to.name}' is a ${to.kind}: only packages can be split`, [label(span)], ['take the split out']);
        continue;
      }
      if (!OUTPUT_NAME.test(output) || RESERVED_OUTPUTS.has(output) || FIELDS.package.some((field) => field.name === output)) {
        const why = OUTPUT_NAME.test(output)
          ? 'this name has a meaning of its own'
          : 'small letters, digits and _ only: the build sees it as $name';
        problem(
          'E-DECL-010',
          `'${output}' cannot be the name of a split`,
          [label(span, why)],
          ['choose another, like dev, doc or extra'],
        );
        continue;
      }
      const layer = makeLayer('split', split, file, problems);
      const before = to.splits.get(output);
      if (before?.layers.some((each) => declaration.splits.includes(each.declaration))) {
        problem(
          'E-DECL-010',
          `package '${to.name}' has two splits '${output}'`,
          [label(span, 'declared again here'), label(nameSpan(before.layers.at(-1)!), 'first declared here')],
          ['put their files into one'],
        );
        continue;
      }
      const name = splitName(layer, problems) ?? before?.name ?? `${to.name}-${output}`;
      if (before !== undefined) {
        before.layers.push(layer);
        before.name = name;
      } else to.splits.set(output, { output, name, layers: [layer] });
    }
  }

  function requireFields(each: Building): void {
    require(each.kind, `${each.kind} '${each.name}'`, each.layers);
    for (const split of each.splits.values()) {
      // What belongs to a split of debug information is known.
      if (split.output !== 'debug') require('split', `split '${split.output}' of package '${each.name}'`, split.layers);
    }
  }

  function require(kind: DeclarationKind, subject: string, layers: readonly DeclaredLayer[]): void {
    for (const field of FIELDS[kind]) {
      if (!field.isRequired || layers.some((layer) => layer.fields.has(field.name) || isMistyped(layer, field.name))) continue;
      problem(
        'E-DECL-002',
        `${subject} has no '${field.name}'`,
        [label(nameSpan(layers[0]!), `needs: ${field.name} = ${field.example};`)],
        [field.doc],
      );
    }
  }

  function checkSplitNames(): void {
    const owners = new Map<string, Span>();
    for (const each of known.package.values()) owners.set(each.name, nameSpan(each.layers[0]!));
    for (const each of known.package.values()) {
      for (const split of each.splits.values()) {
        const span = nameSpan(split.layers.at(-1)!);
        const owner = owners.get(split.name);
        if (owner === undefined) {
          owners.set(split.name, span);
          continue;
        }
        problem(
          'E-DECL-010',
          `split '${split.output}' of package '${each.name}' is called '${split.name}', and so is another package`,
          [label(span, 'this split'), label(owner, 'the other package')],
          [`give the split a name of its own: name = "${split.name}-split";`],
        );
      }
    }
  }

  /** A tier named by a bare word that nothing in sight gives a meaning to. What is computed shows when it is evaluated. */
  function checkTierNames(layers: readonly DeclaredLayer[], field: 'tier' | 'after'): void {
    for (const layer of layers) {
      const attr = layer.fields.get(field);
      const expr = attr?.value.kind === 'expr' ? attr.value.expr : undefined;
      for (const word of expr?.kind === 'list' ? expr.items : expr === undefined ? [] : [expr]) {
        if (word.kind !== 'var' || known.tier.has(word.name) || word.name === 'super') continue;
        if (layer.file.tree.merged?.statics.some((binding) => binding.name === word.name)) continue;
        problems.push(
          noSuchTier(word.name, known.tier.keys(), { source: layer.file.source, start: word.start, end: word.end, text: '' }),
        );
      }
    }
  }

  function problem(code: DeclarationCode, message: string, labels: readonly Label[], hints: readonly string[]): void {
    problems.push(new Fault(code, message, { labels, hints }));
  }
}

/** Whether a field that the declaration does have was meant to be this one: that is reported already. */
const isMistyped = ({ declaration }: DeclaredLayer, name: string): boolean =>
  declaration.merged.statics.some((attr) => suggest(attr.name, [name]) !== undefined);

/** The error for a tier that the tree does not have. */
export function noSuchTier(name: string, tiers: Iterable<string>, at: Label | undefined): Fault {
  const names = [...tiers];
  const hints = didYouMean(name, names);
  const all = names.length === 0 ? `declare it: tier ${name} { summary = "…"; }` : `the tiers are: ${names.join(', ')}`;
  return new Fault('E-DECL-004', `there is no tier '${name}'`, {
    labels: at === undefined ? [] : [at],
    hints: hints.length > 0 ? hints : [all],
  });
}

export const NAME_HINTS: readonly string[] = ['letters, digits and + . _ - only, beginning with a letter or digit'];

/** The fields of one declaration; unknown and computed ones go to `problems`. */
export function makeLayer(
  kind: DeclarationKind,
  declaration: Declaration,
  file: DeclarationsFile,
  problems: Fault[],
): DeclaredLayer {
  const specs = FIELDS[kind];
  const fields = new Map<string, StaticAttr>();
  for (const attr of declaration.merged.statics) {
    if (specs.some((spec) => spec.name === attr.name)) {
      fields.set(attr.name, attr);
      continue;
    }
    const isListed = problems.some(({ hints }) => hints.some((hint) => hint.startsWith(`the fields of a ${kind} are: `)));
    problems.push(
      new Fault('E-DECL-001', `a ${kind} has no field '${attr.name}'`, {
        labels: [{ source: file.source, start: attr.start, end: attr.end, text: '' }],
        hints: fieldHints(kind, attr.name, [], isListed),
      }),
    );
  }
  const twice = declaration.version === undefined ? undefined : fields.get('version');
  if (twice !== undefined) {
    const { start, end } = declaration.version!;
    problems.push(
      new Fault('E-DECL-005', 'the version is given twice', {
        labels: [
          { source: file.source, start: twice.start, end: twice.end, text: 'given again here' },
          { source: file.source, start, end, text: 'first given here' },
        ],
        hints: ['the version of a package stands behind its name; take the field out'],
      }),
    );
  }
  for (const attr of declaration.merged.dynamics) {
    problems.push(
      new Fault('E-DECL-012', 'the name of a field is computed', {
        labels: [{ source: file.source, start: attr.start, end: attr.end, text: '' }],
        hints: ['write the name of the field; compute its value instead'],
      }),
    );
  }
  return { kind: 'declared', declaration, file, fields };
}

/** The `name` of a split is needed before anything is evaluated, so it is a plain string. */
function splitName(layer: DeclaredLayer, problems: Fault[]): string | undefined {
  const attr = layer.fields.get('name');
  if (attr === undefined) return undefined;
  const expr = attr.value.kind === 'expr' ? attr.value.expr : undefined;
  const text = expr?.kind === 'string' && expr.parts.length === 1 ? expr.parts[0] : undefined;
  if (typeof text === 'string' && NAME.test(text)) return text;
  const at = expr ?? attr;
  problems.push(
    new Fault('E-DECL-007', 'the name of a split is a plain string', {
      labels: [{ source: layer.file.source, start: at.start, end: at.end, text: '' }],
      hints: NAME_HINTS,
    }),
  );
  return undefined;
}

/** Where the name of a declaration stands (for `tree`, the whole of it). */
export function nameSpan({ declaration, file }: DeclaredLayer): Span {
  const { start, end } = declaration.name ?? declaration;
  return { source: file.source, start, end };
}

const label = (span: Span, text = ''): Label => ({ ...span, text });
