/** Fields that only `igos check` reads: what a tree says about itself, so that the gates can hold it to that. */
import { didYouMean } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { entries, force, items, type Reading, readLine, wrong } from './read-field.ts';

/** The gates, in the order in which they run. */
export const GATES = [
  'tier-reachability',
  'audit-coverage',
  'tier-validation',
  'build-order',
  'silent-loss',
  'undeclared-deps',
] as const;

export type Gate = (typeof GATES)[number];

/** A gate that a package need not pass for a while. */
export interface Waiver {
  readonly reason: string;
  readonly approver: string;
  /** The last day on which it holds: `2027-01-31`. */
  readonly expires: string;
}

/** A name by which the configure steps of others look for a package. */
export interface Probe {
  readonly kind: 'pkgconfig' | 'library' | 'header' | 'program' | 'cmake';
  readonly name: string;
}

/** Names of packages, and patterns in which `*` stands for anything. */
export const readGlobs = (reading: Reading): readonly string[] =>
  items(reading).map((item) => {
    const value = force(item);
    const found = value instanceof Attrs ? reading.realm.packageOf.get(value) : undefined;
    if (found !== undefined) return found.name;
    const text = readLine(item);
    if (!/^[A-Za-z0-9*+._-]+$/.test(text)) throw wrong(item, `is '${text}', which is neither a name nor a pattern`);
    return text;
  });

export const readProbes = (reading: Reading): readonly Probe[] =>
  items(reading).map((item) => {
    const text = readLine(item);
    const [, kind, name] = /^(pkgconfig|library|header|program|cmake)\(([^()\s]+)\)$/.exec(text) ?? [];
    if (kind === undefined) throw wrong(item, `is '${text}', which says no kind of name`);
    return { kind: kind as Probe['kind'], name: name! };
  });

/** Package → reason. */
export const readReasons = (reading: Reading): ReadonlyMap<string, string> =>
  new Map(entries(reading).map(([name, entry]) => [name, readLine(entry)]));

const PARTS = ['reason', 'approver', 'expires'] as const;

export function readWaivers(reading: Reading): ReadonlyMap<string, Waiver> {
  const waivers = new Map<string, Waiver>();
  for (const [gate, entry, key] of entries(reading)) {
    if (!GATES.includes(gate as Gate)) {
      const hint = didYouMean(gate, GATES)[0] ?? `the gates are: ${GATES.join(', ')}`;
      throw wrong(key, `names a gate '${gate}' that does not exist`, { hint });
    }
    const parts = new Map<string, string>();
    for (const [part, value, partKey] of entries(entry)) {
      if (!PARTS.includes(part as (typeof PARTS)[number])) {
        const hint = didYouMean(part, PARTS)[0] ?? `a waiver has ${PARTS.join(', ')}`;
        throw wrong(partKey, `has '${gate}.${part}'`, { hint });
      }
      parts.set(part, readLine(value));
    }
    for (const part of PARTS) if (!parts.has(part)) throw wrong(entry, `has no '${part}'`);
    const expires = parts.get('expires')!;
    if (!isDay(expires)) throw wrong(entry, `expires on '${expires}', which is no day`, { hint: 'write it like "2027-01-31"' });
    waivers.set(gate, { reason: parts.get('reason')!, approver: parts.get('approver')!, expires });
  }
  return waivers;
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
