/** Where a thing is named: definitions, references, highlights. */
import type { Spot } from '../../lang/index.ts';
import type { Entity, Place } from './entity.ts';
import type { File } from './files.ts';
import type { Resolver } from './resolver.ts';
import type { Workspace } from './workspace.ts';

/**
 * Where to go from a place. From an `override` to what it overrides; from a package's name in its own declaration to the
 * overrides of it.
 */
export function definitions(file: File, offset: number, resolver: Resolver): readonly Place[] {
  const spot = file.spotAt(offset);
  if (spot === undefined) return [];
  const entity = resolver.entityAt(file, spot);
  if (entity === undefined) return [];
  if (spot.kind === 'declared' || spot.kind === 'word') {
    const own = spot.declaration.name?.start;
    const index = entity.places.findIndex((place) => place.file.path === file.path && place.start === own);
    if (index > 0) return [entity.places[index - 1]!];
    return entity.places.length > 1 ? entity.places.slice(1) : entity.places.slice(0, 1);
  }
  // `inherit x;` in a set binds x there too: the interesting place is the other one
  return entity.kind === 'variable' ? entity.places : entity.places.slice(0, 1);
}

/** All places in the files that can see it, definitions included, in the order of the files. Cost: files without the word are not parsed further. */
export function occurrences(entity: Entity, from: File, resolver: Resolver, workspace: Workspace): Place[] {
  const found: Place[] = [];
  for (const file of filesThatSee(entity, from, resolver, workspace)) {
    const names = namesOf(entity);
    if (!names.some((name) => file.text.includes(name))) continue;
    const seen = new Set<number>();
    const add = (start: number, end: number): void => {
      if (!seen.has(start)) found.push({ file, start, end });
      seen.add(start);
    };
    for (const place of entity.places) if (place.file.path === file.path && place.end > place.start) add(place.start, place.end);
    for (const spot of file.spots) {
      const name = nameAt(spot);
      if (name !== undefined && names.includes(name) && resolver.entityAt(file, spot)?.key === entity.key)
        add(spot.start, spot.end);
    }
  }
  return found.sort((a, b) => (a.file.path === b.file.path ? a.start - b.start : a.file.path < b.file.path ? -1 : 1));
}

function filesThatSee(entity: Entity, from: File, resolver: Resolver, workspace: Workspace): File[] {
  const isLocal = entity.kind === 'variable' || entity.kind === 'argument';
  const paths = new Set([...entity.places.map((place) => place.file.path), ...(isLocal ? [] : [from.path])]);
  if (isLocal && entity.places.length === 0) paths.add(from.path);
  if (!isLocal) {
    for (const path of workspace.files.openPaths) paths.add(path);
    for (const { path } of resolver.treeOf(from.path)?.tree.files ?? []) paths.add(path);
  }
  return [...paths].map((path) => (path === from.path ? from : workspace.files.peek(path))).filter((file) => file !== undefined);
}

/** `util-linux.core` and `util-linux-core` are one package. */
function namesOf({ kind, name, detail }: Entity): string[] {
  if (kind === 'builtin') return [name, `__${name}`];
  const output = kind === 'split' ? /^split (\S+) of/.exec(detail?.() ?? '')?.[1] : undefined;
  return output === undefined ? [name] : [name, output];
}

export function nameAt(spot: Spot): string | undefined {
  switch (spot.kind) {
    case 'var':
      return spot.expr.name;
    case 'param':
    case 'inherited':
      return spot.name;
    case 'key': {
      const part = spot.binding.path[spot.index]!;
      return part.kind === 'static' ? part.name : undefined;
    }
    case 'attr': {
      const part = spot.expr.path[spot.index]!;
      return part.kind === 'static' ? part.name : undefined;
    }
    case 'declared':
      return spot.declaration.name?.text;
    case 'word':
    case 'path':
    case 'searchPath':
    case 'string':
    case 'number':
      return undefined;
  }
}
