/** A sample of the writes of every scenario fails; test/slow/pkm-crash.test.ts fails all of them, and kills processes. */
import { test } from 'node:test';
import { failEveryWrite } from './crash-harness.ts';
import { scenarios } from './crash-scenarios.ts';

for (const scenario of scenarios) {
  test(`crash: ${scenario.name}, death at every ninth write`, (t) => failEveryWrite(t, scenario, 'death', 9));
  test(`crash: ${scenario.name}, EIO at every eleventh write`, (t) => failEveryWrite(t, scenario, 'EIO', 11));
}
