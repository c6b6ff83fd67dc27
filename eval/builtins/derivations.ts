/** `derivation` and what it stands on: expressions → builds. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { derivationName, type StorePath, upstreamPlaceholder } from '../../store/index.ts';
import { Attrs, attrsFromMap, fixedShape, mergeAttrs, Place } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { missingAttribute } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { force, Thunk } from '../thunk.ts';
import { addStep, locate } from '../trace.ts';
import { ContextString, type Slot, type Value } from '../value.ts';
import { parseContextElement } from './context.ts';
import { readDerivationAttributes } from './derivation-attributes.ts';
import { inputsOfContext } from './derivation-inputs.ts';
import { derivationState } from './derivation-state.ts';
import { builtinFault } from './faults.ts';

export const derivationBuiltins: readonly Builtin[] = [
  builtin({
    name: 'derivation',
    args: ['attrs'],
    doc: 'A build, as a value: the attributes given, and `drvPath`, `outPath` (of the first output), `outputName`, `type = "derivation"`, `all`, `drvAttrs` and one attribute per output. `name`, `system` and `builder` are needed; `args` and `outputs` are lists; every other attribute becomes an environment variable of the builder. What its strings depend on becomes its inputs.',
    cost: 'nothing until a path is needed; then one encoding and two hashes',
    example: ['(derivation { name = "x"; system = "s"; builder = "b"; }).outputName', '"out"'],
    isGlobal: true,
    formals: { as: 'drvAttrs', names: new Map([['outputs', true]]) },
    impl: derivation,
  }),
  builtin({
    name: 'derivationStrict',
    args: ['attrs'],
    doc: 'Makes the derivation now: `drvPath` and the path of each output. `derivation` is the lazy form of it.',
    cost: 'one encoding and two hashes',
    isGlobal: true,
    impl: derivationStrict,
  }),
  builtin({
    name: 'outputOf',
    args: ['drvPath', 'output'],
    doc: 'The path of an output of a derivation given by its path, as a string that depends on it.',
    impl: outputOf,
  }),
];

const outputShape = fixedShape('drvPath', 'outPath', 'outputName', 'type');
const commonShape = fixedShape('all', 'drvAttrs');

function derivation(ctx: Evaluator, argument: Slot): Value {
  const attrs = ctx.forceAttrs(argument, 'the argument passed to derivation');
  const outputs = outputNames(ctx, attrs);
  const strict = new Thunk(makeStrict, { ctx, attrs });
  if (outputs === ONLY_OUT) {
    // Mostly so: the set refers to itself, without a thunk for its one output.
    const elements: Slot[] = [null];
    const drvPath = new Thunk(drvPathOf, strict);
    const own = new Attrs(singleShape, [elements, attrs, drvPath, null, new Thunk(outOf, strict), 'out', 'derivation']);
    const only = mergeAttrs(attrs, own);
    only.slots[outPlace.in(only.shape)] = only;
    elements[0] = only;
    return only;
  }
  const strictAttr = (name: Bytes): Slot => ctx.delay(() => resultOf(strict, name));
  const drvPath = strictAttr('drvPath');
  const elements: Slot[] = [];
  const byName = new Map<Bytes, Slot>();
  for (const name of outputs) {
    const element = ctx.delay(() => {
      const own = new Attrs(outputShape, [drvPath, strictAttr(name), name, 'derivation']);
      return mergeAttrs(common, own);
    });
    elements.push(element);
    if (!byName.has(name)) byName.set(name, element);
  }
  const common = mergeAttrs(mergeAttrs(attrs, attrsFromOutputs(byName)), new Attrs(commonShape, [elements, attrs]));
  return ctx.force(elements[0]!);
}

const makeStrict = ({ ctx, attrs }: { ctx: Evaluator; attrs: Attrs }): Attrs => derivationStrict(ctx, attrs);
/** An attribute of the result of `derivationStrict`. */
function resultOf(strict: Thunk, name: Bytes): Value {
  const result = force(strict) as Attrs;
  const slot = result.get(name);
  // Variables split `outputs` at blanks: an output with one in its name is several there.
  if (slot === undefined) throw missingAttribute(name, result.names);
  return force(slot);
}
const drvPathOf = (strict: Thunk): Value => resultOf(strict, 'drvPath');
const outOf = (strict: Thunk): Value => resultOf(strict, 'out');

const onlyOutShape = fixedShape('out');
const singleShape = fixedShape('all', 'drvAttrs', 'drvPath', 'out', 'outPath', 'outputName', 'type');
const ONLY_OUT: readonly Bytes[] = ['out'];
const strictShape = fixedShape('drvPath', 'out');
const outPlace = new Place('out');
const outputsPlace = new Place('outputs');

/** Most derivations have the one output `out`: their sets share a shape. */
const attrsFromOutputs = (byName: ReadonlyMap<Bytes, Slot>): Attrs =>
  byName.size === 1 && byName.has('out') ? new Attrs(onlyOutShape, [byName.get('out')!]) : attrsFromMap(byName);

function outputNames(ctx: Evaluator, attrs: Attrs): readonly Bytes[] {
  const at = outputsPlace.in(attrs.shape);
  if (at < 0) return ONLY_OUT;
  const names = ctx
    .forceList(attrs.slots[at]!, 'the `outputs` attribute passed to derivation')
    .map((item) => ctx.forceStringNoContext(item, 'an element of the `outputs` attribute passed to derivation'));
  if (names.length === 0) throw builtinFault('E-EVAL-111', 'derivation cannot have an empty set of outputs');
  return names;
}

export function derivationStrict(ctx: Evaluator, argument: Slot): Attrs {
  const set = ctx.forceAttrs(argument, 'the argument passed to builtins.derivationStrict');
  try {
    const state = derivationState(ctx);
    const { context, name, outputs: wanted, system, builder, args, variables, values } = readDerivationAttributes(ctx, set);
    const { inputs, inputSrcs } = inputsOfContext(state, context);
    const drv = { name, outputs: wanted, inputs, inputSrcs, system, builder, args, variables, values };
    const added = state.add(drv);
    const { path: drvPath, outputs, made } = added;
    const reference = new ContextString(drvPath, [`=${drvPath}`]);
    const outputPath = (name: string): ContextString => {
      const output = outputs.get(name)!;
      const path = 'path' in output ? output.path : upstreamPlaceholder(drvPath, name);
      return new ContextString(path, state.outputContext(added, name));
    };
    if (made.outputNames.length === 1 && made.outputNames[0] === 'out')
      return new Attrs(strictShape, [reference, outputPath('out')]);
    const result = new Map<Bytes, Slot>([['drvPath', reference]]);
    for (const name of outputs.keys()) result.set(name, outputPath(name));
    return attrsFromMap(result);
  } catch (error) {
    const slot = set.get('name');
    const name = slot instanceof Thunk ? slot.held : slot;
    const shown = typeof name === 'string' ? `derivation '${bytesToText(name)}'` : 'a derivation';
    const span = set.spanOf('name') ?? set.shape.spans?.[0];
    throw addStep(span === undefined ? error : locate(error, span), `while evaluating ${shown}`, span, true);
  }
}

function outputOf(ctx: Evaluator, reference: Slot, outputSlot: Slot): Value {
  const context = new Set<string>();
  const path = ctx.coerceToString(reference, 'the first argument to builtins.outputOf', context);
  const output = ctx.forceStringNoContext(outputSlot, 'the second argument to builtins.outputOf');
  const elements = [...context].map(parseContextElement);
  const only = elements.length === 1 ? elements[0] : undefined;
  const isReference = only !== undefined && only.kind !== 'output' && only.path === path;
  const outputs = isReference ? derivationState(ctx).findOutputs(path as StorePath) : undefined;
  if (outputs === undefined) {
    throw builtinFault('E-EVAL-112', `'${bytesToText(path)}' is not the path of a derivation that is known`, {
      hints: ["pass the 'drvPath' of a derivation"],
      notes: ['derivations that are outputs of other derivations are not supported'],
    });
  }
  const found = outputs.get(output);
  if (found === undefined) {
    const [kind] = Array.from(outputs.values(), (each) => each.kind);
    throw builtinFault('E-EVAL-111', `derivation '${derivationName(path as StorePath)}' has no output '${bytesToText(output)}'`, {
      notes: [`its ${kind} outputs: ${[...outputs.keys()].join(', ')}`],
    });
  }
  const target = 'path' in found ? found.path : upstreamPlaceholder(path as StorePath, output);
  return new ContextString(target, [`!${output}!${path}`]);
}
