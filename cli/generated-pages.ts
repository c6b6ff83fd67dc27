/** The pages under docs/ that are made from tables: path → text. */
import { renderBuiltinsDoc } from '../eval/index.ts';
import { allCodes } from './all-codes.ts';
import { commandsOf } from './commands.ts';
import { longHelp } from './help.ts';
import { manualName, manualPage } from './man.ts';
import { version } from './version.ts';

export function generatedPages(): Map<string, string> {
  const commands = (['igos', 'pkm'] as const).flatMap(commandsOf);
  return new Map([
    ['docs/errors.md', errorsPage()],
    [
      'docs/commands.md',
      `# Commands\n\nMade from the command table by \`npm run docs\`.\n${commands.map((command) => `\n## ${command.program} ${command.name}\n\n\`\`\`text\n${longHelp(command)}\n\`\`\`\n`).join('')}`,
    ],
    ['docs/builtins.md', renderBuiltinsDoc()],
    ...commands.map((command): [string, string] => [`docs/man/${manualName(command)}.1`, manualPage(command, version())]),
  ]);
}

function errorsPage(): string {
  const fence = (title: string, text: string | undefined): string =>
    text === undefined ? '' : `\n${title}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  const entries = Object.entries(allCodes).map(
    ([code, entry]) =>
      `\n## ${code}: ${entry.title}\n\n${entry.explanation}\n${fence('Wrong:', entry.wrong)}${fence('Right:', entry.right)}`,
  );
  return `# Errors\n\nEvery code that igos and pkm can print; \`igos help CODE\` shows one. Made by \`npm run docs\`.\n${entries.join('')}`;
}
