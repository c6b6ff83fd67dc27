/** What to say about a place: signature, documentation, where it comes from. */
import type { Hover } from 'vscode-languageserver-protocol/node';
import { bytesToText } from '../../base/index.ts';
import { renderFieldHelp } from '../../eval/index.ts';
import type { Entity } from './entity.ts';
import type { File } from './files.ts';
import type { Resolver } from './resolver.ts';

const KINDS: Readonly<Record<Entity['kind'], string>> = {
  variable: 'variable',
  argument: 'argument',
  attribute: 'attribute',
  field: 'field',
  package: 'package',
  split: 'split',
  tier: 'tier',
  system: 'system',
  builtin: 'builtin',
  library: 'library',
  style: 'build style',
  phase: 'phase',
  file: 'file',
};

export function hover(file: File, offset: number, resolver: Resolver): Hover | undefined {
  const spot = file.spotAt(offset);
  if (spot === undefined) return undefined;
  const range = file.range(spot);
  if (spot.kind === 'word') {
    const { kind } = spot.declaration;
    const entity = kind === 'override' ? resolver.entityAt(file, spot) : undefined;
    const help = renderFieldHelp(kind === 'override' ? 'package' : kind);
    const about = entity === undefined ? `a \`${kind}\` declaration` : `an override of ${entity.kind} \`${entity.name}\``;
    return { contents: { kind: 'markdown', value: `${about}; its fields:\n\n\`\`\`text\n${help}\`\`\`` }, range };
  }
  const entity = resolver.entityAt(file, spot);
  return entity === undefined ? undefined : { contents: { kind: 'markdown', value: describe(entity, file) }, range };
}

/** Markdown: kind and signature, documentation, place. */
export function describe(entity: Entity, seenFrom: File): string {
  const parts = [`\`\`\`igos\n${entity.detail?.() ?? bytesToText(entity.name)}\n\`\`\``];
  const doc = entity.doc?.();
  if (doc !== undefined && doc.trim() !== '') parts.push(doc.trim());
  const [place] = entity.places;
  const isListed = entity.kind === 'package' || entity.kind === 'split' || entity.kind === 'tier' || entity.kind === 'system';
  if (place !== undefined && entity.kind !== 'file' && !isListed) {
    const { line } = place.file.source.position(place.start);
    const where = place.file.path === seenFrom.path ? `line ${line}` : `${place.file.path.split('/').at(-1)}:${line}`;
    parts.push(`*${KINDS[entity.kind]}, bound in ${where}*`);
  } else parts.push(`*${KINDS[entity.kind]}*`);
  return parts.join('\n\n');
}
