/** From a finished build's scratch folder into the store. */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';
import {
  type Derivation,
  type ObjectStore,
  type OutputToAdd,
  outputPathName,
  type StorePath,
  storePathBase,
} from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { outputsWithoutReferences } from './derivation-options.ts';
import { checkTopLevel, rootLinks } from './layers.ts';
import { describeLeaks, findLeak } from './leaks.ts';
import { type OutputFile, outputFiles } from './output-files.ts';
import { leakFault, readOutputRules, verifyPaths } from './output-rules.ts';
import { tidyFile } from './tidy.ts';

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
 * root and for what the package says of them, and tidied.
 *
 * @param report  gets lines about what is not right, but no error, at most once
 * @throws Fault E-BUILD-002, 006, 008, 040, 041, and those of the store: hash mismatch, special files, …
 */
export const addMade = (
  store: ObjectStore,
  made: Made,
  report: (lines: readonly string[]) => void = () => {},
): Map<string, StorePath> => store.addOutputs(checkMade(made, store.storeDir, report));

/** The checks alone, and what would be added. @throws Fault E-BUILD-002, 006, 008, 040, 041 */
export function checkMade(
  made: Made,
  storeDir: string,
  report: (lines: readonly string[]) => void = () => {},
): Map<string, OutputToAdd> {
  const outputs = new Map<string, OutputToAdd>();
  const unreferring = outputsWithoutReferences(made.drv);
  for (const [name, output] of made.drv.outputs) {
    const scratchPath = made.places.get(name)!;
    const realPath = `${made.folder}/${storePathBase(scratchPath)}`;
    if (!isThere(realPath)) throw notMade(made.drv, name);
    outputs.set(name, {
      realPath,
      name: outputPathName(made.drv.name, name),
      output,
      scratchPath,
      candidates: made.closure,
      deriver: made.drvPath,
      ...(unreferring.has(name) ? { hasNoReferences: true } : {}),
    });
  }
  if (made.drv.env.has('igosRoot')) prepareForRoot(made.drv, outputs, storeDir, report);
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

function prepareForRoot(
  drv: Derivation,
  outputs: ReadonlyMap<string, OutputToAdd>,
  storeDir: string,
  report: (lines: readonly string[]) => void,
): void {
  const rules = readOutputRules(drv);
  const paths = new Map<Bytes, Bytes | undefined>();
  const leaks: { path: Bytes; found: string }[] = [];
  for (const [name, { realPath }] of outputs) {
    if (!lstatSync(realPath).isDirectory()) continue;
    checkLinksOfRoot(realPath, `the output '${name}' of '${drv.name}'`);
    for (const file of outputFiles(realPath)) {
      if (file.kind === 'file' && tidyFile(file, rules.isTidied)) continue;
      paths.set(file.path, file.kind === 'symlink' ? linkTarget(file) : undefined);
      const found = rules.references === 'allow' ? undefined : findLeak(file, storeDir);
      if (found !== undefined) leaks.push({ path: file.path, found });
    }
  }
  verifyPaths(drv.name, rules.verify, paths);
  if (leaks.length === 0) return;
  const lines = describeLeaks(leaks);
  if (rules.references === 'fail') throw leakFault(drv.name, lines);
  report(lines);
}

const linkTarget = ({ realPath }: OutputFile): Bytes =>
  sys('read', bytesToText(realPath), () => readlinkSync(bytesToPath(realPath), 'latin1'));

function checkLinksOfRoot(realPath: string, owner: string): void {
  for (const name of rootLinks.keys()) {
    const stat = sys('read', realPath, () => lstatSync(`${realPath}/${name}`, { throwIfNoEntry: false }));
    if (stat === undefined) continue;
    if (stat.isSymbolicLink()) checkTopLevel({ kind: 'symlink', path: name, target: readlinkSync(`${realPath}/${name}`) }, owner);
    else if (stat.isDirectory()) checkTopLevel({ kind: 'directory', path: name }, owner);
    else checkTopLevel({ kind: 'file', path: name, isExecutable: false, sizeBytes: stat.size, sha256: '' }, owner);
  }
}
