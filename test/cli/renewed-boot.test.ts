/** Systems whose kernel image changes with their packages: on the disk that is made first, and on a root that is switched and goes back. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readUki, readUkiSection } from '../../image/index.ts';
import { needsSandbox } from '../builder/support.ts';
import { OWN_MACHINE, program } from '../image/pe-program.ts';
import { missing, output } from '../image/support.ts';
import { selfSigned } from '../self-signed.ts';
import { type Programs, programs } from './programs.ts';

const IS_ARM: boolean = process.arch === 'arm64';
const STUB_NAME = `linux${IS_ARM ? 'aa64' : 'x64'}.efi.stub`;
const STARTED = `EFI/BOOT/BOOT${IS_ARM ? 'AA64' : 'X64'}.EFI`;
const LINE = 'quiet root=PARTUUID=6f1e0a34-52c7-4d0b-9d3e-0123456789ab rw';

interface Wish {
  readonly kernel?: string;
  readonly motd?: string;
  readonly packages?: string;
  readonly more?: string;
}

/** A system `small`, and `still`, whose kernel image is nobody's. */
function writeTree(work: string, { kernel = '6.12', motd = 'hello', packages = 'shell linux', more = '' }: Wish = {}): string {
  const folder = join(work, 'tree');
  mkdirSync(folder, { recursive: true });
  const parts = `kernel = linux; stub = stub; initrd = [ shell ]; commandLine = "${LINE}"; root = "ext4";`;
  const text = `tier base { summary = "Base"; }
package shell "1" { tier = base; summary = "Shell"; style = hostTools { tools = [ "sh" "cp" "mkdir" ]; }; }
package linux "${kernel}" {
  tier = base; summary = "Kernel"; source = ./kernel.efi; build = [ shell ];
  phases.install = ''
    mkdir -p "$out/boot" "$out/usr/lib/modules/${kernel}"
    cp "$src" "$out/boot/vmlinuz"
    echo ${kernel} >"$out/usr/lib/modules/${kernel}/a.ko"
  '';
}
package stub "1" {
  tier = base; summary = "Stub"; source = ./stub.efi; build = [ shell ];
  phases.install = ''mkdir -p "$out/usr/lib/efi"; cp "$src" "$out/usr/lib/efi/${STUB_NAME}"'';
}
system small { packages = [ ${packages} ]; etc.motd = "${motd}\\n"; boot = { ${parts} esp = "/efi"; }; }
system still { packages = [ ${packages} ]; boot = { ${parts} }; }
${more}`;
  writeFileSync(join(folder, 'a.igos'), text);
  for (const name of ['kernel.efi', 'stub.efi']) writeFileSync(join(folder, name), program(OWN_MACHINE));
  return folder;
}

const switched = ({ pkm }: Programs, tree: string, ...words: string[]): { out: string; err: string } => {
  const run = pkm('switch', `${tree}#small`, '--yes', ...words);
  assert.equal(run.status, 0, run.stdout + run.stderr);
  return { out: run.stdout, err: run.stderr };
};

const versionIn = (uki: string): string =>
  Buffer.from(readUkiSection(uki, '.uname', 100) ?? [])
    .toString('latin1')
    .replace(/\0$/, '');

test('a disk has the kernel image where the root says it is', {
  skip: missing('e2fsck', 'debugfs', 'sfdisk', 'mcopy', 'mdir'),
}, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const tree = writeTree(here.work);
  const formats = ['-f', 'ext4', '-f', 'uki', '-f', 'disk'];
  const run = here.igos('image', `${tree}#small`, ...formats, '--size', '48M', '-o', `${here.work}/made/`);
  assert.equal(run.status, 0, run.stderr);
  const made = (suffix: string): string => join(here.work, 'made', `small.${suffix}`);
  assert.equal(versionIn(made('efi')), '6.12');
  assert.equal(
    Buffer.from(readUkiSection(made('efi'), '.cmdline', 1 << 12)!)
      .toString('latin1')
      .replace(/\0$/, ''),
    LINE,
  );

  output('e2fsck', ['-fn', made('ext4')]);
  assert.match(output('debugfs', ['-R', 'stat efi', made('ext4')]), /Type: directory/);
  assert.doesNotMatch(output('debugfs', ['-R', 'ls efi', made('ext4')]), /EFI/);
  const [, start, sectors] = /img1 : start= *(\d+), size= *(\d+), type=C12A7328/.exec(output('sfdisk', ['-d', made('img')]))!;
  assert.ok(Number(sectors) * 512 >= 64 << 20, 'no room for another kernel image');
  const esp = `${made('img')}@@${Number(start) * 512}`;
  output('mcopy', ['-i', esp, `::/${STARTED}`, join(here.work, 'of-disk')]);
  assert.ok(readFileSync(join(here.work, 'of-disk')).equals(readFileSync(made('efi'))));
});

test('kernel and modules come, are verified and go back together', async (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const { pkm, root } = here;
  const image = join(root, 'efi', STARTED);
  const first = switched(here, writeTree(here.work));
  assert.match(first.err, /note: '.*\/efi' is no file system of its own: firmware starts nothing from there/);
  assert.match(first.out, /installed boot-small 6\.12/);
  assert.equal(versionIn(image), '6.12');
  const before = readFileSync(image);
  assert.match(pkm('verify').stdout, /clean/);
  assert.match(switched(here, writeTree(here.work)).out, /nothing to do/);

  const second = switched(here, writeTree(here.work, { kernel: '6.13' }));
  assert.match(second.out, /upgraded boot-small 6\.12 -> 6\.13\nupgraded linux 6\.12 -> 6\.13/);
  assert.doesNotMatch(second.out + second.err, /modules of kernel/);
  assert.equal(versionIn(image), '6.13');
  assert.ok(statSync(join(root, 'usr/lib/modules/6.13/a.ko')).isFile());
  assert.match(pkm('verify').stdout, /clean/);

  // Neither alone.
  const alone = pkm('install', `${writeTree(here.work, { kernel: '6.14' })}#linux`, '--yes');
  assert.match(alone.stderr, /E-PKM-013.*'boot-small' needs 'linux=6\.13'/s);
  const still = pkm('switch', `${writeTree(here.work, { kernel: '6.14' })}#still`, '--yes');
  assert.match(still.stderr, /E-PKM-046/);

  // The partition is not mounted.
  renameSync(join(root, 'efi/EFI'), join(here.work, 'away'));
  for (const words of [
    ['switch', `${writeTree(here.work, { kernel: '6.14' })}#small`, '--yes'],
    ['rollback', '1', '--yes'],
    ['rollback', '1', '--dry-run'],
  ])
    assert.match(pkm(...words).stderr, /E-PKM-045/);
  renameSync(join(here.work, 'away'), join(root, 'efi/EFI'));

  assert.equal(pkm('rollback', '1', '--yes').status, 0);
  assert.ok(readFileSync(image).equals(before));
  assert.ok(statSync(join(root, 'usr/lib/modules/6.12/a.ko')).isFile());
  assert.match(pkm('verify').stdout, /clean/);
});

test('what is signed gives way to nothing that is not', { skip: missing('openssl', 'sbverify') }, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const { pkm, root, work } = here;
  const image = join(root, 'efi', STARTED);
  const { key, cert } = selfSigned(work, 'rsa:2048')!;
  const signing = ['--sign-key', key, '--sign-certificate', cert];
  switched(here, writeTree(work), ...signing);
  output('sbverify', ['--cert', cert, image]);
  const signed = readFileSync(image);

  // The kernel image would be the same: it stays, with its signature, and the rest changes.
  const rest = switched(here, writeTree(work, { motd: 'hello again' }));
  assert.equal(readFileSync(join(root, 'etc/motd'), 'utf8'), 'hello again\n');
  assert.doesNotMatch(rest.out, /boot-small/);
  assert.ok(readFileSync(image).equals(signed));

  const refused = pkm('switch', `${writeTree(work, { kernel: '6.13' })}#small`, '--yes');
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /error\[E-CLI-096\]: the kernel image '.*' is signed, and the one of system 'small' would not be\nnote: .*nothing was changed\nhint: sign it: --sign-key .* etc\/igos\/boot\.key and boot\.crt of the root\nhint: .* add --unsigned/,
  );
  assert.ok(readFileSync(image).equals(signed));

  // The machine's own key.
  mkdirSync(join(root, 'etc/igos'), { recursive: true });
  copyFileSync(key, join(root, 'etc/igos/boot.key'));
  copyFileSync(cert, join(root, 'etc/igos/boot.crt'));
  switched(here, writeTree(work, { kernel: '6.13' }));
  assert.equal(versionIn(image), '6.13');
  output('sbverify', ['--cert', cert, image]);

  switched(here, writeTree(work, { kernel: '6.14' }), '--unsigned');
  assert.equal(readUki(image).signatureBytes, 0);
  assert.equal(pkm('rollback', '--yes').status, 0);
  output('sbverify', ['--cert', cert, image]);

  const wrong = pkm('switch', `${writeTree(work)}#still`, '--unsigned', '--yes');
  assert.match(
    wrong.stderr,
    /--unsigned is for a system whose kernel image changes with its packages\nhint: write esp = "\/efi" in boot of system 'still'/,
  );
});

test('a kernel that is not on the root needs nothing there; what the partition cannot hold is refused', (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  switched(here, writeTree(here.work, { packages: 'shell' }));
  assert.equal(versionIn(join(here.root, 'efi', STARTED)), '6.12');
  assert.doesNotMatch(here.pkm('info', 'boot-small').stdout, /linux/);
  const more = `package odd "1" { tier = base; summary = "Odd"; build = [ shell ]; phases.install = ''mkdir -p "$out/efi"; ln -s EFI "$out/efi/x"''; }`;
  const tree = writeTree(here.work, { packages: 'shell odd', more: more.replace('[ shell ]', '[ shell tools ]') + TOOLS });
  const run = here.igos('image', `${tree}#small`, '-f', 'disk', '-o', `${here.work}/made/`);
  assert.match(run.stderr, /E-CLI-095.*'\/efi\/x' cannot be on the EFI partition: it is a symlink/);
});

const TOOLS = '\npackage tools "1" { tier = base; summary = "Tools"; style = hostTools { tools = [ "ln" ]; }; }\n';
