/**
 * Derivations as data: their own path, the hash that their dependents see, and the paths of their outputs.
 *
 * @source docs/store.md §3
 */
import { Bug, type Bytes, compareBytes, didYouMean, Fault, never } from '../base/index.ts';
import { encodeDerivation } from './aterm.ts';
import type { StoreCode } from './codes.ts';
import { hashBytes } from './hash.ts';
import { fixedOutputPath, inputAddressedPath, methodPrefix, outputPathName, placeholder, textPath } from './store-path.ts';
import type { Derivation, DerivationOutput, Digest, IngestionMethod, StorePath } from './types.ts';

/** Everything a `.drv` refers to, sorted: its sources and the derivations it needs. */
export const derivationReferences = (drv: Derivation): StorePath[] =>
  [...new Set<StorePath>([...drv.inputSrcs, ...drv.inputDrvs.keys()])].sort(compareBytes);

/** Where the derivation's text goes in the store. Cost: encodes and hashes it. */
export const derivationPath = (drv: Derivation, storeDir: string): StorePath =>
  textPath(`${drv.name}.drv`, encodeDerivation(drv), derivationReferences(drv), storeDir);

/** Which kind the outputs are; they are all of one kind. @throws Bug no outputs */
export function derivationKind(drv: Pick<Derivation, 'name' | 'outputs'>): DerivationOutput['kind'] {
  for (const output of drv.outputs.values()) return output.kind;
  throw new Bug(`derivation '${drv.name}' has no outputs`);
}

/** Where an output is, if the derivation says so before it is built. */
export const toldPath = (output: DerivationOutput | undefined): StorePath | undefined =>
  output !== undefined && 'path' in output ? output.path : undefined;

/** A fixed output, with its path. @throws Fault E-STORE-002 bad name */
export const fixedOutput = (drvName: string, method: IngestionMethod, digest: Digest, storeDir: string): DerivationOutput => ({
  kind: 'fixed',
  path: fixedOutputPath({ name: outputPathName(drvName, 'out'), method, digest }, storeDir),
  method,
  digest,
});

/** What dependents hash in place of a derivation's path. `deferred`: its outputs' paths are known only after a build. */
export type ModuloHash =
  | { readonly kind: 'hash'; readonly hex: string }
  | { readonly kind: 'fixed'; readonly hexByOutput: ReadonlyMap<string, string> }
  | { readonly kind: 'deferred' };

/** Gives the derivation of a path: from memory while evaluating, from the store otherwise. */
export type DerivationLookup = (path: StorePath) => Derivation;

/** Remembers hashes by derivation path; keep one for as long as the process works on one store folder. */
export type ModuloMemo = Map<StorePath, ModuloHash>;

const DEFERRED: ModuloHash = { kind: 'deferred' };

/**
 * The hash of the derivation at `path` as its dependents see it: how its inputs were fetched does not matter, only what they are.
 * Not recursive, so that deep graphs cannot overflow the stack. Cost: one ATerm and one SHA-256 for each derivation not in the memo.
 */
export function hashDerivationModulo(path: StorePath, lookup: DerivationLookup, memo: ModuloMemo): ModuloHash {
  const stack = [path];
  while (stack.length > 0) {
    const current = stack.at(-1)!;
    if (memo.has(current)) {
      stack.pop();
      continue;
    }
    const drv = lookup(current);
    const kind = derivationKind(drv);
    const missing = kind === 'input-addressed' ? [...drv.inputDrvs.keys()].filter((input) => !memo.has(input)) : [];
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    memo.set(current, moduloOf(drv, kind, memo));
    stack.pop();
  }
  return memo.get(path)!;
}

function moduloOf(drv: Derivation, kind: DerivationOutput['kind'], memo: ModuloMemo): ModuloHash {
  switch (kind) {
    case 'fixed':
      return { kind: 'fixed', hexByOutput: new Map([...drv.outputs].map(([name, output]) => [name, fixedModulo(output)])) };
    case 'floating':
    case 'deferred':
      return DEFERRED;
    case 'input-addressed': {
      const hex = hashWithInputs(drv, false, memo);
      return hex === undefined ? DEFERRED : { kind: 'hash', hex };
    }
    default:
      return never(kind);
  }
}

export function fixedModulo(output: DerivationOutput): string {
  if (output.kind !== 'fixed') throw new Bug('outputs of several kinds in one derivation');
  return hashBytes(
    'sha256',
    `fixed:out:${methodPrefix(output.method)}${output.digest.algorithm}:${output.digest.hex}:${output.path}`,
  );
}

/** `undefined` where an input is deferred. The memo has all inputs. */
function hashWithInputs(drv: Derivation, isMasked: boolean, memo: ModuloMemo): string | undefined {
  const inputs = new Map<string, Set<string>>();
  const add = (hex: string, output: string) => {
    const outputs = inputs.get(hex);
    if (outputs === undefined) inputs.set(hex, new Set([output]));
    else outputs.add(output);
  };
  for (const [path, outputs] of drv.inputDrvs) {
    const hash = memo.get(path);
    if (hash === undefined) throw new Bug(`no hash of input '${path}'`);
    if (hash.kind === 'deferred') return undefined;
    for (const output of outputs) {
      if (hash.kind === 'hash') add(hash.hex, output);
      else add(hash.hexByOutput.get(output) ?? missingOutput(path, output, hash.hexByOutput.keys()), 'out');
    }
  }
  const variant = new Map([...inputs].map(([hex, outputs]) => [hex, [...outputs]]));
  return hashBytes('sha256', encodeDerivation(drv, { isMasked, inputs: variant }));
}

/** @throws Fault E-STORE-008, always */
export function missingOutput(drvPath: StorePath, output: string, existing: Iterable<string>): never {
  const names = [...existing].sort(compareBytes);
  throw new Fault('E-STORE-008' satisfies StoreCode, `derivation '${drvPath}' has no output '${output}'`, {
    notes: [`it has: ${names.join(', ')}`],
    hints: didYouMean(output, names),
  });
}

/**
 * Completes a derivation: `deferred` outputs get their input-addressed path where all inputs are known, and each output's variable
 * in `env` becomes its path, its placeholder (floating) or empty (still deferred). Fixed outputs come with their path.
 *
 * @throws Fault E-STORE-002 the name does not make a store name · E-STORE-008 an input lacks the output asked for
 */
export function fillOutputPaths(drv: Derivation, storeDir: string, lookup: DerivationLookup, memo: ModuloMemo): Derivation {
  const outputs = new Map(drv.outputs);
  const env = new Map<string, Bytes>(drv.env);
  if (derivationKind(drv) === 'deferred') {
    for (const [path, wanted] of drv.inputDrvs) {
      hashDerivationModulo(path, lookup, memo);
      const existing = lookup(path).outputs;
      for (const output of wanted) if (!existing.has(output)) missingOutput(path, output, existing.keys());
    }
    const hex = hashWithInputs(drv, true, memo);
    for (const name of drv.outputs.keys()) {
      if (hex !== undefined)
        outputs.set(name, { kind: 'input-addressed', path: inputAddressedPath(drv.name, name, hex, storeDir) });
    }
  }
  for (const [name, output] of outputs) env.set(name, outputVariable(name, output));
  return { ...drv, outputs, env };
}

function outputVariable(name: string, output: DerivationOutput): Bytes {
  switch (output.kind) {
    case 'input-addressed':
    case 'fixed':
      return output.path;
    case 'floating':
      return placeholder(name);
    case 'deferred':
      return '';
    default:
      return never(output);
  }
}
