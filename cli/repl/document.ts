/** `:doc`: what is written about a thing. */
import { bytesToText, Fault, place, textToBytes } from '../../base/index.ts';
import { documentAttribute, documentDeclaration, documentValue, renderBuiltinDoc } from '../../eval/index.ts';
import { namedBy } from './place.ts';
import type { Outcome, Repl } from './repl.ts';

/** @throws Fault E-CLI-023 nothing is written */
export function showDocumentation(repl: Repl, topic: string): Outcome | undefined {
  const text = declarationOf(repl, topic);
  if (text !== undefined) {
    repl.context.out.line(text.trimEnd());
    return undefined;
  }
  const expression = repl.readArgument(textToBytes(topic), false);
  if (expression === 'more') return 'more';
  const found = repl.evaluate(() => repl.world.interpreter.guard(() => find(repl, expression)));
  repl.context.out.line(found.trimEnd());
  return undefined;
}

/** `package`, `tier.after`: unless the word is a name in scope. */
function declarationOf(repl: Repl, topic: string): string | undefined {
  const word = topic.split('.')[0]!;
  return repl.world.scope.has(textToBytes(word)) ? undefined : documentDeclaration(topic);
}

function find(repl: Repl, expression: Parameters<typeof namedBy>[1]): string {
  const { world } = repl;
  const named = namedBy(world, expression);
  const builtin = named?.isBuiltin === true ? renderBuiltinDoc(named.name.replace(/^__/, '')) : undefined;
  if (builtin !== undefined) return builtin;
  const value = world.evaluate(expression);
  const atDefinition = named?.span && documentAttribute(named.name, named.span);
  const text = documentValue(value) ?? atDefinition;
  if (text !== undefined) return text;
  const what = named === undefined ? world.interpreter.ctx.describeType(value) : `'${bytesToText(named.name)}'`;
  throw new Fault('E-CLI-023', `nothing is written about ${what}`, {
    hints: [
      ...(named?.span === undefined
        ? []
        : [`it is defined at ${place(named.span)}: a comment /** … */ in front would show here`]),
      "':doc' knows builtins (:doc map), declarations (:doc package.style) and what has a comment /** … */",
    ],
  });
}
