/** What bash completes by: a function for each program, which sets COMPREPLY. */
import type { Command } from '../command.ts';
import {
  commandsIn,
  dashed,
  firstWords,
  groupsOf,
  leadingValues,
  operandsOf,
  optionsOf,
  PROGRAMS,
  type Program,
  pairsOf,
  spellings,
  verbsOf,
} from './places.ts';

export const bash = (): string => `${FILES}${PROGRAMS.map(ofProgram).join('\n')}\n`;

/**
 * Names of files may hold blanks, quotes and stars. Bash's own completion knows how to write them; where that cannot be asked for (before
 * bash 4), a name is a line.
 */
const FILES = `_igos_files() {
  COMPREPLY=()
  if type compopt >/dev/null 2>&1 && compopt -o default 2>/dev/null; then return; fi
  local IFS=$'\\n'
  if [[ $- != *f* ]]; then set -f; COMPREPLY=($(compgen -f -- "$1")); set +f
  else COMPREPLY=($(compgen -f -- "$1")); fi
}
`;

const offer = (words: readonly string[]): string => `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word"))`;

const ofProgram = (program: Program): string =>
  [
    `_${program}() {`,
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=1 options= hasfiles=',
    '  COMPREPLY=()',
    '  [ "$word" = = ] && word=',
    '  [ "$before" = = ] && before=${COMP_WORDS[COMP_CWORD-2]}',
    // What every command has may stand before its name; bash makes three words of --root=DIR.
    '  while [ "$at" -lt "$COMP_CWORD" ]; do',
    '    case ${COMP_WORDS[at]} in',
    `      ${leadingValues(program).join('|')}) if [ "\${COMP_WORDS[at+1]}" = = ]; then at=$((at+3)); else at=$((at+2)); fi ;;`,
    '      -*) at=$((at+1)) ;;',
    '      *) break ;;',
    '    esac',
    '  done',
    '  local command=${COMP_WORDS[at]} verb=${COMP_WORDS[at+1]}',
    '  if [ "$at" -gt "$COMP_CWORD" ]; then _igos_files "$word"; return; fi',
    `  if [ "$COMP_CWORD" -eq "$at" ]; then ${offer(firstWords(program).map(({ name }) => name))}; return; fi`,
    '  case $command in',
    ...groupsOf(program).map(
      (group) =>
        `    ${group}) if [ "$COMP_CWORD" -eq $((at+1)) ]; then ${offer(verbsOf(program, group).map(({ name }) => name))}; [ \${#COMPREPLY[@]} -gt 0 ] && return; fi ;;`,
    ),
    '  esac',
    // A group may be a command as well.
    '  case "$command $verb" in',
    `    ${patterns(pairsOf(program))}) command="$command $verb"; at=$((at+1)) ;;`,
    '  esac',
    '  case $command in',
    ...commandsIn(program).flatMap(ofCommand),
    '  esac',
    '  case $word in',
    '    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;',
    '    *) if [ -n "$hasfiles" ]; then _igos_files "$word"; fi ;;',
    '  esac',
    '}',
    `complete -o filenames -F _${program} ${program}`,
  ].join('\n');

const patterns = (names: readonly string[]): string => names.map((name) => (name.includes(' ') ? `"${name}"` : name)).join('|');

function ofCommand(command: Command): string[] {
  const options = optionsOf(command);
  const { words, hasFiles } = operandsOf(command);
  const valued = options.filter(({ values, choices }) => values !== undefined && choices === undefined);
  return [
    `    ${patterns(spellings(command))}) options="${options.map(({ long }) => `--${long}`).join(' ')}"${hasFiles ? ' hasfiles=1' : ''}`,
    '      case $before in',
    ...options.flatMap((option) =>
      option.choices ? [`        ${dashed(option).join('|')}) ${offer(option.choices)}; return ;;`] : [],
    ),
    `        ${valued.flatMap(dashed).join('|')}) _igos_files "$word"; return ;;`,
    '      esac',
    ...(words.length === 0
      ? []
      : [`      if [ "$COMP_CWORD" -eq $((at+1)) ] && [ "\${word#-}" = "$word" ]; then ${offer(words)}; return; fi`]),
    '      ;;',
  ];
}
