import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** A process that ends itself after `endAtOnce`. From the sources more of Node is loaded than from a bundle: what counts as loaded is said. */
function ending(
  script: string,
  flags: readonly string[] = [],
  loaded: readonly string[] = [],
): { status: number | null; out: string } {
  const text = `
    import { writeSync } from 'node:fs';
    import { loadKoffi } from '${root}/base/koffi.ts';
    import { endAtOnce } from '${root}/cli/leave.ts';
    Object.defineProperty(process, 'moduleLoadList', { value: ${JSON.stringify(loaded)} });
    const say = (text) => writeSync(1, text + ' ');
    ${script}`;
  const run = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', text], { encoding: 'utf8' });
  assert.equal(run.stderr, '');
  return { status: run.status, out: run.stdout };
}

/** Says whether Node goes on to take itself apart, by what it calls last. */
const TELL = `const own = process.reallyExit; process.reallyExit = (status) => { say('by Node'); own.call(process, status) };`;

test('it ends at once, with its status, and whoever listens is told before', () => {
  const script = `loadKoffi(); ${TELL} process.on('exit', (code) => say('told ' + code)); setInterval(() => {}, 1000); endAtOnce(); process.exit(4)`;
  assert.deepEqual(ending(script), { status: 4, out: 'told 4 ' });
});

test('a listener may still change the status', () => {
  assert.equal(ending(`loadKoffi(); process.on('exit', () => { process.exitCode = 9 }); endAtOnce(); process.exit(0)`).status, 9);
});

test('Node ends it where the C library was not asked for anything, or something of Node may have to be put back', () => {
  assert.deepEqual(ending(`${TELL} endAtOnce(); process.exit(3)`), { status: 3, out: 'by Node ' });
  assert.deepEqual(ending(`loadKoffi(); ${TELL} endAtOnce(); process.exit(3)`, [], ['NativeModule net']), {
    status: 3,
    out: 'by Node ',
  });
  assert.deepEqual(ending(`loadKoffi(); ${TELL} endAtOnce(); process.exit(3)`, ['--title=profile']), {
    status: 3,
    out: 'by Node ',
  });
});
