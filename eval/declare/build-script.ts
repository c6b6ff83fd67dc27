/**
 * The one POSIX shell text that builds a package. It uses no program that the package does not declare, except what unpacking
 * (`tar`, `mkdir`, `mv`), patching (`patch`) and splitting (`mkdir`, `mv`) need, and those only when they happen.
 *
 * Each phase runs by `eval` in a subshell of its own: errexit holds (it would not inside `if` or `||`), a syntax error is that
 * phase's and no other's, and neither `cd` nor variables leak into the next one.
 */
import { type PhaseTexts, phaseNames } from './phases.ts';
import { shellWord } from './shell.ts';

export interface ScriptInput {
  readonly name: string;
  readonly version: string;
  /** Whether there is something to unpack, and to patch: the default texts of those phases are written only then. */
  readonly hasSources: boolean;
  readonly hasPatches: boolean;
  readonly phases: PhaseTexts;
  /** Patterns relative to `$out`; `output` is also the name of the shell variable that holds its place. */
  readonly splits: readonly { readonly output: string; readonly files: readonly string[] }[];
}

/** Cost: linear in the text. The same input gives the same bytes: they are part of the derivation. */
export function buildScript(input: ScriptInput): string {
  const texts: PhaseTexts = {
    ...(input.hasSources ? { unpack: UNPACK } : {}),
    ...(input.hasPatches ? { patch: PATCH } : {}),
    ...input.phases,
  };
  const steps = phaseNames.flatMap((phase) => {
    const text = texts[phase];
    return text === undefined || text.trim() === '' ? [] : [step(phase, text)];
  });
  if (input.splits.length > 0) steps.push(step('split', splitText(input.splits)));
  return `${preamble(input.name, input.version)}\n${steps.join('\n')}\n`;
}

const preamble = (name: string, version: string): string => `name=${shellWord(name)}
version=${shellWord(version)}
jobs=\${NIX_BUILD_CORES:-1}
[ "$jobs" -gt 0 ] || jobs=1
DESTDIR=$out
src=\${sources%% *}
srcdir=$NIX_BUILD_TOP/$name-$version
export name version jobs DESTDIR src srcdir

phase() {
  echo "@igos phase $1" >&2
  if [ -d "$srcdir" ]; then cd "$srcdir"; else cd "$NIX_BUILD_TOP"; fi
  set +e
  (set -e; eval "$2")
  status=$?
  set -e
  [ "$status" = 0 ] || { echo "phase '$1' failed with exit status $status" >&2; exit "$status"; }
}
`;

const step = (phase: string, text: string): string => `phase ${phase} ${quoted(text)}\n`;

/** In single quotes, on lines of its own, so that the script stays readable. */
const quoted = (text: string): string => `'\n${text.replace(/\n+$/, '').replaceAll("'", "'\\''")}\n'`;

const UNPACK = `count=0
for source in $sources; do
  count=$((count + 1))
  file=\${source##*/}
  file=\${file#*-}
  if [ -d "$source" ]; then
    if [ "$count" = 1 ]; then target=$srcdir; else target=$NIX_BUILD_TOP/$file; fi
    cp -R "$source" "$target"
    chmod -R u+w "$target"
    continue
  fi
  case $file in
  *.tar | *.tar.* | *.tgz | *.tbz | *.tbz2 | *.txz | *.tzst | *.tlz) ;;
  *)
    cp "$source" "$NIX_BUILD_TOP/$file"
    continue
    ;;
  esac
  scratch=$NIX_BUILD_TOP/.unpack-$count
  mkdir "$scratch"
  tar -xf "$source" -C "$scratch"
  found=0
  for entry in "$scratch"/* "$scratch"/.[!.]*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then found=$((found + 1)) top=$entry; fi
  done
  if [ "$found" != 1 ] || [ ! -d "$top" ] || [ -L "$top" ]; then
    top=$scratch
    stem=\${file%.tar*}
    folder=\${stem%.t*z*}
  else
    folder=\${top##*/}
  fi
  if [ "$count" = 1 ]; then target=$srcdir; else target=$NIX_BUILD_TOP/$folder; fi
  mv "$top" "$target"
done`;

const PATCH = `for patch in $patches; do
  echo "applying \${patch##*/}"
  text=$NIX_BUILD_TOP/.patch
  case $patch in
  *.gz) gzip -dc "$patch" >"$text" ;;
  *.bz2) bzip2 -dc "$patch" >"$text" ;;
  *.xz) xz -dc "$patch" >"$text" ;;
  *) text=$patch ;;
  esac
  patch -Np1 -i "$text"
done`;

/** Patterns stay unquoted where the shell shall expand them; every other character is taken as it stands. */
const pattern = (text: string): string => text.replace(/[^A-Za-z0-9_@%+=:,./*?[\]!^-]/g, (character) => `\\${character}`);

function splitText(splits: ScriptInput['splits']): string {
  const moves = splits.flatMap(({ output, files }) => [
    `output=${output} target=$${output}`,
    'mkdir -p "$target"',
    ...files.map((file) => `move ${shellWord(file)} ${pattern(file)}`),
  ]);
  return `cd "$out"
move() {
  pattern=$1
  shift
  found=
  for file in "$@"; do
    if [ ! -e "$file" ] && [ ! -L "$file" ]; then continue; fi
    found=1
    case $file in
    */*) folder=\${file%/*} ;;
    *) folder=. ;;
    esac
    mkdir -p "$target/$folder"
    mv "$file" "$target/$folder/"
  done
  [ -n "$found" ] || { echo "split '$output': nothing installed matches '$pattern'" >&2; exit 1; }
}
${moves.join('\n')}`;
}
