/** The shell texts that igos itself writes into a build script: unpacking, patching, stripping, splitting. */
import { shellWord } from '../../base/index.ts';

/** How one source is treated; the default is to be unpacked under its own name. */
export interface SourcePlace {
  /** Folder below that of the first source. */
  readonly into?: string;
  /** Laid down as the file it is. */
  readonly isWhole?: true;
}

export interface PatchPlace {
  /** Leading parts of the names in the patch to take away. */
  readonly strip: number;
}

/** `case` on `$count` that sets variables for those places that say something. */
function perCount(texts: readonly (string | undefined)[]): string {
  const cases = texts.flatMap((text, index) => (text === undefined ? [] : [`  ${index + 1}) ${text} ;;\n`]));
  return `  case $count in\n${cases.join('')}  esac\n`;
}

export function unpackText(places: readonly SourcePlace[]): string {
  const isPlaced = places.some((place) => place.into !== undefined);
  const isWhole = places.some((place) => place.isWhole);
  const settings = places.map(({ into, isWhole: whole }) => {
    const words = [into === undefined ? [] : [`into=${shellWord(into)}`], whole ? ['whole=1'] : []].flat();
    return words.length === 0 ? undefined : words.join(' ');
  });
  const prelude = isPlaced || isWhole ? `  into= whole=\n${perCount(settings)}` : '';
  // What is placed may lie over what is there: the empty folder of a submodule, or a folder that holds more.
  const target = (folder: string, indent: string): string =>
    `if [ "$count" = 1 ]; then target=$srcdir; else target=$NIX_BUILD_TOP/${folder}; fi${
      isPlaced ? `\n${indent}if [ -n "$into" ]; then target=$srcdir/$into; mkdir -p "\${target%/*}"; fi` : ''
    }`;
  const move = isPlaced
    ? 'if [ -d "$target" ]; then cp -Rp "$top/." "$target"; else mv "$top" "$target"; fi'
    : 'mv "$top" "$target"';
  const file = isPlaced
    ? `if [ -n "$into" ]; then target=$srcdir/$into; mkdir -p "$target"; else target=$NIX_BUILD_TOP; fi
    cp "$source" "$target/$file"`
    : 'cp "$source" "$NIX_BUILD_TOP/$file"';
  return `count=0
for source in $sources; do
  count=$((count + 1))
  file=\${source##*/}
  file=\${file#*-}
${prelude}  if [ -d "$source" ]; then
    ${target('$file', '    ')}
    ${isPlaced ? 'mkdir -p "$target"\n    cp -R "$source/." "$target"' : 'cp -R "$source" "$target"'}
    chmod -R u+w "$target"
    continue
  fi
  case $file in
  *.tar | *.tar.* | *.tgz | *.tbz | *.tbz2 | *.txz | *.tzst | *.tlz | *.crate) archive=tar ;;
  *.zip) archive=zip ;;
  *) archive= ;;
  esac
${isWhole ? '  if [ -n "$whole" ]; then archive=; fi\n' : ''}  if [ -z "$archive" ]; then
    ${file}
    continue
  fi
  scratch=$NIX_BUILD_TOP/.unpack-$count
  mkdir "$scratch"
  if [ "$archive" = zip ]; then unzip -q "$source" -d "$scratch"; else tar -xf "$source" -C "$scratch"; fi
  found=0
  for entry in "$scratch"/* "$scratch"/.[!.]*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then found=$((found + 1)) top=$entry; fi
  done
  if [ "$found" != 1 ] || [ ! -d "$top" ] || [ -L "$top" ]; then
    top=$scratch
    stem=\${file%.tar*}
    stem=\${stem%.zip}
    folder=\${stem%.t*z*}
  else
    folder=\${top##*/}
  fi
  ${target('$folder', '  ')}
  ${move}
done`;
}

export function patchText(places: readonly PatchPlace[]): string {
  const levels = places.map(({ strip }) => (strip === 1 ? undefined : `level=${strip}`));
  const hasLevels = levels.some((level) => level !== undefined);
  return `${hasLevels ? 'count=0\n' : ''}for patch in $patches; do
  echo "applying \${patch##*/}"
  text=$NIX_BUILD_TOP/.patch
  case $patch in
  *.gz) gzip -dc "$patch" >"$text" ;;
  *.bz2) bzip2 -dc "$patch" >"$text" ;;
  *.xz) xz -dc "$patch" >"$text" ;;
  *.zst) zstd -dc "$patch" >"$text" ;;
  *) text=$patch ;;
  esac
${hasLevels ? `  count=$((count + 1)) level=1\n${perCount(levels)}` : ''}  patch -Np${hasLevels ? '"$level"' : '1'} -i "$text"
done`;
}

/**
 * Symbols and debug information are taken out of programs, libraries and object files below `usr`. With `debug` what is taken out goes
 * to `usr/lib/debug/.build-id/`, where debuggers look for it; what has no build id keeps its own.
 */
export function stripText({ isOptional, hasDebug }: { isOptional: boolean; hasDebug: boolean }): string {
  const separate = hasDebug
    ? `separate() {
  id=$("\${READELF:-readelf}" -n "$1") || [ "$?" -lt 126 ] || exit 1
  case $id in
  *'Build ID: '*) id=\${id##*Build ID: } id=\${id%%[!0-9a-f]*} ;;
  *)
    echo "no build id in \${1#"$out"/}: its debug information stays in it" >&2
    return 1
    ;;
  esac
  rest=\${id#??}
  debug=$out/usr/lib/debug/.build-id/\${id%"$rest"}/$rest.debug
  if [ ! -e "$debug" ]; then
    mkdir -p "\${debug%/*}" || exit 1
    "\${OBJCOPY:-objcopy}" --only-keep-debug "$1" "$debug" || exit 1
    chmod a-x "$debug" || exit 1
  fi
}
`
    : '';
  const optional = isOptional ? 'command -v "${STRIP:-strip}" >/dev/null 2>&1 || exit 0\n' : '';
  const elf = hasDebug ? `"$elf"*) case $kind in --strip-debug) ;; *) separate "$file" || continue ;; esac ;;` : '"$elf"*) ;;';
  return `${optional}elf=$(printf '\\177ELF')
${separate}strip_below() {
  for file in "$1"/* "$1"/.[!.]*; do
    if [ -L "$file" ]; then continue; fi
    if [ -d "$file" ]; then
      case \${file#"$out"/usr/} in
      lib/debug | lib/firmware | lib/modules) ;;
      *) strip_below "$file" ;;
      esac
      continue
    fi
    case $file in
    *.a | *.o) kind=--strip-debug ;;
    *.so | *.so.*) kind=--strip-unneeded ;;
    *) if [ -x "$file" ]; then kind=--strip-all; else continue; fi ;;
    esac
    start=
    IFS= read -r start <"$file" || :
    case $start in
    ${elf}
    '!<arch>') ;;
    *) continue ;;
    esac
    if [ ! -w "$file" ]; then chmod u+w "$file"; fi
    "\${STRIP:-strip}" "$kind" "$file" || echo "left as it is: \${file#"$out"/}" >&2
  done
}
for folder in bin sbin lib lib64 libexec; do
  if [ -d "$out/usr/$folder" ]; then strip_below "$out/usr/$folder"; fi
done`;
}

/** Patterns stay unquoted where the shell shall expand them; every other character is taken as it stands. */
const pattern = (text: string): string => text.replace(/[^A-Za-z0-9_@%+=:,./*?[\]!^-]/g, (character) => `\\${character}`);

/** What moves to other outputs. `output` is also the name of the shell variable that holds its place. */
export function splitText(splits: readonly { readonly output: string; readonly files: readonly string[] }[]): string {
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
    mv -- "$file" "$target/$folder/"
  done
  [ -n "$found" ] || { echo "split '$output': nothing installed matches '$pattern'" >&2; exit 1; }
}
${moves.join('\n')}`;
}
