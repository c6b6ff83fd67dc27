/** The commands of the repl: one table, from which they are run, completed and listed. */
import { didYouMean, Fault } from '../../base/index.ts';
import { buildAndPrint, printLogs } from './build.ts';
import { showDocumentation } from './document.ts';
import { editDefinition } from './edit.ts';
import { showEnvironment } from './environment.ts';
import type { Parsed } from './input.ts';
import type { Outcome, Repl } from './repl.ts';

interface Described {
  /** The first is the one that is listed; all begin with a colon. */
  readonly names: readonly string[];
  /** As `:?` shows what follows; empty for nothing. */
  readonly argument: string;
  readonly doc: string;
}

export type ReplCommand = Described &
  (
    | { readonly takes: 'expression'; run(repl: Repl, argument: Parsed): Result }
    /** `topic`: an expression, or a declaration and its fields. */
    | { readonly takes: 'path' | 'word' | 'topic' | 'nothing'; run(repl: Repl, argument: string): Result }
  );
/** Nothing: the input is done. */
type Result = Promise<undefined> | Outcome | undefined;

export const replCommands: readonly ReplCommand[] = [
  {
    names: [':help', ':?'],
    argument: '',
    takes: 'nothing',
    doc: 'list the commands',
    run: (repl) => repl.print(renderReplHelp()),
  },
  {
    names: [':add', ':a'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'add the attributes of a set to the names in scope',
    run: (repl, text) => repl.load({ kind: 'attributes', text }),
  },
  {
    names: [':load', ':l'],
    argument: 'FILE|TREE',
    takes: 'path',
    doc: 'add the names of a file (the attributes of its value) or of a tree of declarations',
    run: (repl, operand) => repl.load({ kind: 'operand', operand: required(':load', operand, ':load ./default.nix') }),
  },
  {
    names: [':last-loaded', ':ll'],
    argument: '',
    takes: 'nothing',
    doc: 'list the names that were added last',
    run: listLastLoaded,
  },
  {
    names: [':reload', ':r'],
    argument: '',
    takes: 'nothing',
    doc: 'read all loaded files again, and make all bindings anew on top of them',
    run: (repl) => repl.reload(),
  },
  {
    names: [':print', ':p'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'evaluate and print all of a value; a string without quotes and escapes',
    run: (repl, expression) => repl.printResult(repl.evaluate(() => repl.showDeeply(repl.world.evaluate(expression)))),
  },
  {
    names: [':type', ':t'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'print the type of a value',
    run: (repl, expression) =>
      repl.print(repl.evaluate(() => repl.world.interpreter.ctx.describeType(repl.world.evaluate(expression)))),
  },
  {
    names: [':doc'],
    argument: 'EXPR',
    takes: 'topic',
    doc: 'print what is written about a builtin, a function, an attribute, or a declaration (package.style)',
    run: showDocumentation,
  },
  {
    names: [':build', ':b'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'build a package or derivation (or all in a set) and print its outputs',
    run: (repl, expression) => buildAndPrint(repl, expression),
  },
  {
    names: [':build-link', ':bl'],
    argument: 'EXPR',
    takes: 'expression',
    doc: "the same, with a link 'repl-result-OUTPUT' to each output in this folder",
    run: (repl, expression) => buildAndPrint(repl, expression, { makesLinks: true }),
  },
  {
    names: [':log'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'print the log of the last build of a package or derivation',
    run: printLogs,
  },
  {
    names: [':edit', ':e'],
    argument: 'EXPR',
    takes: 'expression',
    doc: 'open the definition of a function, package or attribute, or the file of a path, in $VISUAL or $EDITOR; then reload',
    run: editDefinition,
  },
  {
    names: [':env'],
    argument: '',
    takes: 'nothing',
    doc: 'list the names in scope and where they come from, without evaluating them',
    run: showEnvironment,
  },
  {
    names: [':trace-enable', ':te'],
    argument: '[on|off]',
    takes: 'word',
    doc: 'show every step that led to an error, or the first and last only; without a word the other way round',
    run: setTrace,
  },
  {
    names: [':quit', ':q'],
    argument: '',
    takes: 'nothing',
    doc: 'end the session, as Ctrl-D does',
    run: () => 'quit',
  },
];

export const findReplCommand = (name: string): ReplCommand | undefined =>
  replCommands.find((command) => command.names.includes(name));

/** Commands of nix repl that have no meaning here, and what to do instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ':i': "install packages of a tree into a root with 'pkm install TREE#NAME'",
  ':lf': "there are no flakes: ':load TREE' takes a folder of declarations",
  ':load-flake': "there are no flakes: ':load TREE' takes a folder of declarations",
  ':u': "build it with ':build' and use the path that is printed",
  ':sh': "the steps of a build are in its log: ':log EXPR'",
};

export function unknownReplCommand(name: string): Fault {
  const elsewhere = ELSEWHERE[name];
  const near = didYouMean(
    name.slice(1),
    replCommands.flatMap((command) => command.names.map((each) => each.slice(1))),
  ).map((hint) => hint.replace("'", "':"));
  return new Fault('E-CLI-020', `unknown command '${name}'`, {
    hints: elsewhere !== undefined ? [elsewhere] : [...near, "':?' lists the commands"],
  });
}

export const missingExpression = ({ names: [name], argument }: ReplCommand): Fault =>
  new Fault('E-CLI-021', `'${name}' needs an expression`, { hints: [`${name} ${argument}`] });

function renderReplHelp(): string {
  const rows: [string, string][] = [
    ['EXPR', 'evaluate and print, nested sets and lists cut short'],
    ['NAME = EXPR', 'bind a name; several with ; between, also inherit (SET) NAME'],
    ...replCommands.map(({ names, argument, doc }): [string, string] => [`${names.join(', ')} ${argument}`.trimEnd(), doc]),
  ];
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
}

function listLastLoaded(repl: Repl): undefined {
  const last = repl.world.origins.find(({ origin }) => origin === repl.lastLoaded);
  if (last === undefined) throw new Fault('E-CLI-021', 'nothing was loaded yet', { hints: [':load FILE, or :add EXPR'] });
  for (const name of last.names.names) repl.printResult(name);
}

function setTrace(repl: Repl, word: string): undefined {
  const choice = { '': !repl.showsTrace, on: true, true: true, off: false, false: false }[word];
  if (choice === undefined) throw new Fault('E-CLI-021', `':te' takes on or off, not '${word}'`, { hints: [':te on'] });
  repl.showsTrace = choice;
  repl.print(choice ? 'errors show every step' : 'errors show the first and last steps');
}

function required(command: string, word: string, example: string): string {
  if (word !== '') return word;
  throw new Fault('E-CLI-021', `'${command}' needs a file or tree`, { hints: [example] });
}
