/** Renaming on random programs: every name is bound as before, by the analysis of the changed text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToText } from '../../base/index.ts';
import { Files } from '../../cli/lsp/files.ts';
import { CannotRename, rename } from '../../cli/lsp/rename.ts';
import { Workspace } from '../../cli/lsp/workspace.ts';
import type { NameTable } from '../../lang/index.ts';
import { expressions } from '../lang/arbitrary.ts';

/** Uses in their order, each as the number of its binding, or as itself where it is free. */
function graph({ uses, locals }: NameTable): (number | string)[] {
  const order = locals.toSorted((a, b) => a.places[0]!.start - b.places[0]!.start);
  return uses.map(({ local, name }) => (local === undefined ? name : order.indexOf(local)));
}

const programs = fc
  .tuple(expressions(), expressions(), expressions())
  .map((parts) => `let a = (${parts[0]}); c = b: (${parts[1]}) a b; in (${parts[2]}) a c`);

test('names keep their bindings', () => {
  let renamed = 0;
  fc.assert(
    fc.property(programs, fc.nat(), fc.constantFrom('a', 'b', 'c', 'fresh'), (text, choice, newName) => {
      const files = new Files({ pipes: false });
      files.open('x.nix', bytesToText(text), 'nix');
      const file = files.get('x.nix')!;
      const candidates = file.names.locals.filter(
        (local) => local.kind !== 'formal' && local.kind !== 'rec' && local.uses.length > 0,
      );
      const local = candidates[choice % Math.max(1, candidates.length)];
      if (file.isBroken || local === undefined) return;
      const before = graph(file.names);
      try {
        const edits = rename(file, local.places[0]!.start, newName, new Workspace(files)).changes!['x.nix'] ?? [];
        // an `inherit (e) x y` taken apart has `e` twice
        if (edits.some(({ newText }) => newText.includes(').'))) return;
        files.change(
          'x.nix',
          edits
            .toSorted((a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character)
            .map(({ range, newText }) => ({ range, text: newText })),
        );
      } catch (error) {
        if (error instanceof CannotRename) return;
        throw error;
      }
      const after = files.get('x.nix')!;
      assert.equal(after.isBroken, false, after.text);
      assert.deepEqual(graph(after.names), before, after.text);
      renamed += 1;
    }),
    { numRuns: 600 },
  );
  assert.ok(renamed > 50, `only ${renamed} were renamed`);
});
