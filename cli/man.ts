/** Manual pages in roff, from the command table: `igos-realize(1)`. */
import type { Command } from './command.ts';
import { type ManualSection, manualSections } from './help.ts';

export const manualName = (command: Command): string => `${command.program}-${command.name.replace(' ', '-')}`;

export function manualPage(command: Command, version: string): string {
  const lines = [
    `.TH ${manualName(command).toUpperCase()} 1 "" "igos ${version}" "igos manual"`,
    // Words stay whole and blanks single: what is shown is also copied.
    '.nh',
    '.ad l',
  ];
  for (const section of manualSections(command)) {
    lines.push(`.SH ${section.title}`);
    // What whatis and apropos look for: one word, that of the page.
    if (section.title === 'NAME') lines.push(`${escapeRoff(manualName(command))} \\- ${escapeRoff(command.summary)}`);
    else lines.push(...body(section));
  }
  return `${lines.join('\n')}\n`;
}

function body({ form, lines }: ManualSection): string[] {
  const escaped = lines.map((line) => escapeRoff(line.trimStart()));
  if (form === 'text') return escaped;
  if (form === 'lines') return ['.nf', ...escaped, '.fi'];
  const isSaid = (index: number): boolean => lines[index]?.startsWith(' ') === true;
  return escaped.flatMap((line, index) => {
    if (!isSaid(index)) return [...(index === 0 ? [] : ['.PP']), line];
    return [...(isSaid(index - 1) ? [] : ['.RS 4']), line, ...(isSaid(index + 1) ? [] : ['.RE'])];
  });
}

/** What a reader shows as another character when it is written as it is, and signs that pages are made of. */
const SIGNS: Readonly<Record<string, string>> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** Roff reads a leading dot as a request. */
const escapeRoff = (line: string): string => line.replaceAll(/[\\\-'`^~]/g, (sign) => SIGNS[sign]!).replace(/^\./, '\\&.');
