/**
 * The functions of a build.sh as phases: each in the shell that igos gives it, with the variables that igos sets, and with the
 * helpers, variables and files of the script that it needs.
 */
import type { Finding } from '../report.ts';
import { replaceCode, scanShell, without } from '../shell-scan.ts';
import { dedent, type ShellFunction, type ShellScript } from '../shell-script.ts';
import type { Written } from '../written.ts';
import type { TestPolicy } from './recipe.ts';

export interface PhaseContext {
  /** The package, which is also the name of the folder with its files. */
  readonly name: string;
  readonly tests?: TestPolicy | undefined;
  /** Whether the recipe has more files than package.yml and build.sh. */
  readonly hasFiles: boolean;
  /** Takes a file from the place where patches lie, to be put among the package's files; false where it is not there. */
  readonly takePatch: (file: string) => boolean;
  /** Takes a path of the checkout along, and says how the declaration names it; undefined where it is not there. */
  readonly takeFromCheckout: (path: string) => string | undefined;
  /** Names of the sources, as the script would find them. The first one is unpacked, the others lie beside it as files. */
  readonly sourceNames: readonly string[];
  /** Files that other tools of InterGenOS put among the sources. */
  readonly artifacts: ReadonlySet<string>;
  readonly version: string;
  readonly find: (kind: Finding['kind'], about: string, text: string) => void;
}

/** What a phase's text was found to use. */
export interface Uses {
  root: boolean;
  targetTriple: boolean;
}

const SCRIPT_FOLDER =
  /\$\(dirname "?\$\(readlink -f "?\$\{BASH_SOURCE\[0\]\}"?\)"?\)|\$\(cd "?\$\(dirname "?\$\{BASH_SOURCE(?:\[0\])?\}"?\)"? && pwd\)/g;
const RUN_TESTS =
  /\bpkg_run_tests[ \t]+"(?:\$\(dirname "\$\(readlink -f "\$\{BASH_SOURCE\[0\]\}"\)"\)|\$\{?[A-Za-z_]\w*\}?)\/package\.yml"(?:[ \t]*\\\n[ \t]*|[ \t]+)/g;
/** Root gives the sources to another user for the tests. */
const OWNED_BY_TESTER = /^[ \t]*chown -R tester \.[ \t]*\n/gm;
const RUN_AS_TESTER = /\bsu(?:[ \t]+-s[ \t]+(\/\S+))?[ \t]+tester\b/g;
const CHECKOUT = /(?:\$\{\w+:-\/mnt\/intergenos\}|\/mnt\/intergenos)((?:\/[A-Za-z0-9_.@+-]+)*\/?)/g;

/** Words that do nothing. */
const NOTHING = /^(?:(?::|true|return(?: 0)?|exit 0)\s*)*$/;

/** The body of a function without its indentation and its `set -e`, which every phase has. Empty where nothing is done. */
export function bodyOf({ body }: ShellFunction): string {
  const text = dedent(body)
    .replace(/^(?:[ \t]*\n)*set -e[ \t]*(?:\n|$)/, '')
    .replace(/^\n+/, '')
    .trimEnd();
  return NOTHING.test(withoutComments(text).trim()) ? '' : dedent(text);
}

/** The comments of a function that does nothing. */
export function idleComment({ body }: ShellFunction): string {
  const { comments } = scanShell(body);
  return comments.map(({ start, end }) => body.slice(start, end).replace(/^#+ ?/, '')).join('\n');
}

export const withoutComments = (text: string): string => without(text, scanShell(text).comments);

/** Code before the body that it needs: variables and helpers of the script, in their order. */
export function preludeOf(script: ShellScript, body: string, phases: ReadonlySet<string>, own: string): string {
  const items = [
    ...script.statements.map((text) => ({ text, names: assignedNames(text), isFunction: false })),
    ...script.functions
      .filter(({ name }) => name !== own)
      .map((each) => ({
        text: each.comment === '' ? each.text : `${each.comment}\n${each.text}`,
        names: [each.name],
        isFunction: true,
      })),
  ];
  const taken = new Set<(typeof items)[number]>();
  for (let added = [body]; added.length > 0; ) {
    // what was taken before was looked through before
    const code = withoutComments(added.join('\n'));
    added = [];
    for (const item of items) {
      if (taken.has(item)) continue;
      const isNeeded = item.isFunction
        ? item.names.some((name) => (phases.has(name) ? callsPhase(body, name) : callsHelper(code, name)))
        : item.names.length === 0 || item.names.some((name) => new RegExp(`\\$\\{?[#!]?${name}\\b`).test(code));
      if (!isNeeded) continue;
      taken.add(item);
      added.push(item.text);
    }
  }
  return items
    .filter((item) => taken.has(item))
    .map((item) => item.text)
    .join('\n');
}

const callsHelper = (code: string, name: string): boolean => new RegExp(`(?<![\\w./$-])${name}(?![\\w.-])`).test(code);
/** A name like `build` is a word of many commands; alone on a line it calls the function. */
const callsPhase = (code: string, name: string): boolean => new RegExp(`^[ \\t]*${name}[ \\t]*$`, 'm').test(code);

/** Names that a statement assigns; none for one that does something else as well. */
function assignedNames(statement: string): string[] {
  const match = /^([A-Za-z_]\w*)=/.exec(statement);
  return match === null ? [] : [match[1]!];
}

/** The text of a phase in our words. */
export function phaseText(text: string, context: PhaseContext, uses: Uses): Written {
  const codes: string[] = [];
  const mark = (code: string): string => `\0${codes.push(code) - 1}\0`;
  let out = text;
  const replace = (pattern: RegExp, by: (match: RegExpExecArray) => string | undefined): void => {
    out = replaceCode(out, scanShell(out), pattern, by);
  };

  replace(RUN_TESTS, () => '');
  const asTester = (by: (match: RegExpExecArray) => string) => (match: RegExpExecArray) => {
    context.find('changed', 'check', 'runs as the user of the build, who is not root, instead of as `tester`');
    return by(match);
  };
  replace(
    OWNED_BY_TESTER,
    asTester(() => ''),
  );
  replace(
    RUN_AS_TESTER,
    asTester((match) => match[1] ?? 'sh'),
  );
  replace(SCRIPT_FOLDER, () => {
    if (!context.hasFiles) {
      context.find('missing', 'build.sh', 'names files beside it, and there are none');
      return undefined;
    }
    return mark(`./${context.name}`);
  });
  replace(CHECKOUT, (match) => {
    const taken = context.takeFromCheckout(match[1]!);
    if (taken !== undefined) return `${mark(taken)}${match[1]!.endsWith('/') ? '/' : ''}`;
    context.find('lost', 'build.sh', `reads '${match[0]}', which is not in the checkout`);
    return undefined;
  });
  replace(/\$(?:IGOS_PATCHES|\{IGOS_PATCHES\})\/([A-Za-z0-9._+-]+)/g, (match) => {
    if (context.takePatch(match[1]!)) return mark(`./${context.name}/${match[1]!}`);
    context.find('missing', 'build.sh', `applies '${match[1]!}', which is not in the checkout`);
    return undefined;
  });
  replace(/\$(?:(IGOS_JOBS)\b|\{(IGOS_JOBS)\}(\w)?)/g, (match) => (match[3] === undefined ? '$jobs' : `\${jobs}${match[3]}`));
  replace(/\$(\{?)PKG_VERSION\b/g, (match) => `$${match[1]!}version`);
  replace(/\$(?:IGOS_SOURCES(?:_DIR)?\b|\{IGOS_SOURCES(?:_DIR)?\})(?:\/([A-Za-z0-9._+${}-]*))?/g, (match) =>
    sourcePlace(match[1] ?? '', context),
  );
  // Braces that nothing needs would have to be escaped in the language.
  replace(/\$\{([A-Za-z_]\w*)\}(?![\w[])/g, (match) => `$${match[1]!}`);
  const code = withoutComments(out);
  if (/\$\{?IGOS\b/.test(code)) uses.root = true;
  if (/\$\{?IGOS_TARGET\b/.test(code)) uses.targetTriple = true;
  if (/BASH_SOURCE/.test(code)) context.find('lost', 'build.sh', 'asks for its own place in a way that is not understood');
  return out.split('\0').map((part, index) => (index % 2 === 0 ? part : { code: codes[Number(part)]! }));
}

/** Where a file lies that the script looks for among the sources, of whose name only parts may be known. */
function sourcePlace(written: string, { sourceNames, artifacts, version, find }: PhaseContext): string {
  const name = written.replace(/\$(?:\{version\}|version\b)/g, version);
  if (name === '') return '$NIX_BUILD_TOP';
  const pattern = new RegExp(
    `^${name
      .split(/\$(?:\{\w+\}|\w+)/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
  const found = sourceNames.filter((each) => pattern.test(each));
  if (found.length === 0 && artifacts.has(name)) {
    find(
      'missing',
      'build_artifacts',
      'a tool of InterGenOS makes them and puts them among the sources; add them to `source` with `unpack = false`',
    );
  } else if (found.length === 0) find('missing', 'build.sh', `looks for '${name}' among the sources, and it is not one of them`);
  return found.length === 1 && found[0] === sourceNames[0] ? '$src' : `$NIX_BUILD_TOP/${written}`;
}

/** Text that runs in a finished system: the version is written into it, and there is nothing of the build. */
export function systemText(text: string): Written | undefined {
  const parts: (string | { readonly code: string })[] = [];
  const marked = replaceCode(text, scanShell(text), /\$(?:\{(?:PKG_VERSION|version)\}|(?:PKG_VERSION|version)\b)/g, () => '\0');
  if (/\$\{?(?:IGOS\w*|DESTDIR|BASH_SOURCE|PKG_VERSION)\b|\/mnt\/intergenos/.test(withoutComments(marked))) return undefined;
  for (const [index, part] of marked.split('\0').entries()) parts.push(...(index === 0 ? [part] : [{ code: 'version' }, part]));
  return parts;
}
