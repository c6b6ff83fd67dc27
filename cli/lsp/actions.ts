/** What can be mended with one key: a mistyped name becomes the one that was meant, one that nothing uses goes. */
import type { CodeAction, Diagnostic, Range } from 'vscode-languageserver-protocol/node';
import { bytesToText } from '../../base/index.ts';
import type { DiagnosticData } from './diagnostics.ts';
import type { File } from './files.ts';
import { unusedIn } from './unused.ts';

/** @param diagnostics  as the client sends them back: nothing about them is certain */
export function codeActions(file: File, range: Range | undefined, diagnostics: readonly Diagnostic[]): CodeAction[] {
  return [...corrections(file.uri, diagnostics), ...(range === undefined ? [] : removals(file, range))];
}

/** Found anew: what the client remembers may be about another text. */
function removals(file: File, range: Range): CodeAction[] {
  const [from, to] = [file.lines.offset(range.start), file.lines.offset(range.end)];
  return unusedIn(file).flatMap(({ start, end, removal }): CodeAction[] => {
    if (removal === undefined || end < from || start > to) return [];
    const edit = { range: file.range(removal), newText: '' };
    const title = `Remove '${bytesToText(file.text.slice(start, end))}', which nothing uses`;
    return [{ title, kind: 'quickfix', edit: { changes: { [file.uri]: [edit] } } }];
  });
}

function corrections(uri: string, diagnostics: readonly Diagnostic[]): CodeAction[] {
  return diagnostics.flatMap((diagnostic): CodeAction[] => {
    const replaceBy = (diagnostic.data as Partial<DiagnosticData> | null | undefined)?.replaceBy;
    if (typeof replaceBy !== 'string') return [];
    return [
      {
        title: `Change to '${replaceBy}'`,
        kind: 'quickfix',
        diagnostics: [diagnostic],
        isPreferred: true,
        edit: { changes: { [uri]: [{ range: diagnostic.range, newText: replaceBy }] } },
      },
    ];
  });
}
