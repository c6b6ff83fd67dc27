/** What the pages tell people to type, and where they send them: commands that are there, with options that they have, and places. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findCommand, groupOf, sharedOptions } from '../../cli/commands.ts';

const project = join(import.meta.dirname, '../..');
const pages = [...globSync('*.md', { cwd: project }), ...globSync('{docs,examples}/**/*.md', { cwd: project })].filter(
  (page) => !page.includes('node_modules'),
);
const textOf = (page: string): string => readFileSync(join(project, page), 'utf8');

/** `igos …` and `pkm …` between backquotes, and lines of blocks for a shell. */
function commandsOf(text: string): string[] {
  const spans = [...text.matchAll(/`((?:bin\/)?(?:igos|pkm) [^`\n]*)`/g)].map(([, words]) => words!);
  const lines = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.split('\n'));
  return [
    ...spans,
    ...lines.map((line) => line.replace(/\s+#\s.*$/, '').trim()).filter((line) => /^(bin\/)?(igos|pkm) /.test(line)),
  ];
}

/** What is wrong with a line: no such command, no such option. */
function mistake(line: string): string | undefined {
  const [program = '', ...all] = line.replace(/^bin\//, '').split(/\s+/);
  if (program !== 'igos' && program !== 'pkm') return undefined;
  let words = all;
  while (words[0]?.startsWith('-')) words = words.slice(/^(-r|--root|--home|--store-dir|--color)$/.test(words[0]) ? 2 : 1);
  if (words.length === 0 || words[0] === 'COMMAND') return undefined;
  if (words.length === 1 && groupOf(program, words[0]!).length > 0) return undefined;
  const found = findCommand(program, words);
  if (found === undefined) return `no command: ${line}`;
  const options = [...found.command.options, ...sharedOptions(program)];
  const own = found.words.includes('--') ? found.words.slice(0, found.words.indexOf('--')) : found.words;
  const wrong = own.find((word) => {
    const [, long, short] = /^--([a-z-]+)|^-([a-zA-Z])$/.exec(word) ?? [];
    if (long !== undefined) return long !== 'help' && !options.some((option) => option.long === long);
    return short !== undefined && short !== 'h' && !options.some((option) => option.short === short);
  });
  return wrong === undefined ? undefined : `no option ${wrong}: ${line}`;
}

/** Words of others, which are named to say what igos answers; and a format. */
const NOT_OURS = new Set(['igos flake', 'pkm -Syu', 'igos manifest 1']);

test('commands that pages name are there, with the options that they are given', () => {
  // What changed is told in the words of its day.
  const wrong = pages
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) =>
      commandsOf(textOf(page)).flatMap((line) => {
        const found = NOT_OURS.has(line) ? undefined : mistake(line);
        return found === undefined ? [] : [`${page}: ${found}`];
      }),
    );
  assert.deepEqual(wrong, []);
  for (const line of ['igos eval --file x.nix', 'pkm instal a', 'bin/pkm --root R gc -K 5'])
    assert.notEqual(mistake(line), undefined, line);
});

/** As the places that read these pages name a heading. */
const anchor = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

function deadLinks(page: string, text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (link!.includes('://')) return [];
    const [path = '', name] = link!.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(project, target))) return [`${page}: ${link}`];
    if (name === undefined || !target.endsWith('.md')) return [];
    const headings = [
      ...textOf(target)
        .replace(/```[\s\S]*?```/g, '')
        .matchAll(/^#+ (.*)$/gm),
    ].map(([, heading]) => anchor(heading!));
    return headings.includes(name) ? [] : [`${page}: ${link}`];
  });
}

test('links between pages lead to files and headings that are there', () => {
  assert.deepEqual(
    pages.flatMap((page) => deadLinks(page, textOf(page))),
    [],
  );
  assert.equal(deadLinks('README.md', '[a](docs/none.md) [b](docs/pkm.md#no-such) [c](docs/pkm.md#cost)').length, 2);
});
