/** A few selections for each sync of every scenario; test/slow/pkm-power-loss.test.ts has many. */
import { test } from 'node:test';
import { scenarios } from './crash-scenarios.ts';
import { losePower } from './power-loss.ts';

for (const scenario of scenarios) test(`power loss: ${scenario.name}`, (t) => losePower(t, scenario, 1, 1).then(() => {}));
