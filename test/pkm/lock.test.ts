/** Locks of files: who has to wait says so. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemFault } from '../../base/index.ts';
import { type RootIo, realIo } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { lockFile } from '../../pkm/lock.ts';
import { faultText, Sandbox } from './support.ts';

test('who waits for a lock is told once, who does not is not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'lock');
  const first = await lockFile(path, () => assert.fail('nobody has it'));
  const begun = Promise.withResolvers<void>();
  let nWaits = 0;
  const second = lockFile(path, () => {
    nWaits++;
    begun.resolve();
  });
  await begun.promise;
  first();
  (await second)();
  assert.equal(nWaits, 1);
});

test('where there is no room to say who holds it, nobody is named who held it before', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  const { holder } = rootLayout(box.root);
  writeFileSync(holder, JSON.stringify({ pid: 1, command: 'pkm of yesterday', since: '2026-01-01T00:00:00Z' }));
  const io: RootIo = {
    ...realIo,
    writeOwn(path, data, options) {
      if (path === holder) throw new SystemFault('write', path, { code: 'ENOSPC' });
      realIo.writeOwn(path, data, options);
    },
  };
  using _ = box.open({ io });
  assert.equal(existsSync(holder), false);
  assert.match(await faultText(box, () => box.open()), /'<root>' is being changed by another process\nhint: /);
});
