/** What a thread throws, on its way to the one that started it. */
import { Bug, Fault, Faults, SystemFault } from '../base/index.ts';
import type { StorePath } from '../store/index.ts';
import { BuildFault } from './build-fault.ts';

/** A Fault on its way between threads. */
interface FaultRecord {
  readonly drvPath: StorePath | undefined;
  readonly code: Fault['code'];
  readonly message: string;
  readonly notes: readonly string[];
  readonly hints: readonly string[];
  readonly trace: readonly string[];
}

export type ErrorRecord =
  | { readonly kind: 'faults'; readonly faults: readonly FaultRecord[] }
  | {
      readonly kind: 'system';
      readonly operation: string;
      readonly path: string;
      readonly errno: string;
      readonly hints: readonly string[];
    }
  | { readonly kind: 'error'; readonly error: Error };

export function recordOf(error: unknown): ErrorRecord {
  const faults = error instanceof Faults ? error.faults : error instanceof Fault ? [error] : [];
  if (faults.length > 0) return { kind: 'faults', faults: faults.map(toRecord) };
  if (!(error instanceof SystemFault)) return { kind: 'error', error: error as Error };
  const { operation, path, errno, hints } = error;
  return { kind: 'system', operation, path, errno, hints };
}

/** The error that was recorded; what is none that a user may see becomes a Bug. */
export function errorOf(record: ErrorRecord): Error {
  if (record.kind === 'faults')
    return record.faults.length === 1 ? fromRecord(record.faults[0]!) : new Faults(record.faults.map(fromRecord));
  if (record.kind === 'system') return new SystemFault(record.operation, record.path, { code: record.errno }, record.hints);
  return new Bug(`the building thread failed: ${record.error.message}`, { cause: record.error });
}

function toRecord(fault: Fault): FaultRecord {
  const { code, message, notes, hints } = fault;
  const drvPath = fault instanceof BuildFault ? fault.drvPath : undefined;
  return { drvPath, code, message, notes, hints, trace: fault.trace.map((step) => step.text) };
}

function fromRecord(record: FaultRecord): Fault {
  const { drvPath, code, message, notes, hints } = record;
  const details = { notes, hints, trace: record.trace.map((text) => ({ text })) };
  return drvPath === undefined ? new Fault(code, message, details) : new BuildFault(drvPath, code, message, details);
}
