import { lstatSync } from 'node:fs';
import { rootDisk } from '../disk.ts';
import { databaseState } from '../state/state.ts';
import type { RootContext } from '../transaction.ts';
import { DiskPlanner } from './disk-plan.ts';

/** Plans changes of the disk that leave the generation what it is: repairs, and conflicts of configuration that are settled. */
export const standingPlanner = ({ layout, database }: RootContext, now: number): DiskPlanner =>
  new DiskPlanner({
    base: databaseState(database),
    delta: { dropFiles: [], putFiles: [], dropRecords: [], putRecords: [] },
    disk: rootDisk(layout),
    nextBytes: () => Buffer.alloc(0),
    oldBytes: () => undefined,
    withdrawal: () => 'replace',
    isRollback: false,
    overwrite: true,
    now,
    stagingDevice: lstatSync(layout.state).dev,
  });
