/** The table of allowed imports in ARCHITECTURE.md, compared with what the files import. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const ALLOWED: Record<string, readonly string[]> = {
  base: [],
  lang: ['base'],
  store: ['base'],
  eval: ['base', 'lang', 'store'],
  builder: ['base', 'store'],
  pkm: ['base', 'store'],
  depot: ['base', 'store'],
  check: ['base', 'store'],
  import: ['base', 'lang'],
  image: ['base'],
  cli: ['base', 'lang', 'store', 'eval', 'builder', 'pkm', 'depot', 'check', 'import', 'image'],
};

/** What is wrong with one import, or undefined. */
function problem(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = relative(root, join(root, dirname(file), specifier));
  const [from, to] = [file.split('/')[0]!, target.split('/')[0]!];
  if (!specifier.endsWith('.ts')) return `${file} imports '${specifier}': imports end in .ts (house style C9)`;
  if (from === to) return undefined;
  if (!ALLOWED[from]?.includes(to)) return `${file} imports ${to}/: not in the table of ARCHITECTURE.md, section Folders`;
  if (target !== `${to}/index.ts`) return `${file} imports ${target}: other folders import only ${to}/index.ts`;
  return undefined;
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)|\nimport '([^']+)'/g)].map(
    (match) => (match[1] ?? match[2] ?? match[3])!,
  );
}

test('folders import only what the architecture allows', () => {
  const files = globSync('{base,lang,store,eval,builder,pkm,depot,check,import,image,cli}/**/*.{ts,tsx}', { cwd: root });
  assert.ok(files.length > 50, `only ${files.length} files found: the pattern is wrong`);
  const problems = files.flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8')).map((specifier) => problem(file, specifier)),
  );
  assert.deepEqual(
    problems.filter((text) => text !== undefined),
    [],
  );
});

test('the import check bites', () => {
  assert.match(problem('lang/parser.ts', '../store/index.ts') ?? '', /not in the table/);
  assert.match(problem('eval/x.ts', '../store/nar.ts') ?? '', /only store\/index\.ts/);
  assert.deepEqual(importsOf("import { a } from '../x.ts';\nconst y = await import('./y.ts');\n"), ['../x.ts', './y.ts']);
});
