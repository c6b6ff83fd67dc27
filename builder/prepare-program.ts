import { join } from 'node:path';

/** What the thread of `prepareInTime` runs. A bundle says another place: cli/bundle-thread.ts. */
export const prepareProgram = (): string => join(import.meta.dirname, 'prepare-thread.ts');
