/** The `style` field: a set made by the library (`autotools { … }`), as phases or as files of the host. */
import { didYouMean, Fault } from '../../base/index.ts';
import { Attrs, attrsFromMap } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { PrimOp, type Slot } from '../value.ts';
import { COMPILERS, type Compiler } from './compiler-flags.ts';
import { FIELDS } from './fields.ts';
import type { PhaseTexts } from './phases.ts';
import { type Reading, readBool, readLine, readPhases, readStrings, readWord } from './read-field.ts';
import { readSeed, type SeedSpec } from './seed.ts';
import type { FieldSpec } from './shape.ts';
import { SHAPES } from './shape.ts';
import { STYLES, type Style, type StyleOptions } from './styles.ts';

export type ReadStyle =
  | {
      readonly kind: 'phases';
      readonly name: string;
      readonly compiler: Compiler | undefined;
      /** Its check phase runs unless the package or its tier says otherwise. */
      readonly isChecked: boolean;
      /** What the texts depend on goes to `context`. */
      readonly phases: (context: Set<string>) => PhaseTexts;
    }
  | { readonly kind: 'host'; readonly name: string; readonly tools: readonly string[]; readonly files: readonly string[] }
  | { readonly kind: 'seed'; readonly name: string; readonly seed: SeedSpec };

/** The styles as library values: each a set that is a style with defaults, and can be called with options. */
export const styleValues = (evaluator: Evaluator): ReadonlyMap<string, Attrs> =>
  new Map(STYLES.map((style) => [style.name, styleValue(evaluator, style, attrsFromMap(new Map()))]));

function styleValue(evaluator: Evaluator, style: Style, given: Attrs): Attrs {
  const entries = new Map<string, Slot>([
    ['_type', 'style'],
    ['name', style.name],
  ]);
  for (const { name, shape } of style.options) {
    const slot = given.get(name) ?? (shape === 'strings' ? [] : undefined);
    if (slot !== undefined) entries.set(name, slot);
  }
  const apply = new PrimOp(style.name, 1, evaluator, (_ctx, options) => {
    const set = evaluator.forceAttrs(options, `the options of the style '${style.name}'`);
    for (const name of set.names)
      if (!style.options.some((option) => option.name === name)) throw unknownOption(style, set, name);
    return styleValue(evaluator, style, set);
  });
  entries.set('__functor', new PrimOp(style.name, 1, evaluator, () => apply));
  return attrsFromMap(entries, (name) => given.spanOf(name));
}

function unknownOption(style: Style, set: Attrs, name: string): Fault {
  const names = style.options.map((option) => option.name);
  const hints = didYouMean(name, names);
  const span = set.spanOf(name);
  const all = names.length === 0 ? `'${style.name}' takes no options` : `the options of '${style.name}' are: ${names.join(', ')}`;
  return new Fault('E-DECL-001', `the style '${style.name}' has no option '${name}'`, {
    labels: span === undefined ? [] : [{ ...span, text: '' }],
    hints: hints.length > 0 ? hints : [all],
  });
}

export function readStyle(reading: Reading): ReadStyle {
  const { evaluator } = reading.realm;
  const value = evaluator.force(reading.slot);
  if (value instanceof Attrs && value.get('_type') === 'style' && value.has('phases')) return readOwnStyle(reading, value);
  const named = value instanceof Attrs ? value.get('name') : undefined;
  const style = named === undefined ? undefined : STYLES.find(({ name }) => name === evaluator.force(named));
  if (!(value instanceof Attrs) || style === undefined || value.get('_type') !== 'style') {
    const { span, subject, spec } = reading.place;
    throw new Fault('E-DECL-003', `'style' of ${subject} is ${evaluator.describeType(value)}`, {
      labels: span === undefined ? [] : [{ ...span, text: `expected ${SHAPES.style}` }],
      hints: [`write it like: style = ${spec.example};`],
    });
  }
  if (style.name === 'debianSeed') {
    const option = (name: string): Reading | undefined => {
      const slot = value.get(name);
      const spec = style.options.find((each) => each.name === name)!;
      return slot === undefined ? undefined : optionReading(reading, spec, value, slot);
    };
    return { kind: 'seed', name: style.name, seed: readSeed(reading, option) };
  }
  const options = (context: Set<string>): StyleOptions => readOptions(reading, style, value, context);
  const { name, compiler, isChecked = false } = style;
  if (name !== 'hostTools')
    return { kind: 'phases', name, compiler, isChecked, phases: (context) => style.phases(options(context)) };
  const { tools, files } = options(new Set()) as Readonly<Record<string, readonly string[]>>;
  return { kind: 'host', name, tools: tools ?? [], files: files ?? [] };
}

/** What `makeStyle` gave. */
function readOwnStyle(reading: Reading, value: Attrs): ReadStyle {
  const part = (spec: FieldSpec): Reading | undefined => {
    const slot = value.get(spec.name);
    return slot === undefined ? undefined : optionReading(reading, spec, value, slot);
  };
  const [check, compiler] = [part(CHECK), part(COMPILER)];
  return {
    kind: 'phases',
    name: readLine(part(NAME)!),
    compiler: compiler === undefined ? undefined : readWord(compiler, COMPILERS),
    isChecked: check === undefined ? false : readBool(check),
    phases: (context) => readPhases(part(PHASES_FIELD)!, context),
  };
}

const NAME: FieldSpec = { name: 'name', shape: 'line', doc: '', example: '"perlModule"' };
const CHECK: FieldSpec = { name: 'check', shape: 'bool', doc: '', example: 'true' };
const COMPILER: FieldSpec = { name: 'compiler', shape: 'compiler', doc: '', example: '"c"' };
const PHASES_FIELD: FieldSpec = FIELDS.package.find(({ name }) => name === 'phases')!;

function readOptions(reading: Reading, style: Style, value: Attrs, context: Set<string>): StyleOptions {
  const read: Record<string, readonly string[] | string | boolean> = {};
  for (const spec of style.options) {
    const slot = value.get(spec.name);
    if (slot === undefined) continue;
    const option = optionReading(reading, spec, value, slot);
    read[spec.name] =
      spec.shape === 'strings' ? readStrings(option, context) : spec.shape === 'bool' ? readBool(option) : readLine(option);
  }
  return read;
}

const optionReading = (reading: Reading, spec: FieldSpec, value: Attrs, slot: Slot): Reading => ({
  realm: reading.realm,
  slot,
  place: {
    spec,
    subject: `the style of ${reading.place.subject}`,
    span: value.spanOf(spec.name) ?? reading.place.span,
    expr: undefined,
  },
});
