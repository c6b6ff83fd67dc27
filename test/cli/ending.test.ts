/** Errors become text and a status. */
import assert from 'node:assert/strict';
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
