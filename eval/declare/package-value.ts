/** A package as expressions see it: its fields, and what makes it pass for a derivation (`type`, `drvPath`, `outPath`, …). */
import { Fault } from '../../base/index.ts';
import { Attrs, attrsFromMap } from '../attrs.ts';
import { PrimOp, type Slot, type Value } from '../value.ts';
import { FIELDS } from './fields.ts';
import { fieldHints } from './foreign-fields.ts';
import type { Package } from './package.ts';
import type { Recipe } from './recipe.ts';

/** Nothing is evaluated yet, and asking for metadata never makes a derivation. */
export function makePackageValue(self: Package): Attrs {
  const { recipe } = self;
  const { realm } = recipe;
  const { evaluator } = realm;
  const text = (name: string, read: () => string | undefined): [string, Slot] => [name, evaluator.delay(() => read() ?? null)];
  const entries = new Map<string, Slot>([
    ['type', 'derivation'],
    ['name', self.name],
    ['outputName', self.output],
    text('version', () => self.version),
    ['release', evaluator.delay(() => self.release)],
    ['tier', evaluator.delay(() => self.tier.value)],
    text('summary', () => self.summary),
    text('license', () => self.license),
    text('homepage', () => self.homepage),
    ['runtime', self.attribute('runtime', () => self.runtime, [])],
    ...(['config', 'provides', 'conflicts', 'supersedes'] as const).map((name): [string, Slot] => [
      name,
      self.fields.has(name) ? self.attribute(name, () => self[name], []) : [],
    ]),
    ['modes', self.fields.has('modes') ? self.attribute('modes', () => self.modes, null) : attrsFromMap(new Map())],
    [
      'capabilities',
      self.fields.has('capabilities') ? self.attribute('capabilities', () => self.capabilities, null) : attrsFromMap(new Map()),
    ],
    ...(['triggers', 'services'] as const).map((name): [string, Slot] => [
      name,
      self.fields.slot(name) ?? attrsFromMap(new Map()),
    ]),
    ['meta', recipe.fields.slot('meta') ?? attrsFromMap(new Map())],
    ['build', self.attribute('build', () => recipe.build, [])],
    ['host', self.attribute('host', () => recipe.host, [])],
    ...(
      [
        'source',
        'patches',
        'phases',
        'env',
        'style',
        'check',
        'verifyPaths',
        'strip',
        'debugInfo',
        'tidy',
        'references',
        'memory',
      ] as const
    ).map((name): [string, Slot] => [name, recipe.fields.slot(name) ?? null]),
    ['drvPath', evaluator.delay(() => evaluator.force(recipe.instantiate().drvPath ?? null))],
    ['outPath', evaluator.delay(() => evaluator.force(recipe.instantiate().outPaths.get(self.output)!))],
    ['override', new PrimOp('override', 1, evaluator, (_ctx, changes) => override(self, changes))],
  ]);
  for (const each of recipe.packages.values())
    if (each !== self)
      entries.set(
        each.output,
        evaluator.delay(() => each.value),
      );
  const value = attrsFromMap(entries, (name) => (name === 'name' ? self.span : undefined));
  realm.packageOf.set(value, self);
  return value;
}

/** `NAME.override { … }` or `NAME.override (super: { … })`: the same recipe with one more layer. */
function override(self: Package, changes: Slot): Value {
  const { recipe } = self;
  const { evaluator } = recipe.realm;
  const what = `the fields to override in ${self.subject}`;
  const given = evaluator.force(changes);
  const set =
    given instanceof Attrs
      ? given
      : evaluator.forceAttrs(evaluator.call(evaluator.forceFunction(given, what), belowOf(recipe)), what);
  requireKnownFields(set, []);
  return recipe.override(set).packages.get(self.output)!.value;
}

/** @throws Fault E-DECL-001 the set has an attribute that is no field of a package */
export function requireKnownFields(set: Attrs, more: readonly string[]): void {
  const names = [...more, ...FIELDS.package.map((field) => field.name)];
  for (const name of set.names) {
    if (names.includes(name)) continue;
    const span = set.spanOf(name);
    throw new Fault('E-DECL-001', `a package has no field '${name}'`, {
      labels: span === undefined ? [] : [{ ...span, text: '' }],
      hints: fieldHints('package', name, more),
    });
  }
}

const belowOf = (recipe: Recipe): Attrs => recipe.fields.fieldsBelow(recipe.fields.layers.length);
