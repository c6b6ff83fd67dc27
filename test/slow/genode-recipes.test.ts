/** Genode's own recipes: what is extracted has the hash that the recipe states. `IGOS_GENODE` names a checkout of Genode. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../base/index.ts';
import { extractArchives, listRecipes, openSourceTree, type RecipeType } from '../../depot/index.ts';

const genode = process.env['IGOS_GENODE'];
const skip =
  genode === undefined
    ? 'not part of igos: IGOS_GENODE does not name a checkout of Genode'
    : existsSync(join(genode, 'repos', 'base', 'recipes'))
      ? false
      : `${genode} holds no recipes`;

const TYPES: readonly RecipeType[] = ['api', 'raw', 'src', 'pkg'];

test("Genode's own recipes have the hashes that they state", { skip }, async (t) => {
  const depot = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  t.after(() => rmSync(depot, { recursive: true, force: true }));
  const tree = openSourceTree(resolve(genode!));
  const counts = { equal: 0, 'needs a port': 0, 'needs a recipe that is not there': 0 };
  for (const type of TYPES) {
    for (const name of listRecipes(tree, type)) {
      try {
        await extractArchives([{ user: 'test', type, name }], tree, {
          depot,
          layout: 'present',
          today: '2026-11-21',
          jobs: availableParallelism(),
        });
        counts.equal++;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (error.code === 'E-DEPOT-007') counts['needs a port']++;
        else if (error.code === 'E-DEPOT-004') counts['needs a recipe that is not there']++;
        else throw error;
      }
    }
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.equal >= 300, `only ${counts.equal} archives have the hash of their recipe`);
  assert.ok(counts['needs a recipe that is not there'] <= 1);
});
