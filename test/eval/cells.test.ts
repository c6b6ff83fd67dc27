/** Which places hold one and the same function: beside an installed Nix, in both tiers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { needsNix } from './builtins/nix.ts';
import { cellProgram } from './programs/cells.ts';
import { world } from './support.ts';

const PROGRAMS = Number(process.env['PROGRAMS'] ?? 300);
const SEED = Number(process.env['SEED'] ?? 20_261_123);

/** All rounds but the last are there to make it hot. */
const HOT = "builtins.foldl' (_: n: let all = main (n - n); in builtins.deepSeq all all) null (builtins.genList (n: n) 1000)";

test('random programs: a function is equal to itself in hot code where it is in cold code', () => {
  const { show } = world();
  fc.assert(
    fc.property(cellProgram({ hasAliases: true }), (program) => {
      assert.equal(show(program + HOT), show(`${program}main 0`));
    }),
    { numRuns: PROGRAMS / 5, seed: SEED },
  );
});

test(`${PROGRAMS} programs: a function is equal to itself where it is in Nix`, (t) => {
  if (!needsNix(t)) return;
  const { show } = world();
  const programs = fc
    .sample(cellProgram({ hasAliases: false }), { numRuns: PROGRAMS, seed: SEED })
    .map((program) => `(${program}main 0)`);
  const words = ['--eval', '--strict', '-E', ...programs];
  const nix = spawnSync('nix-instantiate', words, { encoding: 'utf8', env: { ...process.env, NIX_REMOTE: 'dummy://' } });
  assert.equal(nix.status, 0, nix.stderr);
  const results = nix.stdout.trimEnd().split('\n');
  const differing = programs.flatMap((program, at) => {
    const ours = show(program);
    return ours === results[at] ? [] : [`${program}\nigos: ${ours}\nnix:  ${results[at]}`];
  });
  assert.deepEqual(differing, []);
  const equal = results.join().match(/true/g)!.length / results.join().match(/true|false/g)!.length;
  t.diagnostic(`${Math.round(100 * equal)} of 100 comparisons are true`);
  assert.ok(equal > 0.1 && equal < 0.9, 'many of each are to be seen');
});
