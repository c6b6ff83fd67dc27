/** The few programs of the machine that fetching needs: apt, and decompressors. Looked for in fixed places: the builder reads no environment. */
import { accessSync, constants } from 'node:fs';

const FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** What `PATH` is for apt. */
export const hostPath: string = FOLDERS.join(':');

const found = new Map<string, string | undefined>();

/** Absolute path of a program, `undefined` if the machine has none. Cost: up to six `access` once. */
export function hostProgram(name: string): string | undefined {
  if (!found.has(name)) found.set(name, FOLDERS.map((folder) => `${folder}/${name}`).find(isProgram));
  return found.get(name);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
