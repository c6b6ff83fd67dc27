/** What a system that says how it starts becomes: kernel image, disc, disk. None of it is started here: see test/slow/boot.test.ts. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { readUki, readUkiSection } from '../../image/index.ts';
import { needsSandbox } from '../builder/support.ts';
import { OWN_MACHINE, program } from '../image/pe-program.ts';
import { missing, output } from '../image/support.ts';
import { selfSigned } from '../self-signed.ts';
import { type Programs, programs } from './programs.ts';

const IS_ARM: boolean = process.arch === 'arm64';
const STUB_NAME = `linux${IS_ARM ? 'aa64' : 'x64'}.efi.stub`;

const PACKAGES = `tier base { summary = "Base"; }
package shell "1" { tier = base; summary = "Shell"; style = hostTools { tools = [ "sh" "cp" "mkdir" ]; }; }
package linux "6.12" {
  tier = base; summary = "Kernel"; source = ./kernel.efi; build = [ shell ];
  phases.install = ''mkdir -p "$out/boot" "$out/usr/lib/modules/6.12-test/kernel"; cp "$src" "$out/boot/vmlinuz"'';
}
package stub "1" {
  tier = base; summary = "Stub"; source = ./stub.efi; build = [ shell ];
  phases.install = ''mkdir -p "$out/usr/lib/efi"; cp "$src" "$out/usr/lib/efi/${STUB_NAME}"'';
}
package first "1" {
  tier = base; summary = "First root"; build = [ shell ]; runtime = [ shell ];
  phases.install = ''mkdir -p "$out/dev"; echo '#!/bin/sh' >"$out/init"'';
  modes.init = "700";
}
package two-kernels "1" {
  tier = base; summary = "Two"; build = [ shell ];
  phases.install = ''mkdir -p "$out/boot"; echo a >"$out/boot/vmlinuz-1"; echo b >"$out/boot/vmlinuz-2"'';
}
`;
const SYSTEM = `system small {
  packages = [ shell ];
  etc."os-release" = "ID=small\\n";
  boot = { kernel = linux; stub = stub; initrd = [ first ]; commandLine = "quiet data=@rootBlocks@,@rootSectors@,@hashStart@ root=@rootPartition@ tree=@verityPartition@ salt=@rootSalt@"; };
}
`;

function writeTree(work: string, text: string = PACKAGES + SYSTEM): string {
  const folder = join(work, 'tree');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.igos'), text);
  writeFileSync(join(folder, 'kernel.efi'), program(OWN_MACHINE));
  // Its headers have room for the sections that come.
  writeFileSync(join(folder, 'stub.efi'), program(OWN_MACHINE));
  return folder;
}

interface Made {
  readonly rootHash: string;
  readonly files: readonly { format: string; file: string; sizeBytes: number; sha256: string }[];
}

const ALL = ['squashfs', 'verity', 'uki', 'iso', 'disk'];

function make({ igos, work }: Programs, ...words: string[]): Map<string, string> & { rootHash: string; digests: string[] } {
  const run = igos('image', writeTree(work), '-o', `${work}/made/`, '--json', ...words);
  assert.equal(run.status, 0, run.stderr);
  const { rootHash, files } = JSON.parse(run.stdout) as Made;
  for (const { file, sizeBytes } of files) assert.equal(statSync(file).size, sizeBytes);
  const paths = new Map(files.map(({ format, file }) => [format, file]));
  return Object.assign(paths, { rootHash, digests: files.map(({ sha256 }) => sha256) });
}

test('a kernel image that names its root by hash, on a disc and on a disk', {
  skip: missing('veritysetup', 'sgdisk', 'xorriso', 'mcopy', 'cpio'),
}, (t) => {
  if (!needsSandbox(t)) return;
  const here = programs(t);
  const made = make(here, ...ALL.flatMap((format) => ['--format', format]));
  assert.deepEqual([...made.keys()], ALL);
  const path = (format: string): string => made.get(format)!;
  output('veritysetup', ['verify', path('squashfs'), path('verity'), made.rootHash]);

  const section = (name: string): string => Buffer.from(readUkiSection(path('uki'), name, 1 << 20) ?? []).toString('latin1');
  const halves = [made.rootHash.slice(0, 32), made.rootHash.slice(32)].map((half) =>
    half.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  );
  const blocks = statSync(path('squashfs')).size / 4096;
  const salt = /Salt:\s+(\w+)/.exec(output('veritysetup', ['dump', path('verity')]))![1];
  assert.equal(
    section('.cmdline').replace(/\0$/, ''),
    `quiet data=${blocks},${blocks * 8},1 root=${halves[0]} tree=${halves[1]} salt=${salt} roothash=${made.rootHash}`,
  );
  assert.equal(section('.osrel'), 'ID=small\n');
  assert.match(section('.uname'), /^6\.12-test/);
  assert.equal(section('.linux').slice(0, 2), 'MZ');
  const listed = output('cpio', ['-itv', '--quiet'], zstdDecompressSync(readUkiSection(path('uki'), '.initrd', 1 << 28)!));
  assert.match(listed, /^-rwx------ +1 root +root +10 .* init$/m);
  assert.match(listed, / usr\/bin\/sh/);
  assert.doesNotMatch(listed, /pkm\.db/);

  const firmware = `EFI/BOOT/BOOT${IS_ARM ? 'AA64' : 'X64'}.EFI`;
  const table = output('sgdisk', ['-i', '1', '-i', '2', '-i', '3', path('disk')]).toLowerCase();
  assert.match(table, new RegExp(`partition unique guid: ${halves[0]}`));
  assert.match(table, new RegExp(`partition unique guid: ${halves[1]}`));
  const start = (number: number): number =>
    Number(/First sector: (\d+)/.exec(output('sgdisk', ['-i', String(number), path('disk')]))![1]);
  output('mcopy', ['-i', `${path('disk')}@@${start(1) * 512}`, `::/${firmware}`, join(here.work, 'of-disk')]);
  assert.ok(readFileSync(join(here.work, 'of-disk')).equals(readFileSync(path('uki'))));
  const disk = readFileSync(path('disk'));
  for (const [number, format] of [
    [2, 'squashfs'],
    [3, 'verity'],
  ] as const) {
    const part = readFileSync(path(format));
    assert.ok(
      disk
        .subarray(start(number) * 512)
        .subarray(0, part.length)
        .equals(part),
      format,
    );
  }
  output('xorriso', ['-osirrox', 'on', '-indev', `stdio:${path('iso')}`, '-extract', '/live', join(here.work, 'live')]);
  for (const format of ['squashfs', 'verity'])
    assert.ok(readFileSync(join(here.work, 'live', `filesystem.${format}`)).equals(readFileSync(path(format))), format);
});

test('the same bytes from another store, signed ones too', { skip: missing('openssl', 'sbverify') }, (t) => {
  if (!needsSandbox(t)) return;
  const [one, two] = [programs(t), programs(t)];
  const signer = selfSigned(one.work, 'rsa:2048')!;
  const words = [...ALL.flatMap((format) => ['-f', format]), '--sign-key', signer.key, '--sign-certificate', signer.cert];
  const [first, second] = [make(one, ...words), make(two, ...words)];
  assert.deepEqual(first.digests, second.digests);
  output('sbverify', ['--cert', signer.cert, first.get('uki')!]);
  const plain = make(two, '-f', 'uki', '-f', 'squashfs');
  assert.equal(readUki(plain.get('uki')!).signatureBytes, 0);
  assert.equal(plain.digests[0], first.digests[0]);
  assert.throws(() => output('sbverify', ['--cert', signer.cert, plain.get('uki')!]));
});

test('what cannot be started is said', (t) => {
  if (!needsSandbox(t)) return;
  const { igos, work } = programs(t);
  const fails = (system: string, ...words: string[]): string => {
    const run = igos('image', writeTree(work, PACKAGES + system), '--format', 'iso', ...words, '-o', `${work}/made/`);
    assert.notEqual(run.status, 0, run.stdout);
    return run.stderr;
  };
  assert.match(
    fails('system s { packages = [ shell ]; }'),
    /E-CLI-093.*system 's' does not say how it starts[\s\S]*a squashfs is made without/,
  );
  const boot = (fields: string): string => `system s { packages = [ shell ]; boot = { ${fields} }; }`;
  assert.match(
    fails(boot('kernel = shell; stub = stub;')),
    /E-CLI-092.*'shell' has no file that is a kernel\nhint: it is looked for as boot\/vmlinuz/,
  );
  assert.match(
    fails(boot('kernel = two-kernels; stub = stub;')),
    /has 2 files that may be a kernel: boot\/vmlinuz-1, boot\/vmlinuz-2/,
  );
  assert.match(fails(boot('kernel = linux; stub = shell;')), /'shell' has no file that is a stub/);
  assert.match(
    fails(boot('kernel = linux; stub = stub; commandLine = "@rootHsh@";')),
    /E-CLI-091.*'@rootHsh@', which stands for nothing\nhint: did you mean 'rootHash'/,
  );
  assert.match(fails(SYSTEM, '--sign-key', 'x'), /--sign-key needs --sign-certificate/);
  assert.match(fails(SYSTEM, '--sign-key', 'missing', '--sign-certificate', 'missing'), /cannot read '.*missing': no such file/);
  const several = igos('image', writeTree(work), '-f', 'iso', '-f', 'uki', '-o', join(work, 'one'));
  assert.match(several.stderr, /is one file, and 2 are to be made\nhint: write --output .*\/one\/ for a folder/);
});
