/** Many selections of unsynced changes for each sync of every scenario. */
import { test } from 'node:test';
import { scenarios } from '../pkm/crash-scenarios.ts';
import { losePower } from '../pkm/power-loss.ts';

for (const scenario of scenarios) {
  test(`power loss: ${scenario.name}`, async (t) => {
    t.diagnostic(
      `${await losePower(t, scenario, Number(process.env['IGOS_TRIALS'] ?? 10), Number(process.env['IGOS_SEED'] ?? 7))} disks`,
    );
  });
}
