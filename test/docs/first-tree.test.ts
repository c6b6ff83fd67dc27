/**
 * docs/first-tree.md is played from top to bottom: files are written where its text names them, commands run, and what they print is what
 * stands below them. UPDATE=1 writes what they print into the page.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';
import { inShell, textOf } from './page.ts';

const PAGE = 'docs/first-tree.md';

/** A block of the page with the text before it. */
interface Block {
  readonly before: string;
  readonly language: string;
  readonly inside: string;
}

const playedIn = (text: string): Block[] =>
  [...text.matchAll(/([\s\S]*?)^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, before, language, inside]) => ({
    before: before!,
    language: language!,
    inside: inside!,
  }));

/** What differs from one machine, or day, to the next. */
const alike = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-df-np-sv-z]{32}-/g, 'HASH-')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}\S+/g, 'TIME, WHO')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
    .replaceAll(/\d+ (files placed|paths checked)/g, 'N $1')
    .replaceAll(/in [\d.]+s, [\d.]+ [KM]iB at [\d.]+ [KM]iB a second/g, 'in TIME')
    .replaceAll(/[\d.]+ [KM]iB/g, 'SIZE');

test('a tree from an empty folder to a repository, as the page says', { skip: await noSandbox() }, (t) => {
  const text = textOf(PAGE);
  const work = mkdtempSync(join(tmpdir(), 'igos-docs-'));
  t.after(() => removeTree(work));
  cpSync(join(project, 'examples'), join(work, 'igos/examples'), { recursive: true });
  const played = play(playedIn(text), work);
  if (process.env['UPDATE'] === '1') {
    assert.ok(process.env['CI'] === undefined, 'UPDATE=1 is refused under CI');
    const rest = text.slice(text.lastIndexOf('```') + 3);
    const blocks = played.map(
      ({ before, language, inside, printed }) => `${before}\`\`\`${language}\n${printed ?? inside}\`\`\``,
    );
    writeFileSync(join(project, PAGE), blocks.join('') + rest);
    t.skip('docs/first-tree.md rewritten');
    return;
  }
  for (const { inside, printed } of played) if (printed !== undefined) assert.equal(alike(printed), alike(inside));
  const nAnswers = played.filter(({ printed }) => printed !== undefined).length;
  assert.ok(played.length >= 20 && nAnswers >= 8, `only ${played.length} blocks and ${nAnswers} answers`);
});

/** @returns the blocks, with what was printed where the page says what is */
function play(blocks: readonly Block[], work: string): readonly (Block & { readonly printed?: string })[] {
  let folder = work;
  let said = '';
  return blocks.map((block, at) => {
    const { before, language, inside } = block;
    if (language === '') return { ...block, printed: said };
    if (language === 'sh') {
      said = command({ cwd: folder, work, script: inside, fails: blocks[at + 1]?.inside.startsWith('error') === true });
      folder = readFileSync(join(work, 'folder'), 'utf8').trim();
      return block;
    }
    const name = [...before.matchAll(/In `([^`]+)`:|`([^`]+)`[,:]\n/g)].at(-1)?.slice(1).find(Boolean);
    assert.ok(name !== undefined, `the page names no file for:\n${inside}`);
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), inside);
    return block;
  });
}

interface Script {
  readonly cwd: string;
  readonly work: string;
  readonly script: string;
  /** The page shows an error. */
  readonly fails: boolean;
}

/** Leaves the folder in which it ends in `work/folder`. */
function command({ cwd, work, script, fails }: Script): string {
  const leaving = `trap 'pwd >"${work}/folder"' EXIT`;
  const { status, stdout, stderr } = inShell(`${leaving}\n${script}`, { cwd, work });
  assert.equal(status, fails ? 1 : 0, `${script}\n${stdout}${stderr}`);
  return (fails ? stderr : stdout).replaceAll(`${work}/`, '/srv/');
}
