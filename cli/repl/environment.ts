/** `:env`: what is in scope. */
import { bytesToText, printable } from '../../base/index.ts';
import type { Repl } from './repl.ts';

const SHOWN = 12;

/** One line for each binding, one for each thing that was loaded. Evaluates nothing. */
export function showEnvironment(repl: Repl): undefined {
  const { world, context } = repl;
  const { scope } = world;
  for (const { origin, names } of world.origins) {
    const visible = names.names.filter((name) => scope.get(name) === names.get(name)).map((name) => printable(bytesToText(name)));
    if (origin.kind === 'bindings') {
      for (const name of names.names) {
        const slot = names.get(name)!;
        if (scope.get(name) !== slot) continue; // bound again since
        context.out.line(`${printable(bytesToText(name))} = ${printable(world.interpreter.ctx.preview(slot))}`);
      }
      continue;
    }
    const where = origin.kind === 'operand' ? origin.operand : origin.text.source.name;
    const more = visible.length > SHOWN ? `, … (${visible.length - SHOWN} more)` : '';
    context.out.line(`from ${printable(where)}: ${visible.slice(0, SHOWN).join(', ') || 'nothing'}${more}`);
  }
}
