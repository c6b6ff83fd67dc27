/** Renaming, refused where a name would come to mean something else. */
import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver-protocol/node';
import { bytesToText, SourceFile, textToBytes } from '../../base/index.ts';
import { type Local, type NameScope, parse, type Spot } from '../../lang/index.ts';
import type { Entity, Place } from './entity.ts';
import type { File } from './files.ts';
import { occurrences } from './occurrences.ts';
import { Resolver } from './resolver.ts';
import type { Workspace } from './workspace.ts';

/** Why something cannot be renamed, in words for the user. */
export class CannotRename extends Error {
  override readonly name = 'CannotRename';
}

/** What would be renamed at a place. @throws CannotRename */
export function renameTarget(file: File, offset: number, resolver: Resolver): { readonly entity: Entity; readonly spot: Spot } {
  const spot = file.spotAt(offset);
  const entity = spot && (localDefinedAt(file, spot, resolver) ?? resolver.entityAt(file, spot));
  if (spot === undefined || entity === undefined) throw new CannotRename('there is no name here');
  const local = localOf(entity);
  if (entity.kind === 'package' || entity.kind === 'tier' || entity.kind === 'system') return { entity, spot };
  if (local === undefined) throw new CannotRename(`${WHY[entity.kind] ?? 'this name is not of this text'}`);
  if (local.kind === 'formal')
    throw new CannotRename(`'${local.name}' is an argument by name: those who call the function write it`);
  if (local.kind === 'rec') throw new CannotRename(`'${local.name}' is an attribute of a set: others may select it by this name`);
  return { entity, spot };
}

const WHY: Partial<Record<Entity['kind'], string>> = {
  attribute: 'this is an attribute of a set: others may select it by this name',
  field: 'fields have fixed names',
  phase: 'phases have fixed names',
  builtin: 'this name belongs to the language',
  library: 'this name belongs to the library',
  style: 'this name belongs to the library',
  split: 'rename the split where it is declared, by its field `name`',
  file: 'files are renamed on disk',
};

/** @throws CannotRename */
export function rename(file: File, offset: number, newName: string, workspace: Workspace): WorkspaceEdit {
  const resolver = new Resolver(workspace);
  const { entity } = renameTarget(file, offset, resolver);
  if (!isVariable(newName)) throw new CannotRename(`'${newName}' is not a name`);
  if (newName === bytesToText(entity.name)) return { changes: {} };
  const places = occurrences(entity, file, resolver, workspace);
  const byFile = Map.groupBy(places, (place) => place.file);
  const changes: Record<string, TextEdit[]> = {};
  for (const [each, own] of byFile) {
    if (each.isBroken) throw new CannotRename(`${each.path} has syntax errors: mend them first`);
    const edits = own.map((place) => editOf(place, newName));
    const local = localOf(entity);
    if (local === undefined) requireFree(each, own, newName, resolver);
    else requireSame(each, local, newName);
    changes[each.uri] = edits.map(({ start, end, text }) => ({ range: each.range({ start, end }), newText: text }));
  }
  return { changes };
}

function isVariable(name: string): boolean {
  const { tree, diagnostics } = parse(new SourceFile('<name>', textToBytes(name)));
  return diagnostics.length === 0 && tree.kind === 'expr' && tree.expr.kind === 'var' && tree.expr.name === name;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `inherit x;` becomes `x = y;`, since only one of the two names changes. */
function editOf({ file, start, end }: Place, newName: string): Edit {
  const spot = file.spots.find((each) => each.start === start && each.kind === 'inherited');
  if (spot?.kind !== 'inherited') {
    const isQuoted = file.text[start] === '"';
    return { start, end, text: isQuoted ? `"${newName}"` : newName };
  }
  const { binding, name } = spot;
  const old = file.text.slice(start, end);
  const local = file.localAt(start);
  const isDefinition = local !== undefined && local.name === name && local.kind === 'let';
  const value =
    binding.from === undefined
      ? isDefinition
        ? old
        : newName
      : `(${file.text.slice(binding.from.start, binding.from.end)}).${old}`;
  const made = isDefinition ? `${newName} = ${value};` : `${old} = ${value};`;
  if (binding.names.length === 1) return { start: binding.start, end: binding.end, text: made };
  // end this `inherit`, bind the name, and go on with the others
  const from = binding.from === undefined ? '' : ` ${file.text.slice(file.text.indexOf('(', binding.start), binding.from.end)})`;
  const isFirst = binding.names[0]!.start === start;
  const isLast = binding.names.at(-1)!.start === start;
  if (isLast) return { start: file.text.slice(0, start).trimEnd().length, end: binding.end, text: `; ${made}` };
  if (isFirst) return { start: binding.start, end, text: `${made} inherit${from}` };
  return { start: file.text.slice(0, start).trimEnd().length, end, text: `; ${made} inherit${from}` };
}

/** A local name: nothing between it and its uses may be called the same, and no use of the new name may come to mean it. */
function requireSame(file: File, local: Local, newName: string): void {
  const taken = (at: number): CannotRename =>
    new CannotRename(`'${newName}' means something else already, in line ${file.source.position(at).line}`);
  const clash = local.scope.locals.get(newName);
  if (clash !== undefined) throw taken(clash.places[0]!.start);
  for (const use of local.uses) {
    for (let at: NameScope | undefined = use.scope; at !== undefined && at !== local.scope; at = at.around) {
      const other = at.locals.get(newName);
      if (other !== undefined) throw taken(other.places[0]!.start);
    }
  }
  for (const use of file.names.uses) {
    if (use.name !== newName) continue;
    for (let at: NameScope | undefined = use.scope; at !== undefined && at !== use.local?.scope; at = at.around)
      if (at === local.scope) throw taken(use.start);
  }
}

/** A name of the tree: at each of its places the new one must mean nothing yet. */
function requireFree(file: File, places: readonly Place[], newName: string, resolver: Resolver): void {
  for (const { start } of places) {
    const use = file.nameUseAt(start);
    if (use === undefined) continue;
    const found = resolver.name(file, newName, use.scope);
    if (found.entity !== undefined || !found.isCertain) {
      const { line } = file.source.position(start);
      throw new CannotRename(`'${newName}' means something else already, in line ${line} of ${file.path}`);
    }
  }
  const tree = resolver.treeOf(file.path)?.tree.names;
  if (tree?.packages.has(newName) || tree?.tiers.has(newName) || tree?.systems.has(newName))
    throw new CannotRename(`the tree has a '${newName}' already`);
}

/** Of `let inherit (e) x;` the variable, not the attribute of e. */
function localDefinedAt(file: File, spot: Spot, resolver: Resolver): Entity | undefined {
  if (spot.kind !== 'inherited') return undefined;
  const local = file.localAt(spot.start);
  return local?.kind === 'let' ? resolver.local(file, local) : undefined;
}

function localOf(entity: Entity): Local | undefined {
  const [place] = entity.places;
  if (place === undefined || (entity.kind !== 'variable' && entity.kind !== 'argument')) return undefined;
  return place.file.localAt(place.start);
}
