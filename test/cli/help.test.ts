/** `-h` is for a look, `--help` for reading. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf } from '../../cli/commands.ts';
import { longHelp, shortHelp } from '../../cli/help.ts';
import { programs } from './programs.ts';

const commands = (['igos', 'pkm'] as const).flatMap(commandsOf);

test('-h fits on a screen of 40 lines and 80 columns, and leaves out no option', () => {
  for (const command of commands) {
    const text = shortHelp(command);
    const lines = text.split('\n');
    assert.ok(lines.length <= 40, `${command.program} ${command.name} -h has ${lines.length} lines`);
    const options = lines.filter((line) => /^ {2}(-|and: -| {4}-| {2}--)/.test(line));
    assert.deepEqual(
      options.filter((line) => [...line].length > 80),
      [],
    );
    for (const { long } of command.options) assert.match(text, new RegExp(`--${long}\\b`), `${command.name}: --${long}`);
  }
});

test('--help explains every option', () => {
  for (const command of commands) {
    const text = longHelp(command);
    for (const { long } of command.options) assert.match(text, new RegExp(`^ {4}(    )?(-., )?--${long}\\b`, 'm'), long);
    assert.match(text, /^EXIT STATUS$/m);
  }
});

test('help on an override says how it stands to what it is laid over, and requires nothing', (t) => {
  const { stdout, status } = programs(t).igos('help', 'override');
  assert.equal(status, 0);
  assert.match(stdout, /igos help package/);
  assert.doesNotMatch(stdout, /\(required\)/);
});
