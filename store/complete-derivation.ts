/**
 * From what a build is made of to a finished derivation, in one go: the same as `fillOutputPaths`, `encodeDerivation`, `textPath` and
 * `hashDerivationModulo` after each other, but the parts that the three hashed texts share are written once.
 */
import { Bug, type Bytes, compareBytes, never } from '../base/index.ts';
import { derivationKind, fixedModulo, type ModuloHash, missingOutput } from './derivation.ts';
import { DerivationText } from './derivation-text.ts';
import { hashParts, keepParts } from './kept-text.ts';
import { inputAddressedPath, makeStorePath, methodPrefix, placeholder } from './store-path.ts';
import type { Derivation, DerivationOutput, StorePath } from './types.ts';

/** What a build is made of, before its paths are known. Plain arrays: there are many of these, and each lives shortly. */
export interface UnfinishedDerivation extends Pick<Derivation, 'name' | 'inputSrcs' | 'system' | 'builder' | 'args'> {
  /** `deferred`, or complete fixed or floating ones. */
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
  /** In any order. */
  readonly inputs: readonly InputOutput[];
  /** Names and values beside each other, names different and best sorted. Those named like outputs need not be there. */
  readonly variables: readonly Bytes[];
  readonly values: readonly Bytes[];
}

/** An output of a derivation that is needed. */
export interface InputOutput {
  readonly path: string;
  readonly output: string;
}

export interface CompleteDerivation extends InputDerivation {
  /** The `.drv`. */
  readonly text: DerivationText;
  /** With their paths, as far as those are known. */
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
}

/** What dependents ask of a derivation. */
export interface InputDerivation {
  readonly outputNames: readonly string[];
  readonly modulo: ModuloHash;
}

/** Shared by nearly all. */
const ONLY_OUT: readonly string[] = ['out'];

/**
 * @param inputOf  called for the inputs of derivations with `deferred` outputs
 * @throws Fault  E-STORE-002 the name does not make a store name · E-STORE-008 an input lacks the output asked for
 */
export function completeDerivation(
  drv: UnfinishedDerivation,
  storeDir: string,
  inputOf: (path: StorePath) => InputDerivation,
): CompleteDerivation {
  const kind = derivationKind(drv);
  if (kind === 'input-addressed') throw new Bug(`derivation '${drv.name}' is complete already`);
  const names = drv.outputs.size === 1 && drv.outputs.has('out') ? ONLY_OUT : [...drv.outputs.keys()].sort(compareBytes);
  const inputs = sortedInputs(drv.inputs.slice());
  const modulo = kind === 'deferred' ? moduloInputs(inputs, inputOf) : undefined;
  const moduloText = modulo === undefined ? '' : inputsText(modulo);
  const rest = new Rest(drv, names);
  let outputs = sortedOutputs(drv.outputs, names);
  if (modulo !== undefined) {
    const hex = hashParts(outputsText(outputs, names), moduloText, rest.masked());
    const found = new Map<string, DerivationOutput>();
    for (let i = 0; i < names.length; i++)
      found.set(names[i]!, { kind: 'input-addressed', path: inputAddressedPath(drv.name, names[i]!, hex, storeDir) });
    outputs = found;
  }
  const head = outputsText(outputs, names);
  const tail = rest.filled(outputs, names);
  const inputText = inputsText(inputs);
  const content = keepParts(head, inputText, tail);
  const references = mergeSorted(drv.inputSrcs, inputs);
  const type = references.length === 0 ? 'text' : `text:${references.join(':')}`;
  const path = makeStorePath(type, content.sha256, `${drv.name}.drv`, storeDir);
  let dependentsSee: ModuloHash = DEFERRED;
  if (kind === 'fixed') {
    dependentsSee = { kind, hexByOutput: new Map(names.map((name) => [name, fixedModulo(outputs.get(name)!)])) };
  } else if (modulo !== undefined) dependentsSee = { kind: 'hash', hex: hashParts(head, moduloText, tail) };
  return { text: new DerivationText(path, content, references), outputs, outputNames: names, modulo: dependentsSee };
}

const DEFERRED: ModuloHash = { kind: 'deferred' };

/** What follows the inputs, with holes where the variables of the outputs have their values. */
class Rest {
  /** One more than outputs. As long as needed from the start, here as elsewhere: an array that grows has room for 17 at least. */
  readonly #pieces: Bytes[];
  #count = 0;
  #text: Bytes = ',[';
  #isFirst: boolean = true as boolean;

  constructor(drv: UnfinishedDerivation, names: readonly string[]) {
    const { inputSrcs, variables, values } = drv;
    this.#pieces = new Array(names.length + 1);
    this.#list(inputSrcs.length < 2 ? inputSrcs : [...inputSrcs].sort(compareBytes));
    this.#text += '],';
    this.#quoted(drv.system);
    this.#text += ',';
    this.#quoted(drv.builder);
    this.#text += ',[';
    this.#list(drv.args);
    this.#text += '],[';
    if (isSorted(variables)) this.#variables(variables, values, names);
    else {
      const order = variables.map((_, i) => i).sort((a, b) => compareBytes(variables[a]!, variables[b]!));
      this.#variables(
        order.map((i) => variables[i]!),
        order.map((i) => values[i]!),
        names,
      );
    }
    this.#endPiece();
  }

  #variables(variables: readonly Bytes[], values: readonly Bytes[], names: readonly string[]): void {
    let next = 0;
    for (let i = 0; i <= variables.length; i++) {
      const name = variables[i];
      for (; next < names.length && (name === undefined || names[next]! < name); next++) this.#hole(names[next]!);
      if (name === undefined) break;
      if (name === names[next]) this.#hole(names[next++]!);
      else {
        this.#openVariable(name);
        this.#text += escaped(values[i]!);
      }
    }
    // Of the last one: there is an output always.
    this.#text += '")])';
  }

  /** Closes the variable before. */
  #openVariable(name: Bytes): void {
    this.#text += this.#isFirst ? opening(name).slice(CLOSING) : opening(name);
    this.#isFirst = false;
  }

  #hole(name: string): void {
    this.#openVariable(name);
    this.#endPiece();
    this.#text = '';
  }

  #endPiece(): void {
    // Asking for a character makes one string of the many that were put together: it is hashed up to three times.
    if (this.#text.charCodeAt(0) !== 0) this.#pieces[this.#count++] = this.#text;
  }

  #list(items: readonly Bytes[]): void {
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.#text += ',';
      this.#quoted(items[i]!);
    }
  }

  #quoted(text: Bytes): void {
    this.#text += quote(text);
  }

  masked(): readonly Bytes[] {
    return this.#pieces;
  }

  /** With the paths of the outputs, as far as they are known. */
  filled(outputs: ReadonlyMap<string, DerivationOutput>, names: readonly string[]): readonly Bytes[] {
    const parts: Bytes[] = new Array(2 * names.length + 1);
    parts[0] = this.#pieces[0]!;
    for (let i = 0; i < names.length; i++) {
      parts[2 * i + 1] = variableOf(names[i]!, outputs.get(names[i]!)!);
      parts[2 * i + 2] = this.#pieces[i + 1]!;
    }
    return parts;
  }
}

const ESCAPED = /[\\"\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const quote = (text: Bytes): Bytes => `"${escaped(text)}"`;

function escaped(text: Bytes): Bytes {
  return ESCAPED.test(text) ? text.replaceAll(/[\\"\n\r\t]/g, (char) => ESCAPES[char]!) : text;
}

/** What stands before the value of a variable: nearly all have the same few dozen names. */
function opening(name: Bytes): Bytes {
  const known = openings.get(name);
  if (known !== undefined) return known;
  const text = `"),("${escaped(name)}","`;
  if (openings.size < MAX_OPENINGS) openings.set(name, text);
  return text;
}

const openings = new Map<Bytes, Bytes>();
const MAX_OPENINGS = 1000;
/** Characters of an opening that close the variable before. */
const CLOSING = 3;

function isSorted(names: readonly Bytes[]): boolean {
  for (let i = 1; i < names.length; i++) if (!(names[i - 1]! < names[i]!)) return false;
  return true;
}

function variableOf(name: string, output: DerivationOutput): Bytes {
  if ('path' in output) return output.path;
  return output.kind === 'floating' ? placeholder(name) : '';
}

function outputsText(outputs: ReadonlyMap<string, DerivationOutput>, names: readonly string[]): Bytes {
  let text = 'Derive([';
  for (let i = 0; i < names.length; i++) {
    const output = outputs.get(names[i]!)!;
    text += `${i === 0 ? '' : ','}(${quote(names[i]!)},"${'path' in output ? output.path : ''}${hashColumns(output)}`;
  }
  return `${text}],`;
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

/** @param inputs sorted */
function inputsText(inputs: readonly InputOutput[]): Bytes {
  const { length } = inputs;
  if (length === 0) return '[]';
  let text = '[("';
  for (let i = 0; i < length; ) {
    const { path, output } = inputs[i++]!;
    text += path;
    if (output === 'out' && inputs[i]?.path !== path) text += i < length ? '",["out"]),("' : '",["out"])]';
    else {
      text += `",[${quote(output)}`;
      for (; inputs[i]?.path === path; i++) text += `,${quote(inputs[i]!.output)}`;
      text += i < length ? ']),("' : '])]';
    }
  }
  return text;
}

/** Sorts in place, and takes out what comes twice. Most derivations have few: those need no sort of the engine, which allocates. */
function sortedInputs(inputs: InputOutput[]): InputOutput[] {
  if (inputs.length > 12) inputs.sort(compareInputs);
  else {
    for (let i = 1; i < inputs.length; i++) {
      const input = inputs[i]!;
      let at = i;
      for (; at > 0 && compareInputs(input, inputs[at - 1]!) < 0; at--) inputs[at] = inputs[at - 1]!;
      inputs[at] = input;
    }
  }
  let kept = 0;
  for (let i = 0; i < inputs.length; i++)
    if (i === 0 || compareInputs(inputs[i]!, inputs[kept - 1]!) !== 0) inputs[kept++] = inputs[i]!;
  if (kept < inputs.length) inputs.length = kept;
  return inputs;
}

const compareInputs = (a: InputOutput, b: InputOutput): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.output === b.output ? 0 : a.output < b.output ? -1 : 1;

const sortedOutputs = (
  outputs: ReadonlyMap<string, DerivationOutput>,
  names: readonly string[],
): ReadonlyMap<string, DerivationOutput> =>
  names.length === 1 ? outputs : new Map(names.map((name) => [name, outputs.get(name)!]));

/** The hashes that stand for the inputs, sorted; `undefined` where one is known only after a build. @throws Fault E-STORE-008 */
function moduloInputs(inputs: readonly InputOutput[], inputOf: (path: StorePath) => InputDerivation): InputOutput[] | undefined {
  const found: InputOutput[] = new Array(inputs.length);
  let count = 0;
  let isDeferred = false;
  for (let i = 0; i < inputs.length; i++) {
    const { path, output } = inputs[i]!;
    const { outputNames, modulo } = inputOf(path as StorePath);
    if (!outputNames.includes(output)) missingOutput(path as StorePath, output, outputNames);
    if (modulo.kind === 'deferred') isDeferred = true;
    else if (modulo.kind === 'hash') found[count++] = { path: modulo.hex, output };
    else found[count++] = { path: modulo.hexByOutput.get(output)!, output: 'out' };
  }
  return isDeferred ? undefined : sortedInputs(found);
}

/** Sources and derivations, sorted, each once. */
function mergeSorted(sources: readonly StorePath[], inputs: readonly InputOutput[]): readonly StorePath[] {
  const paths: StorePath[] = new Array(inputs.length);
  let count = 0;
  for (let i = 0; i < inputs.length; i++)
    if (i === 0 || inputs[i]!.path !== inputs[i - 1]!.path) paths[count++] = inputs[i]!.path as StorePath;
  if (count < paths.length) paths.length = count;
  return sources.length === 0 ? paths : [...new Set([...sources, ...paths])].sort(compareBytes);
}
