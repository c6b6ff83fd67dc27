/** What a command had done before it failed: with `--json` it stands beside the errors. */
import { Fault, Faults } from '../base/index.ts';

const records = new WeakMap<object, object>();

/** Of a build. A fault of another folder has its derivation where it came to light in one. */
export const isBuildFault = (fault: unknown): fault is Fault =>
  fault instanceof Fault && (fault.code.startsWith('E-BUILD-') || 'drvPath' in fault);

/** @returns the error; where builds failed or were stopped, with this record, which is not made for others */
export function withRecord(error: unknown, record: () => object): unknown {
  const faults = error instanceof Faults ? error.faults : [error];
  if (faults.some(isBuildFault)) records.set(error as Error, record());
  return error;
}

export const recordBeside = (error: unknown): object | undefined =>
  typeof error === 'object' && error !== null ? records.get(error) : undefined;
