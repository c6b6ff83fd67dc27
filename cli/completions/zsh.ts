/** What zsh completes by: its own `_arguments`, which knows options that were given, words run together and how names are written. */
import { singleQuoted } from '../../base/index.ts';
import type { Command, Option } from '../command.ts';
import { sharedOptions } from '../commands.ts';
import {
  commandsIn,
  dashed,
  firstWords,
  groupsOf,
  type Named,
  operandsOf,
  optionsOf,
  PROGRAMS,
  type Program,
  pairsOf,
  spellings,
  verbsOf,
} from './places.ts';

/** Sourced, or found by zsh as `_igos` in a folder of `fpath`: then the file is the function, at its first call. */
export const zsh = (): string => `#compdef ${PROGRAMS.join(' ')}
_igos() { _igos_of_$service; }
${FILES}${PACKAGES}${PROGRAMS.map(ofProgram).join('\n')}
if [[ $funcstack[1] == _igos ]]; then
  _igos
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _igos ${PROGRAMS.join(' ')}
fi
`;

/** Behind `TREE#` what the tree declares, where there is such; asked of the igos that stands beside the program that is typed. */
const FILES = `_igos_files() {
  if [[ $PREFIX == *\\#* ]]; then
    local tree=\${\${(Q)PREFIX}%\\#*}
    tree=\${tree/#\\~\\//$HOME/}
    local -a names
    [[ -e \${tree:-.} ]] && names=(\${(f)"$(command $igos show --names -- \${tree:-.} 2>/dev/null </dev/null)"})
    if (( $#names )) && compset -P '*\\#'; then compadd "$@" -a names; return; fi
  fi
  _files "$@"
}
`;

/** Names of packages, of the root that is named before; behind them files, where a tree can stand as well. */
const PACKAGES = `_igos_packages() {
  local -a root names
  local n=\${typed[(I)(-r|--root|--root=*)]}
  if (( n )); then
    [[ \${typed[n]} == *=* ]] && root=(--root \${(Q)\${typed[n]#*=}}) || root=(--root \${(Q)typed[n+1]})
    root[2]=\${root[2]/#\\~\\//$HOME/}
  fi
  [[ $PREFIX == *[/\\#]* ]] || names=(\${\${(f)"$(command $pkm $1 $root 2>/dev/null </dev/null)"}%% *})
  (( $#names )) && compadd -a names && [[ $2 != files ]] && return
  [[ $2 == files ]] && _igos_files
}
`;

const ofProgram = (program: Program): string =>
  [
    `_igos_of_${program}() {`,
    '  local igos=igos pkm=pkm',
    '  local -a typed=($words)',
    '  if [[ $words[1] == */* ]]; then igos=${words[1]%/*}/igos; igos=${igos/#\\~\\//$HOME/} pkm=${igos%igos}pkm; fi',
    '  local curcontext=$curcontext state line command ret=1',
    '  local -a commands verbs specs',
    '  typeset -A opt_args',
    // '(-)': behind the name of the command its own options stand.
    `  _arguments -C -s -S ${sharedOptions(program).flatMap(optionSpecs).map(singleQuoted).join(' ')} '(-): :->command' '(-)*:: :->rest' && return`,
    '  if [[ $state == command ]]; then',
    `    commands=(${described(firstWords(program))})`,
    `    _describe -t commands '${program} command' commands`,
    '    return',
    '  fi',
    '  command=$words[1]',
    '  case $command in',
    ...groupsOf(program).map((group) => `    (${group}) verbs=(${described(verbsOf(program, group))}) ;;`),
    '  esac',
    '  if (( CURRENT == 2 && $#verbs )); then _describe -t commands "$command command" verbs && ret=0; fi',
    // A group may be a command as well.
    '  case "$command $words[2]" in',
    `    (${pairsOf(program).map(singleQuoted).join('|')}) if (( CURRENT > 2 )); then command="$command $words[2]"; shift words; (( CURRENT-- )); fi ;;`,
    '  esac',
    '  case $command in',
    ...commandsIn(program).map(
      (command) =>
        `    (${spellings(command).map(singleQuoted).join('|')}) specs=(${specs(command).map(singleQuoted).join(' ')}) ;;`,
    ),
    '    (*) return ret ;;',
    '  esac',
    '  _arguments -s -S $specs && ret=0',
    '  return ret',
    '}',
  ].join('\n');

const described = (words: readonly Named[]): string =>
  words.map(({ name, says }) => singleQuoted(`${name}:${says.replaceAll(':', '\\:')}`)).join(' ');

function specs(command: Command): string[] {
  const { words, hasFiles, packages } = operandsOf(command);
  return [
    ...optionsOf(command).flatMap(optionSpecs),
    ...(words.length === 0 ? [] : [`1: :(${words.join(' ')})`]),
    ...(packages !== undefined
      ? [`*:package: _igos_packages ${packages}${hasFiles ? ' files' : ''}`]
      : hasFiles
        ? ['*:file:_igos_files']
        : []),
  ];
}

/** `(-j --jobs)--jobs=[doc]:N:_igos_files`: what it excludes, how it is written, what it says, what follows. */
function optionSpecs(option: Option): string[] {
  const { short, values, choices, doc, isRepeated } = option;
  const action = choices === undefined ? '_igos_files' : `(${choices.join(' ')})`;
  const following = (values ?? []).map((value) => `:${value}:${action}`).join('');
  const before = isRepeated ? '*' : short === undefined ? '' : `(${dashed(option).join(' ')})`;
  return dashed(option).map((word) => {
    const attached = values === undefined ? '' : word.startsWith('--') ? '=' : '+';
    return `${before}${word}${attached}[${doc.replaceAll(/[[\]:\\]/g, '\\$&')}]${following}`;
  });
}
