/**
 * `post_install`: what InterGenOS does to the running system after a package is there. Services that are switched on are a field
 * of ours, what igos runs for all packages is left out, and the rest is a trigger of the package's own files.
 */
import type { Finding } from '../report.ts';
import { scanShell } from '../shell-scan.ts';
import type { ShellFunction, ShellScript } from '../shell-script.ts';
import type { Written } from '../written.ts';
import { bodyOf, preludeOf, systemText, withoutComments } from './phases.ts';
import type { Recipe } from './recipe.ts';

export interface PostInstall {
  readonly services: ReadonlyMap<string, boolean>;
  readonly run: Written | undefined;
  readonly paths: readonly string[];
  /** What cannot be a trigger, as a comment. */
  readonly comment: string;
}

const QUIETLY = String.raw`[ \t]*(?:>\/dev\/null )?(?:[ \t]*2>(?:\/dev\/null|&1))?(?:[ \t]*\|\|[ \t]*(?:true|:))?[ \t]*`;
const SERVICE = new RegExp(`^systemctl (enable|disable) ([A-Za-z0-9@_.-]+)${QUIETLY}$`);
/** Run by igos itself after every transaction that needs them (pkm's standard triggers). */
const STANDARD = new RegExp(
  String.raw`^(?:systemctl daemon-reload|ldconfig|glib-compile-schemas "?\/usr\/share\/glib-2\.0\/schemas\/?"?|gtk-update-icon-cache (?:-[a-z]+ )*"?\/usr\/share\/icons\/\w+\/?"?(?: --force)?|update-desktop-database(?: -q)?(?: "?\/usr\/share\/applications\/?"?)?|update-mime-database "?\/usr\/share\/mime\/?"?|fc-cache(?: -[a-z]+)*)${QUIETLY}$`,
);

export function postInstallOf(
  { body, ...rest }: ShellFunction,
  script: ShellScript,
  recipe: Recipe,
  find: (kind: Finding['kind'], about: string, text: string) => void,
): PostInstall {
  const services = new Map<string, boolean>();
  const text = bodyOf({ ...rest, body });
  const { dataLines, openLines } = scanShell(text);
  const kept: string[] = [];
  let isStandard = false;
  let offset = 0;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const isWhole = openLines.has(offset) && !dataLines.has(offset) && !lines[index - 1]?.endsWith('\\') && !line.endsWith('\\');
    const service = isWhole ? SERVICE.exec(line) : null;
    if (service !== null) {
      services.set(service[2]!.includes('.') ? service[2]! : `${service[2]!}.service`, service[1] === 'enable');
    } else if (isWhole && STANDARD.test(line)) isStandard = true;
    else kept.push(line);
    offset += line.length + 1;
  }
  if (isStandard)
    find('changed', 'post_install', 'caches of fonts, icons, schemas and the like are made by the standard triggers of pkm');
  const remaining = kept.join('\n').replace(/^\n+|\n+$/g, '');
  const empty = { services, run: undefined, paths: [], comment: '' };
  if (isIdle(remaining)) {
    const said = remaining.replace(/^[ \t]*#+ ?/gm, '').trim();
    return { ...empty, comment: said === '' || withoutComments(remaining).trim() !== '' ? '' : said };
  }
  const prelude = preludeOf(script, remaining, new Set(['configure', 'build', 'check', recipe.installFunction]), 'post_install');
  const run = systemText(prelude === '' ? remaining : `${prelude}\n${remaining}`);
  const verified = recipe.verifyPaths.map((path) => path.replace(/^\/+/, '')).filter((path) => path !== '');
  const before = verified.filter((path) => !remaining.includes(`/${path}`));
  const paths = before.length > 0 ? before : verified;
  const failed =
    run === undefined
      ? 'it uses files or variables of the build'
      : paths.length === 0
        ? 'no verify_paths say what sets it off'
        : '';
  if (run === undefined || failed !== '') {
    find('lost', 'post_install', `is no trigger, because ${failed}; it stands as a comment`);
    return { ...empty, comment: `post_install:\n${remaining}` };
  }
  find(
    'changed',
    'post_install',
    'runs as a trigger: in every root, whenever the verified files of the package come or change, so more than once',
  );
  return { services, run, paths, comment: '' };
}

/** Nothing but comments, or tests around nothing. */
const isIdle = (text: string): boolean => /^(?:\s|:|true|return 0)*$/.test(withoutComments(text));
