/** Files that `-o` names. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeOutputFile } from '../../cli/output-file.ts';
import { diskSteps } from '../disk-steps.ts';
import { temporaryFolder } from '../store/fixture.ts';

const write = (path: string, text: string): void => writeOutputFile(path, (sink) => sink(Buffer.from(text)));

test('a file is replaced whole, keeps its mode, and stays where links say it is', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  write(file, 'one');
  assert.equal(statSync(file).mode & 0o777, 0o644 & ~process.umask());
  chmodSync(file, 0o600);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('../file', join(folder, 'elsewhere/link'));
  write(join(folder, 'elsewhere/link'), 'two');
  assert.equal(readFileSync(file, 'utf8'), 'two');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(lstatSync(join(folder, 'elsewhere/link')).isSymbolicLink());
  symlinkSync('new', join(folder, 'dangling'));
  write(join(folder, 'dangling'), 'three');
  assert.equal(readFileSync(join(folder, 'new'), 'utf8'), 'three');
  assert.throws(() => writeOutputFile(file, () => assert.fail('midway')), /midway/);
  assert.equal(readFileSync(file, 'utf8'), 'two');
  assert.throws(() => write(join(folder, 'elsewhere'), ''), /cannot write '.*elsewhere': it is a directory|is a directory/);
  assert.deepEqual(readdirSync(folder).sort(), ['dangling', 'elsewhere', 'file', 'new']);
});

test('bytes are durable before the file has its name, and the name is before we say that it is there', (t) => {
  const folder = join(temporaryFolder(t), 'folder');
  mkdirSync(folder);
  const temporary = `${folder}/TEMPORARY`;
  const expected = [`sync ${temporary}`, `move ${temporary} ${folder}/file`, `sync ${folder}`];
  for (const text of ['made', 'replaced']) {
    const steps = diskSteps(t, () => write(join(folder, 'file'), text));
    assert.deepEqual(
      steps.map((step) => step.replace(/\.tmp-\S+/, 'TEMPORARY')),
      expected,
    );
  }
});

test('devices and pipes are written to, and not replaced', (t) => {
  const folder = temporaryFolder(t);
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const out = join(folder, 'out');
  // The shell opens the pipe for both, so that nobody waits for anybody.
  const code = `const { writeOutputFile } = await import(process.argv[1]); writeOutputFile(process.argv[2], (sink) => sink(Buffer.from('text')));`;
  const module = join(import.meta.dirname, '../../cli/output-file.ts');
  const run = spawnSync('sh', [
    '-ec',
    'exec 3<>"$1"; "$2" --input-type=module -e "$3" "$4" "$1"; head -c 4 <&3 >"$5"',
    'sh',
    pipe,
    process.execPath,
    code,
    module,
    out,
  ]);
  assert.equal(run.status, 0, String(run.stderr));
  assert.equal(readFileSync(out, 'utf8'), 'text');
  assert.ok(lstatSync(pipe).isFIFO());
  // As whoever may replace names in /dev.
  const device = join(folder, 'null');
  if (spawnSync('mknod', [device, 'c', '1', '3']).status !== 0) {
    t.diagnostic('no right to make a device here');
    return;
  }
  write(device, 'text');
  assert.ok(lstatSync(device).isCharacterDevice());
});
