/** The reference of the builtins, from their table. */
import { bytesToText } from '../../base/index.ts';
import type { Builtin, BuiltinConstant } from '../builtin.ts';
import { LEFT_OUT } from '../errors.ts';
import { builtinTable } from './table.ts';

/** The text of docs/builtins.md. */
export function renderBuiltinsDoc(): string {
  return `${introduction}\n${builtinTable.map(renderEntry).join('\n')}`;
}

/** One builtin, as `:doc` and the reference show it; `undefined` where there is none of that name. */
export function renderBuiltinDoc(name: string): string | undefined {
  const entry = builtinTable.find((each) => each.name === name);
  return entry && renderEntry(entry);
}

const introduction = `# Builtins

<!-- Generated from eval/builtins: edit the doc texts there. -->

Functions and constants of the language. All are attributes of \`builtins\`; those marked *global* are visible without it, and each is
visible as \`__name\` too. Also global are \`true\`, \`false\`, \`null\` and \`builtins\` itself. Positions and lengths in strings count bytes.

They are those of Nix, with the same results, but for ${[...LEFT_OUT].map((name) => `\`${name}\``).join(', ')}, which are left out:
[language.md](language.md#next-to-nix) says why, and what to use.
`;

function renderEntry(entry: Builtin | BuiltinConstant): string {
  const isFunction = 'impl' in entry;
  const call = isFunction ? `${entry.name} ${entry.args.join(' ')}` : entry.name;
  const lines = [`## ${entry.name}`, '', `\`${call}\`${entry.isGlobal === true ? ' · global' : ''}`, '', entry.doc, ''];
  if (isFunction && entry.cost !== undefined) lines.push(`Cost: ${entry.cost}.`, '');
  if (isFunction && entry.example !== undefined) {
    const [expression, result] = entry.example;
    lines.push('```nix', expression, `# => ${bytesToText(result)}`, '```', '');
  }
  return lines.join('\n');
}
