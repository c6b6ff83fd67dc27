/** The attributes given to `derivationStrict`, read in order, and the rules between them. */
import { type Bytes, bytesToText, Fault, place, textToBytes } from '../../base/index.ts';
import {
  type DerivationOutput,
  type Digest,
  fixedOutput,
  type HashAlgorithm,
  hashSizes,
  type IngestionMethod,
  isHashAlgorithm,
  parseHash,
  parseStoreName,
  type UnfinishedDerivation,
} from '../../store/index.ts';
import type { Attrs, Shape } from '../attrs.ts';
import { coerceToString } from '../coerce.ts';
import type { Evaluator } from '../evaluator.ts';
import { Gathered } from '../gathered.ts';
import { jsonString } from '../json-writer.ts';
import { forceAt } from '../thunk.ts';
import { valueToJson } from '../to-json.ts';
import { addStep, locate } from '../trace.ts';
import type { Context, Slot } from '../value.ts';
import { builtinFault, neededAttribute, unknownAlgorithm, unknownWord } from './faults.ts';

/** Everything but the inputs, which follow from `context`. */
export type DerivationAttributes = Omit<UnfinishedDerivation, 'inputs' | 'inputSrcs'> & { readonly context: Context };

export function readDerivationAttributes(ctx: Evaluator, set: Attrs): DerivationAttributes {
  const columns = columnsOf(set.shape);
  const nameSlot = set.slots[columns.name];
  if (nameSlot === undefined) throw neededAttribute('the set passed to derivationStrict', 'name');
  const name = ctx.forceStringNoContext(nameSlot, 'the `name` attribute passed to builtins.derivationStrict');
  if (name.endsWith('.drv')) {
    throw builtinFault(
      'E-EVAL-111',
      "derivation names are allowed to end in '.drv' only if they produce a single derivation file",
      { notes: [`the name is '${bytesToText(name)}'`] },
    );
  }
  checkName(name);
  const reader = new AttributeReader(ctx, set, name, columns);
  reader.readAll();
  return reader.finish();
}

function checkName(name: Bytes): void {
  try {
    parseStoreName(name);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const message = `invalid derivation name: ${error.message}. Please pass a different 'name'.`;
    throw builtinFault('E-EVAL-111', message, { notes: error.notes, hints: error.hints });
  }
}

/** Read by the build from the environment, which structured attributes leave empty. */
const UNSTRUCTURED: ReadonlySet<Bytes> = new Set([
  'allowedReferences',
  'allowedRequisites',
  'disallowedReferences',
  'disallowedRequisites',
  'maxClosureSize',
  'maxSize',
]);

const LOOSE = { isLoose: true };

/** `sha256-…`, `sha256:…` */
const NAMES_ITS_ALGORITHM = /^\w+[-:]/;

const SPECIAL: ReadonlySet<Bytes> = new Set(['builder', 'system', 'outputHash', 'outputHashAlgo', 'outputHashMode']);

/** Where the attributes are that are asked for first, or -1, and which of all are nothing but variables, in sets of one shape. */
interface Columns {
  readonly shape: Shape;
  readonly name: number;
  readonly isStructured: number;
  readonly ignoresNulls: number;
  readonly isPlain: readonly boolean[];
}

const NOT_PLAIN: ReadonlySet<Bytes> = new Set([...SPECIAL, '__contentAddressed', '__ignoreNulls', '__impure', 'args', 'outputs']);

let lastColumns: Columns | undefined;

/** Derivations that are made after each other mostly have the same attributes. */
function columnsOf(shape: Shape): Columns {
  if (lastColumns?.shape !== shape) {
    lastColumns = {
      shape,
      name: shape.indexOf('name'),
      isStructured: shape.indexOf('__structuredAttrs'),
      ignoresNulls: shape.indexOf('__ignoreNulls'),
      isPlain: shape.names.map((name) => !NOT_PLAIN.has(name)),
    };
  }
  return lastColumns;
}

const DEFERRED: DerivationOutput = { kind: 'deferred' };
const ONLY_OUT: readonly Bytes[] = ['out'];
const DEFERRED_OUT: ReadonlyMap<string, DerivationOutput> = new Map([['out', DEFERRED]]);

class AttributeReader {
  readonly #ctx: Evaluator;
  readonly #set: Attrs;
  readonly #name: Bytes;
  readonly #isPlain: readonly boolean[];
  readonly #isStructured: boolean;
  readonly #ignoresNulls: boolean;
  readonly #context = new Gathered();
  /** As long as they may get: arrays that grow take more. */
  readonly #variables: Bytes[];
  readonly #values: Bytes[];
  #count = 0;
  readonly #json: Bytes[] = [];
  #args: Bytes[] = [];
  #builder: Bytes = '';
  #system: Bytes = '';
  #outputs: readonly Bytes[] = ONLY_OUT;
  #isContentAddressed: boolean = false as boolean;
  #hash: Bytes | undefined;
  #algorithm: HashAlgorithm | undefined;
  #unknownAlgorithm: Bytes | undefined;
  #method: IngestionMethod | undefined;

  constructor(ctx: Evaluator, set: Attrs, name: Bytes, { isPlain, isStructured, ignoresNulls }: Columns) {
    this.#ctx = ctx;
    this.#set = set;
    this.#name = name;
    this.#variables = new Array(set.size);
    this.#values = new Array(set.size);
    this.#isPlain = isPlain;
    this.#isStructured = isStructured >= 0 && this.#flag(isStructured, '__structuredAttrs');
    this.#ignoresNulls = ignoresNulls >= 0 && this.#flag(ignoresNulls, '__ignoreNulls');
  }

  #flag(index: number, name: string): boolean {
    return this.#ctx.forceBool(this.#set.slots[index]!, `the \`${name}\` attribute passed to builtins.derivationStrict`);
  }

  readAll(): void {
    const { names } = this.#set;
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      const slot = this.#set.slots[index]!;
      try {
        if (name === '__ignoreNulls' || (this.#ignoresNulls && this.#ctx.force(slot) === null)) continue;
        if (this.#isPlain[index] && !this.#isStructured) this.#variable(name, index);
        else this.#attribute(name, slot, index);
      } catch (error) {
        const step = `while evaluating attribute '${bytesToText(name)}' of derivation '${bytesToText(this.#name)}'`;
        const span = this.#set.shape.spans?.[index];
        throw addStep(span === undefined ? error : locate(error, span), step, span);
      }
    }
  }

  #attribute(name: Bytes, slot: Slot, index: number): void {
    switch (name) {
      case '__contentAddressed':
        this.#isContentAddressed = this.#ctx.forceBool(slot, 'the `__contentAddressed` attribute');
        return;
      case '__impure':
        if (this.#ctx.forceBool(slot, 'the `__impure` attribute')) {
          throw builtinFault('E-EVAL-111', 'impure derivations are not supported', {
            hints: ['declare what the build reads: its result is then the same everywhere'],
          });
        }
        return;
      case 'args':
        this.#args = this.#ctx
          .forceList(slot, 'the `args` attribute passed to builtins.derivationStrict')
          .map((item) => this.#ctx.coerceToString(item, 'an element of the argument list', this.#context, LOOSE));
        return;
      default:
        if (this.#isStructured) this.#structured(name, slot);
        else {
          const value = this.#variable(name, index);
          if (name === 'outputs') this.#setOutputs(value.split(/[ \t\n\r]+/).filter((output) => output !== ''));
          else this.#special(name, value);
        }
    }
  }

  #variable(name: Bytes, index: number): Bytes {
    const value = coerceToString(this.#ctx, forceAt(this.#set.slots, index), this.#context, LOOSE);
    this.#variables[this.#count] = name;
    this.#values[this.#count++] = value;
    return value;
  }

  #structured(name: Bytes, slot: Slot): void {
    if (name === '__structuredAttrs') return;
    if (UNSTRUCTURED.has(name)) this.#warnNoEffect(name);
    this.#json.push(`${jsonString(name)}:${valueToJson(this.#ctx, slot, this.#context)}`);
    if (name === 'outputs') {
      const items = this.#ctx.forceList(slot, 'the `outputs` attribute');
      this.#setOutputs(items.map((item) => this.#ctx.forceStringNoContext(item, 'an element of the `outputs` attribute')));
    } else if (SPECIAL.has(name)) this.#special(name, this.#word(name, slot));
  }

  /** Only the builder may be something that has to be built first. */
  #word(name: Bytes, slot: Slot): Bytes {
    const what = `the \`${name}\` attribute`;
    return name === 'builder' ? this.#ctx.forceString(slot, what, this.#context) : this.#ctx.forceStringNoContext(slot, what);
  }

  #warnNoEffect(name: Bytes): void {
    const span = this.#set.spanOf(name);
    const at = span === undefined ? '' : ` (at ${place(span)})`;
    this.#ctx.io.trace(
      'warning',
      textToBytes(
        `while evaluating derivation '${bytesToText(this.#name)}': 'structuredAttrs' disables the effect of the derivation attribute '${name}'; use 'outputChecks.<output>.${name}' instead${at}`,
      ),
    );
  }

  /** Attributes that are part of the derivation itself. */
  #special(name: Bytes, value: Bytes): void {
    switch (name) {
      case 'builder':
        this.#builder = value;
        return;
      case 'system':
        this.#system = value;
        return;
      case 'outputHash':
        this.#hash = value;
        return;
      case 'outputHashAlgo':
        // Empty or null: the hash names it. It does so, too, where this is the name of none; then it is told if it has to be known.
        if (isHashAlgorithm(value)) this.#algorithm = value;
        else if (value !== '') this.#unknownAlgorithm = value;
        return;
      case 'outputHashMode':
        this.#method = ingestionMethod(value);
        return;
    }
  }

  #setOutputs(outputs: Bytes[]): void {
    const seen = new Set<Bytes>();
    for (const output of outputs) {
      if (seen.has(output)) throw builtinFault('E-EVAL-111', `duplicate derivation output '${bytesToText(output)}'`);
      if (output === 'drvPath') {
        throw builtinFault('E-EVAL-111', "invalid derivation output name 'drvPath'", {
          hints: ["that attribute is the derivation's own path: name the output otherwise"],
        });
      }
      seen.add(output);
    }
    if (outputs.length === 0) throw builtinFault('E-EVAL-111', 'derivation cannot have an empty set of outputs');
    this.#outputs = outputs;
  }

  finish(): DerivationAttributes {
    const what = `derivation '${bytesToText(this.#name)}'`;
    if (this.#builder === '') throw neededAttribute(what, 'builder', "required attribute 'builder' missing");
    if (this.#system === '') throw neededAttribute(what, 'system', "required attribute 'system' missing");
    this.#variables.length = this.#count;
    this.#values.length = this.#count;
    if (this.#isStructured) {
      this.#variables.push('__json');
      this.#values.push(`{${this.#json.join(',')}}`);
    }
    return {
      name: this.#name,
      outputs: this.#outputMap(),
      system: this.#system,
      builder: this.#builder,
      args: this.#args,
      variables: this.#variables,
      values: this.#values,
      context: this.#context.items,
    };
  }

  #outputMap(): ReadonlyMap<string, DerivationOutput> {
    if (this.#hash !== undefined) {
      if (this.#outputs.length !== 1 || this.#outputs[0] !== 'out') {
        throw builtinFault('E-EVAL-111', 'multiple outputs are not supported in fixed-output derivations', {
          notes: [`a fixed output is alone and named 'out'; here are: ${this.#outputs.map(bytesToText).join(', ')}`],
        });
      }
      return new Map([
        ['out', fixedOutput(this.#name, this.#method ?? 'flat', this.#digest(this.#hash), this.#ctx.io.store.storeDir)],
      ]);
    }
    const output: DerivationOutput = this.#isContentAddressed
      ? { kind: 'floating', method: this.#method ?? 'nar', algorithm: this.#algorithm ?? 'sha256' }
      : DEFERRED;
    if (output === DEFERRED && this.#outputs === ONLY_OUT) return DEFERRED_OUT;
    return new Map(this.#outputs.map((name) => [name, output]));
  }

  #parseHash(text: Bytes): Digest {
    try {
      return parseHash(text, this.#algorithm);
    } catch (error) {
      if (!NAMES_ITS_ALGORITHM.test(text)) this.#checkAlgorithm();
      const span = this.#set.spanOf('outputHash');
      throw span === undefined ? error : locate(error, span);
    }
  }

  #checkAlgorithm(): void {
    if (this.#unknownAlgorithm === undefined) return;
    const fault = unknownAlgorithm(this.#unknownAlgorithm, Object.keys(hashSizes));
    const span = this.#set.spanOf('outputHashAlgo');
    throw span === undefined ? fault : locate(fault, span);
  }

  /** An empty hash stands for one that is not known yet: the fetch fails and says which it is. */
  #digest(text: Bytes): Digest {
    if (text !== '') return this.#parseHash(text);
    if (this.#algorithm === undefined) {
      this.#checkAlgorithm();
      throw builtinFault('E-EVAL-111', 'empty hash requires explicit hash algorithm', {
        hints: ['add outputHashAlgo = "sha256"'],
      });
    }
    const digest: Digest = { algorithm: this.#algorithm, hex: '0'.repeat(hashSizes[this.#algorithm] * 2) };
    this.#ctx.io.trace('warning', `found empty hash in derivation '${this.#name}': its build will fail and print the right one`);
    return digest;
  }
}

function ingestionMethod(word: Bytes): IngestionMethod {
  if (word === 'recursive' || word === 'nar') return 'nar';
  if (word === 'flat') return 'flat';
  throw unknownWord(`invalid value '${bytesToText(word)}' for 'outputHashMode' attribute`, word, ['flat', 'recursive', 'nar']);
}
