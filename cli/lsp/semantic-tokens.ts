/** Colours that follow the meaning: packages, fields, builtins, arguments, variables. */
import type { SemanticTokens, SemanticTokensLegend } from 'vscode-languageserver-protocol/node';
import type { Entity } from './entity.ts';
import type { File } from './files.ts';
import { nameAt } from './occurrences.ts';
import type { Resolver } from './resolver.ts';

const TYPES = ['keyword', 'variable', 'parameter', 'property', 'function', 'class', 'namespace', 'enumMember', 'macro'] as const;
const MODIFIERS = ['declaration', 'defaultLibrary'] as const;
type Type = (typeof TYPES)[number];

export const legend: SemanticTokensLegend = { tokenTypes: [...TYPES], tokenModifiers: [...MODIFIERS] };

const TYPE_OF: Readonly<Record<Entity['kind'], Type>> = {
  variable: 'variable',
  argument: 'parameter',
  attribute: 'property',
  field: 'property',
  package: 'class',
  split: 'class',
  tier: 'namespace',
  system: 'class',
  builtin: 'function',
  library: 'function',
  style: 'macro',
  phase: 'enumMember',
  file: 'property',
};

/** Names alone: what the text's grammar colours stays to the editor. Cost: linear in the names of the file. */
export function semanticTokens(file: File, resolver: Resolver): SemanticTokens {
  const data: number[] = [];
  let lastLine = 0;
  let lastCharacter = 0;
  let lastEnd = -1;
  for (const spot of file.spots) {
    if (spot.start < lastEnd) continue;
    let type: Type | undefined;
    let modifiers = 0;
    if (spot.kind === 'word') type = 'keyword';
    else if (nameAt(spot) !== undefined) {
      const entity = resolver.entityAt(file, spot);
      type = entity === undefined ? (spot.kind === 'attr' ? 'property' : undefined) : TYPE_OF[entity.kind];
      if (spot.kind === 'param' || spot.kind === 'declared' || (spot.kind === 'key' && entity?.kind === 'variable'))
        modifiers |= 1;
      if (entity?.kind === 'builtin' || entity?.kind === 'library' || entity?.kind === 'style') modifiers |= 2;
    }
    if (type === undefined) continue;
    const { start, end } = file.range(spot);
    if (start.line !== end.line) continue;
    lastEnd = spot.end;
    data.push(
      start.line - lastLine,
      start.line === lastLine ? start.character - lastCharacter : start.character,
      end.character - start.character,
      TYPES.indexOf(type),
      modifiers,
    );
    lastLine = start.line;
    lastCharacter = start.character;
  }
  return { data };
}
