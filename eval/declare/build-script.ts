/**
 * The one POSIX shell text that builds a package. It uses no program that the package does not declare, except what unpacking
 * (`tar`, `mkdir`, `mv`, for zip `unzip`), patching (`patch`), stripping (`strip`) and splitting (`mkdir`, `mv`) need, and those only
 * when they happen.
 *
 * Each phase runs by `eval` in a subshell of its own: errexit holds (it would not inside `if` or `||`), a syntax error is that
 * phase's and no other's, and neither `cd` nor variables leak into the next one. Hooks run in the subshell of their phase.
 */
import { shellWord } from '../../base/index.ts';
import { hookAfter, hookBefore, type PhaseTexts, phaseNames } from './phases.ts';
import { type PatchPlace, patchText, type SourcePlace, splitText, stripText, unpackText } from './script-texts.ts';

export interface ScriptInput {
  readonly name: string;
  readonly version: string;
  /** One for each source, and for each patch: the default texts of those phases are written only where there are any. */
  readonly sources: readonly SourcePlace[];
  readonly patches: readonly PatchPlace[];
  /** Those that run, and hooks. */
  readonly phases: PhaseTexts;
  /** Why a failing check phase is no failure of the build. */
  readonly knownFailures?: string | undefined;
  /** `if-there`: where the root has a `strip`. */
  readonly strip: 'never' | 'if-there' | 'always';
  /** What is stripped is kept below `usr/lib/debug`. */
  readonly hasDebug: boolean;
  /** Patterns relative to `$out`; `output` is also the name of the shell variable that holds its place. */
  readonly splits: readonly { readonly output: string; readonly files: readonly string[] }[];
}

/** Cost: linear in the text. The same input gives the same bytes: they are part of the derivation. */
export function buildScript(input: ScriptInput): string {
  const { phases } = input;
  const texts: PhaseTexts = {
    ...(input.sources.length > 0 ? { unpack: unpackText(input.sources) } : {}),
    ...(input.patches.length > 0 ? { patch: patchText(input.patches) } : {}),
    ...phases,
  };
  const steps: Step[] = phaseNames.flatMap((phase) => {
    // Without a check there is nothing to prepare for it.
    if (phase === 'check' && isEmpty(texts.check)) return [];
    return step(phase, [texts[hookBefore(phase)], texts[phase], texts[hookAfter(phase)]]);
  });
  if (input.strip !== 'never')
    steps.push(...step('strip', [stripText({ isOptional: input.strip === 'if-there', hasDebug: input.hasDebug })]));
  const split = input.splits.length > 0 ? splitText(input.splits) : undefined;
  steps.push(...step('split', [phases.preSplit, split, phases.postSplit]));
  const isHooked = steps.some(({ texts: each }) => each.length > 1);
  const calls = steps.map(({ phase, texts: each }) => `phase ${phase} ${each.map(quoted).join(' ')}\n`);
  return `${preamble(input, isHooked)}\n${calls.join('\n')}\n`;
}

interface Step {
  readonly phase: string;
  readonly texts: readonly string[];
}

/** `texts`: what runs before, the phase, what runs after. Nothing where all are empty. */
function step(phase: string, texts: readonly (string | undefined)[]): Step[] {
  const given = texts.filter((text) => text !== undefined && !isEmpty(text)) as string[];
  return given.length === 0 ? [] : [{ phase, texts: given }];
}

const isEmpty = (text: string | undefined): boolean => text === undefined || text.trim() === '';

const preamble = ({ name, version, knownFailures }: ScriptInput, isHooked: boolean): string => `name=${shellWord(name)}
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
  (set -e; ${isHooked ? 'shift; for text; do eval "$text"; done' : 'eval "$2"'})
  status=$?
  set -e
${
  knownFailures === undefined
    ? ''
    : `  if [ "$1" = check ] && [ "$status" != 0 ]; then
    printf '%s\\n' "phase 'check' failed with exit status $status, as is known: "${shellWord(knownFailures)} >&2
    status=0
  fi
`
}  [ "$status" = 0 ] || { echo "phase '$1' failed with exit status $status" >&2; exit "$status"; }
}
`;

/** In single quotes, on lines of its own, so that the script stays readable. */
const quoted = (text: string): string => `'\n${text.replace(/\n+$/, '').replaceAll("'", "'\\''")}\n'`;
