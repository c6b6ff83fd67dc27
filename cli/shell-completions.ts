/** Completion scripts for bash, zsh and fish, from the command table. */
import type { Command } from './command.ts';
import { commandsOf, sharedOptionsOf } from './commands.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const PROGRAMS = ['igos', 'pkm'] as const;

export function completionScript(shell: Shell): string {
  return shell === 'fish' ? fish() : shell === 'bash' ? bash() : `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;
}

const optionsOf = (command: Command): string =>
  [...command.options, ...sharedOptionsOf(command)].map((option) => `--${option.long}`).join(' ');

/** Shared options with a value. */
const LEADING_VALUES = ['--root', '--home', '--store-dir', '--color', '-r'];

/** Options that take one of a few words. */
const choicesOf = (commands: readonly Command[]): { name: string; long: string; words: string }[] =>
  commands.flatMap((command) =>
    [...command.options, ...sharedOptionsOf(command)].flatMap(({ long, choices }) =>
      choices === undefined ? [] : [{ name: command.name, long, words: choices.join(' ') }],
    ),
  );

/** First words of what `help` explains, but single builtins and error codes, which are too many to choose from. */
const helpTopics = (program: 'igos' | 'pkm'): string =>
  [...new Set([...commandsOf(program).map(({ name }) => name.split(' ')[0]!), ...(program === 'igos' ? DECLARATIONS : [])])].join(
    ' ',
  );
const DECLARATIONS = ['package', 'override', 'split', 'tier', 'system', 'tree'];

/**
 * Names of files may hold blanks, quotes and stars. Bash's own completion knows how to write them; where that cannot be asked for (zsh), a
 * name is a line.
 */
const FILES = `_igos_files() {
  COMPREPLY=()
  if type compopt >/dev/null 2>&1 && compopt -o default 2>/dev/null; then return; fi
  local IFS=$'\\n'
  if [ -n "$BASH_VERSION" ] && [[ $- != *f* ]]; then set -f; COMPREPLY=($(compgen -f -- "$1")); set +f
  else COMPREPLY=($(compgen -f -- "$1")); fi
}
`;

function bash(): string {
  const functions = PROGRAMS.map((program) => {
    const commands = commandsOf(program);
    const firsts = [...new Set(commands.map((command) => command.name.split(' ')[0]!))];
    const groups = firsts.filter((first) => commands.some((command) => command.name.startsWith(`${first} `)));
    const verbs = (group: string): string =>
      commands
        .filter((command) => command.name.startsWith(`${group} `))
        .map((command) => command.name.split(' ')[1])
        .join(' ');
    return [
      `_${program}_topics() { case $1 in help) echo ${helpTopics(program)} ;; *) echo ${SHELLS.join(' ')} ;; esac; }`,
      `_${program}() {`,
      '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=1',
      '  [ "$word" = = ] && word=',
      `  [ "$before" = = ] && before=\${COMP_WORDS[COMP_CWORD-2]}`,
      // What every command has may stand before its name; bash makes three words of --root=DIR.
      '  while [ "$at" -lt "$COMP_CWORD" ]; do',
      '    case ${COMP_WORDS[at]} in',
      `      ${LEADING_VALUES.join('|')}) if [ "\${COMP_WORDS[at+1]}" = = ]; then at=$((at+3)); else at=$((at+2)); fi ;;`,
      '      -*) at=$((at+1)) ;;',
      '      *) break ;;',
      '    esac',
      '  done',
      '  local command=${COMP_WORDS[at]} verb=${COMP_WORDS[at+1]}',
      '  if [ "$at" -gt "$COMP_CWORD" ]; then _igos_files "$word"; return; fi',
      `  if [ "$COMP_CWORD" -eq "$at" ]; then COMPREPLY=($(compgen -W "${firsts.join(' ')}" -- "$word")); return; fi`,
      '  case $command in',
      ...groups.map(
        (group) =>
          `    ${group}) if [ "$COMP_CWORD" -eq $((at+1)) ]; then COMPREPLY=($(compgen -W "${verbs(group)}" -- "$word")); return; fi; command="${group} $verb" ;;`,
      ),
      '  esac',
      '  case "$command $before" in',
      ...choicesOf(commands).map(
        ({ name, long, words }) => `    "${name} --${long}") COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`,
      ),
      '  esac',
      // of these two the words are topics, not files
      `  case $command in help|completions) case $word in -*) ;; *) COMPREPLY=($(compgen -W "$(_${program}_topics $command)" -- "$word")); return ;; esac ;; esac`,
      '  case $word in',
      '    -*) case $command in',
      ...commands.map((command) => `      "${command.name}") COMPREPLY=($(compgen -W "${optionsOf(command)}" -- "$word")) ;;`),
      '    esac ;;',
      '    *) _igos_files "$word" ;;',
      '  esac',
      '}',
      `complete -o filenames -F _${program} ${program}`,
    ].join('\n');
  });
  return `${FILES}${functions.join('\n')}\n`;
}

function fish(): string {
  const lines: string[] = [];
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  for (const program of PROGRAMS) {
    for (const command of commandsOf(program)) {
      const [first, second] = command.name.split(' ') as [string, string | undefined];
      const condition = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`;
      lines.push(`complete -c ${program} -n ${quote(condition)} -a ${second ?? first} -d ${quote(command.summary)}`);
      for (const option of [...command.options, ...sharedOptionsOf(command)]) {
        const short = option.short === undefined ? '' : ` -s ${option.short}`;
        const value = option.values ? ' -r' : '';
        lines.push(
          `complete -c ${program} -n ${quote(`__fish_seen_subcommand_from ${second ?? first}`)} -l ${option.long}${short}${value} -d ${quote(option.doc)}`,
        );
      }
    }
  }
  return `${[...new Set(lines)].join('\n')}\n`;
}
