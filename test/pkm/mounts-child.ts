/** Run by mounts.test.ts inside a mount namespace where something is mounted at `<root>/boot`. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageEntry, makeImage, writeArchive } from '../../pkm/index.ts';
import { type RootIo, realIo } from '../../pkm/io.ts';
import { watchIo } from './crash-scenarios.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
assert.ok(readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${box.path('boot')} `), 'boot is no mount');
const version = (n: number) =>
  box.image(`kernel ${n}`, {
    'boot/vmlinuz': `kernel ${n}`,
    'boot/grub/grub.cfg': `cfg ${n}`,
    'boot/initrd': `-> initrd-${n}`,
    'usr/lib/modules': `modules ${n}`,
    // So much in a new folder that it is placed whole.
    ...Object.fromEntries(Array.from({ length: 60 }, (_, file) => [`boot/fonts-${n}/${file}`, `${file}`])),
  });
let finished = 0;
// The many that are alike need not all be died at.
for (let step = 0; finished === 0; step += 1 + (step >> 4)) {
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

/** What is promised by a commit is durable before it, and what it promised before the journal goes: on each file system. */
function checkSyncs(): void {
  const steps: string[] = [];
  const deviceOf = (path: string): string => (statSync(path).dev === statSync(box.root).dev ? 'root' : 'boot');
  const io: RootIo = {
    ...realIo,
    syncFileSystem: (path) => {
      steps.push(`sync ${deviceOf(path)}`);
      realIo.syncFileSystem(path);
    },
    commit: (name, work) => {
      const result = work();
      steps.push(`commit ${name}`);
      return result;
    },
  };
  box.do((root) => root.install([box.image('synced 1', { 'boot/synced': 'x', 'usr/synced': 'y' })]), { io });
  const devices = [...new Set([deviceOf(box.root), deviceOf(box.path('boot'))])];
  const [staged, placed] = ['generation', 'journal'].map((name) => steps.splice(0, steps.indexOf(`commit ${name}`) + 1));
  for (const part of [staged, placed])
    for (const device of devices) assert.ok(part!.includes(`sync ${device}`), `${device} is not synced: ${part!.join(', ')}`);
}
checkSyncs();

/** Of an archive, what is one file is one file again; not where each is copied to a mount of its own. */
async function installArchive(): Promise<void> {
  const base = box.image('links 1', { 'boot/a': 'bytes', 'usr/c': 'bytes', 'usr/d': 'other' });
  const first = base.entries.find(({ path }) => path === 'boot/a')!;
  const names = ['boot/b', 'boot/new/b'].map((path): ImageEntry => ({ ...first, path, kind: 'hardlink', target: first.path }));
  const { name, version, origin } = base;
  const contentPath = (entry: ImageEntry): string => base.contentPath(entry.kind === 'hardlink' ? first : entry);
  const file = join(box.base, 'links.igos.tar.gz');
  await writeArchive(
    makeImage({ description: { name, version }, origin, entries: [...base.entries, ...names], contentPath }),
    file,
  );
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.deepEqual(box.do((root) => root.verify()).problems, []);
}
await installArchive();
const inodes = ['boot/a', 'boot/b', 'boot/new/b'].map((path) => statSync(box.path(path)).ino);
if (statSync(box.path('boot')).dev !== statSync(box.root).dev) assert.equal(new Set(inodes).size, 1);
console.log('done');
