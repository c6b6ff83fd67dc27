/** Packages of a tree as places in the store: evaluated, never built. */
import { Fault, textToBytes, typedWord } from '../base/index.ts';
import { validOutputs } from '../builder/index.ts';
import { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { openSession } from './session.ts';
import { resolveTargets, splitOperand, type Target } from './targets.ts';
import type { Place } from './valid-paths.ts';

/**
 * What each of the operands `TREE#NAME` or `TREE#NAME/FILE` stands for.
 *
 * @throws Fault E-CLI-040 it is not built
 */
export function packagePlaces(context: Context, operands: readonly string[]): Map<string, Place[]> {
  using session = openSession(context, new Arguments([], new Map()), { isReadOnly: false });
  return new Map(
    operands.map((operand): [string, Place[]] => {
      const { path: tree, name = '' } = splitOperand(operand);
      const slash = name.indexOf('/');
      const whole = slash === -1 ? operand : `${tree}#${name.slice(0, slash)}`;
      const file = slash === -1 ? '' : textToBytes(name.slice(slash + 1).replace(/\/+$/, ''));
      const targets = resolveTargets(context, new Arguments([whole], new Map()), session);
      const paths = targets.flatMap((target) => {
        if (target.outPath !== undefined)
          return session.store.isValid(target.outPath) ? [target.outPath] : notBuilt(whole, target);
        const outputs = validOutputs(session.store, { drvPath: target.drvPath!, outputs: target.outputs });
        return outputs === undefined ? notBuilt(whole, target) : [...outputs.values()];
      });
      return [operand, [...new Set(paths)].map((path) => ({ operand, path, file }))];
    }),
  );
}

const notBuilt = (operand: string, { label }: Target): never => {
  throw new Fault('E-CLI-040', `'${label}' is not built, so that there is nothing to look at`, {
    hints: [`build it: igos realize ${typedWord(operand)}`],
  });
};
