/** Run by full-disk.test.ts inside a mount namespace where the sandbox is a file system of 48 MiB. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageImage, Root } from '../../pkm/index.ts';
import { writeArchive } from '../../pkm/index.ts';
import { project } from '../cli/programs.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
const filler = box.path('filler');
const reserve = box.path('var/lib/igos/reserve');
const cached = box.path(`var/cache/igos/archives/${'0'.repeat(64)}.igos.tar.gz`);
const isFull = { code: 'ENOSPC' };

/** To the last byte: large pieces first. */
function fill(): void {
  const fd = openSync(filler, 'a');
  for (const size of [1 << 20, 1 << 12, 1]) {
    const block = Buffer.alloc(size, 1);
    assert.throws(() => {
      for (;;) if (writeSync(fd, block) < size) throw Object.assign(new Error('short'), isFull);
    }, isFull);
  }
  closeSync(fd);
}

const N_LINKS = 6000;
/** Links cost rows and no room. */
const version = (n: number): PackageImage => {
  const links = Array.from({ length: N_LINKS }, (_, i) => [`usr/share/many/${'long-name-'.repeat(8)}${i}`, `-> ${n}`]);
  return box.image(`many ${n}`, Object.fromEntries(links) as Record<string, string>);
};
const refused = (work: () => unknown): void =>
  assert.throws(work, (error) => (error as { errno?: string }).errno === 'ENOSPC', 'the disk is not full');
const collect = (root: Root, keepLast: number): readonly number[] => root.gc({ keepLast }).removed;
const sound = (): void =>
  box.do((root) => assert.deepEqual([root.verify().isClean, root.checkInvariants()], [true, []]), { readOnly: true });

for (let n = 1; n <= 4; n++) box.do((root) => root.install([version(n)]));
assert.equal(statSync(reserve).size, 1 << 20);

const next = version(5);
// Row by row: a log of all that goes would be longer than the reserve.
fill();
refused(() => box.do((root) => root.install([next])));
refused(() => box.do((root) => collect(root, 2)));
assert.ok(existsSync(reserve), 'nothing takes the reserve that does not make room');
assert.deepEqual(
  box.do((root) => root.gc({ keepLast: 2, dryRun: true }).removed, { readOnly: true }),
  [0, 1, 2],
);
assert.deepEqual(
  box.do((root) => collect(root, 2), { makesRoom: true }),
  [0, 1, 2],
);
assert.equal(existsSync(reserve), false);
assert.equal(existsSync(filler), true);
sound();
assert.deepEqual(
  box.do((root) => root.generations().map((one) => one.number), { readOnly: true }),
  [3, 4],
);
const rows = execFileSync('sqlite3', [box.path('var/lib/igos/pkm.db'), 'SELECT count(*) FROM files_past'], { encoding: 'utf8' });
assert.equal(Number(rows), N_LINKS, 'the rows of generation 3');

// With the reserve gone, the downloaded archives are what can be missed: by the command, as an admin calls it.
mkdirSync(join(cached, '..'), { recursive: true });
rmSync(filler);
writeFileSync(cached, Buffer.alloc(2 << 20, 1));
rmSync(reserve, { force: true });
fill();
const words = ['--root', box.root, '--home', box.path('home'), 'gc', '--keep', '1', '--json'];
const said = JSON.parse(execFileSync(join(project, 'bin/pkm'), words, { encoding: 'utf8' })) as { removed: number[] };
assert.deepEqual(said.removed, [3]);
assert.equal(existsSync(cached), false);
sound();

// With neither, it is said, and nothing is lost.
rmSync(filler);
rmSync(reserve, { force: true });
box.do((root) => root.install([version(6)]), { makesRoom: true });
fill();
refused(() => box.do((root) => collect(root, 1), { makesRoom: true }));
sound();

// Archives that only old generations need are room for the rows of theirs.
rmSync(filler);
const folder = box.path('from');
mkdirSync(folder);
const big = (n: number): PackageImage =>
  box.image(`big ${n}`, {
    'usr/big': Buffer.from(Array.from({ length: 200_000 }, (_, i) => 33 + ((i * i * n) % 90))).toString(),
  });
for (const n of [1, 2]) {
  await writeArchive(big(n), join(folder, `${n}`));
  await box.do(async (root) => root.install(await root.readArchives([join(folder, `${n}`)]), { archiveTrust: 'loose' }));
}
assert.ok(existsSync(reserve), 'set aside again');
fill();
const report = box.do((root) => root.gc({ keepLast: 1 }), { makesRoom: true });
assert.equal(report.nObjects, 1);
sound();
console.log('done');
