/** What fish completes by: a line for each word, with the condition under which it is offered. */
import type { Command, Option } from '../command.ts';
import { sharedOptions, sharedOptionsOf } from '../commands.ts';
import {
  commandsIn,
  firstWords,
  groupsOf,
  leadingValues,
  type Named,
  operandsOf,
  PROGRAMS,
  type Program,
  pairsOf,
  spellings,
  verbsOf,
} from './places.ts';

export const fish = (): string => `${FUNCTIONS}${PROGRAMS.flatMap(ofProgram).join('\n')}\n`;

/** Fish undoes backslashes in quotes, as other shells do not. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const words = (list: readonly string[]): string => list.map((word) => (/^[\w-]+$/.test(word) ? word : quoted(word))).join(' ');

const FUNCTIONS = `function __igos_words --description 'What stands before the cursor, from the name of the command on'
    set -l words (commandline -opc)
    set -e words[1]
    while string match -q -- '-*' "$words[1]"
        contains -- "$words[1]" ${words([...new Set(PROGRAMS.flatMap(leadingValues))])}; and set -e words[1]
        set -e words[1]
    end
    printf '%s\\n' $words
end
function __igos_is --description 'Whether the command is one of these'
    set -l words (__igos_words)
    # A group may be a command as well.
    if contains -- "$words[1] $words[2]" ${words(PROGRAMS.flatMap(pairsOf))}
        contains -- "$words[1] $words[2]" $argv
    else
        contains -- "$words[1]" $argv
    end
end
function __igos_ends --description 'Whether nothing but options stands behind this name'
    set -l words (string match -v -- '-*' (__igos_words))
    test "$words" = "$argv"
end
function __igos_names --description 'What the tree before the cursor declares: asked of the igos beside the program that is typed'
    set -l typed (commandline -ct | string unescape | string match -r '^.*#')
    set -l words (commandline -opc)
    set -l igos (string replace -r '[^/]*$' igos -- $words[1] | string replace -r '^~/' $HOME/)
    set -l tree (string replace -r '#$' '' -- $typed | string replace -r '^~/' $HOME/)
    test -n "$tree"; or set tree .
    test -e $tree; or return
    for name in (command $igos show --names -- $tree 2>/dev/null </dev/null)
        printf '%s\\n' $typed$name
    end
end
function __igos_packages --description 'Names of packages in the root that is named before the cursor'
    set -l words (commandline -opc)
    set -l root
    for n in (seq 2 (count $words))
        switch $words[$n]
            case -r --root
                set root --root (string replace -r '^~/' $HOME/ -- $words[(math $n + 1)])
            case '--root=*'
                set root --root (string replace -r '^--root=' '' -- $words[$n] | string replace -r '^~/' $HOME/)
        end
    end
    set -l pkm (string replace -r '^~/' $HOME/ -- $words[1])
    command $pkm $argv[1] $root 2>/dev/null </dev/null | string replace -r ' .*' ''
end
`;

function ofProgram(program: Program): string[] {
  const commands = commandsIn(program);
  const line = (condition: string | undefined, rest: string): string =>
    `complete -c ${program}${condition === undefined ? '' : ` -n ${quoted(condition)}`} ${rest}`;
  const options = (condition: string | undefined, list: readonly Option[]): string[] =>
    list.map((option) => line(condition, optionFlags(option)));
  const offered = (condition: string, list: readonly Named[]): string[] =>
    list.map(({ name, says }) => line(condition, `-f -a ${name} -d ${quoted(says)}`));
  const are = (list: readonly Command[]): string => `__igos_is ${words(list.flatMap(spellings))}`;
  return [
    ...offered("__igos_is ''", firstWords(program)),
    ...groupsOf(program).flatMap((group) => offered(`__igos_ends ${group}`, verbsOf(program, group))),
    line(
      `__igos_is '' ${words(groupsOf(program).filter((group) => !commands.some(({ name }) => name === group)))}; or ${are(commands.filter((command) => !operandsOf(command).hasFiles))}`,
      '-f',
    ),
    line(
      `string match -q '*#*' -- (commandline -ct); and ${are(commands.filter((command) => operandsOf(command).hasFiles))}`,
      "-a '(__igos_names)'",
    ),
    ...(['list', 'available'] as const).flatMap((packages) => {
      const taking = commands.filter((command) => operandsOf(command).packages === packages);
      return taking.length === 0 ? [] : [line(are(taking), `-a '(__igos_packages ${packages})'`)];
    }),
    ...commands.flatMap((command) => [
      ...spellings(command).flatMap((name) => {
        const first = operandsOf(command).words;
        return first.length === 0 ? [] : [line(`__igos_ends ${name}`, `-f -a ${quoted(first.join(' '))}`)];
      }),
      ...options(are([command]), command.options),
    ]),
    ...sharedOptions(program).flatMap((option) => {
      const without = commands.filter((command) => !sharedOptionsOf(command).includes(option));
      return options(without.length === 0 ? undefined : `not ${are(without)}`, [option]);
    }),
  ];
}

function optionFlags({ long, short, values, choices, doc }: Option): string {
  const value = choices !== undefined ? ` -x -a ${quoted(choices.join(' '))}` : values !== undefined ? ' -r -F' : '';
  return `-l ${long}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quoted(doc)}`;
}
