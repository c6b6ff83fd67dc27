import { join } from 'node:path';

/** What a lane runs. A bundle says another place: cli/bundle-thread.ts. */
export const laneProgram = (): string => join(import.meta.dirname, 'thread.ts');
