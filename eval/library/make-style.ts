/** `makeStyle { name = …; phases = …; }`: a build style of one's own, for trees with many packages of a kind that igos does not know. */
import { didYouMean, Fault } from '../../base/index.ts';
import { attrsFromMap } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { PrimOp, type Slot, type Value } from '../value.ts';
import type { LibraryEntry } from './library.ts';

const ATTRIBUTES = ['name', 'phases', 'check', 'compiler'];

export const makeStyle: LibraryEntry = {
  name: 'makeStyle',
  doc: 'A build style of your own: `name`, and `phases` as in a package. `check = true` runs its check phase where a package does not say; `compiler = "c"`, `"make"`, `"python"` or `"rust"` gives it the flags of the style of that kind, and what it builds is stripped. A function around it takes options.',
  example:
    'makeStyle { name = "perlModule"; phases.configure = "perl Makefile.PL"; phases.build = "make"; phases.install = "make DESTDIR=$out install"; }',
  make: (evaluator) => new PrimOp('makeStyle', 1, evaluator, (_ctx, given) => make(evaluator, given)),
};

/** What is inside is read, and checked, where a package has the style. */
function make(evaluator: Evaluator, given: Slot): Value {
  const set = evaluator.forceAttrs(given, 'the argument of makeStyle');
  for (const name of set.names) {
    if (ATTRIBUTES.includes(name)) continue;
    const span = set.spanOf(name);
    throw new Fault('E-DECL-001', `a style has no '${name}'`, {
      labels: span === undefined ? [] : [{ ...span, text: '' }],
      hints: [didYouMean(name, ATTRIBUTES)[0] ?? `makeStyle takes: ${ATTRIBUTES.join(', ')}`],
    });
  }
  for (const name of ['name', 'phases']) {
    if (set.has(name)) continue;
    const span = set.shape.spans?.find((each) => each !== undefined);
    throw new Fault('E-DECL-002', `the argument of makeStyle has no '${name}'`, {
      labels: span === undefined ? [] : [{ ...span, text: 'in this set' }],
      hints: [name === 'name' ? 'add it: name = "perlModule";' : 'add it: phases = { install = "make install DESTDIR=$out"; };'],
    });
  }
  const entries = new Map<string, Slot>([['_type', 'style']]);
  for (const name of set.names) entries.set(name, set.get(name)!);
  return attrsFromMap(entries, (name) => set.spanOf(name));
}
