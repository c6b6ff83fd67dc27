import { readdirSync } from 'node:fs';
import { sys } from './fault.ts';

/** What is in a folder; nothing where there is none. @throws SystemFault what cannot be read is not nothing */
export function namesIn(folder: string): string[] {
  return sys('read the folder', folder, () => {
    try {
      return readdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}
