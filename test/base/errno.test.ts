/** Errors of the system have their names, also those that Node has none for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoName, errorCode, isDiskFull, SystemFault, systemFaultOf } from '../../base/index.ts';

test('an errno has a name', () => {
  assert.deepEqual([28, 122, 116, 3999].map(errnoName), ['ENOSPC', 'EDQUOT', 'ESTALE', 'error 3999']);
});

test('a quota that is used up is told, however Node calls it', () => {
  // As `fs.writeSync` has it, and as others do.
  for (const code of ['Unknown system error -122', 'UNKNOWN']) {
    const error = Object.assign(new Error('x'), { code, errno: -122, syscall: 'write', path: '/a' });
    assert.equal(errorCode(error), 'EDQUOT');
    assert.equal(new SystemFault('write', '/a', error).message, "cannot write '/a': disk quota exceeded");
    assert.equal(systemFaultOf(error)?.errno, 'EDQUOT');
    assert.equal(isDiskFull(error), true);
  }
  const stale = Object.assign(new Error('x'), { code: 'UNKNOWN', errno: -116, syscall: 'read' });
  assert.equal(systemFaultOf(stale)?.message, "cannot read 'a file': stale file handle");
  assert.deepEqual(
    [isDiskFull(stale), isDiskFull(new Error('x')), isDiskFull({ code: 'ENOSPC', syscall: 'write' })],
    [false, false, true],
  );
  assert.equal(errorCode({ code: 'UNKNOWN' }), 'UNKNOWN');
});
