/**
 * Random sequences of operations and edits on a real root, beside a model that knows only versions and files. After each step:
 * managed files are what the model says, the database is consistent, and no line that the user wrote is lost anywhere.
 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Root } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];

/** What a version of a package holds: deterministic, different from version to version. */
function contents(name: Name, version: number): Record<string, string> {
  const files: Record<string, string> = {
    [`usr/bin/${name}`]: `${name} ${version}`,
    [`usr/share/${name}/stable`]: 'stable',
    [`usr/share/${name}/v${version}`]: `only in ${version}`,
    [`etc/${name}.conf`]: `top\n\nkey = ${version % 2}\n\nmiddle\n\nversion = ${version}\n`,
  };
  if (version % 2 === 0) files[`usr/share/${name}/even/link`] = `-> ../v${version}`;
  if (version % 3 === 0) files[`etc/${name}.d/extra.conf`] = `extra ${version}\n`;
  return files;
}

type Model = ReadonlyMap<Name, number>;

type Step =
  | { kind: 'install'; name: Name; version: number }
  | { kind: 'remove'; name: Name; force: boolean }
  | { kind: 'rollback'; index: number }
  | { kind: 'edit'; name: Name; line: number; unique: number }
  | { kind: 'delete'; name: Name };

const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('install' as const), name, version: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), name, force: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), index: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), name, line: fc.integer({ min: 0, max: 6 }), unique: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
);

test("any sequence: managed files are exact, the user's lines survive, rollback ∘ operation is the identity", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const box = new Sandbox(t);
      const root = box.open();
      try {
        await run(box, root, steps);
      } finally {
        root.close();
        box.remove();
      }
    }),
    { numRuns: 60 },
  );
});

async function run(box: Sandbox, root: Root, steps: readonly Step[]): Promise<void> {
  const generations: Model[] = [new Map()];
  let model: Model = new Map();
  const lines = new Set<string>();
  for (const [index, one] of steps.entries()) {
    const before = managed(box, model);
    const generation = root.generation;
    const next = new Map(model);
    if (one.kind === 'install') {
      root.install([box.image(`${one.name} ${one.version}`, contents(one.name, one.version))]);
      next.set(one.name, one.version);
    } else if (one.kind === 'remove') {
      if (!model.has(one.name)) continue;
      root.remove([one.name], { force: one.force });
      next.delete(one.name);
    } else if (one.kind === 'rollback') {
      const target = one.index % generations.length;
      await root.rollback(target);
      next.clear();
      for (const [key, value] of generations[target]!) next.set(key, value);
    } else {
      edit(box, one, lines);
      checkLines(box, lines);
      continue;
    }
    if (root.generation !== generation) generations.push(next);
    model = next;
    assert.equal(generations.length, root.generation + 1);
    checkManaged(box, model);
    checkLines(box, lines);
    assert.deepEqual(root.checkInvariants(), []);
    assert.equal(root.verify().isClean, true, `after step ${index}`);
    if (index % 3 === 0 && root.generation !== generation) {
      await root.rollback(generation);
      model = generations[generation]!;
      generations.push(model);
      assert.deepEqual(managed(box, model), before, 'rollback ∘ operation');
      checkLines(box, lines);
    }
  }
}

/** Files of the model that are no configuration, as they are on the disk. */
const managed = (box: Sandbox, model: Model): Record<string, string | undefined> =>
  Object.fromEntries(expectedPaths(model).map((path) => [path, box.read(path)]));

const expectedPaths = (model: Model): string[] =>
  [...model].flatMap(([key, version]) => Object.keys(contents(key, version)).filter((path) => !path.startsWith('etc/')));

function checkManaged(box: Sandbox, model: Model): void {
  const expected = new Map([...model].flatMap(([key, version]) => Object.entries(contents(key, version))));
  for (const [path, text] of expected) if (!path.startsWith('etc/')) assert.equal(box.read(path), text, path);
  for (const path of walk(box.root, 'usr')) assert.ok(expected.has(path), `'${path}' belongs to no package`);
}

/** Replaces a line by one that is nowhere else; the line that was there is given up by the user. */
function edit(box: Sandbox, one: Step & { kind: 'edit' | 'delete' }, lines: Set<string>): void {
  const path = box.path(`etc/${one.name}.conf`);
  if (!existsSync(path)) return;
  const old = readFileSync(path, 'utf8').split('\n');
  if (one.kind === 'delete') {
    for (const line of old) lines.delete(line);
    rmSync(path);
    return;
  }
  const at = one.line % old.length;
  lines.delete(old[at]!);
  old[at] = `mine ${one.unique} ${lines.size}`;
  lines.add(old[at]);
  box.write(`etc/${one.name}.conf`, old.join('\n'));
}

function checkLines(box: Sandbox, lines: ReadonlySet<string>): void {
  const all = walk(box.root, 'etc')
    .map((path) => readFileSync(box.path(path), 'utf8'))
    .join('\n')
    .split('\n');
  const found = new Set(all);
  for (const line of lines) assert.ok(found.has(line), `the user's line '${line}' is lost`);
}

function walk(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder)).flatMap((entry) => {
    const path = `${folder}/${entry}`;
    return lstatSync(join(root, path)).isDirectory() ? walk(root, path) : [path];
  });
}
