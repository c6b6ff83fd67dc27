/**
 * From what a build is made of to a finished derivation, in one go: the same as `fillOutputPaths`, `encodeDerivation`, `textPath` and
 * `hashDerivationModulo` after each other, but the three texts that are hashed are one, written once: with room for the paths of the
 * outputs, which are left out of the first, and with the inputs, for which the first and the last have others.
 */
import { Bug, type Bytes, compareBytes, memoryParts, never } from '../base/index.ts';
import { encodePathDigits, writePathDigits } from './base32.ts';
import { derivationKind, fixedModulo, type ModuloHash, missingOutput } from './derivation.ts';
import { DerivationText } from './derivation-text.ts';
import { AsideText, DraftText } from './kept-text.ts';
import { maxNameLength, methodPrefix, outputPathName, parseStoreName, pathDigest, placeholder } from './store-path.ts';
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
  /** The derivation itself, where it is at hand. */
  readonly made?: InputDerivation;
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
 * @param inputOf  called for the inputs of derivations with `deferred` outputs, where those are not at hand
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
  const sources = isSorted(drv.inputSrcs) ? drv.inputSrcs : [...drv.inputSrcs].sort(compareBytes);
  const modulo = kind === 'deferred' ? moduloInputs(inputs, inputOf) : undefined;
  const written = new Writing(drv, names, inputsText(inputs), sources, modulo === undefined ? undefined : storeDir);
  const draft = new DraftText(written.text);
  let { outputs } = drv;
  if (modulo !== undefined) {
    aside.write(inputsText(modulo));
    outputs = fillPaths(draft, written, names, drv.name, storeDir);
  } else if (names.length > 1) outputs = new Map(names.map((name) => [name, drv.outputs.get(name)!]));
  const content = draft.keep();
  const references = mergeSorted(sources, inputs);
  const path = drvPath(drv.name, content.sha256, references, storeDir);
  let dependentsSee: ModuloHash = DEFERRED;
  if (kind === 'fixed') {
    dependentsSee = { kind, hexByOutput: new Map(names.map((name) => [name, fixedModulo(outputs.get(name)!)])) };
  } else if (modulo !== undefined) {
    memoryParts.begin();
    draft.hash(0, written.inputsAt);
    aside.hash();
    draft.hash(written.inputsEnd, written.text.length);
    dependentsSee = { kind: 'hash', hex: memoryParts.digest() };
  }
  return { text: new DerivationText(path, content, references), outputs, outputNames: names, modulo: dependentsSee };
}

const DEFERRED: ModuloHash = { kind: 'deferred' };

/** What the inputs of the derivation are for dependents. */
const aside = new AsideText();

/** Hashes the text without the paths of its outputs, and writes those into it. */
function fillPaths(
  draft: DraftText,
  { text, inputsAt, inputsEnd, holes, fillers }: Writing,
  names: readonly string[],
  name: Bytes,
  storeDir: string,
): ReadonlyMap<string, DerivationOutput> {
  const count = names.length;
  memoryParts.begin();
  let from = 0;
  for (let i = 0; i < count; i++) {
    draft.hash(from, holes[i]!);
    from = holes[i]! + fillers[i]!.length;
  }
  draft.hash(from, inputsAt);
  aside.hash();
  from = inputsEnd;
  for (let i = 0; i < count; i++) {
    draft.hash(from, holes[count + i]!);
    from = holes[count + i]! + fillers[i]!.length;
  }
  draft.hash(from, text.length);
  const hex = memoryParts.digest();
  const found = new Map<string, DerivationOutput>();
  for (let i = 0; i < count; i++) {
    const hole = holes[i]!;
    const digits = hole + storeDir.length + 1;
    const digest = pathDigest(`output:${names[i]!}`, hex, outputPathName(name, names[i]!), storeDir);
    writePathDigits(digest, draft.bytes, draft.at(digits));
    draft.copy(digits, holes[count + i]! + storeDir.length + 1, 32);
    const path = draft.slice(hole, hole + fillers[i]!.length) as StorePath;
    found.set(names[i]!, { kind: 'input-addressed', path });
  }
  return found;
}

/** As `textPath`. @throws Fault E-STORE-002 */
function drvPath(name: Bytes, sha256: string, references: readonly StorePath[], storeDir: string): StorePath {
  parseStoreName(name);
  const full = `${name}.drv`;
  // What follows a good name can only make it too long.
  if (full.length > maxNameLength) parseStoreName(full);
  let type = 'text';
  for (let i = 0; i < references.length; i++) type += `:${references[i]!}`;
  return `${storeDir}/${encodePathDigits(pathDigest(type, sha256, full, storeDir))}-${full}` as StorePath;
}

const NO_DIGITS = '0'.repeat(32);

/** The text of a derivation, with room for paths that its hash decides. */
class Writing {
  readonly text: Bytes;
  /** Where the inputs are. */
  readonly inputsAt: number;
  readonly inputsEnd: number;
  /** Where the path of each output is, and then where the value of its variable is. */
  readonly holes: number[];
  /** What stands there: as long as the paths are. */
  readonly fillers: Bytes[];

  /**
   * @param sources   sorted
   * @param storeDir  where there are paths to be filled in
   */
  constructor(
    drv: UnfinishedDerivation,
    names: readonly string[],
    inputs: Bytes,
    sources: readonly StorePath[],
    storeDir: string | undefined,
  ) {
    const { outputs, values } = drv;
    const count = names.length;
    const holes: number[] = new Array(2 * count);
    const fillers: Bytes[] = new Array(count);
    let text = 'Derive([';
    for (let i = 0; i < count; i++) {
      const name = names[i]!;
      const output = outputs.get(name)!;
      text += `${i === 0 ? '' : ','}(${quote(name)},"`;
      holes[i] = text.length;
      fillers[i] = storeDir === undefined ? variableOf(name, output) : `${storeDir}/${NO_DIGITS}-${pathName(drv.name, name)}`;
      text += storeDir === undefined ? pathOf(output) : fillers[i]!;
      text += hashColumns(output);
    }
    text += '],';
    this.inputsAt = text.length;
    text += inputs;
    this.inputsEnd = text.length;
    text += `,[${listText(sources)}],${quote(drv.system)},${quote(drv.builder)},[${listText(drv.args)}],[`;
    const { openings, places } = columnsOf(drv.variables, names);
    for (let i = 0; i < places.length; i++) {
      text += openings[i]!;
      const place = places[i]!;
      if (place >= 0) text += escaped(values[place]!);
      else {
        holes[count + ~place] = text.length;
        text += fillers[~place]!;
      }
    }
    // Of the last variable: there is an output always.
    this.text = `${text}")])`;
    this.holes = holes;
    this.fillers = fillers;
  }
}

/** @throws Fault E-STORE-002 */
const pathName = (drvName: Bytes, output: string): string => parseStoreName(outputPathName(drvName, output));

/** In which order the variables stand: those of the outputs are among them, and instead of others of that name. */
interface Columns {
  readonly variables: readonly Bytes[];
  readonly names: readonly string[];
  /** What stands before each value. */
  readonly openings: readonly Bytes[];
  /** Which value: of a variable, or `~` which output. */
  readonly places: readonly number[];
}

let lastColumns: Columns = { variables: [], names: [], openings: [], places: [] };

/** Derivations that are made after each other mostly have the same variables. */
function columnsOf(variables: readonly Bytes[], names: readonly string[]): Columns {
  if (!isSame(names, lastColumns.names) || !isSame(variables, lastColumns.variables)) lastColumns = makeColumns(variables, names);
  return lastColumns;
}

function isSame(a: readonly Bytes[], b: readonly Bytes[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function makeColumns(variables: readonly Bytes[], names: readonly string[]): Columns {
  // As long as they may get: arrays that grow leave their shorter selves behind.
  const openings: Bytes[] = new Array(variables.length + names.length);
  const places: number[] = new Array(variables.length + names.length);
  let count = 0;
  const put = (name: Bytes, place: number): void => {
    openings[count] = count === 0 ? opening(name).slice(CLOSING) : opening(name);
    places[count++] = place;
  };
  const order = sortedPlaces(variables);
  let next = 0;
  for (let i = 0; i <= variables.length; i++) {
    const name = i === variables.length ? undefined : variables[order === undefined ? i : order[i]!]!;
    for (; next < names.length && (name === undefined || names[next]! < name); next++) put(names[next]!, ~next);
    if (name === undefined) break;
    if (name === names[next]) put(name, ~next++);
    else put(name, order === undefined ? i : order[i]!);
  }
  openings.length = count;
  places.length = count;
  return { variables, names, openings, places };
}

/** `undefined` where they are sorted. */
function sortedPlaces(names: readonly Bytes[]): number[] | undefined {
  if (isSorted(names)) return undefined;
  return names.map((_, i) => i).sort((a, b) => compareBytes(names[a]!, names[b]!));
}

function listText(items: readonly Bytes[]): Bytes {
  let text = '';
  for (let i = 0; i < items.length; i++) text += i === 0 ? quote(items[i]!) : `,${quote(items[i]!)}`;
  return text;
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

const pathOf = (output: DerivationOutput): Bytes => ('path' in output ? output.path : '');

const variableOf = (name: string, output: DerivationOutput): Bytes =>
  output.kind === 'floating' ? placeholder(name) : pathOf(output);

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

/** The hashes that stand for the inputs, sorted; `undefined` where one is known only after a build. @throws Fault E-STORE-008 */
function moduloInputs(inputs: readonly InputOutput[], inputOf: (path: StorePath) => InputDerivation): InputOutput[] | undefined {
  const found: InputOutput[] = new Array(inputs.length);
  let count = 0;
  let isDeferred = false;
  for (let i = 0; i < inputs.length; i++) {
    const { path, output, made } = inputs[i]!;
    const { outputNames, modulo } = made ?? inputOf(path as StorePath);
    if (!outputNames.includes(output)) missingOutput(path as StorePath, output, outputNames);
    if (modulo.kind === 'deferred') isDeferred = true;
    else if (modulo.kind === 'hash') found[count++] = { path: modulo.hex, output };
    else found[count++] = { path: modulo.hexByOutput.get(output)!, output: 'out' };
  }
  return isDeferred ? undefined : sortedInputs(found);
}

/** Sources and derivations, sorted, each once. Both are sorted. */
function mergeSorted(sources: readonly StorePath[], inputs: readonly InputOutput[]): readonly StorePath[] {
  const paths: StorePath[] = new Array(sources.length + inputs.length);
  let count = 0;
  for (let i = 0, j = 0; i < sources.length || j < inputs.length; ) {
    const isSource = j === inputs.length || (i < sources.length && sources[i]! < inputs[j]!.path);
    const path = isSource ? sources[i++]! : (inputs[j++]!.path as StorePath);
    if (count === 0 || path !== paths[count - 1]) paths[count++] = path;
  }
  if (count < paths.length) paths.length = count;
  return paths;
}
