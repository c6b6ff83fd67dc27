/** So many files that other threads help: the same findings and the same end as with few. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { realIo } from '../../pkm/index.ts';
import { type TimedFiles, unlinkPlaced } from '../../store/index.ts';
import { Lanes } from '../../store/lanes/lanes.ts';
import { Sandbox } from './support.ts';

const N_FILES = 4500;
const path = (index: number): string => `usr/share/a/${index % 30}/file-${String(index).padStart(4, '0')}`;

function installed(t: ConstructorParameters<typeof Sandbox>[0]): Sandbox {
  const box = new Sandbox(t);
  const files = Object.fromEntries(Array.from({ length: N_FILES }, (_, index) => [path(index), `text ${index}`]));
  box.do((root) => root.install([box.image('a 1', { ...files, 'etc/a.conf': 'x\n' })]));
  return box;
}

test('verify names all that is wrong in the order of the paths', (t) => {
  const box = installed(t);
  const whole = box.do((root) => root.verify());
  assert.ok(whole.isClean);
  const indexes = [4499, 3, 1200, 2048, 777];
  for (const index of indexes) box.write(path(index), `text ${index}`.toUpperCase());
  unlinkSync(box.path(path(4000)));
  box.write('etc/a.conf', 'y\n');
  const report = box.do((root) => root.verify());
  const expected = [...indexes, 4000].map(path).sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(
    report.problems.map((problem) => problem.path),
    expected,
  );
  assert.equal(report.problems.filter(({ kind }) => kind === 'modified').length, 5);
  assert.deepEqual(
    report.drift.map((problem) => problem.path),
    ['etc/a.conf'],
  );
  assert.equal(report.nChecked, whole.nChecked);
});

test('a removal that is refused in the middle goes on when it is not refused any more', async (t) => {
  const box = installed(t);
  const refused = box.path(path(2500));
  mkdirSync(`${box.path(path(9))}.d`); // nobody's: its folder stays
  const io = {
    ...realIo,
    unlinkPlaced: (folder: string, files: TimedFiles) => {
      const place = files.paths.findIndex((name) => folder + name === refused);
      const others = { ...files, sizesBytes: files.sizesBytes.with(place, 99) };
      assert.deepEqual(unlinkPlaced(folder, others, { startLanes: () => Lanes.start(2) }), [place]);
      return [place];
    },
    unlink(name: string): void {
      if (name === refused) throw Object.assign(new Error('EPERM: not permitted'), { code: 'EPERM', syscall: 'unlink' });
      realIo.unlink(name);
    },
  };
  assert.throws(() => box.do((root) => root.remove(['a']), { io }), /not all of it is in place/);
  assert.ok(existsSync(refused));
  assert.ok(!existsSync(box.path(path(2501))));
  box.do((root) => root.recover());
  assert.ok(!existsSync(refused));
  assert.ok(existsSync(join(box.root, 'usr/share/a/9')), 'what is not ours keeps its folder');
  assert.ok(!existsSync(join(box.root, 'usr/share/a/10')));
  rmSync(`${box.path(path(9))}.d`, { recursive: true });
  assert.ok(box.do((root) => root.verify()).isClean);
  // and back again, every byte
  await box.do((root) => root.rollback(1));
  assert.deepEqual(box.do((root) => root.verify()).problems, []);
  assert.ok(existsSync(refused));
});
