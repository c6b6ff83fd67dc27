/**
 * Any sequence of edits, upgrades, removals, rollbacks and settlements: not a byte of the user's is lost. The oracle knows
 * nothing of pkm's rules: what the user wrote is lines that no package has, and after each step that pkm did every such line that
 * was on the disk before is on it still, in a file below `etc/`; and a file that pkm did not report as changed has its bytes.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Root } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const FILES = ['etc/p.conf', 'etc/p.d/one.conf', 'etc/p.d/two.conf'] as const;

/** Versions move lines about, drop files and bring them back. */
function version(n: number): Record<string, string> {
  const text = (salt: number) => `top\n\nkey = ${(n + salt) % 3}\n\nmiddle\n\nlast = ${Math.floor(n / 2)}\n`;
  return {
    'usr/bin/p': String(n),
    [FILES[0]]: text(0),
    ...(n % 4 === 3 ? {} : { [FILES[1]]: text(1) }),
    ...(n % 2 === 0 ? {} : { [FILES[2]]: text(2) }),
  };
}

type PkmStep =
  | { kind: 'install'; version: number }
  | { kind: 'remove'; force: boolean }
  | { kind: 'rollback'; to: number }
  | { kind: 'settle'; file: number; take: 'mine' | 'theirs' | 'merged' };

type Step =
  | PkmStep
  | { kind: 'edit'; file: number; line: number; isNew: boolean }
  | { kind: 'replace'; file: number }
  | { kind: 'delete'; file: number };

const file = fc.integer({ min: 0, max: FILES.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('install' as const), version: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), force: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), to: fc.nat(30) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), file, line: fc.nat(8), isNew: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), file }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      file,
      take: fc.constantFrom('mine' as const, 'theirs' as const, 'merged' as const),
    }),
  },
);

/** Every sequence starts with a conflict: by chance they are rare. */
const CLASH: readonly Step[] = [
  { kind: 'install', version: 1 },
  { kind: 'replace', file: 0 },
  { kind: 'install', version: 2 },
];

test("any sequence of upgrade, remove, rollback, settling and editing: never a byte of the user's lost", async (t) => {
  let nLines = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const box = new Sandbox(t);
      const root = box.open();
      try {
        for (const [index, one] of [...CLASH, ...steps].entries()) nLines += await doStep(box, root, one, index);
        assert.deepEqual(root.checkInvariants(), []);
      } finally {
        root.close();
        box.remove();
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(nLines > 300, `only ${nLines} lines of the user were at stake`);
});

async function doStep(box: Sandbox, root: Root, one: Step, index: number): Promise<number> {
  if (one.kind === 'edit' || one.kind === 'replace' || one.kind === 'delete') {
    userDoes(box, one, index);
    return 0;
  }
  const before = etcOf(box);
  const reported = await pkmDoes(box, root, one);
  const after = etcOf(box);
  const lines = userLines(before);
  const kept = userLines(after);
  for (const line of lines) assert.ok(kept.has(line), `'${line}' is lost by ${JSON.stringify(one)}`);
  for (const [path, text] of before) {
    if (userLines(new Map([[path, text]])).size === 0 || after.get(path) === text) continue;
    assert.ok(reported.has(path), `/${path} changed, and nobody said so: ${JSON.stringify(one)}`);
  }
  return lines.size;
}

function userDoes(box: Sandbox, one: Step & { file: number }, index: number): void {
  const path = FILES[one.file]!;
  const at = one.kind === 'edit' && one.isNew && box.read(`${path}.new`) !== undefined ? `${path}.new` : path;
  const text = box.read(at);
  if (one.kind === 'delete') rmSync(box.path(path), { force: true });
  else if (one.kind === 'replace') {
    mkdirSync(join(box.path(path), '..'), { recursive: true });
    writeFileSync(box.path(path), `user ${index}\nsecond user ${index}\n`);
  } else if (text !== undefined && one.kind === 'edit') {
    const lines = text.split('\n');
    lines.splice(Math.min(one.line, lines.length - 1), one.line % 2, `user ${index}`);
    writeFileSync(box.path(at), lines.join('\n'));
  }
}

/** @returns paths whose bytes pkm says it changed, and files that it says it kept aside or removed knowingly */
async function pkmDoes(box: Sandbox, root: Root, one: PkmStep): Promise<Set<string>> {
  const waiting = new Set(root.config().flatMap((found) => (found.newPath === '' ? [] : [found.newPath])));
  if (one.kind === 'settle') {
    const path = FILES[one.file]!;
    if (!root.config().some((found) => found.path === path && found.state === 'conflict')) return new Set();
    try {
      root.settleConfig([{ path, take: one.take }]);
    } catch (error) {
      if (!['E-PKM-061', 'E-PKM-062'].includes((error as { code: string }).code)) throw error;
    }
    return new Set([path, ...waiting]);
  }
  const report =
    one.kind === 'install'
      ? root.install([box.image(`p ${one.version}`, version(one.version))])
      : one.kind === 'rollback'
        ? await root.rollback(one.to % (root.generation + 1))
        : root.list().length === 0
          ? undefined
          : root.remove(['p'], { force: one.force });
  const changed = new Set(['merged', 'saved', 'replaced', 'removed']);
  return new Set((report?.config ?? []).filter(({ outcome }) => changed.has(outcome)).map(({ path }) => path));
}

function etcOf(box: Sandbox): Map<string, string> {
  const found = new Map<string, string>();
  try {
    for (const entry of readdirSync(box.path('etc'), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name);
        found.set(path.slice(box.root.length + 1), readFileSync(path, 'utf8'));
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return found;
}

const userLines = (files: ReadonlyMap<string, string>): Set<string> =>
  new Set([...files.values()].flatMap((text) => text.split('\n')).filter((line) => line.includes('user')));
