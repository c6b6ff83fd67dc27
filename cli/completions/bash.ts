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

export const bash = (): string => `${WORDS}${NAMES}${PACKAGES}${FILES}${PROGRAMS.map(ofProgram).join('\n')}\n`;

/**
 * Bash makes words of their own of `=` and `:`: here are those that its user sees, up to the cursor, and what of the last bash does not
 * take for the word that it completes, and so is no part of an answer.
 */
const WORDS = `_igos_words() {
  local line=\${COMP_LINE:0:COMP_POINT} rest piece n
  words=()
  for ((n = 0; n <= COMP_CWORD; n++)); do
    rest=\${line#"\${line%%[![:space:]]*}"} piece=\${COMP_WORDS[n]}
    [ "$n" -eq "$COMP_CWORD" ] && piece=$rest
    if [ "$n" -eq 0 ] || [ "$rest" != "$line" ]; then words+=("$piece"); else words[\${#words[@]}-1]+=$piece; fi
    line=\${rest#"$piece"}
  done
  last=$((\${#words[@]}-1)) before=
  word=\${words[last]}
  [ "$last" -gt 0 ] && before=\${words[last-1]}
  case $word in --*=*) before=\${word%%=*} word=\${word#*=} ;; esac
  case $piece in [=:]*) piece=\${piece##*[=:]} ;; esac
  cut=\${word%"$piece"}
}
`;

/** Behind `TREE#` what the tree declares, where there is such; asked of the igos that stands beside the program that is typed. */
const NAMES = `_igos_names() {
  local typed=\${word//\\\\/} tree name igos=igos
  case $typed in [\\"\\']*) typed=\${typed:1} ;; esac
  case $typed in *\\#*) tree=\${typed%\\#*} ;; *) return 1 ;; esac
  case \${words[0]} in */*) igos=\${words[0]%/*}/igos ;; esac
  case $tree in '~/'*) tree=$HOME/\${tree:2} ;; esac
  case $igos in '~/'*) igos=$HOME/\${igos:2} ;; esac
  [ -e "\${tree:-.}" ] || return 1
  while IFS= read -r name; do
    name=\${typed%\\#*}\\#$name
    case $name in "$typed"*) COMPREPLY+=("\${name#"\${cut//\\\\/}"}") ;; esac
  done < <(command "$igos" show --names -- "\${tree:-.}" 2>/dev/null </dev/null)
  [ \${#COMPREPLY[@]} -gt 0 ]
}
`;

/** Names of packages, of the root that is named before. They are no files: what is called like a folder gets no slash. */
const PACKAGES = `_igos_packages() {
  local pkm=\${words[0]} root=() name n
  case $word in */*|*\\#*) return 1 ;; esac
  for ((n = 1; n < last; n++)); do
    case \${words[n]} in -r|--root) root=(--root "\${words[n+1]}") ;; --root=*) root=(--root "\${words[n]#*=}") ;; esac
  done
  [ \${#root[@]} -eq 0 ] || case \${root[1]} in '~/'*) root[1]=$HOME/\${root[1]:2} ;; esac
  case $pkm in '~/'*) pkm=$HOME/\${pkm:2} ;; esac
  while read -r name n; do
    case $name in "$word"*) COMPREPLY+=("$name") ;; esac
  done < <(command "$pkm" "$packages" \${root[@]+"\${root[@]}"} 2>/dev/null </dev/null)
  [ \${#COMPREPLY[@]} -gt 0 ] && { compopt +o filenames 2>/dev/null; :; }
}
`;

/**
 * Names of files may hold blanks, quotes and stars. Bash's own completion knows how to write them; where that cannot be asked for (before
 * bash 4), or would look for names that begin behind a colon, a name is a line.
 */
const FILES = `_igos_files() {
  COMPREPLY=()
  _igos_names && return
  if [ -z "$cut" ] && type compopt >/dev/null 2>&1 && compopt -o default 2>/dev/null; then return; fi
  local IFS=$'\\n' name=\${word//\\\\/} n
  if [[ $- != *f* ]]; then set -f; COMPREPLY=($(compgen -f -- "$name")); set +f
  else COMPREPLY=($(compgen -f -- "$name")); fi
  [ -n "$cut" ] || return
  for n in "\${!COMPREPLY[@]}"; do
    if [ -d "\${COMPREPLY[n]}" ]; then COMPREPLY[n]+=/; compopt -o nospace 2>/dev/null; fi
    COMPREPLY[n]=\${COMPREPLY[n]#"\${cut//\\\\/}"}
  done
}
`;

const offer = (words: readonly string[]): string => `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word"))`;

const ofProgram = (program: Program): string =>
  [
    `_${program}() {`,
    '  local words word before last cut at=1 options= hasfiles= packages=',
    '  COMPREPLY=()',
    '  _igos_words',
    // What every command has may stand before its name.
    '  while [ "$at" -lt "$last" ]; do',
    '    case ${words[at]} in',
    `      ${leadingValues(program).join('|')}) at=$((at+2)) ;;`,
    '      -*) at=$((at+1)) ;;',
    '      *) break ;;',
    '    esac',
    '  done',
    '  local command=${words[at]} verb=${words[at+1]}',
    '  if [ "$at" -gt "$last" ]; then _igos_files; return; fi',
    `  if [ "$last" -eq "$at" ]; then ${offer(firstWords(program).map(({ name }) => name))}; return; fi`,
    '  case $command in',
    ...groupsOf(program).map(
      (group) =>
        `    ${group}) if [ "$last" -eq $((at+1)) ]; then ${offer(verbsOf(program, group).map(({ name }) => name))}; [ \${#COMPREPLY[@]} -gt 0 ] && return; fi ;;`,
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
    '    *)',
    '      if [ -n "$packages" ] && _igos_packages; then return; fi',
    '      if [ -n "$hasfiles" ]; then _igos_files; fi ;;',
    '  esac',
    '}',
    `complete -o filenames -F _${program} ${program}`,
  ].join('\n');

const patterns = (names: readonly string[]): string => names.map((name) => (name.includes(' ') ? `"${name}"` : name)).join('|');

function ofCommand(command: Command): string[] {
  const options = optionsOf(command);
  const { words, hasFiles, packages } = operandsOf(command);
  const valued = options.filter(({ values, choices }) => values !== undefined && choices === undefined);
  return [
    `    ${patterns(spellings(command))}) options="${options.map(({ long }) => `--${long}`).join(' ')}"${hasFiles ? ' hasfiles=1' : ''}${packages === undefined ? '' : ` packages=${packages}`}`,
    '      case $before in',
    ...options.flatMap((option) =>
      option.choices ? [`        ${dashed(option).join('|')}) ${offer(option.choices)}; return ;;`] : [],
    ),
    `        ${valued.flatMap(dashed).join('|')}) _igos_files; return ;;`,
    '      esac',
    ...(words.length === 0
      ? []
      : [`      if [ "$last" -eq $((at+1)) ] && [ "\${word#-}" = "$word" ]; then ${offer(words)}; return; fi`]),
    '      ;;',
  ];
}
