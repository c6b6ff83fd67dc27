/** Trees of other distributions in temporary folders, and what an import makes of them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Fault, Faults, renderFault } from '../../base/index.ts';
import type { Imported } from '../../import/index.ts';

export const project = join(import.meta.dirname, '..', '..');

/** Files by path; those that end in `!` are executable. */
export function writeFiles(context: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-import-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name.replace(/!$/, ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.endsWith('!')) chmodSync(path, 0o755);
  }
  return folder;
}

/** All files that an import writes, as one text. */
export const shown = ({ files }: Imported): string =>
  [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([path, { data, isExecutable }]) =>
        `=== ${path}${isExecutable ? ' (executable)' : ''}\n${Buffer.from(data).toString('utf8')}`,
    )
    .join('\n');

/** What a user sees of the faults. */
export function faultsOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const faults = error instanceof Faults ? error.faults : [error];
    return faults
      .map((fault) => {
        if (!(fault instanceof Fault)) throw fault;
        return renderFault(fault);
      })
      .join('\n');
  }
  throw new Error('nothing was thrown');
}

/** A recipe that is right, with further lines. */
export const recipe = (name: string, more = ''): string =>
  `name: ${name}\nversion: "1.0"\nrelease: 1\ndescription: d\nlicense: MIT\nsource: []\ntier: core\nbuild_style: custom\n${more}`;
