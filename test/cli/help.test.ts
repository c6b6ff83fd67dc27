/** `-h` is for a look, `--help` for reading. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf } from '../../cli/commands.ts';
import { longHelp, shortHelp } from '../../cli/help.ts';
import { overview } from '../../cli/overview.ts';
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

test('the list of commands has each once; without those of groups it fits on a screen', () => {
  for (const program of ['igos', 'pkm'] as const) {
    const [long, short] = [overview(program, true), overview(program, false)];
    for (const { name } of commandsOf(program)) {
      assert.equal(long.split(`\n  ${name}  `).length, 2, `${program} ${name}`);
      assert.match(short, new RegExp(`[ ,]${name.split(' ').at(-1)}\\b`), `${program} ${name}`);
    }
    for (const line of [...long.split('\n'), ...short.split('\n')]) assert.ok([...line].length <= 80, line);
    assert.ok(short.split('\n').length <= 52, program);
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
