/** From a field's value to what it means: each shape is checked where it was written, and becomes plain data. */
import { bytesToText, compareBytes, didYouMean, Fault, type Label, type Span } from '../../base/index.ts';
import { isIdentifier, printName } from '../../lang/index.ts';
import { Attrs } from '../attrs.ts';
import { ContextString, PathValue, type Slot, type Value } from '../value.ts';
import type { DeclarationCode } from './codes.ts';
import { NAME, noSuchTier, VERSION } from './collect.ts';
import type { FieldPlace } from './layered-fields.ts';
import type { Package } from './package.ts';
import { pathHint } from './path-hint.ts';
import { type PhaseName, type PhaseTexts, phaseNames, phaseTextNames } from './phases.ts';
import type { Realm } from './realm.ts';
import { ITEMS, SHAPES } from './shape.ts';
import type { Tier } from './tier.ts';

/** One field, or a part of one, on its way to be read. */
export interface Reading {
  readonly realm: Realm;
  readonly place: FieldPlace;
  readonly slot: Slot;
  readonly part?: Part;
}

/** A list's item, a set's entry, or the name of one. */
type Part =
  | { readonly kind: 'item' | 'key'; readonly span: Span | undefined }
  | { readonly kind: 'entry'; readonly name: string; readonly span: Span | undefined };

/** Text of one line that depends on nothing in the store. */
export function readLine(reading: Reading): string {
  const value = force(reading);
  if (typeof value !== 'string') throw wrongType(reading, value);
  if (value === '' || /[\n\r\0]/.test(value)) throw wrong(reading, value === '' ? 'is empty' : 'has more than one line');
  return value;
}

/** Any text; what it depends on goes to `context`. */
function readText(reading: Reading, context: Set<string>): string {
  const value = force(reading);
  if (value instanceof ContextString) {
    for (const each of value.context) context.add(each);
    return value.text;
  }
  if (typeof value !== 'string') throw wrongType(reading, value);
  return value;
}

/** One of the words of `known`. */
const UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30 };

/** In bytes. */
export function readMemory(reading: Reading): number {
  const text = readLine(reading);
  const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?(MiB|GiB)$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0)
    throw wrong(reading, `is '${text}', which is no amount of memory`, { hint: 'write it like "512 MiB" or "4 GiB"' });
  return Math.round(Number(amount) * UNITS[unit!]!);
}

export function readWord<T extends string>(reading: Reading, known: readonly T[]): T {
  const value = force(reading);
  const found = known.find((word) => word === value);
  if (found !== undefined) return found;
  if (typeof value !== 'string') throw wrongType(reading, value);
  throw wrong(reading, `is '${value}'`, { hint: `write ${known.map((word) => `"${word}"`).join(' or ')}` });
}

export function readBool(reading: Reading): boolean {
  const value = force(reading);
  if (typeof value !== 'boolean') throw wrongType(reading, value);
  return value;
}

export function readRelease(reading: Reading): number {
  const value = force(reading);
  if (typeof value !== 'number' || value < 1) throw wrongType(reading, value);
  return value;
}

export function readVersion(reading: Reading): string {
  const value = readLine(reading);
  if (!VERSION.test(value)) throw wrong(reading, `cannot be '${value}'`, { code: 'E-DECL-007' });
  return value;
}

export function readTier(reading: Reading): Tier {
  const value = force(reading);
  const tier = value instanceof Attrs ? reading.realm.tierOf.get(value) : undefined;
  if (tier !== undefined) return tier;
  if (typeof value !== 'string') throw wrongType(reading, value);
  const named = reading.realm.tiers.get(value);
  if (named === undefined) throw noSuchTier(value, reading.realm.tiers.keys(), labels(reading)[0]);
  return named;
}

export const readTiers = (reading: Reading): readonly Tier[] => items(reading).map(readTier);

export const readStrings = (reading: Reading, context: Set<string>): readonly string[] =>
  items(reading).map((item) => readText(item, context));

/** Relative paths or patterns of such, as they are written. */
export const readPatterns = (reading: Reading): readonly string[] =>
  items(reading).map((item) => requireRelative(item, readLine(item)));

/** @throws Fault E-DECL-003 the path leads out of the root */
export function requireRelative(reading: Reading, path: string): string {
  const steps = path.split('/');
  if (!path.startsWith('/') && !steps.includes('..')) return path;
  const inside = steps.filter((step) => step !== '' && step !== '..').join('/');
  throw wrong(reading, `names '${path}', which is not relative to the root`, inside === '' ? {} : { hint: `write '${inside}'` });
}

/** How a package is named where somebody wrote its name as a string. */
export const unquotedHint = (name: string): string => {
  const isPlain = isIdentifier(name) && printName(name) === name;
  return `write ${bytesToText(isPlain ? name : `packages.${printName(name)}`)}${isPlain ? ' without quotes' : ''}`;
};

export const readPackages = (reading: Reading): readonly Package[] => items(reading).map(readPackage);

export function readPackage(reading: Reading): Package {
  const value = force(reading);
  const { packageOf, packages, tierOf } = reading.realm;
  const found = value instanceof Attrs ? packageOf.get(value) : undefined;
  if (found !== undefined) return found;
  const { spec, subject } = reading.place;
  const hints: string[] = [];
  if (typeof value === 'string') {
    hints.push(...(packages.has(value) ? [unquotedHint(value)] : didYouMean(value, packages.keys())));
  } else if (value instanceof Attrs && value.has('drvPath')) {
    hints.push('a derivation, or a package changed with `//`, is no package: declare one, or use NAME.override { … }');
  } else if (value instanceof Attrs && tierOf.has(value))
    hints.push('this is a tier; a package of the same name is `packages.NAME`');
  const [label] = labels(reading);
  const written = label?.source.text.slice(label.start, label.end) ?? '';
  if (hints.length === 0 && packages.has(written))
    hints.push(`'${written}' means the field of that name here: the package is \`packages.${written}\``);
  throw new Fault('E-DECL-006', `'${spec.name}' of ${subject} holds ${describe(reading, value)}, which is not a package`, {
    labels: labels(reading),
    hints: hints.length > 0 ? hints : [`write it like: ${spec.name} = ${spec.example};`],
  });
}

/** Names of packages: packages themselves, or strings where the tree may not have them. */
export const readNames = (reading: Reading): readonly string[] =>
  items(reading).map((item) => {
    const value = force(item);
    const found = value instanceof Attrs ? reading.realm.packageOf.get(value) : undefined;
    return found?.name ?? readLine(item);
  });

export function readPhases(reading: Reading, context: Set<string>): PhaseTexts {
  const texts: Partial<Record<PhaseName, string>> = {};
  for (const [name, entry, key] of entries(reading)) {
    if (!phaseTextNames.includes(name as PhaseName)) {
      const around = `the phases are: ${phaseNames.join(', ')}; around each of them run preNAME and postNAME`;
      const hint = didYouMean(name, phaseTextNames)[0] ?? around;
      throw wrong(key, `names a phase '${name}' that does not exist`, { code: 'E-DECL-001', hint });
    }
    texts[name as PhaseName] = readText(entry, context);
  }
  return texts;
}

/**
 * Variables of the shell; numbers and booleans become text as in a derivation. A variable that is `null` is set to nothing here:
 * whoever has a default for it leaves it away.
 */
export function readEnvironment(reading: Reading, context: Set<string>): ReadonlyMap<string, string | null> {
  const variables = new Map<string, string | null>();
  const value = force(reading);
  if (value instanceof Attrs)
    for (const name of value.names) if (reading.realm.evaluator.force(value.get(name)!) === null) variables.set(name, null);
  for (const [name, entry, key] of entries(reading)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw wrong(key, `holds '${name}', which cannot be the name of a variable`, { hint: 'letters, digits and _ only' });
    }
    if (RESERVED_VARIABLES.has(name) || name.startsWith('__')) {
      const hint = 'choose another name, or set it inside a phase';
      throw wrong(key, `sets '${name}', which belongs to the build`, { code: 'E-DECL-019', hint });
    }
    variables.set(name, coerce(entry, context));
  }
  return variables;
}

const RESERVED_VARIABLES = new Set(
  'out outputs name version builder system args buildScript buildScriptPath passAsFile igosRoot igosOutputs igosMemory sources patches src srcdir jobs DESTDIR outputHash outputHashAlgo outputHashMode drvPath outPath type NIX_BUILD_TOP NIX_BUILD_CORES NIX_STORE TMPDIR PWD'.split(
    ' ',
  ),
);

/** Path → mode in octal, four digits. */
export function readModes(reading: Reading): ReadonlyMap<string, string> {
  const modes = new Map<string, string>();
  for (const [path, entry, key] of entries(reading)) {
    requireRelative(key, path);
    const text = readLine(entry);
    if (!/^[0-7]{3,4}$/.test(text)) throw wrong(entry, `is '${text}', which is no octal mode`, { hint: 'write it like "4755"' });
    modes.set(path, text.padStart(4, '0'));
  }
  return modes;
}

/** Path → file capabilities: names, a sign, flags. Which names there are, the one who places the file knows. */
export function readCapabilities(reading: Reading): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [path, entry, key] of entries(reading)) {
    requireRelative(key, path);
    const text = readLine(entry);
    if (!/^cap_[a-z_]+(,cap_[a-z_]+)*[=+][eip]{1,3}$/.test(text))
      throw wrong(entry, `is '${text}', which are no capabilities`, { hint: 'write them like "cap_net_raw=ep"' });
    found.set(path, text);
  }
  return found;
}

/** Path below /etc → text. */
export function readFiles(reading: Reading): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [path, entry, key] of entries(reading)) {
    requireRelative(key, path);
    const value = force(entry);
    if (typeof value !== 'string') throw wrongType(entry, value);
    files.set(path, value);
  }
  return files;
}

/** Absolute paths, as text. */
export const readTrees = (reading: Reading): readonly string[] =>
  items(reading).map((item) => {
    const value = force(item);
    if (!(value instanceof PathValue)) throw wrongType(item, value, typeof value === 'string' ? pathHint(value) : undefined);
    return bytesToText(value.path);
  });

export const force = ({ realm, slot }: Reading): Value => realm.evaluator.force(slot);

/** A path is copied to the store here: that a file is missing is told at the field that names it. */
export function coerce(reading: Reading, context: Set<string>): string {
  try {
    return reading.realm.evaluator.coerceToString(reading.slot, nameOf(reading), context, { isLoose: true });
  } catch (error) {
    const at = reading.part?.span ?? reading.place.span;
    if (error instanceof Fault && error.labels.length === 0 && at !== undefined) error.labels = [{ ...at, text: '' }];
    throw error;
  }
}

/** The items of a list. */
export function items(reading: Reading): readonly Reading[] {
  const value = force(reading);
  if (!Array.isArray(value)) throw wrongType(reading, value);
  const { expr, span } = reading.place;
  return value.map((slot, index) => {
    const item = expr?.kind === 'list' && expr.items.length === value.length ? expr.items[index] : undefined;
    const at = item === undefined || span === undefined ? undefined : { source: span.source, start: item.start, end: item.end };
    return { ...reading, slot, part: { kind: 'item', span: at } };
  });
}

/** Name, value and name's place of each attribute that is not null. */
export function entries(reading: Reading): readonly (readonly [name: string, entry: Reading, key: Reading])[] {
  const value = force(reading);
  if (!(value instanceof Attrs)) throw wrongType(reading, value);
  return [...value.names].sort(compareBytes).flatMap((name) => {
    const slot = value.get(name)!;
    if (reading.realm.evaluator.force(slot) === null) return [];
    const span = value.spanOf(name);
    const entry: Reading = { ...reading, slot, part: { kind: 'entry', name, span } };
    return [[name, entry, { ...reading, part: { kind: 'key', span } }] as const];
  });
}

function describe(reading: Reading, value: Value): string {
  const { evaluator } = reading.realm;
  const isShort = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isShort ? `${evaluator.describeType(value)} (${evaluator.preview(value)})` : evaluator.describeType(value);
}

export const wrongType = (reading: Reading, value: Value, hint?: string): Fault =>
  wrong(reading, `is ${describe(reading, value)}`, hint === undefined ? {} : { hint });

/** `what` goes on from the field or its part: "is a string", "has more than one line". */
export function wrong(
  reading: Reading,
  what: string,
  { code = 'E-DECL-003', hint }: { code?: DeclarationCode; hint?: string } = {},
): Fault {
  const { spec } = reading.place;
  return new Fault(code, `${nameOf(reading)} ${what}`, {
    labels: labels(reading),
    hints: [hint ?? `write it like: ${spec.name} = ${spec.example};`],
  });
}

function nameOf({ place, part }: Reading): string {
  const { spec, subject } = place;
  if (part?.kind !== 'entry') return `${part?.kind === 'item' ? 'an item of ' : ''}'${spec.name}' of ${subject}`;
  return `'${spec.name}.${NAME.test(part.name) ? part.name : `"${part.name}"`}' of ${subject}`;
}

/** The place of the part, or of the field, with what is expected there. */
function labels({ place, part }: Reading): Label[] {
  const { shape } = place.spec;
  const at = part?.span ?? place.span;
  const expected = (part?.span === undefined ? undefined : ITEMS[shape]) ?? SHAPES[shape];
  return at === undefined ? [] : [{ ...at, text: `expected ${expected}` }];
}
