/** A quota that is used up is as a full disk: what makes room is possible. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { SystemFault } from '../../base/index.ts';
import { failing } from '../failing-call.ts';
import { Sandbox } from './support.ts';

test('gc where nothing more may be written', { skip: process.platform === 'linux' ? false : 'no /proc of files here' }, (t) => {
  const box = new Sandbox(t);
  for (let n = 1; n <= 4; n++) box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': String(n) })]));
  // The database writes by itself.
  const restore = failing(t, 'writeSync', 'EDQUOT', (fd) => readlinkSync(`/proc/self/fd/${fd}`).startsWith(box.root));
  assert.throws(
    () => box.do((root) => root.install([box.image('a 5', { 'usr/a': '5' })])),
    (error) => error instanceof SystemFault && error.errno === 'EDQUOT',
  );
  assert.deepEqual(
    box.do((root) => root.gc({ keepLast: 2 }).removed, { makesRoom: true }),
    [0, 1, 2],
  );
  restore();
  box.do((root) => assert.deepEqual([root.verify().isClean, root.checkInvariants()], [true, []]), { readOnly: true });
});
