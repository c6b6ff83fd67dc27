/**
 * Conformance cases as text. An expression of one or more lines, then `=> ` and what it prints (evaluated strictly), or `=! ` and the
 * message of its error; then, where Nix 2.8 is known to differ, `# ` and how. Cases are separated by empty lines.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ConformanceCase {
  readonly expression: string;
  /** With its mark: `=> 1`, `=! attribute 'a' missing`. Empty for a case that is new. */
  readonly expected: string;
  /** Why an old Nix differs. */
  readonly note: string | undefined;
}

export interface CaseFile {
  readonly name: string;
  readonly path: string;
  readonly cases: readonly ConformanceCase[];
}

const folder = join(import.meta.dirname, 'cases');

export const caseFiles = (): CaseFile[] =>
  readdirSync(folder)
    .sort()
    .map((name) => ({ name, path: join(folder, name), cases: readCases(readFileSync(join(folder, name), 'utf8')) }));

function readCases(text: string): ConformanceCase[] {
  const blocks = text.split(/\n\n+/).filter((block) => block.trim() !== '');
  return blocks.map((block) => {
    const lines = block.trimEnd().split('\n');
    const isMark = (line: string): boolean => /^(?:=> |=! |# )/.test(line);
    return {
      expression: lines.filter((line) => !isMark(line)).join('\n'),
      expected: lines.find((line) => line.startsWith('=> ') || line.startsWith('=! ')) ?? '',
      note: lines.find((line) => line.startsWith('# '))?.slice(2),
    };
  });
}

/** Writes the results that were found (UPDATE=1). */
export function writeCases(path: string, cases: readonly ConformanceCase[]): void {
  const blocks = cases.map(({ expression, expected, note }) =>
    [expression, expected, ...(note === undefined ? [] : [`# ${note}`])].join('\n'),
  );
  writeFileSync(path, `${blocks.join('\n\n')}\n`);
}
