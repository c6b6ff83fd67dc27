/**
 * What a derivation asks of its build beyond running it: rules for what its outputs refer to, graphs of references as files.
 *
 * @source docs/builder.md §4; names and meaning are Nix's
 */
import { textToBytes } from '../base/index.ts';
import { type Derivation, type StorePath, splitStorePath } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { words } from './environment.ts';
import { type Json, parseAttrs, RawNumber } from './structured-attrs.ts';

/** Rules for one output. Words are store paths or names of outputs of the same derivation. */
export interface OutputCheck {
  readonly allowedReferences?: readonly string[];
  readonly allowedRequisites?: readonly string[];
  readonly disallowedReferences?: readonly string[];
  readonly disallowedRequisites?: readonly string[];
  /** Of its NAR. */
  readonly maxSizeBytes?: number;
  readonly maxClosureSizeBytes?: number;
  /** Whether an output may always require itself: so it is where the rules are variables. */
  readonly ignoresItself: boolean;
}

const LISTS = ['allowedReferences', 'allowedRequisites', 'disallowedReferences', 'disallowedRequisites'] as const;

type Attributes = Readonly<Record<string, Json>>;

const structured = (drv: Derivation): Attributes | undefined => {
  const json = drv.env.get('__json');
  return json === undefined ? undefined : parseAttrs(json);
};

/** Rules by output. Cost: nothing where there are none. @throws Fault E-BUILD-044 */
export function outputChecks(drv: Derivation): ReadonlyMap<string, OutputCheck> {
  const attrs = structured(drv);
  if (attrs === undefined) {
    const given = LISTS.filter((name) => drv.env.has(name));
    if (given.length === 0) return new Map();
    const lists = Object.fromEntries(given.map((name) => [name, words(drv.env.get(name))]));
    return new Map([...drv.outputs.keys()].map((output) => [output, { ...lists, ignoresItself: true }]));
  }
  const rules = object(drv, attrs['outputChecks'], 'outputChecks');
  return new Map(Object.entries(rules).map(([output, rule]) => [output, structuredCheck(drv, output, rule)]));
}

function structuredCheck(drv: Derivation, output: string, value: Json): OutputCheck {
  const where = `outputChecks.${output}`;
  const rule = object(drv, value, where);
  const lists = LISTS.filter((name) => rule[name] !== undefined).map((name) => [
    name,
    strings(drv, rule[name], `${where}.${name}`),
  ]);
  const sizes = (['maxSize', 'maxClosureSize'] as const)
    .filter((name) => rule[name] !== undefined)
    .map((name) => [`${name}Bytes`, size(drv, rule[name]!, `${where}.${name}`)]);
  return { ...Object.fromEntries([...lists, ...sizes]), ignoresItself: false };
}

/** Outputs whose store paths inside count as text: `unsafeDiscardReferences`. @throws Fault E-BUILD-044 */
export function outputsWithoutReferences(drv: Derivation): ReadonlySet<string> {
  const flags = object(drv, structured(drv)?.['unsafeDiscardReferences'], 'unsafeDiscardReferences');
  for (const [output, flag] of Object.entries(flags)) {
    if (typeof flag !== 'boolean') throw badOption(drv, `unsafeDiscardReferences.${output}`, 'is not true or false');
  }
  return new Set(Object.keys(flags).filter((output) => flags[output] === true));
}

/** Name of a file (or of a structured attribute) → the paths whose closures go there. @throws Fault E-BUILD-044 */
export function exportedGraphs(drv: Derivation, storeDir: string): ReadonlyMap<string, readonly StorePath[]> {
  const attrs = structured(drv);
  const path = (text: string): StorePath => {
    const found = splitStorePath(textToBytes(text), storeDir);
    if (found === undefined) throw badOption(drv, 'exportReferencesGraph', `names '${text}', which is no store path`);
    return found.path;
  };
  if (attrs !== undefined) {
    const graphs = object(drv, attrs['exportReferencesGraph'], 'exportReferencesGraph');
    return new Map(
      Object.entries(graphs).map(([name, value]) => [name, strings(drv, flat(value), `exportReferencesGraph.${name}`).map(path)]),
    );
  }
  const list = words(drv.env.get('exportReferencesGraph'));
  if (list.length % 2 !== 0) throw badOption(drv, 'exportReferencesGraph', 'has an odd number of words: names and paths in turn');
  const graphs = new Map<string, readonly StorePath[]>();
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
      throw badOption(drv, 'exportReferencesGraph', `has '${name}' for the name of a file`);
    }
    graphs.set(name, [path(list[i + 1]!)]);
  }
  return graphs;
}

function object(drv: Derivation, value: Json | undefined, where: string): Attributes {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof RawNumber)
    throw badOption(drv, where, 'is no set');
  return value;
}

function strings(drv: Derivation, value: Json | undefined, where: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw badOption(drv, where, 'is no list of strings');
}

const flat = (value: Json): Json[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);

function size(drv: Derivation, value: Json, where: string): number {
  if (value instanceof RawNumber && /^\d+$/.test(value.text)) return Number(value.text);
  throw badOption(drv, where, 'is no number of bytes');
}

const badOption = (drv: Derivation, name: string, reason: string) =>
  buildFault('E-BUILD-044', `the attribute '${name}' of '${drv.name}' ${reason}`, {
    hints: ['docs/builder.md says under "Rules for outputs" how it is written'],
  });
