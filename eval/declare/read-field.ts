/** From a field's value to what it means: each shape is checked where it was written, and becomes plain data. */
import { compareBytes, didYouMean, Fault, type Label, type Span } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { ContextString, PathValue, type Slot, type Value } from '../value.ts';
import type { DeclarationCode } from './codes.ts';
import { noSuchTier, VERSION } from './collect.ts';
import type { FieldPlace } from './layered-fields.ts';
import type { Package } from './package.ts';
import { type PhaseName, type PhaseTexts, phaseNames } from './phases.ts';
import type { Realm } from './realm.ts';
import { SHAPES } from './shape.ts';
import type { Tier } from './tier.ts';

/** One field on its way to be read. */
export interface Reading {
  readonly realm: Realm;
  readonly place: FieldPlace;
  readonly slot: Slot;
}

/** Text of one line that depends on nothing in the store. */
export function readLine(reading: Reading, slot: Slot = reading.slot, span?: Span): string {
  const value = forced(reading, slot);
  if (typeof value !== 'string') throw wrongType(reading, value, span);
  if (value === '' || /[\n\r\0]/.test(value)) {
    throw wrong(reading, 'E-DECL-003', value === '' ? 'is empty' : 'has more than one line', span);
  }
  return value;
}

/** Any text; what it depends on goes to `context`. */
export function readText(reading: Reading, context: Set<string>, slot: Slot = reading.slot, span?: Span): string {
  const value = forced(reading, slot);
  if (value instanceof ContextString) {
    for (const each of value.context) context.add(each);
    return value.text;
  }
  if (typeof value !== 'string') throw wrongType(reading, value, span);
  return value;
}

export function readBool(reading: Reading): boolean {
  const value = forced(reading, reading.slot);
  if (typeof value !== 'boolean') throw wrongType(reading, value);
  return value;
}

export function readRelease(reading: Reading): number {
  const value = forced(reading, reading.slot);
  if (typeof value !== 'number' || value < 1) throw wrongType(reading, value);
  return value;
}

export function readVersion(reading: Reading): string {
  const value = readLine(reading);
  if (!VERSION.test(value))
    throw wrong(reading, 'E-DECL-007', `'${value}' cannot be a version`, undefined, [`expected ${SHAPES.version}`]);
  return value;
}

export function readTier(reading: Reading, slot: Slot = reading.slot, span?: Span): Tier {
  const value = forced(reading, slot);
  const tier = value instanceof Attrs ? reading.realm.tierOf.get(value) : undefined;
  if (tier !== undefined) return tier;
  if (typeof value !== 'string') throw wrongType(reading, value, span);
  const named = reading.realm.tiers.get(value);
  if (named === undefined) throw noSuchTier(value, reading.realm.tiers.keys(), labelOf(reading, span));
  return named;
}

export const readTiers = (reading: Reading): readonly Tier[] => items(reading, (slot, span) => readTier(reading, slot, span));

export const readStrings = (reading: Reading, context: Set<string>): readonly string[] =>
  items(reading, (slot, span) => readText(reading, context, slot, span));

/** Relative paths or patterns of such, that stay where they are. */
export const readPatterns = (reading: Reading): readonly string[] =>
  items(reading, (slot, span) => {
    const text = readLine(reading, slot, span);
    requireRelative(reading, text, span);
    return text;
  });

function requireRelative(reading: Reading, text: string, span?: Span): void {
  if (text.startsWith('/') || text.split('/').includes('..')) {
    throw wrong(reading, 'E-DECL-003', `'${text}' is not relative to the root`, span, [
      `write '${text.replace(/^\/+|(^|\/)\.\.(?=\/|$)/g, '').replace(/^\//, '')}'`,
    ]);
  }
}

export const readPackages = (reading: Reading): readonly Package[] =>
  items(reading, (slot, span) => readPackage(reading, slot, span));

function readPackage(reading: Reading, slot: Slot, span: Span | undefined): Package {
  const value = forced(reading, slot);
  const found = value instanceof Attrs ? reading.realm.packageOf.get(value) : undefined;
  if (found !== undefined) return found;
  const { spec, subject } = reading.place;
  const hints: string[] = [];
  if (typeof value === 'string') {
    hints.push(
      ...(reading.realm.packages.has(value)
        ? [`write ${value} without quotes`]
        : didYouMean(value, reading.realm.packages.keys())),
    );
  } else if (value instanceof Attrs && value.has('drvPath')) {
    hints.push('a derivation, or a package changed with `//`, is no package: declare one, or use NAME.override { … }');
  } else if (value instanceof Attrs && reading.realm.tierOf.has(value))
    hints.push('this is a tier; a package of the same name is `packages.NAME`');
  throw new Fault('E-DECL-006', `'${spec.name}' of ${subject} holds ${describe(reading, value)}, which is not a package`, {
    labels: labels(reading, `expected ${SHAPES.packages}`, span),
    hints: hints.length > 0 ? hints : [`write it like: ${spec.name} = ${spec.example};`],
  });
}

/** Names of packages: packages themselves, or strings where the tree may not have them. */
export const readNames = (reading: Reading): readonly string[] =>
  items(reading, (slot, span) => {
    const value = forced(reading, slot);
    const found = value instanceof Attrs ? reading.realm.packageOf.get(value) : undefined;
    if (found !== undefined) return found.name;
    if (typeof value !== 'string') throw wrongType(reading, value, span);
    return readLine(reading, value, span);
  });

/** Store paths of files: paths are copied into the store, sets name theirs with `outPath`. */
export function readSources(reading: Reading, context: Set<string>): readonly string[] {
  const value = forced(reading, reading.slot);
  if (value === null) return [];
  if (!Array.isArray(value)) return [readSource(reading, value, context, undefined)];
  return items(reading, (slot, span) => readSource(reading, forced(reading, slot), context, span));
}

function readSource(reading: Reading, value: Value, context: Set<string>, span: Span | undefined): string {
  const { evaluator } = reading.realm;
  const isSet = value instanceof Attrs && (value.has('outPath') || value.has('__toString'));
  if (!(isSet || value instanceof PathValue || value instanceof ContextString)) {
    const isUrl = typeof value === 'string' && value.includes('://');
    throw wrongType(reading, value, span, isUrl ? [`write fetchurl { url = "${value}"; sha256 = "…"; }`] : []);
  }
  return tracedRead(reading, () => evaluator.coerceToString(value, what(reading), context));
}

export function readPhases(reading: Reading, context: Set<string>): PhaseTexts {
  const texts: Partial<Record<PhaseName, string>> = {};
  for (const [name, slot, span] of entries(reading)) {
    if (!phaseNames.includes(name as PhaseName)) {
      const hints = didYouMean(name, phaseNames);
      throw wrong(
        reading,
        'E-DECL-001',
        `there is no phase '${name}'`,
        span,
        hints.length > 0 ? hints : [`the phases are: ${phaseNames.join(', ')}`],
      );
    }
    texts[name as PhaseName] = readText(reading, context, slot, span);
  }
  return texts;
}

/** Variables of the shell; numbers and booleans become text as in a derivation. */
export function readEnvironment(reading: Reading, context: Set<string>): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [name, slot, span] of entries(reading)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw wrong(reading, 'E-DECL-003', `'${name}' cannot be the name of a variable`, span, ['letters, digits and _ only']);
    }
    if (RESERVED_VARIABLES.has(name) || name.startsWith('__')) {
      throw wrong(reading, 'E-DECL-019', `the variable '${name}' belongs to the build`, span, [
        'choose another name, or set it inside a phase',
      ]);
    }
    const text = tracedRead(reading, () =>
      reading.realm.evaluator.coerceToString(slot, `the variable '${name}' of ${reading.place.subject}`, context, {
        isLoose: true,
      }),
    );
    variables.set(name, text);
  }
  return variables;
}

const RESERVED_VARIABLES = new Set(
  'out outputs name version builder system args buildScript buildScriptPath passAsFile igosRoot sources patches src srcdir jobs DESTDIR outputHash outputHashAlgo outputHashMode drvPath outPath type NIX_BUILD_TOP NIX_BUILD_CORES NIX_STORE TMPDIR PWD'.split(
    ' ',
  ),
);

/** Path → mode in octal, four digits at most. */
export function readModes(reading: Reading): ReadonlyMap<string, string> {
  const modes = new Map<string, string>();
  for (const [path, slot, span] of entries(reading)) {
    requireRelative(reading, path, span);
    const text = readLine(reading, slot, span);
    if (!/^[0-7]{3,4}$/.test(text))
      throw wrong(reading, 'E-DECL-003', `'${text}' is not an octal mode`, span, ['write it like "4755"']);
    modes.set(path, text.padStart(4, '0'));
  }
  return modes;
}

/** Path below /etc → text. */
export function readFiles(reading: Reading): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [path, slot, span] of entries(reading)) {
    requireRelative(reading, path, span);
    const value = forced(reading, slot);
    if (typeof value !== 'string') throw wrongType(reading, value, span);
    files.set(path, value);
  }
  return files;
}

/** Absolute paths. */
export const readTrees = (reading: Reading): readonly string[] =>
  items(reading, (slot, span) => {
    const value = forced(reading, slot);
    if (!(value instanceof PathValue)) throw wrongType(reading, value, span);
    return value.path;
  });

/** Forces with a trace step that names the field. */
function forced(reading: Reading, slot: Slot): Value {
  return tracedRead(reading, () => reading.realm.evaluator.force(slot));
}

const tracedRead = <T>(reading: Reading, run: () => T): T =>
  reading.realm.evaluator.withTrace(() => `while reading ${what(reading)}`, run, reading.place.span);

const what = ({ place }: Reading): string => `the field '${place.spec.name}' of ${place.subject}`;

function items<T>(reading: Reading, read: (slot: Slot, span: Span | undefined) => T): readonly T[] {
  const value = forced(reading, reading.slot);
  if (!Array.isArray(value)) throw wrongType(reading, value);
  const { expr, span } = reading.place;
  return value.map((slot, index) => {
    const item = expr?.kind === 'list' && expr.items.length === value.length ? expr.items[index] : undefined;
    return read(
      slot,
      item === undefined || span === undefined ? undefined : { source: span.source, start: item.start, end: item.end },
    );
  });
}

/** Name, slot and place of each attribute that is not null. */
function entries(reading: Reading): [name: string, slot: Slot, span: Span | undefined][] {
  const value = forced(reading, reading.slot);
  if (!(value instanceof Attrs)) throw wrongType(reading, value);
  return [...value.names]
    .sort(compareBytes)
    .map((name): [string, Slot, Span | undefined] => [name, value.get(name)!, value.spanOf(name)])
    .filter(([, slot]) => forced(reading, slot) !== null);
}

function describe(reading: Reading, value: Value): string {
  const type = reading.realm.evaluator.describeType(value);
  const isShort = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isShort ? `${type} (${reading.realm.evaluator.preview(value)})` : type;
}

function wrongType(reading: Reading, value: Value, span?: Span, hints: readonly string[] = []): Fault {
  return wrong(reading, 'E-DECL-003', `is ${describe(reading, value)}`, span, hints);
}

function wrong(reading: Reading, code: DeclarationCode, problem: string, span?: Span, hints: readonly string[] = []): Fault {
  const { spec, subject } = reading.place;
  const isItem = span !== undefined && span !== reading.place.span;
  return new Fault(
    code,
    `'${spec.name}' of ${subject}: ${isItem && problem.startsWith('is ') ? `an item ${problem}` : problem}`,
    {
      labels: labels(reading, `expected ${SHAPES[spec.shape]}`, span),
      hints: hints.length > 0 ? hints : [`write it like: ${spec.name} = ${spec.example};`],
    },
  );
}

function labels(reading: Reading, text: string, span?: Span): Label[] {
  const at = span ?? reading.place.span;
  return at === undefined ? [] : [{ ...at, text }];
}

const labelOf = (reading: Reading, span?: Span): Label | undefined => labels(reading, '', span)[0];
