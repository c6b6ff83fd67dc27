/** Manual pages in roff, from the command table: `igos-realize(1)`. */
import type { Command } from './command.ts';
import { manualSections } from './help.ts';

export const manualName = (command: Command): string => `${command.program}-${command.name.replace(' ', '-')}`;

export function manualPage(command: Command, version: string): string {
  const lines = [`.TH ${manualName(command).toUpperCase()} 1 "" "igos ${version}" "igos manual"`];
  for (const { title, lines: text } of manualSections(command)) {
    lines.push(`.SH ${title}`);
    lines.push('.nf', ...text.map(escapeRoff), '.fi');
  }
  return `${lines.join('\n')}\n`;
}

/** Roff reads a leading dot or quote as a request, and a backslash as an escape. */
const escapeRoff = (line: string): string =>
  line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
