/**
 * From what a build is made of to a finished derivation, in one go: the same as `fillOutputPaths`, `encodeDerivation`, `textPath` and
 * `hashDerivationModulo` after each other, but the parts that the three hashed texts share are written once.
 */
import { Bug, type Bytes, compareBytes, never } from '../base/index.ts';
import { ATermWriter } from './aterm-writer.ts';
import { derivationKind, fixedModulo, type ModuloHash, missingOutput } from './derivation.ts';
import { hashBytes } from './hash.ts';
import { inputAddressedPath, makeStorePath, methodPrefix, placeholder } from './store-path.ts';
import type { Derivation, DerivationOutput, StorePath } from './types.ts';

export interface CompleteDerivation extends InputDerivation {
  readonly path: StorePath;
  /** The content of the `.drv`. */
  readonly text: Bytes;
  /** Sorted. */
  readonly references: readonly StorePath[];
  /** With their paths, as far as those are known. */
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
}

/** What dependents ask of a derivation. */
export interface InputDerivation {
  readonly outputNames: readonly string[];
  readonly modulo: ModuloHash;
}

const writer = new ATermWriter();

/** Shared by nearly all. */
const ONLY_OUT: readonly string[] = ['out'];

/**
 * @param inputOf  called for the inputs of derivations with `deferred` outputs
 * @param drv      `deferred` outputs, or complete fixed or floating ones; variables named like outputs need not be there
 * @throws Fault  E-STORE-002 the name does not make a store name · E-STORE-008 an input lacks the output asked for
 */
export function completeDerivation(
  drv: Derivation,
  storeDir: string,
  inputOf: (path: StorePath) => InputDerivation,
): CompleteDerivation {
  const kind = derivationKind(drv);
  if (kind === 'input-addressed') throw new Bug(`derivation '${drv.name}' is complete already`);
  const names = drv.outputs.size === 1 && drv.outputs.has('out') ? ONLY_OUT : sortedNames([...drv.outputs.keys()]);
  const inputs = sortedInputs(drv.inputDrvs);
  // Everything that may read other derivations happens before the shared buffer is touched.
  const modulo = kind === 'deferred' ? moduloInputs(inputs, inputOf) : undefined;
  writer.clear();
  const hole = kind === 'floating' ? placeholder : () => '';
  const masked = writeMasked(drv, names, modulo ?? inputs, hole);
  let outputs = sortedOutputs(drv.outputs, names);
  if (modulo !== undefined) {
    const hex = hashWritten(0, writer.used);
    const found = new Map<string, DerivationOutput>();
    for (const name of names)
      found.set(name, { kind: 'input-addressed', path: inputAddressedPath(drv.name, name, hex, storeDir) });
    outputs = found;
  }
  const start = writer.used;
  writeOutputs(outputs, names);
  const endOfOutputs = writer.used;
  writeInputs(inputs);
  writeRest(masked, names, outputs);
  const text = writer.bytes.toString('latin1', start, writer.used);
  const textHex = hashWritten(start, writer.used);
  const references = mergeSorted(drv.inputSrcs, inputs);
  const type = references.length === 0 ? 'text' : `text:${references.join(':')}`;
  const path = makeStorePath(type, textHex, `${drv.name}.drv`, storeDir);
  let dependentsSee: ModuloHash = DEFERRED;
  if (kind === 'fixed') {
    dependentsSee = { kind, hexByOutput: new Map(names.map((name) => [name, fixedModulo(outputs.get(name)!)])) };
  } else if (modulo !== undefined) {
    const again = writer.used;
    writer.again(start, endOfOutputs);
    writer.again(masked.inputs, masked.rest);
    writeRest(masked, names, outputs);
    dependentsSee = { kind: 'hash', hex: hashWritten(again, writer.used) };
  }
  return { path, text, references, outputs, outputNames: names, modulo: dependentsSee };
}

const DEFERRED: ModuloHash = { kind: 'deferred' };

const hashWritten = (start: number, end: number): string => hashBytes('sha256', writer.bytes.subarray(start, end));

type Input = readonly [path: string, outputs: readonly string[]];

/** Places in the buffer. */
interface Masked {
  readonly inputs: number;
  readonly rest: number;
  /** Behind the opening quote of each output's variable, in the order of the outputs' names. */
  readonly variables: readonly number[];
  /** How long the values there are. */
  readonly lengths: readonly number[];
  readonly end: number;
}

/** The text without the paths of outputs: what they are computed from. */
function writeMasked(
  drv: Derivation,
  names: readonly string[],
  inputs: readonly Input[],
  variable: (output: string) => string,
): Masked {
  writeOutputs(drv.outputs, names, true);
  const inputsAt = writer.used;
  writeInputs(inputs);
  const rest = writer.used;
  writer.raw(',');
  writer.list(sortedNames(drv.inputSrcs));
  writer.raw(',');
  writer.quoted(drv.system);
  writer.raw(',');
  writer.quoted(drv.builder);
  writer.raw(',');
  writer.list(drv.args);
  writer.raw(',[');
  const variables: number[] = [];
  const lengths: number[] = [];
  let isFirst = true;
  for (const name of variableNames(drv)) {
    writer.raw(isFirst ? '(' : ',(');
    isFirst = false;
    writer.quoted(name);
    writer.raw(',');
    if (drv.outputs.has(name)) {
      const value = variable(name);
      variables.push(writer.used + 1);
      lengths.push(value.length);
      writer.quoted(value);
    } else writer.quoted(drv.env.get(name)!);
    writer.raw(')');
  }
  writer.raw('])');
  return { inputs: inputsAt, rest, variables, lengths, end: writer.used };
}

/** What follows the inputs, with the paths of the outputs where they were left out. */
function writeRest(masked: Masked, names: readonly string[], outputs: ReadonlyMap<string, DerivationOutput>): void {
  let from = masked.rest;
  for (let i = 0; i < names.length; i++) {
    const output = outputs.get(names[i]!)!;
    if (!('path' in output)) continue;
    const at = masked.variables[i]!;
    writer.again(from, at);
    writer.raw(output.path);
    from = at + masked.lengths[i]!;
  }
  writer.again(from, masked.end);
}

/** Sorted, those of the outputs among them. Cost: linear where they come sorted, as attributes do. */
function variableNames({ env, outputs }: Derivation): readonly string[] {
  const names: string[] = [];
  let isSorted = true;
  env.forEach((_value, name) => {
    if (names.length > 0 && name < names[names.length - 1]!) isSorted = false;
    names.push(name);
  });
  if (!isSorted) names.sort(compareBytes);
  for (const output of outputs.keys()) {
    if (env.has(output)) continue;
    let at = names.length;
    while (at > 0 && output < names[at - 1]!) at--;
    names.splice(at, 0, output);
  }
  return names;
}

function writeOutputs(outputs: ReadonlyMap<string, DerivationOutput>, names: readonly string[], isMasked = false): void {
  writer.raw('Derive([');
  for (let i = 0; i < names.length; i++) {
    const output = outputs.get(names[i]!)!;
    writer.raw(i === 0 ? '(' : ',(');
    writer.quoted(names[i]!);
    writer.raw(',"');
    if (!isMasked && 'path' in output) writer.raw(output.path);
    writer.raw(hashColumns(output));
  }
  writer.raw('],');
}

function hashColumns(output: DerivationOutput): string {
  switch (output.kind) {
    case 'input-addressed':
    case 'deferred':
      return '","","")';
    case 'fixed':
      return `","${methodPrefix(output.method)}${output.digest.algorithm}","${output.digest.hex}")`;
    case 'floating':
      return `","${methodPrefix(output.method)}${output.algorithm}","")`;
    default:
      return never(output);
  }
}

function writeInputs(inputs: readonly Input[]): void {
  writer.raw('[');
  for (let i = 0; i < inputs.length; i++) {
    writer.raw(i === 0 ? '(' : ',(');
    writer.quoted(inputs[i]![0]);
    writer.raw(',');
    writer.list(inputs[i]![1]);
    writer.raw(')');
  }
  writer.raw(']');
}

function sortedInputs(inputs: ReadonlyMap<string, readonly string[]>): Input[] {
  const sorted: Input[] = [];
  inputs.forEach((outputs, path) => {
    sorted.push([path, sortedNames(outputs)]);
  });
  return sortFew(sorted);
}

/** Most derivations have few inputs: those are put in order without a sort of the engine, which allocates. */
function sortFew(inputs: Input[]): Input[] {
  if (inputs.length > 12) return inputs.sort(([a], [b]) => compareBytes(a, b));
  for (let i = 1; i < inputs.length; i++) {
    const input = inputs[i]!;
    let at = i;
    for (; at > 0 && input[0] < inputs[at - 1]![0]; at--) inputs[at] = inputs[at - 1]!;
    inputs[at] = input;
  }
  return inputs;
}

const sortedNames = (names: readonly string[]): readonly string[] => (names.length < 2 ? names : [...names].sort(compareBytes));

const sortedOutputs = (
  outputs: ReadonlyMap<string, DerivationOutput>,
  names: readonly string[],
): ReadonlyMap<string, DerivationOutput> =>
  names.length === 1 ? outputs : new Map(names.map((name) => [name, outputs.get(name)!]));

/** The hashes that stand for the inputs; `undefined` where one is known only after a build. @throws Fault E-STORE-008 */
function moduloInputs(inputs: readonly Input[], inputOf: (path: StorePath) => InputDerivation): Input[] | undefined {
  const found = new Map<string, readonly string[]>();
  let isDeferred = false;
  for (const [key, wanted] of inputs) {
    const path = key as StorePath;
    const { outputNames, modulo } = inputOf(path);
    for (const output of wanted) if (!outputNames.includes(output)) missingOutput(path, output, outputNames);
    if (modulo.kind === 'deferred') isDeferred = true;
    else if (modulo.kind === 'hash') addOutputs(found, modulo.hex, wanted);
    else for (const output of wanted) addOutputs(found, modulo.hexByOutput.get(output)!, ONLY_OUT);
  }
  return isDeferred ? undefined : sortedInputs(found);
}

function addOutputs(inputs: Map<string, readonly string[]>, hex: string, outputs: readonly string[]): void {
  const others = inputs.get(hex);
  inputs.set(hex, others === undefined ? outputs : [...new Set([...others, ...outputs])]);
}

/** Sources and derivations, sorted, each once. */
function mergeSorted(sources: readonly StorePath[], inputs: readonly Input[]): StorePath[] {
  const paths = inputs.map(([path]) => path as StorePath);
  return sources.length === 0 ? paths : [...new Set([...sources, ...paths])].sort(compareBytes);
}
