/** Errors become text and a status. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, SystemFault } from '../../base/index.ts';
import { endingOf } from '../../cli/exit.ts';

const ending = (run: () => void) => {
  try {
    run();
  } catch (error) {
    return endingOf(error, { color: false, fullTrace: false, program: 'igos' });
  }
  return assert.fail('nothing was thrown');
};

test('where closing down fails as well, the first error is the one that is told', () => {
  const { status, text, errors } = ending(() => {
    using stack = new DisposableStack();
    stack.defer(() => void JSON.parse('{'));
    stack.defer(() => assert.fail('the inner one'));
    throw new Fault('E-STORE-015', 'the first one', { hints: ['the way out'] });
  });
  assert.equal(status, 1);
  assert.match(text, /^error\[E-STORE-015\]: the first one\n/);
  assert.deepEqual(errors, [{ code: 'E-STORE-015', message: 'the first one', hints: ['the way out'] }]);
});

test('on a full disk it is said what makes room there', () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'igos-ending-')));
  const hintsFor = (path: string, where: { program?: string; command?: string; home?: string } = {}): string =>
    endingOf(new SystemFault('write', path, { code: 'ENOSPC' }), {
      ...{ color: false, fullTrace: false, program: 'igos', home, ...where },
    })
      .errors[0]!.hints.map((hint) => /'(igos|igos depot|pkm) gc[^']*'|TMPDIR|name a place on another/.exec(hint)?.[0])
      .join(', ');
  try {
    assert.equal(hintsFor(join(home, 'store/x/y')), "'igos gc'");
    // Nobody said where the store is.
    assert.equal(
      endingOf(new SystemFault('write', '/x', { code: 'EDQUOT' }), { color: false, fullTrace: false, program: 'igos' }).errors[0]!
        .hints.length,
      1,
    );
    // /proc is no disk, and so none that a store lies on.
    assert.equal(hintsFor('/proc/none/x'), 'name a place on another');
    assert.equal(hintsFor('/proc/none/x', { command: 'cache push' }), 'name a place on another');
    assert.equal(hintsFor('/proc/none/x', { command: 'depot extract' }), "'igos depot gc'");
    assert.equal(hintsFor('/proc/none/x', { program: 'pkm', command: 'install' }), "'pkm gc --keep 3'");
    assert.equal(hintsFor('/proc/none/var/lib/igos/pkm.db', { program: 'pkm' }), "'pkm gc --keep 3'");
    // Beside the store, on the disk that it is on.
    const beside = `${home}-beside/x`;
    assert.equal(hintsFor(beside), "TMPDIR, 'igos gc'");
    assert.equal(hintsFor(beside, { home: join(home, 'none') }), 'TMPDIR');
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('limits of the machine are named with their way out', () => {
  const textOf = (code: string): string =>
    ending(() => {
      throw new SystemFault('write', '/x', { code });
    }).text;
  assert.equal(
    textOf('EROFS'),
    "error: cannot write '/x': read-only file system\nhint: remount it for writing, or name a place on another file system\n",
  );
  assert.match(textOf('EFBIG'), /^error: cannot write '\/x': file too large\nhint: .*ulimit -f/);
  assert.match(textOf('EMFILE'), /^error: cannot write '\/x': too many open files\nhint: .*ulimit -n/);
  assert.match(textOf('ENOMEM'), /^error: cannot write '\/x': not enough memory\n/);
});
