/** What can happen to a root, at random. */
import fc from 'fast-check';
import { packageNames } from './model-packages.ts';

export type Step =
  | { kind: 'install'; name: string; version: number }
  | { kind: 'queue'; queue: number; version: number; isDeclared: boolean; isLastAsked: boolean }
  | { kind: 'several'; picks: readonly Pick[]; isDeclared: boolean }
  | { kind: 'switch'; picks: readonly Pick[]; isDeclared: boolean }
  | { kind: 'remove'; name: string; force: boolean; cascade: boolean }
  | { kind: 'autoremove'; force: boolean }
  | { kind: 'mark'; name: string; isExplicit: boolean }
  | { kind: 'hold'; name: string; isHeld: boolean }
  | { kind: 'rollback'; index: number }
  | { kind: 'roll packages'; names: readonly string[]; index: number | undefined }
  | { kind: 'gc'; keep: number }
  | { kind: 'edit'; file: number; line: number }
  | { kind: 'delete'; file: number }
  | { kind: 'settle'; file: number; take: 'mine' | 'theirs' | 'merged' }
  | { kind: 'tamper'; file: number; how: 'write' | 'chmod' | 'remove' }
  | { kind: 'die'; at: number }
  | { kind: 'repair' }
  | { kind: 'reopen' };

/** One of several. */
interface Pick {
  readonly name: string;
  readonly version: number;
  readonly isAsked: boolean;
}

export const QUEUES: readonly (readonly string[])[] = [
  ['util'],
  ['util-core', 'util-extra'],
  ['util', 'util-core', 'util-extra'],
  ['util-core'],
  ['util-extra'],
  ['old'],
  ['mid'],
  ['new'],
  ['mid', 'new'],
  ['old', 'mid', 'new'],
  ['new', 'mid'],
  ['lib', 'app'],
  ['lib', 'app', 'util', 'old', 'tool'],
];

const version = fc.integer({ min: 1, max: 4 });
const name = fc.constantFrom(...packageNames);
const isDeclared = fc.boolean();
/** In the order in which they can be installed, mostly. */
const picks = fc
  .tuple(
    fc.uniqueArray(fc.record({ name, version, isAsked: fc.boolean() }), {
      minLength: 1,
      maxLength: 7,
      selector: (one) => one.name,
    }),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([all, shuffled]) =>
    shuffled === 0 ? all : all.toSorted((a, b) => packageNames.indexOf(a.name) - packageNames.indexOf(b.name)),
  );

const of = <K extends Step['kind'], T>(kind: K, rest: { [P in keyof T]: fc.Arbitrary<T[P]> }) =>
  fc.record({ kind: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Step>;

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: of('install', { name, version }) },
  { weight: 5, arbitrary: of('queue', { queue: fc.nat(QUEUES.length - 1), version, isDeclared, isLastAsked: fc.boolean() }) },
  { weight: 5, arbitrary: of('several', { picks, isDeclared }) },
  { weight: 2, arbitrary: of('switch', { picks, isDeclared }) },
  { weight: 3, arbitrary: of('remove', { name, force: fc.boolean(), cascade: fc.boolean() }) },
  { weight: 1, arbitrary: of('autoremove', { force: fc.boolean() }) },
  { weight: 1, arbitrary: of('mark', { name, isExplicit: fc.boolean() }) },
  { weight: 1, arbitrary: of('hold', { name, isHeld: fc.boolean() }) },
  { weight: 3, arbitrary: of('rollback', { index: fc.nat(30) }) },
  {
    weight: 5,
    arbitrary: of('roll packages', {
      names: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      index: fc.option(fc.nat(30), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: of('gc', { keep: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: of('edit', { file: fc.nat(20), line: fc.nat(6) }) },
  { weight: 1, arbitrary: of('delete', { file: fc.nat(20) }) },
  { weight: 2, arbitrary: of('settle', { file: fc.nat(20), take: fc.constantFrom('mine', 'theirs', 'merged') }) },
  { weight: 3, arbitrary: of('tamper', { file: fc.nat(40), how: fc.constantFrom('write', 'chmod', 'remove') }) },
  { weight: 1, arbitrary: of('die', { at: fc.nat(60) }) },
  { weight: 1, arbitrary: of('repair', {}) },
  { weight: 1, arbitrary: of('reopen', {}) },
);
