/**
 * What a build made is looked through, hashed and named. Of much of it that takes so long that nobody could end igos meanwhile, and other
 * builds would stand still with their pipes full: then a thread does it.
 */
import { lstatSync } from 'node:fs';
import { bytesToPath, bytesToText, sys } from '../base/index.ts';
import { type PreparedOutputs, prepareOutputs } from '../store/index.ts';
import { stopped } from './build-fault.ts';
import { checkMade, type Made } from './collect.ts';
import { type ErrorRecord, errorOf } from './error-record.ts';
import { outputFiles } from './output-files.ts';
import { prepareProgram } from './prepare-program.ts';

/** About half a second; a thread takes a tenth to start. */
const MUCH_BYTES = 1 << 29;
/** What a file costs besides its bytes. */
const FILE_BYTES = 1 << 14;

export interface MadeOrder {
  readonly made: Made;
  readonly storeDir: string;
}

export type MadeNews =
  | { readonly kind: 'done'; readonly outputs: PreparedOutputs; readonly lines: readonly string[] }
  | ErrorRecord;

export function prepareMade({ made, storeDir }: MadeOrder, report: (lines: readonly string[]) => void): PreparedOutputs {
  return prepareOutputs(storeDir, checkMade(made, storeDir, report));
}

/**
 * As `prepareMade`, without standing still for long.
 *
 * @throws as `prepareMade`, E-BUILD-015 stopped
 */
export async function prepareInTime(
  order: MadeOrder,
  options: { readonly signal: AbortSignal; readonly report: (lines: readonly string[]) => void },
): Promise<PreparedOutputs> {
  const { signal, report } = options;
  if (!isMuch(order.made.folder)) return prepareMade(order, report);
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(prepareProgram(), { workerData: order, trackUnmanagedFds: false });
  const { promise, resolve, reject } = Promise.withResolvers<MadeNews>();
  const stop = (): void => reject(stopped());
  worker.on('message', resolve);
  worker.on('error', (error) => resolve({ kind: 'error', error: error as Error }));
  worker.on('exit', () => resolve({ kind: 'error', error: new Error('it ended without a word') }));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const news = await promise;
    if (news.kind !== 'done') throw errorOf(news);
    if (news.lines.length > 0) report(news.lines);
    return news.outputs;
  } finally {
    signal.removeEventListener('abort', stop);
    // What it reads is removed next.
    await worker.terminate();
  }
}

function isMuch(folder: string): boolean {
  let left = MUCH_BYTES;
  for (const { realPath } of outputFiles(folder)) {
    left -= FILE_BYTES + sys('read', bytesToText(realPath), () => lstatSync(bytesToPath(realPath))).size;
    if (left < 0) return true;
  }
  return false;
}
