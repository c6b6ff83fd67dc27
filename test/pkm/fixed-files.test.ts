/** Files that nobody may replace or remove (`chattr +i`, `+a`) are found before anything is written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fault } from '../../base/index.ts';
import { faultText, Sandbox } from './support.ts';

const change = (flag: string, path: string): boolean => spawnSync('chattr', [flag, path]).status === 0;

const skip = canFix() ? false : 'chattr does nothing here';
function canFix(): boolean {
  const box = new Sandbox(undefined);
  try {
    const probe = join(mkdtempSync(join(box.base, 'probe-')), 'file');
    writeFileSync(probe, '');
    return change('+i', probe) && change('-i', probe);
  } finally {
    rmSync(box.base, { recursive: true });
  }
}

function fix(t: TestContext, box: Sandbox, flag: 'i' | 'a', path: string): () => void {
  assert.ok(change(`+${flag}`, box.path(path)));
  const free = (): void => void change(`-${flag}`, box.path(path));
  t.after(free);
  return free;
}

const image = (box: Sandbox, n: number, config: string) =>
  box.image(`p ${n}`, { 'usr/bin/p': `p ${n}`, 'usr/bin/q': `q ${n}`, 'etc/p.conf': config });

test('an upgrade that would replace one is refused, and nothing is changed', { skip }, async (t) => {
  const box = new Sandbox(undefined); // removed after its files are let go
  const free: (() => void)[] = [];
  t.after(() => {
    for (const each of free) each();
    box.remove();
  });
  box.do((root) => root.install([image(box, 1, 'one')]));
  const before = box.snapshot();
  free.push(fix(t, box, 'i', 'usr/bin/q'), fix(t, box, 'a', 'etc/p.conf'));
  const upgrade = () => box.do((root) => root.install([image(box, 2, 'two')]));
  assert.equal(
    await faultText(box, upgrade),
    `error[E-PKM-044]: '/etc/p.conf' may not be changed by anybody: it is immutable, or open at its end only
note: '/usr/bin/q' too
hint: let it go with: chattr -i -a '<root>/etc/p.conf'
hint: and run the command again; nothing was changed
`,
  );
  assert.deepEqual(box.snapshot(), before);
  assert.equal(
    box.do((root) => root.generation),
    1,
  );
  box.do((root) => root.install([image(box, 1, 'one'), box.image('other 1', { 'usr/bin/other': 'x' })]));
  for (const each of free) each();
  upgrade();
  assert.equal(box.do((root) => root.verify()).isClean, true);
});

test('a repair of one is refused, and a removal that meets one is finished later', { skip }, async (t) => {
  const box = new Sandbox(undefined);
  let free = (): void => undefined;
  t.after(() => {
    free();
    box.remove();
  });
  box.do((root) => root.install([image(box, 1, 'one')]));
  box.write('usr/bin/q', 'mine');
  free = fix(t, box, 'i', 'usr/bin/q');
  await assert.rejects(async () => await box.do((root) => root.repair()), { code: 'E-PKM-044' });
  assert.equal(
    await faultText(box, () => box.do((root) => root.remove(['p']))),
    `error[E-PKM-019]: the new generation is recorded, but not all of it is in place: cannot unlink '/usr/bin/q': operation not permitted
hint: see whether it is immutable with lsattr: chattr -i -a '<root>/usr/bin/q' lets it go
hint: remove the cause and run: pkm recover
hint: any other command that changes this root finishes it first
`,
  );
  free();
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
  assert.equal(box.read('usr/bin/q'), undefined);
});

test('the way out can be copied into a shell, whatever the file is called', { skip }, (t) => {
  const box = new Sandbox(undefined);
  let free = (): void => undefined;
  t.after(() => {
    free();
    box.remove();
  });
  const name = "usr/bin/it's; touch x";
  box.do((root) => root.install([box.image('p 1', { [name]: 'one' })]));
  free = fix(t, box, 'a', name);
  assert.throws(
    () => box.do((root) => root.install([box.image('p 2', { [name]: 'two' })])),
    (error) => {
      const command = /chattr.*/.exec((error as Fault).hints[0]!)![0];
      assert.equal(spawnSync('sh', ['-c', command]).status, 0);
      return true;
    },
  );
  box.do((root) => root.install([box.image('p 2', { [name]: 'two' })]));
});
