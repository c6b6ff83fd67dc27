/**
 * What could stand at the cursor. The text is tried with a name of ours put there, in the few ways a name can be meant; the way
 * that leaves the fewest syntax errors tells where we are. So completion needs no rules about unfinished text of its own.
 */
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CompletionItem, CompletionItemKind } from 'vscode-languageserver-protocol/node';
import { bytesToText } from '../../base/index.ts';
import { fieldDocs, LIBRARY, SHAPES, STYLES } from '../../eval/index.ts';
import { type Declaration, type Expr, isIdentifier, type Spot } from '../../lang/index.ts';
import { userHome } from '../user-home.ts';
import { type Entity, membersOf } from './entity.ts';
import type { File } from './files.ts';
import { fieldDoc, phaseNames } from './language-names.ts';
import { Resolver } from './resolver.ts';
import { oneLine } from './tree-entities.ts';
import type { Workspace } from './workspace.ts';

/** Something to insert. `rank` sorts before the name. */
export interface Suggestion {
  readonly name: string;
  readonly kind: CompletionItemKind;
  readonly rank: number;
  readonly detail?: string | undefined;
  readonly doc?: (() => string | undefined) | undefined;
  /** Where it differs from the name. */
  readonly insert?: string;
}

export interface Completion {
  /** What the inserted text replaces, in bytes. */
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly Suggestion[];
}

const PROBE = 'igosProbe0';
const NAME_BEFORE = /[A-Za-z_][A-Za-z0-9_'-]*$/;
const NAME_BEHIND = /^[A-Za-z0-9_'-]*/;
const PATH_BEFORE = /(?:^|[\s[({=;:,])((?:\.{1,2}|~)?\/[\w.+/-]*)$/;

export function complete(file: File, offset: number, workspace: Workspace): Completion | undefined {
  if (
    file.parsed.comments.some(({ start, end, text }) => offset > start && (offset < end || text.startsWith('#')) && offset <= end)
  )
    return undefined;
  const line = file.text.slice(file.text.lastIndexOf('\n', offset - 1) + 1, offset);
  const inString = file.spotAt(offset);
  if (
    inString?.kind === 'string' &&
    offset > inString.start &&
    offset < inString.end &&
    !isInInterpolation(file, inString, offset)
  )
    return undefined;
  const path = PATH_BEFORE.exec(line)?.[1];
  if (path !== undefined) return completePath(file, offset, path);

  const start = offset - (NAME_BEFORE.exec(line)?.[0].length ?? 0);
  const end = offset + NAME_BEHIND.exec(file.text.slice(offset, offset + 200))![0].length;
  const probed = probe(file, start, end);
  if (probed === undefined) return { start, end: offset, suggestions: isAtTop(file, start) ? words() : [] };
  const suggestions = suggest(probed.file, probed.spot, workspace);
  const declarations = probed.spot.kind === 'var' && isAtTop(probed.file, start) ? words() : [];
  return { start, end: offset, suggestions: [...declarations, ...suggestions] };
}

/** The string's own text, not what is interpolated in it. */
const isInInterpolation = (file: File, string: Spot, offset: number): boolean =>
  file.text.lastIndexOf('${', offset - 1) >= string.start &&
  file.text.indexOf('}', file.text.lastIndexOf('${', offset - 1)) >= offset;

function probe(file: File, start: number, end: number): { file: File; spot: Spot } | undefined {
  let best: { file: File; spot: Spot } | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [before, behind] of WAYS) {
    const tried = file.with(`${file.text.slice(0, start)}${before}${PROBE}${behind}${file.text.slice(end)}`);
    const errors = tried.parsed.diagnostics.length;
    if (errors >= fewest) continue;
    const at = start + before.length;
    const spot = tried.spots.find((each) => each.start === at && each.end === at + PROBE.length);
    if (spot === undefined) continue;
    best = { file: tried, spot };
    fewest = errors;
    if (errors === 0) break;
  }
  return best;
}

/** As a name alone; a whole binding; a value whose `;`, or whose binding's name, is still to come; a declaration. */
const WAYS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['', ' = 0;'],
  ['', ';'],
  ['', ' { }'],
  ['', '; }'],
];

function suggest(file: File, spot: Spot, workspace: Workspace): Suggestion[] {
  const view = workspace.viewWith(file);
  const resolver = new Resolver(workspace, view === undefined ? undefined : { path: file.path, view });
  switch (spot.kind) {
    case 'var': {
      const scope = file.names.scopeOf.get(spot.expr);
      if (scope === undefined) return [];
      const wanted =
        scope.kind === 'field' ? WANTED[shapeOfField(scope.declaration!, scope.field ?? '', resolver, file) ?? ''] : undefined;
      const inSight = [...resolver.namesInSight(file, scope)].filter(([name]) => name !== PROBE && !name.startsWith('__'));
      if (wanted === 'tier' || wanted === 'style') {
        const only = inSight.filter(([, entity]) => entity.kind === wanted).map(([name, entity]) => suggestion(name, entity, 0));
        if (only.length > 0) return only;
      }
      return [
        ...inSight.map(([name, entity]) => suggestion(name, entity, rankOf(entity, wanted))),
        ...KEYWORDS.map((name): Suggestion => ({ name, kind: 14, rank: 8 })),
      ];
    }
    case 'attr': {
      const members = membersOf(resolver.shapeBefore(file, spot.expr, spot.index));
      return [...(members ?? [])].map(([name, entity]) => suggestion(name, entity, 1));
    }
    case 'inherited': {
      const { from } = spot.binding;
      if (from !== undefined) {
        const members = membersOf(resolver.shapeOf(file, from, 0));
        return [...(members ?? [])].map(([name, entity]) => suggestion(name, entity, 1));
      }
      const use = file.nameUseAt(spot.start);
      const inSight = use === undefined ? [] : [...resolver.namesInSight(file, use.scope)];
      return inSight
        .filter(([name]) => !name.startsWith('__'))
        .map(([name, entity]) => suggestion(name, entity, rankOf(entity, undefined)));
    }
    case 'key':
      return keys(file, spot, resolver);
    case 'declared': {
      if (spot.declaration.kind !== 'override') return [];
      if (view === undefined) return [];
      const all = Object.values(view.tree.names).flatMap((names) => [...names.keys()]);
      return all.filter((name) => name !== PROBE).map((name) => ({ name, kind: 9, rank: 1 }));
    }
    default:
      return [];
  }
}

function keys(file: File, { binding, index, holder }: Spot & { kind: 'key' }, resolver: Resolver): Suggestion[] {
  if (holder.kind === 'declaration') {
    const [first] = binding.path;
    if (index === 0) return fields(holder.declaration, resolver, file);
    if (index === 1 && first?.kind === 'static' && first.name === 'phases')
      return [...phaseNames].map(([name, entity]) => suggestion(name, entity, 1));
    return [];
  }
  const set = holder.expr;
  if (set?.kind !== 'attrs' || index > 0) return [];
  if (isPhases(file, set)) return [...phaseNames].map(([name, entity]) => suggestion(name, entity, 1));
  const given = new Set(set.merged.statics.map((attr) => attr.name));
  return argumentsOf(file, set, resolver).filter(({ name }) => !given.has(name));
}

/** What the function that a set is given to takes: by its pattern, or as an option of a style or fetcher. */
function argumentsOf(file: File, set: Expr, resolver: Resolver): Suggestion[] {
  for (const [expr, scope] of file.names.scopeOf) {
    if (expr.kind !== 'call' || !expr.args.includes(set)) continue;
    const fn = expr.fn.kind === 'var' ? resolver.name(file, expr.fn.name, scope).entity : undefined;
    if (fn?.kind === 'style') return optionsOf(fn.name);
    if (fn?.kind === 'library') return optionsOfLibrary(fn.name);
    const shape = expr.args[0] === set ? resolver.shapeOf(file, expr.fn, 0) : undefined;
    if (shape?.kind !== 'function' || shape.lambda.param.kind !== 'formals') return [];
    return shape.lambda.param.formals.map(({ name, fallback }) => ({
      name,
      kind: 5,
      rank: fallback === undefined ? 0 : 1,
      detail: fallback === undefined ? 'argument' : `without it: ${oneLine(shape.file, fallback)}`,
      insert: `${name} = `,
    }));
  }
  return [];
}

const optionsOf = (style: string): Suggestion[] =>
  (STYLES.find((each) => each.name === style)?.options ?? []).map((option) => ({
    name: option.name,
    kind: 5,
    rank: 1,
    detail: SHAPES[option.shape],
    doc: () => option.doc,
    insert: `${option.name} = `,
  }));

const optionsOfLibrary = (name: string): Suggestion[] =>
  (LIBRARY.find((each) => each.name === name)?.options ?? []).map((option) => ({
    name: option,
    kind: 5,
    rank: 1,
    insert: `${option} = `,
  }));

function isPhases(file: File, set: Expr): boolean {
  const { tree } = file.parsed;
  return (
    tree.kind === 'declarations' &&
    tree.declarations.some(({ merged }) =>
      merged.statics.some(({ name, value }) => name === 'phases' && value.kind === 'expr' && value.expr === set),
    )
  );
}

/** The fields that a declaration does not have yet, required ones first; words for what else may stand there. */
function fields(declaration: Declaration, resolver: Resolver, file: File): Suggestion[] {
  const kind = declaredKind(declaration, resolver, file);
  const given = new Set(declaration.merged.statics.map((attr) => attr.name));
  const all = fieldDocs(kind).filter(
    (spec) => !given.has(spec.name) && !(spec.name === 'version' && declaration.version !== undefined),
  );
  const isOverride = declaration.kind === 'override';
  return [
    ...all.map(
      (spec): Suggestion => ({
        name: spec.name,
        kind: 5,
        rank: spec.isRequired && !isOverride ? 0 : 1,
        detail: SHAPES[spec.shape],
        doc: () => fieldDoc(spec),
        insert: `${spec.name} = `,
      }),
    ),
    ...(kind === 'package'
      ? [{ name: 'split', kind: 14 as const, rank: 3, detail: 'a part of the files as a package of its own' }]
      : []),
    { name: 'inherit', kind: 14, rank: 8 },
  ];
}

function declaredKind(
  declaration: Declaration,
  resolver: Resolver,
  file: File,
): 'package' | 'tier' | 'system' | 'split' | 'tree' {
  const membership = resolver.treeOf(file.path)?.membership(declaration);
  if (membership !== undefined) return membership.split === undefined ? membership.declared.kind : 'split';
  return declaration.kind === 'override' ? 'package' : declaration.kind;
}

function shapeOfField(declaration: Declaration, field: string, resolver: Resolver, file: File): string | undefined {
  return fieldDocs(declaredKind(declaration, resolver, file)).find((spec) => spec.name === field)?.shape;
}

/** Which entities a field of a shape is about. */
const WANTED: Readonly<Record<string, Entity['kind']>> = {
  tier: 'tier',
  tiers: 'tier',
  packages: 'package',
  names: 'package',
  style: 'style',
};

function completePath(file: File, offset: number, written: string): Completion {
  const slash = written.lastIndexOf('/') + 1;
  const folderText = written.slice(0, slash);
  const folder = folderText.startsWith('~/')
    ? join(userHome(), folderText.slice(2))
    : folderText.startsWith('/')
      ? folderText
      : resolve(file.path.startsWith('/') ? dirname(file.path) : '/', bytesToText(folderText));
  let suggestions: Suggestion[] = [];
  try {
    suggestions = readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => /^[\w.+-]+$/.test(name) && (!name.startsWith('.') || written.slice(slash).startsWith('.')))
      .slice(0, 1000)
      .map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? 19 : 17, rank: entry.isDirectory() ? 2 : 1 }));
  } catch {
    // no such folder yet
  }
  return { start: offset - (written.length - slash), end: offset, suggestions };
}

/** Whether nothing but declarations can begin here. */
function isAtTop(file: File, start: number): boolean {
  const { tree } = file.parsed;
  if (file.kind !== 'igos') return false;
  if (tree.kind === 'declarations') return !tree.declarations.some((each) => each.start < start && start < each.end);
  return (
    file.text
      .slice(0, start)
      .replace(/#.*|\/\*[\s\S]*?\*\//g, '')
      .trim() === ''
  );
}

const words = (): Suggestion[] =>
  Object.entries(WORDS).map(([name, detail]): Suggestion => ({ name, kind: 14, rank: 0, detail }));
const WORDS = {
  package: 'package NAME "VERSION" { … }',
  tier: 'tier NAME { … }',
  override: 'override NAME { … }',
  system: 'system NAME { … }',
  tree: 'tree { … }, in tree.igos',
};

/** Not names of attributes, unless in quotes. */
const RESERVED = new Set(['if', 'then', 'else', 'let', 'in', 'with', 'rec', 'inherit', 'assert']);
const KEYWORDS = [...RESERVED, 'or'];

const suggestion = (name: string, entity: Entity, rank: number): Suggestion => {
  const text = bytesToText(name);
  const insert = isIdentifier(name) && !RESERVED.has(name) ? undefined : `"${text.replace(/["\\]|\$(?=\{)/g, '\\$&')}"`;
  return {
    name: text,
    kind: KINDS[entity.kind],
    rank,
    detail: entity.detail?.(),
    doc: entity.doc,
    ...(insert === undefined ? {} : { insert }),
  };
};

const KINDS: Readonly<Record<Entity['kind'], CompletionItemKind>> = {
  variable: 6,
  argument: 6,
  attribute: 10,
  field: 5,
  package: 9,
  split: 9,
  tier: 20,
  system: 9,
  builtin: 3,
  library: 3,
  style: 3,
  phase: 5,
  file: 17,
};

function rankOf(entity: Entity, wanted: Entity['kind'] | undefined): number {
  const kind = entity.kind === 'split' ? 'package' : entity.kind;
  if (kind === wanted) return 0;
  if (kind === 'variable' || kind === 'argument') return 1;
  if (kind === 'field') return 2;
  return kind === 'builtin' ? 5 : 3;
}

/** As the protocol wants it; documentation comes when one is looked at. */
export function toItem(file: File, { start, end }: Completion, each: Suggestion, data: unknown): CompletionItem {
  return {
    label: each.name,
    kind: each.kind,
    sortText: `${each.rank}${each.name}`,
    textEdit: { range: file.range({ start, end }), newText: each.insert ?? each.name },
    ...(each.detail === undefined ? {} : { detail: each.detail }),
    data,
  };
}
