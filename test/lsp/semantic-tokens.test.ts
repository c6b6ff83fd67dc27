/** The colours of texts that are one long step after another: what a file costs is linear in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Files } from '../../cli/lsp/files.ts';
import { Resolver } from '../../cli/lsp/resolver.ts';
import { semanticTokens } from '../../cli/lsp/semantic-tokens.ts';
import { Workspace } from '../../cli/lsp/workspace.ts';

const STEPS = 30_000;
/** Of processor time: ten times what it takes; a token that looks at all steps before it makes it twice this and more. */
const MOST_SECONDS = 1;

const path = '/nowhere/long.nix';

const texts: readonly (readonly [name: string, text: string, tokens: number])[] = [
  ['a path with interpolations', `x: ./a${'/${x}'.repeat(STEPS)}`, STEPS + 1],
  ['a string with interpolations', `x: "ü${'${x}'.repeat(STEPS)}"`, STEPS + 1],
  ['a selection', `let x = { a = 1; }; in x${'.b'.repeat(STEPS)}`, STEPS + 3],
  ['a selection by computed names', `x: x${'.${x}'.repeat(STEPS)}`, STEPS + 2],
  ['a question for a path', `x: x ? a${'.b'.repeat(STEPS)}`, STEPS + 3],
  ['a name of many parts', `{ a${'.b'.repeat(STEPS)} = 1; }`, STEPS + 1],
];

for (const [name, text, tokens] of texts) {
  test(`tokens of ${name}: ${STEPS} steps`, () => {
    const files = new Files({ pipes: false });
    files.open(path, text, 'nix');
    const file = files.peek(path)!;
    assert.ok(file.spots.length >= STEPS && file.names.uses.length >= 0);
    const before = process.cpuUsage();
    const { data } = semanticTokens(file, new Resolver(new Workspace(files)));
    const { user, system } = process.cpuUsage(before);
    assert.equal(data.length / 5, tokens);
    assert.ok((user + system) / 1e6 < MOST_SECONDS, `${(user + system) / 1e6} seconds`);
  });
}
