/** `STORE/HASH-NAME.drv`, and which of its outputs: `^out,dev`, or `^*` for all, as Nix writes it. */
import { didYouMean } from '../base/index.ts';
import { type ObjectStore, parseStorePath, type StorePath } from '../store/index.ts';
import { UsageError } from './arguments.ts';

export interface DerivationOperand {
  readonly drvPath: StorePath;
  /** Empty: all outputs. */
  readonly outputs: readonly string[];
}

/** @returns `undefined` for what is no path of a derivation. @throws UsageError an output that it does not have · Fault E-STORE-… */
export function parseDerivationOperand(operand: string, storeDir: string, store: ObjectStore): DerivationOperand | undefined {
  const [path = '', names, ...more] = operand.split('^');
  if (!path.startsWith(`${storeDir}/`) || !path.endsWith('.drv')) return undefined;
  const drvPath = parseStorePath(path, storeDir);
  if (names === undefined || (names === '*' && more.length === 0)) return { drvPath, outputs: [] };
  const there = [...store.readDerivation(drvPath).outputs.keys()];
  const outputs = [...new Set([names, ...more].join('^').split(','))];
  for (const output of outputs) {
    if (!there.includes(output))
      throw new UsageError(`'${path}' has no output '${output}'`, [...didYouMean(output, there), `it has: ${there.join(', ')}`]);
  }
  return { drvPath, outputs };
}
