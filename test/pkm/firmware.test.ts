/** Kernel images on the partition that firmware starts from, which is a folder here: they change with the modules that belong to them. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import type { PackageDescription, PackageImage } from '../../pkm/index.ts';
import { type RootIo, realIo } from '../../pkm/io.ts';
import { faultText, Sandbox } from './support.ts';

const IMAGE = 'efi/EFI/BOOT/BOOTX64.EFI';

/** So many that they are placed and removed together, in other threads. */
const N_MODULES = 60;

const modules = (version: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: N_MODULES }, (_, n) => [`usr/lib/modules/${version}/${n}.ko`, `${version} ${n}`]));

const linux = (box: Sandbox, version: string, more: Record<string, string> = {}): PackageImage =>
  box.image(`linux ${version}`, { ...modules(version), ...more });

const boot = (box: Sandbox, version: string, more: Partial<PackageDescription> = {}): PackageImage =>
  box.image(`boot-s ${version}`, { [IMAGE]: `kernel ${version}` }, { runtime: [`linux=${version}`], ...more });

const texts = ({ warnings }: { readonly warnings: readonly { text: string }[] }): string[] => warnings.map(({ text }) => text);

/** What becomes of image and modules, and when all is on the disk, in order; what is the same twice in a row is told once. */
function watched(): { io: RootIo; steps: string[] } {
  const steps: string[] = [];
  const say = (step: string): void => void (steps.at(-1) !== step && steps.push(step));
  const about = (path: string, what: string): void => {
    const version = /lib\/modules\/([^/]+)\/\d/.exec(path)?.[1];
    if (version !== undefined) say(`${what} modules ${version}`);
    if (path.endsWith(IMAGE)) say(`${what} image`);
  };
  const io: RootIo = {
    ...realIo,
    syncFileSystem: (path) => {
      say('sync');
      realIo.syncFileSystem(path);
    },
    rename: (from, to) => {
      about(to, 'place');
      realIo.rename(from, to);
    },
    renameMany: (root, moves) => {
      for (const { to } of moves) about(`/${to}`, 'place');
      return realIo.renameMany(root, moves);
    },
    unlink: (path) => {
      about(path, 'remove');
      realIo.unlink(path);
    },
    unlinkMany: (paths) => {
      for (const path of paths) about(path, 'remove');
      return realIo.unlinkMany(paths);
    },
    commit: (name, work) => {
      const result = work();
      if (name === 'generation' || name === 'journal') say(name);
      return result;
    },
  };
  return { io, steps };
}

test('an image is exchanged when its modules are on the disk, and those of the last one go after that', (t) => {
  const box = new Sandbox(t);
  // Their folders are there: what is new is not moved as a whole.
  const keep = { 'usr/lib/modules/1/keep': 'x', 'usr/lib/modules/2/keep': 'x' };
  box.do((root) => root.install([box.image('keep 1', keep), linux(box, '1'), boot(box, '1')]));
  const order = (from: string, to: string): string[] => [
    'generation',
    `place modules ${to}`,
    'sync',
    'place image',
    'sync',
    `remove modules ${from}`,
    'sync',
    'journal',
  ];
  const up = watched();
  box.do((root) => root.install([linux(box, '2'), boot(box, '2')]), { io: up.io });
  assert.deepEqual(up.steps.slice(up.steps.indexOf('generation')), order('1', '2'));
  assert.equal(box.read(IMAGE), 'kernel 2');
  const back = watched();
  return box
    .do((root) => root.rollback(1), { io: back.io })
    .then(() => {
      assert.deepEqual(back.steps.slice(back.steps.indexOf('generation')), order('2', '1'));
      assert.equal(box.read(IMAGE), 'kernel 1');
      assert.deepEqual(box.do((root) => root.verify()).problems, []);
    });
});

test('a kernel alone is refused, as long as an image needs that version', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([linux(box, '1'), boot(box, '1')]));
  box.do((root) => root.install([linux(box, '2'), boot(box, '2')]));
  assert.match(
    await faultText(box, () => box.do((root) => root.install([linux(box, '3')]))),
    /E-PKM-013.*'boot-s' needs 'linux=2'.*hint: bring both with: pkm switch TREE#SYSTEM\nhint: or leave it as it is: pkm hold linux/s,
  );
  assert.match(await faultText(box, () => box.do((root) => root.rollbackPackages(['linux']))), /E-PKM-013.*boot-s/s);
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
});

test('what a FAT file system does not keep is not asked for', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([linux(box, '1'), boot(box, '1')]));
  for (const path of ['efi', 'efi/EFI', 'efi/EFI/BOOT', IMAGE]) chmodSync(box.path(path), 0o700);
  const seconds = Math.floor(statSync(box.path(IMAGE)).mtimeMs / 1000);
  utimesSync(box.path(IMAGE), seconds - 1, seconds - 1);
  for (const fast of [false, true]) assert.deepEqual(box.do((root) => root.verify({ fast })).problems, []);
  assert.deepEqual(texts(box.do((root) => root.install([linux(box, '2'), boot(box, '2')]))), []);
});

test('the partition is not mounted: nothing is changed', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([linux(box, '1'), boot(box, '1')]));
  box.do((root) => root.install([linux(box, '2'), boot(box, '2')]));
  renameSync(box.path('efi/EFI'), box.path('elsewhere'));
  const absent =
    /^error\[E-PKM-045\]: the EFI partition is not mounted at '.*\/efi', and '\/efi\/EFI\/BOOT\/BOOTX64\.EFI' on it would/;
  const changes: (() => unknown)[] = [
    () => box.do((root) => root.install([linux(box, '3'), boot(box, '3')])),
    () => box.do((root) => root.install([linux(box, '3'), boot(box, '3')], { dryRun: true })),
    () => box.do((root) => root.rollback(1)),
    () => box.do((root) => root.remove(['boot-s'])),
    () => box.do((root) => root.switchTo([linux(box, '3')])),
  ];
  for (const change of changes) assert.match(await faultText(box, change), absent);
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
  assert.equal(box.read('usr/lib/modules/2/0.ko'), '2 0');
  // Something else may change meanwhile.
  box.do((root) => root.install([box.image('other 1', { 'usr/other': 'x' })]));
  // It is missing, and what is put there would be hidden once the partition is mounted.
  const { repaired, left } = await box.do((root) => root.repair());
  assert.deepEqual([repaired.length, left.map(({ path, kind }) => `${kind} ${path}`)], [0, LEFT]);
  assert.equal(box.read('efi/EFI'), undefined);

  // A root that has those files itself.
  mkdirSync(box.path('efi/EFI'));
  box.do((root) => root.install([linux(box, '3'), boot(box, '3')]));
  assert.equal(box.read(IMAGE), 'kernel 3');
});

const LEFT = ['missing efi/EFI', 'missing efi/EFI/BOOT', `missing ${IMAGE}`];

test('what firmware starts does not go without another', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([linux(box, '1'), boot(box, '1')]));
  const gone = /^error\[E-PKM-046\]: '\/efi\/EFI\/BOOT\/BOOTX64\.EFI' goes, which firmware starts, and nothing takes its place/;
  const changes: (() => unknown)[] = [
    () => box.do((root) => root.remove(['boot-s'])),
    () => box.do((root) => root.remove(['boot-s'], { force: true })),
    () => box.do((root) => root.switchTo([linux(box, '2')])),
    () => box.do((root) => root.rollback(0)),
  ];
  for (const change of changes) assert.match(await faultText(box, change), gone);
  // Of a system of another name.
  const other = box.image('boot-t 2', { [IMAGE]: 'kernel of t' }, { runtime: ['linux=2'] });
  assert.deepEqual(texts(box.do((root) => root.switchTo([linux(box, '2'), other]))), []);
  assert.equal(box.read(IMAGE), 'kernel of t');
  // Somebody has another way to start it.
  rmSync(box.path(IMAGE));
  box.do((root) => root.switchTo([linux(box, '2')]));
  assert.deepEqual(box.do((root) => root.verify()).problems, []);
});

test('a kernel whose modules all go is named, where nothing else sees to its image', (t) => {
  const box = new Sandbox(t);
  const depmod = { triggers: [{ name: 'x', paths: ['usr/lib/modules/*/**'], run: ['true'], isFatal: false }] };
  const runInRoot = (): { status: 'ok'; detail: string } => ({ status: 'ok', detail: '' });
  const said = (...images: PackageImage[]): string[] =>
    texts(box.do((root) => root.install(images), { runInRoot })).map((text) => text.replace(/ go: .*/, ' go'));
  said(linux(box, '1'), box.image('driver 1', { 'usr/lib/modules/1/extra.ko': 'x', 'usr/lib/modules/2/extra.ko': 'x' }));
  // One is left of another package.
  assert.deepEqual(said(linux(box, '2')), []);
  assert.deepEqual(said(box.image('driver 2', {})), ['the modules of kernel 1 go']);
  assert.deepEqual(said(linux(box, '3')), ['the modules of kernel 2 go']);
  // Those that are only other files.
  assert.deepEqual(said(box.image('linux 3.1', { ...modules('3'), 'usr/lib/modules/3/0.ko': 'new' })), []);
  // A boot loader reads that.
  assert.deepEqual(said(linux(box, '4', { 'boot/vmlinuz': '4' })), []);
  // A trigger is told.
  said(box.image('tool 1', { 'usr/bin/tool': 'x' }, depmod));
  assert.deepEqual(said(linux(box, '5')), []);
});

test('on a root that igos image made, nobody reads the kernel in /boot', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.switchTo([linux(box, '1', { 'boot/vmlinuz': '1' })]), { command: 'igos image' });
  assert.deepEqual(texts(box.do((root) => root.install([linux(box, '2', { 'boot/vmlinuz': '2' })]))), [
    "the modules of kernel 1 go: where its image is started from outside of this root, as from a disk of 'igos image', renew that before the next start, or the kernel has no modules",
  ]);
});
