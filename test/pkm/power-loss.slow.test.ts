/** A few selections for each sync of two scenarios; test/slow/pkm-power-loss.test.ts has many. */
import { test } from 'node:test';
import { scenarios } from './crash-scenarios.ts';
import { losePower } from './power-loss.ts';

const some = ['upgrade with supersede', 'atomic: rollback'];

for (const scenario of scenarios.filter(({ name }) => some.includes(name))) {
  test(`power loss: ${scenario.name}`, (t) => losePower(t, scenario, 1, 1).then(() => {}));
}
