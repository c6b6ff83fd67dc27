import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments, UsageError } from '../../cli/arguments.ts';
import { commandsOf, findCommand, sharedOptions } from '../../cli/commands.ts';

const command = findCommand('igos', ['realize'])!.command;
const parse = (...words: string[]) => parseArguments(command, sharedOptions('igos'), words);
const message = (...words: string[]) => {
  try {
    parse(...words);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return [error.message, ...error.hints].join(' | ');
  }
};

test('options in all their spellings', () => {
  const args = parse('a#b', '-j4', '--argstr', 'x', '1', '--argstr=y', '2', '-A', 'one', '-nk', '--', '--odd');
  assert.deepEqual(args.operands, ['a#b', '--odd']);
  assert.equal(args.number('jobs', 1), 4);
  assert.deepEqual(args.all('argstr'), [
    ['x', '1'],
    ['y', '2'],
  ]);
  assert.ok(args.has('dry-run') && args.has('keep-going'));
});

test('mistakes are named with the way out', () => {
  assert.equal(message('--dryrun'), "unknown option '--dryrun' | did you mean '--dry-run'?");
  assert.equal(message('--arg', 'x'), "--arg needs NAME EXPR | run 'igos realize --help'");
  assert.equal(message('--max-jobs', '4'), "unknown option '--max-jobs' | here that is: --jobs");
  assert.equal(message('-Z'), "unknown option '-Z' | run 'igos realize --help'");
  assert.equal(message('-nZ'), "unknown option '-Z' | run 'igos realize --help'");
  assert.equal(message('--noconfirm'), "unknown option '--noconfirm' | run 'igos realize --help'");
  const words = (program: 'igos' | 'pkm', name: string): string => {
    const run = (): unknown => parseArguments(findCommand(program, name.split(' '))!.command, sharedOptions(program), []);
    const told = (error: unknown): boolean => {
      assert.ok(error instanceof UsageError);
      text = [error.message, ...error.hints].join(' | ');
      return true;
    };
    let text = '';
    assert.throws(run, told);
    return text;
  };
  assert.equal(
    words('igos', 'show'),
    "igos show needs TREE[#NAME]|DRV | for example: igos show examples/tour/v1 | run 'igos show --help'",
  );
  assert.equal(message('--dry-run=yes'), "--dry-run takes no value | run 'igos realize --help'");
  assert.equal(message('--color', 'alway'), "--color takes one of auto, always, never, not 'alway' | did you mean 'always'?");
  assert.throws(() => parse('--jobs', '0').number('jobs', 1), /--jobs takes a whole number of at least 1, not '0'/);
});

test('every command has a file, unique options and examples that parse', async () => {
  for (const program of ['igos', 'pkm'] as const) {
    for (const entry of commandsOf(program)) {
      const module = (await import(`../../cli/${program}/${entry.name.replace(' ', '-')}.ts`)) as { run: unknown };
      assert.equal(typeof module.run, 'function', entry.name);
      const options = [...entry.options, ...sharedOptions(program)];
      assert.equal(new Set(options.map((option) => option.long)).size, options.length, `${entry.name}: an option twice`);
      const shorts = options.flatMap((option) => option.short ?? []);
      assert.equal(new Set(shorts).size, shorts.length, `${entry.name}: a letter twice`);
    }
  }
});
