/** `makePackage { name = …; version = …; … }`: what `package NAME "VERSION" { … }` says, for those who generate packages. */
import { Fault, type Label } from '../../base/index.ts';
import { filterAttrs } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { PrimOp, type Slot, type Value } from '../value.ts';
import { NAME, NAME_HINTS } from './collect.ts';
import { FIELDS } from './fields.ts';
import { requireKnownFields } from './package-value.ts';
import type { Realm } from './realm.ts';
import { Recipe } from './recipe.ts';

/** The library function. The package it makes has no name in the tree, but can stand wherever a package can. */
export const makePackageFunction = (evaluator: Evaluator, realm: () => Realm): PrimOp =>
  new PrimOp('makePackage', 1, evaluator, (_ctx, fields) => makePackage(realm(), fields));

function makePackage(realm: Realm, fields: Slot): Value {
  const { evaluator } = realm;
  const set = evaluator.forceAttrs(fields, 'the argument of makePackage');
  requireKnownFields(set, ['name']);
  for (const field of ['name', 'version', ...FIELDS.package.filter((each) => each.isRequired).map((each) => each.name)]) {
    if (set.has(field)) continue;
    const span = set.shape.spans?.find((each) => each !== undefined);
    throw new Fault('E-DECL-002', `the argument of makePackage has no '${field}'`, {
      labels: span === undefined ? [] : [{ ...span, text: 'in this set' }],
      hints: [`add it: ${field} = ${FIELDS.package.find((each) => each.name === field)?.example ?? '"hello"'};`],
    });
  }
  const name = evaluator.forceStringNoContext(set.get('name')!, 'the name of a package');
  if (!NAME.test(name)) {
    const span = set.spanOf('name');
    const labels: Label[] = span === undefined ? [] : [{ ...span, text: '' }];
    throw new Fault('E-DECL-007', `'${name}' is not a name for a package`, { labels, hints: NAME_HINTS });
  }
  const attrs = filterAttrs(set, (field) => field !== 'name');
  return new Recipe(realm, name, [{ kind: 'value', attrs }], new Map()).main.value;
}
