/** What an editor selects when a selection grows: the name, what it is part of, and so on up to the whole file. */
import type { SelectionRange } from 'vscode-languageserver-protocol/node';
import type { Node } from '../../lang/index.ts';
import type { File } from './files.ts';

/** Cost: linear in the file. */
export function selectionRange(file: File, offset: number): SelectionRange {
  const around = [...stretches(file)]
    .filter(({ start, end }) => start <= offset && offset <= end)
    .sort((a, b) => b.end - b.start - (a.end - a.start));
  let { start, end }: Node = { start: 0, end: file.text.length };
  let found: SelectionRange = { range: file.range({ start, end }) };
  for (const each of around) {
    // of two that touch at the cursor the longer one, and what it holds
    const isInside = start <= each.start && each.end <= end && each.end - each.start < end - start;
    if (!isInside) continue;
    ({ start, end } = each);
    found = { range: file.range(each), parent: found };
  }
  return found;
}

function* stretches(file: File): Generator<Node> {
  const { tree } = file.parsed;
  if (tree.kind === 'declarations') {
    yield* tree.declarations;
    for (const { splits } of tree.declarations) yield* splits;
  }
  for (const expr of file.names.scopeOf.keys()) {
    // `a.b = 1` is a set in a set, which nobody sees
    const isImplied = expr.kind === 'attrs' && expr.bindings.length === 0 && expr.merged.statics.length > 0;
    if (!isImplied) yield expr;
  }
  for (const spot of file.spots) {
    yield spot;
    if (spot.kind === 'key' || spot.kind === 'inherited') yield spot.binding;
  }
}
