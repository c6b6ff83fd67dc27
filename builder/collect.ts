/** From a finished build's scratch folder into the store. */
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, sys, textToBytes } from '../base/index.ts';
import {
  type Derivation,
  type ObjectStore,
  type OutputToAdd,
  outputPathName,
  type StorePath,
  storePathBase,
} from '../store/index.ts';
import { neutraliseArchive } from './ar.ts';
import { buildFault } from './build-fault.ts';
import { checkTopLevel, rootLinks } from './layers.ts';

export interface Made {
  readonly drv: Derivation;
  /** Derivation that was asked for, as the outputs' origin. */
  readonly drvPath: StorePath;
  /** The folder that holds the outputs under the names of `places`. */
  readonly folder: string;
  readonly places: ReadonlyMap<string, StorePath>;
  readonly closure: readonly StorePath[];
}

/**
 * Checks the outputs and moves them into the store, all or none. Those for composed roots are checked for what cannot be laid over a
 * root, and their `.a` files made neutral.
 *
 * @throws Fault E-BUILD-002, E-BUILD-006, and those of the store: hash mismatch, special files, …
 */
export const addMade = (store: ObjectStore, made: Made): Map<string, StorePath> => store.addOutputs(checkMade(made));

/** The checks alone, and what would be added. @throws Fault E-BUILD-002, E-BUILD-006 */
export function checkMade(made: Made): Map<string, OutputToAdd> {
  const outputs = new Map<string, OutputToAdd>();
  for (const [name, output] of made.drv.outputs) {
    const scratchPath = made.places.get(name)!;
    const realPath = `${made.folder}/${storePathBase(scratchPath)}`;
    if (!isThere(realPath)) throw notMade(made.drv, name);
    if (made.drv.env.has('igosRoot')) prepareForRoot(realPath, made.drv.name, name);
    outputs.set(name, {
      realPath,
      name: outputPathName(made.drv.name, name),
      output,
      scratchPath,
      candidates: made.closure,
      deriver: made.drvPath,
    });
  }
  return outputs;
}

function isThere(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const notMade = (drv: Derivation, output: string) =>
  buildFault('E-BUILD-002', `the build of '${drv.name}' ended well, but did not make its output '${output}'`, {
    hints: [
      drv.env.has('igosRoot')
        ? `install into the folder that the variable names: make install DESTDIR=$${output}`
        : `the builder must create $${output}: a file, a folder or a link`,
      ...(output === 'out' ? [] : [`if nothing belongs there, remove '${output}' from the outputs`]),
    ],
  });

function prepareForRoot(realPath: string, drvName: string, output: string): void {
  if (!lstatSync(realPath).isDirectory()) return;
  for (const name of rootLinks.keys()) {
    const stat = sys('read', realPath, () => lstatSync(`${realPath}/${name}`, { throwIfNoEntry: false }));
    if (stat === undefined) continue;
    const owner = `the output '${output}' of '${drvName}'`;
    if (stat.isSymbolicLink()) checkTopLevel({ kind: 'symlink', path: name, target: readlinkSync(`${realPath}/${name}`) }, owner);
    else if (stat.isDirectory()) checkTopLevel({ kind: 'directory', path: name }, owner);
    else checkTopLevel({ kind: 'file', path: name, isExecutable: false, sizeBytes: stat.size, sha256: '' }, owner);
  }
  neutraliseArchives(textToBytes(realPath));
}

function neutraliseArchives(folder: Bytes): void {
  for (const entry of readdirSync(bytesToPath(folder), { withFileTypes: true, encoding: 'buffer' })) {
    const path = `${folder}/${entry.name.toString('latin1')}`;
    if (entry.isDirectory()) neutraliseArchives(path);
    else if (entry.isFile() && path.endsWith('.a')) neutraliseArchive(path);
  }
}
