/** Systems whose root can be written to: the file system alone, and the disk that starts from it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { readUkiSection } from '../../image/index.ts';
import { needsSandbox } from '../builder/support.ts';
import { OWN_MACHINE, program } from '../image/pe-program.ts';
import { missing, output } from '../image/support.ts';
import { type Programs, programs, project } from './programs.ts';

const STUB_NAME = `linux${process.arch === 'arm64' ? 'aa64' : 'x64'}.efi.stub`;
const ROOT_TYPE = process.arch === 'arm64' ? 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE' : '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709';
const needsTools = { skip: missing('e2fsck', 'debugfs') };
const canMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'modprobe loop ext4; grep -qw ext4 /proc/filesystems && test -e /dev/loop-control']).status === 0;

const TOOLS = `tier base { summary = "Base"; }
package tools "1" {
  tier = base; summary = "Tools of this machine";
  style = hostTools { tools = [ "cat" "mv" ]; };
  modes."usr/bin/cat" = "4111";
  capabilities."usr/bin/mv" = "cap_net_raw=ep";
}
`;
const PLAIN = 'system small { packages = [ tools ]; etc.motd = "hello\\n"; }\n';
const PACKAGES = `tier base { summary = "Base"; }
package shell "1" { tier = base; summary = "Shell"; style = hostTools { tools = [ "sh" "cp" "mkdir" ]; }; }
package linux "6.12" {
  tier = base; summary = "Kernel"; source = ./kernel.efi; build = [ shell ];
  phases.install = ''mkdir -p "$out/boot"; cp "$src" "$out/boot/vmlinuz"'';
}
package stub "1" {
  tier = base; summary = "Stub"; source = ./stub.efi; build = [ shell ];
  phases.install = ''mkdir -p "$out/usr/lib/efi"; cp "$src" "$out/usr/lib/efi/${STUB_NAME}"'';
}
`;
const started = (line: string): string =>
  `system small { packages = [ shell ]; boot = { kernel = linux; stub = stub; commandLine = "${line}"; root = "ext4"; }; }\n`;

function writeTree(work: string, text: string): string {
  const folder = join(work, 'tree');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.igos'), text);
  for (const name of ['kernel.efi', 'stub.efi']) writeFileSync(join(folder, name), program(OWN_MACHINE));
  return folder;
}

interface Made {
  readonly rootHash: string | null;
  readonly files: readonly { format: string; file: string; sizeBytes: number; sha256: string }[];
}

function make({ igos }: Programs, ...words: string[]): Made {
  const run = igos('image', ...words, '--json');
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Made;
}

const checked = (image: string): string => output('e2fsck', ['-fn', image]);

test('a system becomes a file system that can be written to', needsTools, (t) => {
  const here = programs(t);
  const tree = writeTree(here.work, TOOLS + PLAIN);
  const { rootHash, files } = make(here, tree, '-f', 'ext4', '-o', `${here.work}/made/`);
  const image = join(here.work, 'made/small.ext4');
  assert.deepEqual([rootHash, files[0]!.file, files[0]!.sizeBytes], [null, image, statSync(image).size]);
  checked(image);
  const about = (path: string): string => output('debugfs', ['-R', `stat ${path}`, image]);
  assert.match(about('usr/bin/cat'), /Mode: +04111 [\s\S]*User: +0 +Group: +0 /);
  assert.match(about('etc/motd'), /Mode: +0644 [\s\S]*mtime: .* Wed Jan +2 00:00:00 1980/);
  assert.match(output('debugfs', ['-R', 'ea_list usr/bin/mv', image]), /security\.capability \(20\)/);
  assert.match(output('debugfs', ['-R', 'cat etc/motd', image]), /hello/);
  assert.doesNotMatch(output('debugfs', ['-R', 'ls var/lib/igos', image]), /lock|reserve|staging|pkm\.db-/);

  make(here, tree, '-f', 'ext4', '--size', '64M', '-o', image);
  assert.equal(statSync(image).size, 64 << 20);
  checked(image);
});

test('pkm goes on there: it finds all clean, installs, goes back', {
  skip: needsTools.skip || (!canMount && 'no loop device or ext4 for us here'),
}, async (t) => {
  const here = programs(t);
  const { pkm, root, work } = here;
  const tree = writeTree(work, TOOLS + PLAIN);
  const image = join(work, 'image');
  make(here, tree, '-f', 'ext4', '-o', image);
  mkdirSync(root, { recursive: true });
  output('mount', ['-o', 'loop', image, root]);
  try {
    const succeeds = (...words: string[]): string => {
      const run = pkm(...words);
      assert.equal(run.status, 0, run.stdout + run.stderr);
      return run.stdout;
    };
    const isClean = (): void => {
      for (const words of [['verify'], ['verify', '--fast']]) assert.match(succeeds(...words), /clean/);
    };
    isClean();
    assert.match(succeeds('history'), /^1980-01-02 .* igos +generation 1: switch to 2 packages \(igos image\)/);
    writeTree(work, TOOLS + PLAIN.replace('hello', 'hello again'));
    succeeds('switch', `${tree}#small`, '--yes');
    assert.equal(readFileSync(join(root, 'etc/motd'), 'utf8'), 'hello again\n');
    isClean();
    succeeds('rollback', '1', '--yes');
    assert.equal(readFileSync(join(root, 'etc/motd'), 'utf8'), 'hello\n');
    isClean();
  } finally {
    output('umount', [root]);
  }
  for (let tries = 0; output('losetup', ['-j', image]) !== '' && tries < 600; tries++) output('sleep', ['0.1']);
  checked(image);
});

test('the same bytes by another user, from another store', {
  skip: process.getuid?.() !== 0 && 'only root becomes somebody else',
}, (t) => {
  const here = programs(t);
  const tree = writeTree(
    here.work,
    TOOLS.replace('= "4111";', '= "4111"; modes."usr/bin" = "555"; modes."usr/lib" = "111";') + PLAIN,
  );
  const made = make(here, tree, '-f', 'ext4', '-o', join(here.work, 'image'));
  const nobody = 65534;
  const theirs = join(here.work, 'theirs');
  mkdirSync(join(theirs, 'tmp'), { recursive: true });
  for (const folder of [theirs, join(theirs, 'tmp')]) chownSync(folder, nobody, nobody);
  chmodSync(here.work, 0o755);
  const run = spawnSync(join(project, 'bin/igos'), ['image', tree, '-f', 'ext4', '-o', join(theirs, 'image'), '--json'], {
    uid: nobody,
    gid: nobody,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: theirs, IGOS_HOME: join(theirs, 'home'), TMPDIR: join(theirs, 'tmp') },
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal((JSON.parse(run.stdout) as Made).files[0]!.sha256, made.files[0]!.sha256);
  assert.deepEqual(readdirSync(join(theirs, 'tmp')), []);
});

test('a disk whose root grows with it', { skip: needsTools.skip || missing('sfdisk', 'resize2fs', 'mcopy') }, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const tree = writeTree(here.work, PACKAGES + started('quiet'));
  const { files } = make(here, tree, ...['-f', 'ext4', '-f', 'uki', '-f', 'disk', '--size', '48M'], '-o', `${here.work}/made/`);
  const path = new Map(files.map(({ format, file }) => [format, file]));
  const disk = path.get('disk')!;
  const table = (): { start: number; sectors: number; uuid: string } => {
    const [, start, sectors, type, uuid] =
      /img2 : start= *(\d+), size= *(\d+), type=(\S+), uuid=(\S+), name="root", attrs="GUID:59"/.exec(
        output('sfdisk', ['-d', disk]),
      )!;
    assert.equal(type, ROOT_TYPE);
    return { start: Number(start), sectors: Number(sectors), uuid: uuid!.toLowerCase() };
  };
  const rootOf = ({ start, sectors }: ReturnType<typeof table>, from = disk): Buffer =>
    readFileSync(from).subarray(start * 512, (start + sectors) * 512);
  const before = table();
  assert.equal(before.sectors * 512, 48 << 20);
  assert.ok(rootOf(before).equals(readFileSync(path.get('ext4')!)));
  const line = (): string =>
    Buffer.from(readUkiSection(path.get('uki')!, '.cmdline', 1 << 12)!)
      .toString('latin1')
      .replace(/\0$/, '');
  assert.equal(line(), `quiet root=PARTUUID=${before.uuid} rw`);
  output('mcopy', [
    '-i',
    `${disk}@@${2048 * 512}`,
    `::/EFI/BOOT/BOOT${process.arch === 'arm64' ? 'AA64' : 'X64'}.EFI`,
    join(here.work, 'efi'),
  ]);
  assert.ok(readFileSync(join(here.work, 'efi')).equals(readFileSync(path.get('uki')!)));

  // On a disk that had something else, as the docs say it.
  const used = join(here.work, 'used');
  writeFileSync(used, Buffer.alloc(statSync(disk).size, 0xa5));
  output('dd', [`if=${disk}`, `of=${used}`, 'bs=4M', 'conv=sparse,notrunc,fsync']);
  output('sfdisk', ['--verify', used]);
  const root = join(here.work, 'root-of-disk');
  writeFileSync(root, rootOf(before, used));
  checked(root);

  // What an admin does who has put it on a larger disk.
  truncateSync(disk, 200 << 20);
  output('sfdisk', ['--no-reread', '-N', '2', disk], ', +\n');
  const after = table();
  assert.deepEqual({ ...after, sectors: 0 }, { ...before, sectors: 0 });
  assert.ok(after.sectors * 512 > 180 << 20);
  writeFileSync(root, rootOf(after));
  output('resize2fs', [root]);
  assert.match(checked(root), /\/50\d{3} blocks/);
});

test('a GUID that the command line says is that of the root', { skip: needsTools.skip || missing('sfdisk') }, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const guid = '6F1E0A34-52C7-4D0B-9D3E-0123456789AB';
  const namesOf = (text: string, version: string): readonly [string, string | undefined] => {
    const tree = writeTree(here.work, (PACKAGES + started(text)).replace('shell "1"', `shell "${version}"`));
    const { files } = make(here, tree, '-f', 'uki', '-f', 'disk', '-o', `${here.work}/made/`);
    const [uki, disk] = files.map(({ file }) => file);
    const line = Buffer.from(readUkiSection(uki!, '.cmdline', 1 << 12)!)
      .toString('latin1')
      .replace(/\0$/, '');
    return [line, /img2 : .*uuid=(\S+), name="root"/.exec(output('sfdisk', ['-d', disk!]))?.[1]];
  };
  const text = `quiet root=PARTUUID=${guid} rw`;
  assert.deepEqual(namesOf(text, '1'), [text, guid]);
  assert.deepEqual(namesOf(text, '2'), [text, guid]);
  // Nobody said one: what stands there is another.
  assert.notEqual(namesOf('quiet', '1')[1], namesOf('quiet', '2')[1]);
});

test('the command line names the root as it is asked to', (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const lineOf = (text: string): string => {
    const { files } = make(here, writeTree(here.work, PACKAGES + started(text)), '-f', 'uki', '-o', join(here.work, 'uki'));
    return Buffer.from(readUkiSection(files[0]!.file, '.cmdline', 1 << 12)!)
      .toString('latin1')
      .replace(/\0$/, '');
  };
  const guid = '[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
  assert.match(lineOf('root=PARTUUID=@rootPartition@ ro quiet'), new RegExp(`^root=PARTUUID=${guid} ro quiet$`));
  assert.match(lineOf('quiet my-root=1'), new RegExp(`^quiet my-root=1 root=PARTUUID=${guid} rw$`));
  assert.equal(lineOf('root=LABEL=small rw'), 'root=LABEL=small rw');
  const fails = (text: string, ...words: string[]): string => {
    const run = here.igos('image', writeTree(here.work, PACKAGES + started(text)), ...words, '-o', `${here.work}/made/`);
    assert.notEqual(run.status, 0, run.stdout);
    return run.stderr;
  };
  for (const name of ['rootHash', 'rootSalt', 'rootBlocks', 'rootSectors', 'hashStart', 'verityPartition'])
    assert.match(
      fails(`x=@${name}@`, '-f', 'uki'),
      new RegExp(
        `E-CLI-091.*'@${name}@', and its root is written to\nnote: what changes has no hash.*\nhint: write root=PARTUUID=@rootPartition@`,
      ),
    );
  assert.match(fails('@rootPart@', '-f', 'uki'), /'@rootPart@', which stands for nothing\nhint: there are: @rootPartition@/);
  assert.match(
    fails('quiet', '-f', 'iso', '-f', 'disk'),
    /E-CLI-094.*system 'small' does not start from a disc: its root is written to[\s\S]*hint: take --format disk/,
  );
  assert.match(fails('quiet', '-f', 'ext4', '--size', '5M'), /E-IMG-024.*a file system of 5\.0 MiB is too small/);
  assert.match(fails('quiet', '-f', 'squashfs', '--size', '5M'), /--size is for a root that can be written to/);
});

test('the phases of a tree make them too', needsTools, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const tree = writeTree(here.work, PACKAGES + started('quiet'));
  const images = join(here.work, 'images');
  const run = here.igos('phases', tree, '--images', images, '--size', '48M');
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(readdirSync(images).toSorted(compareBytes), ['small.efi', 'small.ext4', 'small.img']);
  checked(join(images, 'small.ext4'));
  const plain = here.igos('phases', writeTree(here.work, TOOLS + PLAIN), '--images', images, '--size', '48M');
  assert.match(plain.stderr, /--size is for roots that can be written to, and no system of the tree has one/);
});
