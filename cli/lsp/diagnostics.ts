/** What is wrong with a file, as far as it can be said without evaluating. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, DiagnosticSeverity, DiagnosticTag, Location } from 'vscode-languageserver-protocol/node';
import type { Fault, Span } from '../../base/index.ts';
import { missingAttribute, undefinedVariable } from '../../eval/index.ts';
import { isIdentifier, type NameScope } from '../../lang/index.ts';
import { allCodes } from '../all-codes.ts';
import { type Entity, membersOf } from './entity.ts';
import type { File, Files } from './files.ts';
import { globalNames } from './language-names.ts';
import type { Resolver } from './resolver.ts';
import { unusedIn } from './unused.ts';
import type { TreeView } from './workspace.ts';

const ERROR = 1 satisfies DiagnosticSeverity;
const WARNING = 2 satisfies DiagnosticSeverity;
const HINT = 4 satisfies DiagnosticSeverity;
export const UNNECESSARY = 1 satisfies DiagnosticTag;

/** Carried by a diagnostic to the code action that mends it. */
export interface DiagnosticData {
  readonly replaceBy: string;
}

/** More than anybody reads; and each takes a message, which in a file of a thousand mistakes would take the editor's time. */
const MAX_DIAGNOSTICS = 500;
/** The names in sight can be as many as the uses, and each is held against each. */
const MAX_SUGGESTIONS = 20;

/**
 * Syntax errors; where there are none, what the parser warns of, names that nothing defines and attributes that a set plainly lacks. At most `MAX_DIAGNOSTICS`.
 *
 * @param hasBrokenTree  names may be missing only because another file of the tree cannot be read in full, or is not known
 */
export function fileDiagnostics(file: File, resolver: Resolver, files: Files, hasBrokenTree: boolean): Diagnostic[] {
  if (file.isBroken) return file.parsed.diagnostics.map((fault) => toDiagnostic(fault, file, files, ERROR));
  const found = file.parsed.warnings.map((fault) => toDiagnostic(fault, file, files, WARNING));
  if (!(hasBrokenTree && file.parsed.tree.kind === 'declarations')) {
    let suggestions = 0;
    const inSight = new Map<NameScope, string[]>();
    const namesIn = (scope: NameScope): string[] => {
      const names = inSight.get(scope) ?? namesToSuggest(resolver.namesInSight(file, scope));
      inSight.set(scope, names);
      return names;
    };
    for (const use of file.names.uses) {
      if (use.local !== undefined) continue;
      if (found.length >= MAX_DIAGNOSTICS) break;
      const { name, scope } = use;
      const answer = resolver.name(file, name, scope);
      if (answer.entity !== undefined || !answer.isCertain) continue;
      const isSuggested = ++suggestions <= MAX_SUGGESTIONS;
      const isBuiltin = isSuggested && resolver.namesInSight(file, scope).has(`__${name}`);
      const fault = undefinedVariable(name, isSuggested ? namesIn(scope) : [], spanOf(file, use), { isBuiltin });
      found.push(toDiagnostic(fault, file, files, ERROR));
    }
  }
  for (const spot of file.spots) {
    if (spot.kind !== 'attr' || spot.expr.kind !== 'select' || spot.expr.fallback !== undefined) continue;
    if (found.length >= MAX_DIAGNOSTICS) break;
    const shape = resolver.shapeBefore(file, spot.expr, spot.index);
    const part = spot.expr.path[spot.index]!;
    if (shape?.kind !== 'set' || !shape.isComplete || part.kind !== 'static' || shape.members.has(part.name)) continue;
    const fault = missingAttribute(part.name, [...(membersOf(shape)?.keys() ?? [])].slice(0, 40), spanOf(file, spot));
    found.push(toDiagnostic(fault, file, files, WARNING));
  }
  return found;
}

/** What an editor shows in grey. At most `MAX_DIAGNOSTICS`. */
export const unusedDiagnostics = (file: File): Diagnostic[] =>
  unusedIn(file)
    .slice(0, MAX_DIAGNOSTICS)
    .map((each) => ({
      range: file.range(each),
      severity: HINT,
      tags: [UNNECESSARY],
      source: 'igos',
      message: each.message,
    }));

/** As in an evaluation: not the builtins that declarations see, where most that is mistyped is a package. */
const namesToSuggest = (inSight: ReadonlyMap<string, Entity>): string[] =>
  [...inSight]
    .filter(([name, { kind }]) => !name.startsWith('__') && (kind !== 'builtin' || globalNames().has(name)))
    .map(([name]) => name);

/** The faults of a tree by the path of the file that they are in; those that broken files, or files nobody knows of, cause are left out. */
export function treeDiagnostics(view: TreeView, files: Files): Map<string, Diagnostic[]> {
  const found = new Map<string, Diagnostic[]>();
  const broken = new Set(view.tree.files.filter(({ path }) => files.peek(path)?.isBroken).map(({ path }) => path));
  for (const fault of view.tree.problems) {
    const path = fault.labels[0]?.source.name;
    const file = path === undefined ? undefined : files.peek(path);
    if (file === undefined || broken.has(file.path)) continue;
    if (
      (broken.size > 0 || view.tree.isPartial) &&
      (fault.code === 'E-DECL-004' || fault.code === 'E-DECL-011' || fault.code === 'E-DECL-002')
    )
      continue;
    const list = found.get(file.path) ?? [];
    list.push(toDiagnostic(fault, file, files, ERROR));
    found.set(file.path, list);
  }
  return found;
}

function toDiagnostic(fault: Fault, file: File, files: Files, severity: DiagnosticSeverity): Diagnostic {
  const [first, ...others] = fault.labels;
  const lines = [fault.message];
  if (first !== undefined && first.text !== '') lines.push(first.text);
  lines.push(...fault.notes.map((note) => `note: ${note}`), ...fault.hints.map((hint) => `hint: ${hint}`));
  const related = others.flatMap((label) => {
    const other = label.source === file.source ? file : files.peek(label.source.name);
    const message = label.text === '' ? 'concerned as well' : label.text;
    return other === undefined ? [] : [{ location: locationOf(other, label), message }];
  });
  const replaceBy = /^did you mean '(.+)'\?$/.exec(fault.hints[0] ?? '')?.[1];
  const data: DiagnosticData | undefined = replaceBy !== undefined && isIdentifier(replaceBy) ? { replaceBy } : undefined;
  return {
    range: file.range(first ?? { start: 0, end: 0 }),
    severity,
    code: fault.code,
    codeDescription: { href: explanationOf(fault.code) },
    source: 'igos',
    message: lines.join('\n'),
    ...(related.length === 0 ? {} : { relatedInformation: related }),
    ...(data === undefined ? {} : { data }),
  };
}

const spanOf = (file: File, { start, end }: { readonly start: number; readonly end: number }): Span => ({
  source: file.source,
  start,
  end,
});

export const locationOf = (file: File, node: { readonly start: number; readonly end: number }): Location => ({
  uri: file.uri,
  range: file.range(node),
});

/** The section of the reference that comes with the program. */
function explanationOf(code: string): string {
  const title = allCodes[code]?.title ?? '';
  const anchor = `${code}-${title}`
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `${pathToFileURL(join(import.meta.dirname, '..', '..', 'docs', 'errors.md')).href}#${anchor}`;
}
