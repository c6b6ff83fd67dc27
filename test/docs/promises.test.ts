/** docs/promises.md names tests, documents, commands and error codes: all of them are there, and every promise that is kept has a test. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allCodes } from '../../cli/all-codes.ts';
import { findCommand } from '../../cli/commands.ts';
import { project } from '../cli/programs.ts';

const read = (path: string): string => readFileSync(join(project, path), 'utf8');
const text = read('docs/promises.md');
/** Cells without their borders; headings and rules are no rows. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (promise|---)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

/** What is wrong with a row; empty where nothing is. */
function wrongWith([promise, kept = '', held = '', ...more]: readonly string[]): string[] {
  const wrong: string[] = [];
  if (more.length > 0 || held === '') wrong.push('not three cells');
  const tests = [...held.matchAll(/`(test\/[^`]+)`(?: “([^”]+)”)?/g)];
  if (tests.length === 0 && !(held === '–' && kept === '*later*')) wrong.push('no test');
  for (const [, path, title] of tests) {
    if (!existsSync(join(project, path!))) wrong.push(`there is no ${path}`);
    else if (title !== undefined && !read(path!).replaceAll("\\'", "'").includes(title))
      wrong.push(`${path} has no test “${title}”`);
  }
  for (const [, path] of `${kept} ${held}`.matchAll(/\]\(([^)#]+)\)/g)) {
    if (!existsSync(join(project, 'docs', path!))) wrong.push(`there is no ${path}`);
  }
  for (const [, program, words] of `${promise} ${kept}`.matchAll(/`(igos|pkm) ([a-z][^`]*)`/g)) {
    const found = findCommand(program as 'igos' | 'pkm', words!.split(' '));
    if (found === undefined) wrong.push(`there is no command ${program} ${words}`);
    for (const [, option] of words!.matchAll(/--([a-z-]+)/g)) {
      if (!found?.command.options.some(({ long }) => long === option)) wrong.push(`${program} ${words}: no option --${option}`);
    }
  }
  for (const [code] of kept.matchAll(/E-[A-Z]+-\d+/g)) if (!(code in allCodes)) wrong.push(`there is no ${code}`);
  return wrong;
}

test('every promise names what keeps it, and a test that is there', () => {
  assert.ok(rows.length > 80, `${rows.length} rows`);
  assert.deepEqual(
    rows.flatMap((row) => wrongWith(row).map((wrong) => `${row[0]}: ${wrong}`)),
    [],
  );
});

test('every row stands in a table', () => {
  const lines = text.split('\n');
  const alone = lines.filter(
    (line, n) => line.startsWith('|') && !lines[n - 1]!.startsWith('|') && !line.startsWith('| promise |'),
  );
  assert.deepEqual(alone, []);
});

test('a row that names what is not there is noticed', () => {
  const good = ['a', '`pkm verify --fast`; E-PKM-025 ([pkm.md](pkm.md))', '`test/docs/promises.test.ts` “a row that names”'];
  assert.deepEqual(wrongWith(good), []);
  for (const [from, to] of [
    ['pkm verify', 'pkm verfy'],
    ['--fast', '--quick'],
    ['E-PKM-025', 'E-PKM-999'],
    ['(pkm.md)', '(pkg.md)'],
    ['promises.test.ts', 'promise.test.ts'],
    ['a row that names', ['a row', 'of names'].join(' ')], // this file must not hold it
  ] as const) {
    assert.equal(wrongWith(good.map((cell) => cell.replace(from, to))).length > 0, true, to);
  }
  assert.deepEqual(wrongWith(['a', 'something', '–']), ['no test']);
});
