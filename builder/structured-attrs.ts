/**
 * `__structuredAttrs`: attributes as JSON and as a bash text, in place of environment variables.
 *
 * @source docs/builder.md §3; the format is Nix's
 */
import { type Bytes, compareBytes, singleQuoted } from '../base/index.ts';
import type { StorePath } from '../store/index.ts';
import { buildFault } from './build-fault.ts';

/** A number as it was written: JSON numbers may be longer than a double is exact. */
export class RawNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | RawNumber | Json[] | { [key: string]: Json };

export interface AttrFiles {
  readonly json: Bytes;
  readonly sh: Bytes;
}

/**
 * The texts of `.attrs.json` and `.attrs.sh`. `outputs` becomes a map from output to path in both.
 *
 * @param source  the derivation's `__json`, placeholders replaced already
 * @param more    attributes that the build adds: graphs of references
 */
export function structuredAttrs(
  source: Bytes,
  outputs: ReadonlyMap<string, StorePath>,
  more: ReadonlyMap<string, Json> = new Map(),
): AttrFiles {
  const attrs = parseAttrs(source);
  attrs['outputs'] = Object.fromEntries(outputs);
  for (const [name, value] of more) attrs[name] = value;
  const lines = Object.keys(attrs)
    .sort(compareBytes)
    .flatMap((name) => declaration(name, attrs[name]!) ?? []);
  return { json: encode(attrs), sh: lines.map((line) => `${line}\n`).join('') };
}

/** The attributes of a derivation's `__json`. @throws Fault E-BUILD-008 */
export function parseAttrs(source: Bytes): { [key: string]: Json } {
  const reviver = function (this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
    return typeof value === 'number' ? new RawNumber(context?.source ?? String(value)) : value;
  };
  try {
    const value = JSON.parse(source, reviver) as Json;
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof RawNumber)) return value;
  } catch {
    // told below
  }
  throw buildFault('E-BUILD-008', "the derivation's '__json' is not a JSON object", {
    hints: ['declare __structuredAttrs = true and let the evaluator write it'],
  });
}

function encode(value: Json): string {
  if (value instanceof RawNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value)
    .sort(compareBytes)
    .map((key) => `${JSON.stringify(key)}:${encode(value[key]!)}`);
  return `{${members.join(',')}}`;
}

/** One bash declaration; `undefined` for what bash cannot hold (nested values, fractions, odd names). */
function declaration(name: string, value: Json): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return undefined;
  const simple = scalar(value);
  if (simple !== undefined) return `declare ${name}=${simple}`;
  if (Array.isArray(value)) {
    const items = value.map(scalar);
    return items.includes(undefined) ? undefined : `declare -a ${name}=(${items.map((item) => `${item} `).join('')})`;
  }
  if (value === null || typeof value !== 'object' || value instanceof RawNumber) return undefined;
  const keys = Object.keys(value).sort(compareBytes);
  const members = keys.map((key) => [singleQuoted(key), scalar(value[key]!)] as const);
  if (members.some(([, item]) => item === undefined)) return undefined;
  return `declare -A ${name}=(${members.map(([key, item]) => `[${key}]=${item} `).join('')})`;
}

function scalar(value: Json): string | undefined {
  if (typeof value === 'string') return singleQuoted(value);
  if (value === null) return "''";
  if (typeof value === 'boolean') return value ? '1' : '';
  if (value instanceof RawNumber) return /^-?\d+$/.test(value.text) ? value.text : undefined;
  return undefined;
}
