/** The manual pages, as those programs see them that are made for manual pages. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandsOf } from '../../cli/commands.ts';
import { manualName } from '../../cli/man.ts';

const folder = join(import.meta.dirname, '../../docs/man');
const pages = readdirSync(folder).sort();
const skip = spawnSync('groff', ['--version']).status === 0 ? false : 'no groff here';
const noIndex = spawnSync('lexgrog', ['--version']).status === 0 ? false : 'no lexgrog (man-db) here';

test('manual pages are read without a warning, and fit a terminal of 80 columns', { skip }, () => {
  const options = ['-K', 'utf8', '-ww', '-mandoc', '-rLL=78n', '-Tutf8', '-P-cbou'];
  const { stdout, stderr } = spawnSync('groff', [...options, ...pages], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(stderr, '');
  assert.deepEqual(
    stdout.split('\n').filter((line) => [...line].length > 80),
    [],
  );
  // What is shown can be copied.
  assert.match(stdout, /^ *igos eval --expr '1 \+ 2'$/m);
  assert.match(stdout, /^ {7}-E, --expr EXPR\n {11}evaluate this text/m);
});

test('whatis and apropos find every page by its name', { skip: noIndex }, () => {
  const { stdout } = spawnSync('lexgrog', pages, { cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const commands = (['igos', 'pkm'] as const).flatMap(commandsOf);
  const said = commands.map((command) => `${manualName(command)}.1: "${manualName(command)} - ${command.summary}"`);
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), said.sort());
});
