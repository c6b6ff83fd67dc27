/**
 * Images that machines start: examples/boot, from a disc and a disk, under firmware that starts only what is signed. The machine is QEMU
 * without help of the processor, so that it runs wherever QEMU does; the keys are those that Debian's firmware for tests trusts.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, programs, project } from '../cli/programs.ts';
import { missing, output } from '../image/support.ts';

const FIRMWARE = '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd';
const VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd';
const KEY = '/usr/share/ovmf/PkKek-1-snakeoil.key';
const CERTIFICATE = '/usr/share/ovmf/PkKek-1-snakeoil.pem';
const TREE = 'examples/boot';
const LIMIT_MS = 300_000;

const noFirmware = [FIRMWARE, VARIABLES, KEY, CERTIFICATE].find((file) => !existsSync(file));
const skip =
  (process.arch !== 'x64' && 'the packages of examples/boot are for x86-64') ||
  missing('qemu-system-x86_64') ||
  (noFirmware !== undefined && `not on this machine: ${noFirmware}`) ||
  (await noSandbox());

const work = mkdtempSync(join(tmpdir(), 'igos-boot-'));
after(() => removeTree(work));

/** How a machine has an image: as something that it can only read, or as a disk of its own. */
const READ_ONLY = (image: string): string[] => ['-drive', `file=${image},format=raw,if=virtio,readonly=on`];
const NVME = (image: string): string[] => [
  ...['-drive', `file=${image},format=raw,if=none,id=disk`],
  ...['-device', 'nvme,drive=disk,serial=1'],
];

/** Starts a machine from an image, and waits until it ends or says one of these. @returns what it said on its serial line */
async function started(image: string, until: RegExp, drive: (image: string) => string[] = READ_ONLY): Promise<string> {
  const variables = join(work, 'vars.fd');
  copyFileSync(VARIABLES, variables);
  const serial = join(work, 'serial.log');
  writeFileSync(serial, '');
  const words = [
    ...['-accel', 'tcg', '-cpu', 'max', '-machine', 'q35,smm=on', '-m', '512', '-smp', '1'],
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${FIRMWARE}`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${variables}`],
    ...drive(image),
    ...['-nodefaults', '-vga', 'none', '-display', 'none', '-serial', `file:${serial}`, '-no-reboot', '-net', 'none'],
  ];
  const machine = spawn('qemu-system-x86_64', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => void machine.once('close', () => resolve()));
  const said = (): string => readFileSync(serial, 'latin1');
  const timer = setInterval(() => void (until.test(said()) && machine.kill()), 500);
  const limit = setTimeout(() => void machine.kill(), LIMIT_MS);
  await ended;
  clearInterval(timer);
  clearTimeout(limit);
  return said();
}

const REFUSED = /Access Denied|Security Violation/;
const POWER_DOWN = /Power down|Kernel panic/;

/** Of the key that this firmware trusts. */
const SIGNING = ['--passphrase-fd', '3', '--sign-key', KEY, '--sign-certificate', CERTIFICATE];

/** Runs a program of ours, who may read the passphrase of that key. */
function ours(program: 'igos' | 'pkm', words: readonly string[]) {
  const passphrase = join(work, 'passphrase');
  writeFileSync(passphrase, 'snakeoil\n');
  return spawnSync(join(project, 'bin', program), words, {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', openSync(passphrase, 'r')],
    env: { ...process.env, IGOS_HOME: join(work, 'home'), NO_COLOR: '1' },
  });
}

/** Writes images signed by that key. @param system  with its tree */
function signed(folder: string, system: string, ...words: string[]): void {
  const run = ours('igos', ['image', system, ...words, '-o', `${folder}/`, ...SIGNING]);
  assert.equal(run.status, 0, run.stderr.slice(-4000));
}

/** Of the system that is only read, signed or not. */
function images(t: Parameters<typeof programs>[0], name: string, isSigned: boolean): { disk: string; iso: string } {
  const { igos } = programs(t, { home: join(work, 'home') });
  const folder = join(work, name);
  if (!isSigned) {
    const command = /^igos (image examples\/boot#greeter .*) -o \S+$/m.exec(
      readFileSync(join(project, TREE, 'README.md'), 'utf8'),
    )![1]!;
    assert.ok(readFileSync(join(project, 'docs/images.md'), 'utf8').includes(`igos ${command} -o `));
    const run = igos(...command.split(' '), '-o', `${folder}/`);
    assert.equal(run.status, 0, run.stderr.slice(-4000));
  } else signed(folder, `${TREE}#greeter`, '-f', 'disk', '-f', 'iso');
  return { disk: join(folder, 'greeter.img'), iso: join(folder, 'greeter.iso') };
}

test('signed images start, from a disc and from a disk; their root is the one that was signed', { skip }, async (t) => {
  const { disk, iso } = images(t, 'signed', true);
  for (const [image, root] of [
    [iso, 'root /dev/loop0 checked by /dev/loop1'],
    [disk, 'root /dev/vda2 checked by /dev/vda3'],
  ] as const) {
    const said = await started(image, POWER_DOWN);
    assert.match(said, /hello from Greeter 1, kernel 6\.1\.\S+, process 1/, said.slice(-3000));
    assert.ok(said.includes(root), said.slice(-3000));
    assert.match(said, /\/dev\/mapper\/root \/ squashfs ro/);
    assert.match(said, /read \/var\/lib\/igos\/pkm\.db\s+the root cannot be written\s+the end/);
  }
  // One byte of the root, in the middle of the program that runs there.
  const bytes = readFileSync(disk);
  const start = 512 * 43008;
  assert.equal(bytes.toString('latin1', start, start + 4), 'hsqs');
  bytes[start + 500_000]! ^= 1;
  const changed = join(work, 'changed.img');
  writeFileSync(changed, bytes);
  const said = await started(changed, POWER_DOWN);
  assert.match(said, /device-mapper: verity: .*data block \d+ is corrupted/, said.slice(-3000));
  assert.doesNotMatch(said, /the end/);
});

test('what nobody signed is refused by the firmware', { skip }, async (t) => {
  const { disk } = images(t, 'plain', false);
  const said = await started(disk, REFUSED);
  assert.match(said, REFUSED, said.slice(-3000));
  assert.doesNotMatch(said, /hello/);
});

test('a root that can be written to keeps what was written, also when the power goes', {
  skip: skip || missing('e2fsck', 'sfdisk'),
}, async () => {
  const folder = join(work, 'keeper');
  signed(folder, `${TREE}#keeper`, '-f', 'disk', '--size', '256M');
  const disk = join(folder, 'keeper.img');
  const first = await started(disk, POWER_DOWN, NVME);
  assert.match(first, /hello from Keeper 1, kernel 6\.1\.\S+, process 1/, first.slice(-3000));
  assert.match(first, /\/dev\/root \/ ext4 rw[, ]/);
  assert.match(first, /its modules are there\s+1 in the guest book\s+the end/);
  const second = await started(disk, /in the guest book/, NVME);
  assert.match(second, /2 in the guest book/, second.slice(-3000));
  assert.doesNotMatch(second, /the end/);
  const third = await started(disk, POWER_DOWN, NVME);
  assert.match(third, /3 in the guest book\s+the end/, third.slice(-3000));

  const { start, sizeBytes } = partitions(disk)[1]!;
  const root = join(folder, 'root');
  writeFileSync(root, readFileSync(disk).subarray(start, start + sizeBytes));
  output('e2fsck', ['-fn', root]);
});

/** In bytes. */
const partitions = (disk: string): { start: number; sizeBytes: number }[] =>
  [...output('sfdisk', ['-d', disk]).matchAll(/start= *(\d+), size= *(\d+), type=/g)].map(([, start, sectors]) => ({
    start: Number(start) * 512,
    sizeBytes: Number(sectors) * 512,
  }));

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'modprobe loop ext4; grep -qw ext4 /proc/filesystems && test -e /dev/loop-control']).status === 0;

/** A tree whose `keeper` says on its command line which edition it is. */
function editionOf(edition: number): string {
  const tree = join(work, `edition-${edition}`);
  cpSync(join(project, TREE), tree, { recursive: true });
  const edit = (file: string, from: string, to: string): void => {
    const text = readFileSync(join(tree, file), 'utf8');
    assert.ok(text.includes(from), from);
    writeFileSync(join(tree, file), text.replace(from, to));
  };
  edit('packages.igos', 'package linux "6.1"', `package linux "6.1.${edition}"`);
  edit('packages.igos', 'init=/usr/lib/guest-book/init', `edition=${edition} init=/usr/lib/guest-book/init`);
  edit('files/guest-book', 'its modules', "$(sed 's/.*\\(edition=[0-9]\\).*/\\1/' /proc/cmdline): its modules");
  return `${tree}#keeper`;
}

/** What the root of a disk becomes by pkm. The EFI partition is a folder meanwhile: not every Linux that tests run on has FAT. */
function changed(disk: string, ...words: string[]): ReturnType<typeof ours> {
  const [esp, { start, sizeBytes }] = partitions(disk) as [{ start: number }, { start: number; sizeBytes: number }];
  const folder = mkdtempSync(join(work, 'mounted-'));
  const [root, firmware] = [join(folder, 'root'), join(folder, 'esp')];
  for (const each of [root, firmware]) mkdirSync(each);
  const drive = `${disk}@@${esp.start}`;
  output('mcopy', ['-s', '-i', drive, '::/EFI', firmware]);
  output('mount', ['-o', `loop,offset=${start},sizelimit=${sizeBytes}`, disk, root]);
  try {
    output('mount', ['--bind', firmware, join(root, 'efi')]);
    return ours('pkm', ['--root', root, ...words]);
  } finally {
    output('umount', ['-R', root]);
    output('mcopy', ['-s', '-o', '-i', drive, join(firmware, 'EFI'), '::/']);
  }
}

test('a kernel image changes with the packages of its root, and goes back with them', {
  skip: skip || missing('sfdisk', 'mcopy') || (!canMount && 'no loop device or ext4 for us here'),
}, async () => {
  const folder = join(work, 'renewed');
  signed(folder, editionOf(1), '-f', 'disk', '--size', '256M');
  const disk = join(folder, 'keeper.img');
  const second = editionOf(2);
  const unsigned = changed(disk, 'switch', second, '--yes');
  assert.match(unsigned.stderr, /E-CLI-096/);
  const up = changed(disk, 'switch', second, '--yes', ...SIGNING);
  assert.equal(up.status, 0, up.stderr.slice(-4000));
  assert.match(up.stdout, /upgraded boot-keeper 6\.1\.1 -> 6\.1\.2/);
  const renewed = await started(disk, POWER_DOWN, NVME);
  assert.match(renewed, /edition=2: its modules are there\s+1 in the guest book\s+the end/, renewed.slice(-3000));

  const back = changed(disk, 'rollback', '1', '--yes');
  assert.equal(back.status, 0, back.stderr.slice(-4000));
  const before = await started(disk, POWER_DOWN, NVME);
  assert.match(before, /edition=1: its modules are there\s+2 in the guest book\s+the end/, before.slice(-3000));
  assert.match(changed(disk, 'verify').stdout, /clean/);
});
