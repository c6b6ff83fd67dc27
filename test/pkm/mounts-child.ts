/** Run by mounts.test.ts inside a mount namespace where `<root>/boot` is a file system of its own. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
assert.notEqual(lstatSync(box.path('boot')).dev, lstatSync(box.root).dev, 'boot is no mount');
const version = (n: number) =>
  box.image(`kernel ${n}`, {
    'boot/vmlinuz': `kernel ${n}`,
    'boot/grub/grub.cfg': `cfg ${n}`,
    'usr/lib/modules': `modules ${n}`,
  });
let finished = 0;
for (let step = 0; finished === 0; step++) {
  let isDead = false;
  const io = watchIo((n) => {
    isDead ||= n >= step;
    if (isDead) throw new Error('died');
  });
  const before = box.do((root) => root.generation);
  try {
    box.do((root) => root.install([version(step + 1)]), { io });
    finished = step;
  } catch (error) {
    if (!isDead) throw error;
  }
  box.do((root) => {
    assert.ok(root.generation === before || root.generation === before + 1);
    assert.deepEqual(root.verify().problems, [], `after dying at write ${step}`);
    const installed = root.list()[0]?.version;
    assert.equal(box.read('boot/vmlinuz'), installed === undefined ? undefined : `kernel ${installed}`);
  });
  assert.deepEqual(
    readdirSync(box.path('boot'), { recursive: true }).filter((name) => String(name).includes('igos-stage')),
    [],
  );
  assert.equal(existsSync(box.path('var/lib/igos/staging')), false);
}
assert.ok(finished > 15);
console.log('done');
