/** Which igos this is: another one may evaluate otherwise. A checkout that is being worked on changes without a new version. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileState } from './file-state.ts';
import { fingerprint } from './fingerprint.ts';

/** The name of a bundle, after its content; cli/bundle-scripts.ts defines it. */
declare const IGOS_BUILD: string | undefined;

const home = join(import.meta.dirname, '..', '..');

/** Folders whose code decides what an evaluation gives. */
const EVALUATING = ['base', 'lang', 'store', 'eval', 'cli'];
const CODE = /\.(ts|js|nix)$/;

/**
 * A text that changes with the code. Run from source it is told by the inodes of the files, 2 ms. A bundle has a name; in a checkout it
 * only runs while it is what the sources say (cli/start.cjs).
 *
 * @returns `undefined` where files changed just now: then nobody knows which code is loaded
 */
export function codeIdentity(): string | undefined {
  // Which packages are installed stands in one file.
  const packages = `${home}/node_modules/.package-lock.json`;
  if (typeof IGOS_BUILD === 'string') return `${IGOS_BUILD} ${fileState(packages, true)?.text ?? ''}`;
  const states: string[] = [];
  const add = (path: string): boolean => {
    const state = fileState(path, true);
    states.push(path, state?.text ?? '');
    return state === undefined || state.isSettled;
  };
  const visit = (folder: string): boolean =>
    readdirSync(folder, { withFileTypes: true }).every((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? visit(path) : !CODE.test(entry.name) || add(path);
    });
  const isSettled = EVALUATING.every((name) => visit(`${home}/${name}`)) && add(packages);
  return isSettled ? fingerprint(Buffer.from(states.join('\n'), 'utf8')) : undefined;
}
