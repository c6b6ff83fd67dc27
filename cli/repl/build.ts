/** `:b`, `:bl` and `:log`: derivations of the repl, built as `igos realize` builds them. */
import { relative, resolve } from 'node:path';
import { symlinkAtomic } from '../../base/index.ts';
import type { StorePath } from '../../store/index.ts';
import { derivationsIn, type Target } from '../targets.ts';
import type { Parsed } from './input.ts';
import type { Repl } from './repl.ts';

/** Builds what an expression stands for and prints `NAME: OUTPUT -> PATH` lines. @throws Fault, Faults a build failed */
export async function buildAndPrint(
  repl: Repl,
  expression: Parsed,
  { makesLinks = false }: { readonly makesLinks?: boolean } = {},
): Promise<undefined> {
  const { context, args, world } = repl;
  const targets = targetsOf(repl, expression);
  const { store } = world.session;
  const { pathsOf, realizeTargets } = await import('../realizing.ts');
  const { outputs } = await realizeTargets(context, args, store, targets);
  for (const target of targets) {
    const prefix = targets.length === 1 ? '' : `${target.label}: `;
    for (const [output, path] of pathsOf(target, outputs)) {
      context.out.line(`${prefix}${output} -> ${path}`);
      if (makesLinks) link(repl, targets.length === 1 ? output : `${target.label}-${output}`, store.toReal(path));
    }
  }
}

function link(repl: Repl, name: string, real: string): void {
  const path = resolve(repl.context.workingDirectory, `repl-result-${name.replaceAll('/', '-')}`);
  symlinkAtomic(real, path);
  repl.context.out.line(`./${relative(repl.context.workingDirectory, path)} -> ${real}`);
}

export async function printLogs(repl: Repl, expression: Parsed): Promise<undefined> {
  const targets = targetsOf(repl, expression);
  const { readLog } = await import('../../builder/index.ts');
  for (const drvPath of new Set(targets.flatMap((target): StorePath[] => (target.drvPath === undefined ? [] : [target.drvPath]))))
    repl.context.out.foreign(readLog(repl.world.session.store, drvPath).toString('latin1'));
}

/** All derivations are in the store afterwards. */
function targetsOf(repl: Repl, expression: Parsed): Target[] {
  const { world } = repl;
  const targets = repl.evaluate(() => {
    const { interpreter } = world;
    const value = world.evaluate(expression);
    return interpreter.guard(() => derivationsIn(world.session, value));
  });
  world.session.bridge.flush();
  return targets;
}
