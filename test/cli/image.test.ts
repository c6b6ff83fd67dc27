/** `igos image`: a declared system as one file, read back by the tools of others and by pkm. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { missing, output } from '../image/support.ts';
import { type Programs, programs, project } from './programs.ts';

const PACKAGES = `tier base { summary = "Base"; }
package tools "1" {
  tier = base;
  summary = "Tools of this machine";
  style = hostTools { tools = [ "cat" "mv" ]; };
  modes."usr/bin/cat" = "4111";
  capabilities."usr/bin/mv" = "cap_net_raw=ep";
}
`;
const SYSTEM = 'system small { packages = [ tools ]; etc.motd = "hello\\n"; }\n';

function writeTree(work: string, text: string): string {
  const folder = join(work, 'tree');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.igos'), text);
  return folder;
}

const needsTools = { skip: missing('unsquashfs') };

interface Written {
  readonly format: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface Made extends Written {
  readonly system: string;
  readonly packages: readonly { name: string; version: string }[];
  readonly rootHash: string | null;
  readonly files: readonly Written[];
}

function make({ igos }: Programs, ...words: string[]): Made {
  const run = igos('image', ...words, '--json');
  assert.equal(run.status, 0, run.stderr);
  const made = JSON.parse(run.stdout) as Made;
  return { ...made, ...made.files[0]! };
}

test('a system becomes a squashfs', needsTools, (t) => {
  const here = programs(t);
  const tree = writeTree(here.work, PACKAGES + SYSTEM);
  const made = make(here, tree, '-o', `${here.work}/made/`);
  assert.equal(made.file, join(here.work, 'made', 'small.squashfs'));
  assert.deepEqual(
    made.packages.map(({ name }) => name),
    ['tools', 'system-small'],
  );
  const bytes = readFileSync(made.file);
  assert.equal(made.sizeBytes, bytes.length);
  assert.equal(made.sha256, createHash('sha256').update(bytes).digest('hex'));

  const lines = output('unsquashfs', ['-lln', made.file]).split('\n');
  const about = (path: string): string => lines.find((line) => line.endsWith(` squashfs-root/${path}`)) ?? `no ${path}`;
  assert.match(about('usr/bin/cat'), /^---s--x--x 0\/0 /);
  assert.match(about('etc/motd'), /^-rw-r--r-- 0\/0 +6 1980-01-02 00:00 /);
  assert.match(about('var/lib/igos/pkm.db'), /^-rw/);
  // What pkm has only while it runs.
  assert.deepEqual(
    lines.filter((line) => /igos\/(lock|reserve|staging|pkm\.db-)/.test(line)),
    [],
  );

  output('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', here.root, made.file]);
  assert.match(here.pkm('history').stdout, /^1980-01-02 .* igos +generation 1: switch to 2 packages \(igos image\)/);
});

test('the same bytes again, from another folder and another store', needsTools, (t) => {
  const [one, two] = [programs(t), programs(t)];
  const options = ['--compression', 'gzip', '--level', '1', '--block-size', '4K'];
  const first = make(one, writeTree(one.work, PACKAGES + SYSTEM), '-o', join(one.work, 'image'), ...options);
  const second = make(two, writeTree(two.work, PACKAGES + SYSTEM), '-o', join(two.work, 'other'), ...options);
  assert.equal(first.sha256, second.sha256);
  const shown = output('unsquashfs', ['-s', first.file]);
  assert.match(shown, /Compression gzip/);
  assert.match(shown, /Block size 4096/);
  const zstd = make(one, join(one.work, 'tree'), '-o', join(one.work, 'image'));
  assert.notEqual(zstd.sha256, first.sha256);
  assert.match(output('unsquashfs', ['-s', zstd.file]), /Compression zstd/);
});

test('pkm finds it clean, capabilities too', {
  skip: missing('unsquashfs', 'getfattr') || (process.getuid?.() !== 0 && 'only root unpacks them'),
}, (t) => {
  const here = programs(t);
  const made = make(here, writeTree(here.work, PACKAGES + SYSTEM), '-o', join(here.work, 'image'));
  output('unsquashfs', ['-q', '-n', '-d', here.root, made.file]);
  const shown = output('getfattr', ['-d', '-m', '-', '-e', 'hex', '--absolute-names', join(here.root, 'usr/bin/mv')]);
  assert.match(shown, /security\.capability=0x0100000200200000/);
  const verified = here.pkm('verify');
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});

test('another user makes the same bytes, of files that are closed to them too', {
  skip: process.getuid?.() !== 0 && 'only root becomes somebody else',
}, (t) => {
  const here = programs(t);
  const tree = writeTree(
    here.work,
    PACKAGES.replace('= "4111";', '= "4111"; modes."usr/bin" = "555"; modes."usr/lib" = "111";') + SYSTEM,
  );
  const made = make(here, tree, '-o', join(here.work, 'image'));
  const nobody = 65534;
  const theirs = join(here.work, 'theirs');
  mkdirSync(join(theirs, 'tmp'), { recursive: true });
  for (const folder of [theirs, join(theirs, 'tmp')]) chownSync(folder, nobody, nobody);
  chmodSync(here.work, 0o755);
  const run = spawnSync(join(project, 'bin/igos'), ['image', tree, '-o', join(theirs, 'image'), '--json'], {
    uid: nobody,
    gid: nobody,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: theirs, IGOS_HOME: join(theirs, 'home'), TMPDIR: join(theirs, 'tmp') },
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal((JSON.parse(run.stdout) as Made).files[0]!.sha256, made.sha256);
  assert.deepEqual(readdirSync(join(theirs, 'tmp')), []);
});

test('what cannot be made is said before anything is built', (t) => {
  const here = programs(t);
  const { work, igos } = here;
  const tree = writeTree(work, PACKAGES);
  const failure = (...words: string[]): string => {
    const run = igos('image', ...words);
    assert.equal(run.status, 2, run.stdout + run.stderr);
    assert.doesNotMatch(run.stderr, /building/);
    return run.stderr.replaceAll(work, '<work>');
  };
  assert.match(failure(tree), /the tree '<work>\/tree' declares no system\nhint: declare one: system NAME/);
  writeTree(work, `${PACKAGES}${SYSTEM}${SYSTEM.replace('small', 'other')}`);
  assert.match(failure(tree), /declares 2 systems\nhint: name one of them: <work>\/tree#small, <work>\/tree#other/);
  assert.match(failure(`${tree}#small`, '--level', '20'), /--level takes a number from 1 to 19 with zstd, not '20'/);
  assert.match(failure(`${tree}#small`, '--level', '10', '--compression', 'gzip'), /from 1 to 9 with gzip, not '10'/);
  for (const size of ['5K', '2K', '2M'])
    assert.match(
      failure(`${tree}#small`, '--block-size', size),
      new RegExp(`--block-size takes a power of two from 4K to 1M, not '${size}'`),
    );
  symlinkSync('/dev/null', join(work, 'null'));
  assert.match(failure(`${tree}#small`, '-o', join(work, 'null')), /'<work>\/null' is no file\nhint: write the image to a file/);
  assert.match(igos('image', `${tree}#smal`).stderr, /no system 'smal'[\s\S]*did you mean 'small'/);
  assert.deepEqual(readdirSync(work).toSorted(compareBytes), ['null', 'tree']);
});

test('what fails leaves what was there, and no scratch folder', (t) => {
  const { work, igos } = programs(t);
  const tree = writeTree(work, `${PACKAGES}system small { packages = [ tools ]; services."sshd.service" = "enable"; }\n`);
  writeFileSync(join(work, 'image'), 'old');
  const run = igos('image', tree, '-o', join(work, 'image'));
  assert.match(run.stderr, /E-PKM-043/);
  assert.equal(readFileSync(join(work, 'image'), 'utf8'), 'old');
  assert.equal(existsSync(join(work, 'tmp')), false);
  assert.equal(statSync(join(work, 'image')).size, 3);
});
