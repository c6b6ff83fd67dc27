/** `--out-link NAME`: links to what was built, which keep it from being collected. */
import { basename, dirname, join, resolve } from 'node:path';
import { addRoot, type ObjectStore, type StorePath } from '../store/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';

/**
 * The names that nix-build gives: NAME for the first derivation's output `out`, NAME-dev for another output, NAME-2 for the next
 * derivation. What was built must be held by `store`.
 *
 * @throws UsageError · Fault E-STORE-060 something else stands there · SystemFault
 */
export function makeOutLinks(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  built: readonly (readonly (readonly [output: string, path: StorePath])[])[],
): void {
  const name = args.value('out-link');
  if (name === undefined) return;
  if (args.has('no-out-link')) throw new UsageError('--out-link and --no-out-link contradict each other');
  if (name === '') throw new UsageError('--out-link takes the name of a link');
  const link = resolve(context.workingDirectory, name);
  built.forEach((outputs, i) => {
    for (const [output, path] of outputs) {
      const suffix = `${i === 0 ? '' : `-${i + 1}`}${output === 'out' ? '' : `-${output}`}`;
      addRoot(store, join(dirname(link), `${basename(link)}${suffix}`), path);
    }
  });
}
