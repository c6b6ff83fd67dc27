/** Ctrl-C while an expression is evaluated. */
import { Script } from 'node:vm';

/** The user stopped the evaluation. What it was doing is left half done: the evaluator must not be used again. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Runs synchronous code; where `canInterrupt`, SIGINT ends it. @throws Interrupted */
export type Run = <T>(run: () => T) => T;

export const uninterrupted: Run = (run) => run();

const SLOT = Symbol.for('igos.repl.run');
const place = globalThis as { [SLOT]?: (() => unknown) | undefined };
let script: Script | undefined;

/**
 * Evaluation is synchronous, so no handler of ours runs while it lasts. The engine itself can be told to stop at the signal, but
 * only for code that it runs as a script; no `catch` or `finally` on the way is run then.
 */
export const interruptible: Run = (run) => {
  script ??= new Script('globalThis[Symbol.for("igos.repl.run")]()', { filename: 'repl' });
  const around = place[SLOT];
  place[SLOT] = run;
  try {
    return script.runInThisContext({ breakOnSigint: true, displayErrors: false }) as ReturnType<typeof run>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw new Interrupted('interrupted');
    throw error;
  } finally {
    place[SLOT] = around;
  }
};
