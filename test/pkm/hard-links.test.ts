/** What is one file in an archive is one file on the root, whichever of its names an upgrade is about. */
import assert from 'node:assert/strict';
import { lstatSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type PackageImage, type TransactionReport, writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

/** A package of one file with these names, and a file that says its version. */
function linked(box: Sandbox, about: string, [first, ...others]: readonly string[], mode = 0o644): PackageImage {
  const image = box.image(about, { [first!]: { mode, text: 'the same' }, 'usr/share/version': about });
  const entry = image.entries.find(({ path }) => path === first)!;
  return {
    ...image,
    entries: [...image.entries, ...others.map((path) => ({ ...entry, path, kind: 'hardlink' as const, target: first! }))],
  };
}

async function install(box: Sandbox, image: PackageImage): Promise<TransactionReport> {
  const archive = join(box.base, `${image.name}-${image.version}.igos.tar.gz`);
  await writeArchive(image, archive);
  return box.do(async (root) => root.install([await root.readArchive(archive)], { archiveTrust: 'loose' }));
}

/** How many names of a file there are, and how many of these are of the first. */
const joined = (box: Sandbox, names: readonly string[]): string => {
  const stats = names.map((name) => lstatSync(box.path(name), { throwIfNoEntry: false }));
  return `${stats.filter((stat) => stat?.ino === stats[0]!.ino).length} of ${stats[0]!.nlink}`;
};

const NAMES = ['usr/bin/a', 'usr/bin/b', 'usr/bin/c', 'usr/bin/d'];

for (const layout of ['live', 'atomic'] as const) {
  const begin = (t: TestContext): Sandbox => {
    const box = new Sandbox(t);
    if (layout === 'atomic') box.do((root) => root.initAtomic());
    return box;
  };

  test(`${layout}: a further name, and another mode, make one file of all again`, async (t) => {
    const box = begin(t);
    await install(box, linked(box, 'x 1', NAMES.slice(0, 3)));
    await install(box, linked(box, 'x 2', NAMES));
    assert.equal(joined(box, NAMES).slice(0, 1), '4');
    await install(box, linked(box, 'x 3', NAMES, 0o755));
    assert.equal(joined(box, NAMES).slice(0, 1), '4');
    assert.equal(lstatSync(box.path(NAMES[3]!)).mode & 0o777, 0o755);
    assert.ok(box.do((root) => root.verify({ fast: true }).isClean && root.verify().isClean));
    await box.do((root) => root.rollback(1));
    assert.equal(box.read(NAMES[3]!), undefined);
    assert.ok(box.do((root) => root.verify({ fast: true }).isClean && root.verify().isClean));
  });
}

test('names that no upgrade is about stay where they are; one that somebody changed or deleted stays so', async (t) => {
  const box = new Sandbox(t);
  await install(box, linked(box, 'x 1', NAMES.slice(0, 3)));
  const before = lstatSync(box.path(NAMES[0]!)).ino;
  const report = await install(box, linked(box, 'x 2', NAMES.slice(0, 3)));
  assert.equal(report.nFilesPlaced, 1, 'the version');
  assert.equal(lstatSync(box.path(NAMES[0]!)).ino, before);
  unlinkSync(box.path(NAMES[1]!));
  unlinkSync(box.path(NAMES[2]!));
  writeFileSync(box.path(NAMES[2]!), 'mine');
  await install(box, linked(box, 'x 3', NAMES));
  assert.equal(joined(box, NAMES), '2 of 2');
  assert.deepEqual(
    NAMES.map((name) => box.read(name)),
    ['the same', undefined, 'mine', 'the same'],
  );
});
