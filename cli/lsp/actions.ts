/** What can be mended with one key: a mistyped name becomes the one that was meant. */
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol/node';
import type { DiagnosticData } from './diagnostics.ts';

/** @param diagnostics  as the client sends them back: nothing about them is certain */
export function codeActions(uri: string, diagnostics: readonly Diagnostic[]): CodeAction[] {
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
