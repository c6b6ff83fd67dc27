/** Failures that belong to one derivation. The commands end with exit status 4 for these, 1 for others. */
import { Bug, Fault, type FaultCode, type FaultDetails, SystemFault } from '../base/index.ts';
import type { StorePath } from '../store/index.ts';
import type { BuildCode } from './codes.ts';

/** What went wrong while one derivation was built or fetched. */
export class BuildFault extends Fault {
  readonly drvPath: StorePath;
  constructor(drvPath: StorePath, code: FaultCode, message: string, details: FaultDetails = {}) {
    super(code, message, details);
    this.drvPath = drvPath;
  }
}

/**
 * A Fault of a build step, told as one of this derivation: `step` says what was done. Bugs and system failures stay what they are, but
 * for those that only the build can have brought about.
 */
export function asBuildFault(error: unknown, drvPath: StorePath, step: string): BuildFault {
  if (error instanceof BuildFault) return error;
  if (error instanceof Fault) {
    const { labels, notes, hints, trace, cause } = error;
    return new BuildFault(drvPath, error.code, error.message, { labels, notes, hints, trace: [{ text: step }, ...trace], cause });
  }
  if (error instanceof SystemFault && error.errno === 'ENAMETOOLONG') {
    const { code, message, hints } = pathTooLong(error.path);
    return new BuildFault(drvPath, code, message, { hints, trace: [{ text: step }] });
  }
  throw error instanceof Error ? error : new Bug(String(error));
}

const SHOWN_BYTES = 120;

/** A build can make folders in folders until no path leads to the last ones. */
export const pathTooLong = (path: string): Fault =>
  buildFault(
    'E-BUILD-019',
    `the build made a path that is too long: …/${path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('/') + 1 + SHOWN_BYTES)}`,
    {
      notes: [`${Buffer.byteLength(path)} bytes, below '${path.slice(0, SHOWN_BYTES)}…'`],
      hints: [
        'remove what goes so deep before the build ends: mostly it is what a test left, or a link that was followed into itself',
      ],
    },
  );

/** The folder of a failed build, where it is kept. */
export const keptAtOf = (fault: Fault): string | undefined =>
  'keptAt' in fault ? (fault.keptAt as string | undefined) : undefined;

/** The run was stopped from outside. */
export const stopped = (): Fault =>
  new Fault('E-BUILD-015' satisfies BuildCode, 'stopped before everything was built', {
    hints: ['run the same command again: what was finished is not built twice'],
  });

/** A Fault with one of this folder's codes. */
export const buildFault = (code: BuildCode, message: string, details: FaultDetails = {}): Fault =>
  new Fault(code, message, details);

/** Namespaces work, but this sandbox could not be made. `refusal`: at which step, and what the system said. */
export const setUpFailed = (name: string, refusal: { readonly purpose: string; readonly message: string }): Fault =>
  buildFault('E-BUILD-004', `the sandbox of '${name}' could not be set up`, {
    notes: [`cannot ${refusal.purpose}: ${refusal.message}`],
    hints: ['a full disk, a limit on mounts or a security module are the usual reasons'],
  });

/** A machine that we have no launcher for. */
export const noLauncher = (): Fault =>
  buildFault('E-BUILD-003', `builds need a sandbox, and igos can make none on machines of the kind '${process.arch}'`, {
    hints: ['build on an x86-64 or 64-bit ARM machine, and copy the result'],
  });

/** Whether the system refused because something is not there. */
export const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' || (error instanceof SystemFault && error.errno === 'ENOENT');
