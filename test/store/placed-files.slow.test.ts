/** Threads that look at the files of a root, or remove them, find and leave what one thread would. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lanes } from '../../store/lanes/lanes.ts';
import type { PlacedFile } from '../../store/lanes/placed.ts';
import { PlacedFiles, unlinkMany } from '../../store/lanes/placed-files.ts';
import { temporaryFolder } from './fixture.ts';

type Damage = 'none' | 'byte' | 'shorter' | 'longer' | 'gone' | 'link' | 'folder' | 'mode' | 'owner';

const sizes = fc.constantFrom(0, 1, 17, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1);
const files = fc.array(
  fc.record({
    size: sizes,
    damage: fc.constantFrom<Damage>('none', 'none', 'byte', 'shorter', 'longer', 'gone', 'link', 'folder', 'mode', 'owner'),
    name: fc.constantFrom('plain', 'a:b', 'ü', 'new\nline', 'x'.repeat(200)),
  }),
  { maxLength: 12 },
);

const LANES = [0, 1, 3];

test('threads find the files that are not as they should be, and no others', (t) => {
  const folder = temporaryFolder(t);
  let run = 0;
  fc.assert(
    fc.property(files, fc.constantFrom(...LANES), (wanted, nLanes) => {
      const here = join(folder, String(run++));
      mkdirSync(here);
      const placed = wanted.map(({ size, damage, name }, index) => make(join(here, `${index}-${name}`), size, damage));
      const suspects: number[] = [];
      const screen = new PlacedFiles(5000, () => (nLanes === 0 ? undefined : Lanes.start(nLanes)));
      try {
        for (const [index, file] of placed.entries()) screen.look(file, () => suspects.push(index));
        screen.end();
      } finally {
        screen.close();
      }
      const damaged = wanted.flatMap(({ size, damage }, index) => (isHarmless(size, damage) ? [] : [index]));
      assert.deepEqual(
        suspects.sort((a, b) => a - b),
        damaged,
      );
      rmSync(here, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

/** Nothing can be taken from an empty file. */
const isHarmless = (size: number, damage: Damage): boolean =>
  damage === 'none' || (size === 0 && (damage === 'byte' || damage === 'shorter'));

function make(path: string, size: number, damage: Damage): PlacedFile {
  const data = Buffer.alloc(size, 7);
  writeFileSync(path, data, { mode: 0o644 });
  const sha256 = createHash('sha256').update(data).digest('hex');
  const uid = process.getuid!();
  const gid = process.getgid!();
  if (damage === 'byte' && size > 0) {
    data[size - 1] = 8;
    writeFileSync(path, data);
  } else if (damage === 'shorter' && size > 0) truncateSync(path, size - 1);
  else if (damage === 'longer') truncateSync(path, size + 1);
  else if (damage === 'gone' || damage === 'link' || damage === 'folder') rmSync(path);
  if (damage === 'link') symlinkSync('/dev/null', path);
  if (damage === 'folder') mkdirSync(path);
  const mode = damage === 'mode' ? 0o755 : 0o644;
  return { path, sha256, sizeBytes: size, mode, owner: { uid: damage === 'owner' ? uid + 1 : uid, gid } };
}

test('many names are removed by several threads; what cannot be is left and named', (t) => {
  for (const nLanes of LANES) {
    const folder = temporaryFolder(t);
    const paths: string[] = [];
    for (let i = 0; i < 2100; i++) {
      const path = join(folder, `file ${i}`);
      if (i === 700) mkdirSync(path);
      else if (i % 3 === 0) symlinkSync('nowhere', path);
      else if (i !== 1300) writeFileSync(path, '');
      paths.push(path);
    }
    const left = unlinkMany(paths, () => (nLanes === 0 ? undefined : Lanes.start(nLanes)));
    if (nLanes === 0) assert.deepEqual(left, paths, 'without threads all are left to the caller');
    else {
      assert.deepEqual(left, [paths[700], paths[1300]]);
      assert.deepEqual(readdirSync(folder), ['file 700']);
      assert.ok(existsSync(paths[700]!));
    }
  }
});
