import type { Arguments } from '../arguments.ts';
import { unknownCommand } from '../commands.ts';
import type { Context } from '../context.ts';
import { depotCommands } from '../depot-table.ts';

/** Without a verb: what there is, as Genode's tools say what they are. */
export function run(context: Context, args: Arguments): undefined {
  if (args.operands.length > 0) throw unknownCommand('igos', ['depot', ...args.operands]);
  const verbs = depotCommands
    .filter(({ name }) => name !== 'depot')
    .map(({ name, summary }) => ({ name: name.slice('depot '.length), summary }));
  if (context.isJson) {
    context.out.json({ tools: verbs });
    return;
  }
  const width = Math.max(...verbs.map(({ name }) => name.length));
  context.out.line('igos depot: archives of several origins side by side, versioned, and signed by their creators\n');
  for (const { name, summary } of verbs) context.out.line(`  igos depot ${name.padEnd(width)}  ${summary}`);
  context.out.line("\nARCHIVE is USER/TYPE/NAME/VERSION; 'igos depot TOOL --help' says more.");
}
