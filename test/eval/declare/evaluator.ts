/** An evaluator over the real disk whose store computes true paths and writes nothing. */
import { createHash } from 'node:crypto';
import { builtinTable } from '../../../eval/builtins/table.ts';
import { createInterpreter, type Interpreter } from '../../../eval/interpreter.ts';
import type { EvalStore, StoreText } from '../../../eval/io.ts';
import { NodeEvalIO } from '../../../eval/node-io.ts';
import type { Value } from '../../../eval/value.ts';
import { dumpNar, hashBytes, sourcePath } from '../../../store/index.ts';

export const STORE = '/igos/store';

export interface TestEvaluator {
  readonly interpreter: Interpreter;
  /** What was added, in order. */
  readonly texts: readonly StoreText[];
  /** Host trees asked for. */
  readonly hosts: readonly string[];
  print(value: Value): string;
}

export function makeTestEvaluator(): TestEvaluator {
  const texts: StoreText[] = [];
  const hosts: string[] = [];
  const store: EvalStore = {
    storeDir: STORE,
    isReadOnly: true,
    addPath(name, source, options) {
      const hash = createHash('sha256');
      dumpNar(source, (chunk) => hash.update(chunk), options?.filter);
      const hex = hash.digest('hex');
      return { path: sourcePath(name, hex, STORE), digest: { algorithm: 'sha256', hex } };
    },
    addTree: () => {
      throw new Error('declarations add host trees only');
    },
    addHostTree(name, { tools, files }) {
      hosts.push(`${name}: ${[...tools, ...files].join(' ')}`);
      return sourcePath(name, hashBytes('sha256', JSON.stringify([tools, files])), STORE);
    },
    addText: (text) => void texts.push(text),
    readDerivation: () => undefined,
    isValid: () => false,
  };
  const realise = (): never => {
    throw new Error('nothing is built here');
  };
  const interpreter = createInterpreter({
    io: new NodeEvalIO({ store, realise }),
    builtins: builtinTable,
    settings: { system: 'x86_64-linux' },
  });
  return { interpreter, texts, hosts, print: (value) => interpreter.print(value, { isStrict: true }) };
}
