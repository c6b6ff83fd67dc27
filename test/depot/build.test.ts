import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareBytes, Fault, renderFault } from '../../base/index.ts';
import { type BuildOptions, buildArchives, Depot, extractArchives, openSourceTree, parseArchiveName } from '../../depot/index.ts';
import { golden } from '../golden.ts';
import { type Scene, scene } from './source-tree.ts';

/** Stands for Genode's build system: one link in bin/ for each source file, and what it was given. */
const BUILD_MK = `
include etc/build.conf
include etc/specs.conf
all:
	@mkdir -p bin debug var
	@find $(REPOSITORIES) -name '*.c' | sort | xargs cat > var/program
	@for r in $(REPOSITORIES); do find $$r -name '*.h' | sed "s,^$$r/,,"; done > var/seen
	@echo $(SPECS) >> var/seen
	@ln -s ../var/program bin/program
	@ln -s ../var/seen bin/seen
	@echo symbols > debug/program.debug; echo other > debug/other
	@$(if $(FAIL),echo "no such register"; exit 3)
`;

async function built(t: TestContext) {
  const at = scene(t);
  at.write('tool/builddir/build.mk', BUILD_MK);
  await extractArchives([parseArchiveName('alan/pkg/wall', 'current')], openSourceTree(at.tree), {
    depot: at.depot,
    layout: 'present',
    today: '2026-11-21',
    jobs: 2,
    updateVersions: true,
  });
  // The foreign part of the package: in the depot as if it were downloaded.
  at.writeDepot('other/raw/font/2024-01-01/font.ttf', 'glyphs');
  const build = async (name: string, options: Partial<BuildOptions> = {}) =>
    (
      await buildArchives([parseArchiveName(name, 'versioned')], openSourceTree(at.tree), {
        depot: new Depot(at.depot, 'present'),
        jobs: 2,
        ...options,
      })
    ).map(({ name: built }) => built);
  return { at, build };
}

async function refusal(t: TestContext, at: Scene, name: string, attempt: Promise<unknown>) {
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    golden(t, `errors/depot-${name}.txt`, renderFault(error).replaceAll(at.tree, '/tree').replaceAll(at.depot, '/depot'));
    return true;
  });
}

const WALL = 'alan/bin/x86_64/wall/2026-11-21';

test('the binaries of a package are built of its sources and their APIs alone', async (t) => {
  const { at, build } = await built(t);
  assert.deepEqual((await build('alan/pkg/x86_64/wall/2026-11-21')).toSorted(compareBytes), ['clock', 'wall']);
  assert.equal(readFileSync(join(at.depot, WALL, 'program'), 'utf8'), 'int main(void) { return 0; }\n');
  assert.equal(readFileSync(join(at.depot, WALL, 'seen'), 'utf8'), 'include/clock/clock.h\ngenode x86_64\n');
  assert.ok(lstatSync(join(at.depot, WALL, 'program')).isFile());
  const hash = (path: string) => readFileSync(join(at.depot, `${path}.hash`), 'utf8').trim();
  assert.equal(hash(WALL), `${hash('alan/src/wall/2026-11-21')} ${hash('alan/api/clock/2026-11-21')}`);
  assert.equal(existsSync(join(at.depot, `${WALL}.build`)), false);
  // What is there is not built again, unless that is wanted.
  assert.deepEqual(await build('alan/pkg/x86_64/wall/2026-11-21'), []);
  assert.deepEqual(await build(WALL, { rebuild: true }), ['wall']);
});

test('the build folder may be kept, and debug information taken', async (t) => {
  const { at, build } = await built(t);
  await build(WALL, { keepBuildDir: true, withDebug: true });
  assert.ok(existsSync(join(at.depot, `${WALL}.build`, 'etc', 'build.conf')));
  const debug = join(at.depot, 'alan/dbg/x86_64/wall/2026-11-21');
  assert.ok(existsSync(join(debug, 'program.debug')));
  assert.equal(existsSync(join(debug, 'other')), false);
});

test('a binary of another source is refused; one that was downloaded is not', async (t) => {
  const { at, build } = await built(t);
  await build(WALL);
  writeFileSync(join(at.depot, `${WALL}.hash`), 'deadbeef\n');
  await refusal(t, at, 'binary-of-another-source', build(WALL));
  rmSync(join(at.depot, `${WALL}.hash`));
  assert.deepEqual(await build(WALL), []);
});

test('what is missing is named, and a failed build leaves nothing', async (t) => {
  const { at, build } = await built(t);
  await refusal(t, at, 'build-missing-source', build('alan/bin/x86_64/nothing/1'));
  await assert.rejects(build(WALL, { settings: ['FAIL=1'] }), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'E-DEPOT-018');
    assert.match(error.notes.join('\n'), /no such register/);
    return true;
  });
  assert.equal(existsSync(join(at.depot, WALL)), false);
  assert.equal(existsSync(join(at.depot, `${WALL}.build`)), false);
});

test('a binary that another one builds just now is waited for, and not built twice', async (t) => {
  const { build, at } = await built(t);
  at.write('tool/builddir/build.mk', `${BUILD_MK}\n\t@sleep 0.2; echo once >> $(GENODE_DIR)/builds\n`);
  const waits: number[] = [];
  const one = () => build('alan/bin/x86_64/wall/2026-11-21', { onWait: (_, pid) => waits.push(pid) });
  const both = await Promise.all([one(), one()]);
  assert.deepEqual(both.map((each) => each.length).sort(), [0, 1]);
  assert.equal(readFileSync(join(at.tree, 'builds'), 'utf8'), 'once\n');
  assert.deepEqual(waits, [process.pid]);
});
