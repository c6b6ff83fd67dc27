/** From words to a command, and from what it throws to an exit status. */
import { Arguments, parseArguments, UsageError } from './arguments.ts';
import type { Command, CommandModule } from './command.ts';
import { findCommand, groupOf, sharedOptions, unknownCommand } from './commands.ts';
import { type Context, createContext } from './context.ts';
import { endingOf } from './exit.ts';
import { Output } from './output.ts';
import { tellEnding } from './tell-ending.ts';
import { wantsColor } from './terminal.ts';
import { exactWords } from './words.ts';

/** Gives the module of a command, named `igos/store-add`. */
export type LoadCommand = (file: string) => Promise<CommandModule>;

/**
 * @param words the program's name, then its arguments. Ends the process.
 * @param load how commands are found: files beside this one, or parts of a bundle
 */
export async function main(words: readonly string[], load: LoadCommand): Promise<void> {
  const program = words[0] === 'pkm' ? 'pkm' : 'igos';
  // A root is everybody's: what pkm and the programs of triggers make there is not the caller's own. Nobody else ever changes a store,
  // also where a service that was started with no umask keeps one.
  process.umask(program === 'pkm' ? 0o022 : process.umask() | 0o022);
  let args = new Arguments([], new Map());
  let where: { readonly command?: string; readonly home?: string } = {};
  try {
    const exact = exactWords(words.slice(1));
    const found = await start(program, exact);
    if (typeof found === 'number') finish(found);
    args = found.args;
    const context = createContext(program, exact, args);
    where = { command: found.command.name, home: context.home };
    const run = async (context: Context): Promise<number> => {
      const module = await load(`${program}/${found.command.name.replace(' ', '-')}`);
      return (await module.run(context, found.args)) ?? 0;
    };
    finish(found.command.isRemembered === true ? await runRemembered(context, found.args, run) : await run(context));
  } catch (error) {
    const color = wantsColor(args.value('color'), (name) => process.env[name]);
    const ending = endingOf(error, { color, fullTrace: args.has('show-trace'), program, ...where });
    const output = new Output(color);
    try {
      // words that cannot be understood never became arguments
      await tellEnding(output, ending, args, args.has('json') || ownWords(words).includes('--json'));
    } catch {
      // nobody reads us any more
    }
    finish(ending.status);
  }
}

/** The whole command is an evaluation: what it printed is printed again while nothing changed. */
async function runRemembered(context: Context, args: Arguments, run: (context: Context) => Promise<number>): Promise<number> {
  if (args.has('no-eval-cache')) return await run(context);
  const { remembered } = await import('./evaluation-cache/remembered.ts');
  return await remembered(context, args, context.program, async (watched) => {
    const status = await run(watched);
    if (status !== 0) watched.recorder?.spoil('it failed');
    return status;
  });
}

async function start(program: 'igos' | 'pkm', words: readonly string[]): Promise<number | { command: Command; args: Arguments }> {
  const isHelp = (word: string | undefined): boolean => word === undefined || word === '-h' || word === '--help';
  // options that every command has may stand before its name: pkm --root R list
  const { leading, rest } = splitLeading(words);
  const isJson = words.includes('--json');
  const isOnly = (word: string): boolean => rest[0] === word && rest.slice(1).every((each) => each === '--json');
  if (isHelp(rest[0]) || (program === 'pkm' && isOnly('help'))) {
    const { overview } = await import('./overview.ts');
    const out = new Output(false);
    if (!isJson) out.line(overview(program, rest[0] === '--help' || rest[0] === 'help'));
    else if (rest[0] !== undefined) out.json((await import('./command-record.ts')).tableRecord([program]));
    if (rest[0] === undefined)
      throw new UsageError(`${program} needs a command`, [`run '${program} help COMMAND' for more on one`]);
    return 0;
  }
  // igos has topics besides, and a command for them
  if (program === 'pkm' && rest[0] === 'help') return await start(program, [...rest.slice(1), '--help']);
  if (rest[0] === '--version') {
    const { version } = await import('./version.ts');
    if (isJson) new Output(false).json({ program, version: version() });
    else new Output(false).line(`${program} ${version()}`);
    return 0;
  }
  const found = findCommand(program, rest);
  if (!found && isHelp(rest[1]) && rest[1] !== undefined && groupOf(program, rest[0]!).length > 0) {
    const { groupHelp } = await import('./overview.ts');
    const text = groupHelp(program, rest[0]!);
    if (isJson) new Output(false).json({ topic: rest[0]!, text });
    else new Output(false).line(text);
    return 0;
  }
  if (!found) throw unknownCommand(program, rest);
  const args = parseArguments(found.command, sharedOptions(program), [...leading, ...found.words]);
  checkWords(found.command, args);
  if (args.has('help')) {
    const { printCommandHelp } = await import('./help.ts');
    printCommandHelp(found.command, { isLong: found.words.includes('--help'), isJson: args.has('json') }, new Output(false));
    return 0;
  }
  if (args.has('json') && found.command.prints !== undefined)
    throw new UsageError(`${program} ${found.command.name} prints ${found.command.prints}: there is no --json of it`);
  return { command: found.command, args };
}

/** An unset variable of a script must not become the working directory, nor a name that is not UTF-8 another one. */
function checkWords(command: Command, args: Arguments): void {
  if (command.program !== 'igos') return;
  if (args.operands.includes(''))
    throw new UsageError(`igos ${command.name}: an operand is empty`, ['a variable that is not set? the current folder is .']);
  const mangled = args.mangledWord(command.takesBytes === true);
  if (mangled !== undefined)
    throw new UsageError(`igos ${command.name}: '${mangled}' is not UTF-8`, ['name it by a symlink, or by another name']);
}

const LEADING_VALUE = new Set(['--root', '--home', '--store-dir', '--color', '-r']);
const LEADING_SWITCH = new Set(['--json', '--quiet', '-q', '--show-trace']);

/** Without those of a command that ours runs. */
const ownWords = (words: readonly string[]): readonly string[] =>
  words.includes('--') ? words.slice(0, words.indexOf('--')) : words;

function splitLeading(words: readonly string[]): { leading: readonly string[]; rest: readonly string[] } {
  let at = 0;
  for (let word = words[at]; word !== undefined; word = words[at]) {
    if (LEADING_VALUE.has(word)) at += 2;
    else if (LEADING_SWITCH.has(word) || /^--(root|home|store-dir|color)=/.test(word)) at += 1;
    else break;
  }
  return { leading: words.slice(0, at), rest: words.slice(at) };
}

/** Our writes are synchronous, so nothing is lost; a hanging handle must not keep a finished program alive. */
function finish(status: number): never {
  process.exit(status);
}
