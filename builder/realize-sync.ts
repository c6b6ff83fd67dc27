/**
 * `realize` for callers that cannot wait in any other way than by standing still: an evaluation that reads a file of an output that is
 * not built yet. The run happens on a thread of its own, which opens the store for itself.
 */

import { createRequire } from 'node:module';
import type { WorkerOptions } from 'node:worker_threads';
import { Bug } from '../base/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { type ErrorRecord, errorOf, type FaultRecord, fromRecord } from './error-record.ts';
import type { BuildEvent, Goal, RealizeOptions, RealizeResult } from './types.ts';

/** Options that can be handed to another thread. A signal cannot: the caller hears nothing while it stands still. */
export type SyncRealizeOptions = Omit<RealizeOptions, 'signal'>;

/** What the thread is started with. `news` counts its start and its messages: the caller sleeps on it. */
export interface RealizeOrder {
  readonly home: string;
  readonly storeDir: string;
  readonly goals: readonly Goal[];
  readonly options: Omit<SyncRealizeOptions, 'onEvent'>;
  readonly news: SharedArrayBuffer;
}

export type RealizeNews =
  | { readonly kind: 'event'; readonly event: Exclude<BuildEvent, { kind: 'failed' }> }
  | {
      readonly kind: 'failed';
      readonly event: Omit<Extract<BuildEvent, { kind: 'failed' }>, 'fault'>;
      readonly fault: FaultRecord;
    }
  | { readonly kind: 'done'; readonly result: RealizeResult }
  | ErrorRecord;

/** A thread takes some 60 ms to start, and a machine that is out of breath a hundred times that. */
const MAX_START_MS = 60_000;

/** As `realize`, but returns when it is done. Events come from within the call. Cost: 60 ms for the thread. @throws as `realize` */
export function realizeSync(store: ObjectStore, goals: readonly Goal[], options: SyncRealizeOptions = {}): RealizeResult {
  // Most evaluations never build: the module is loaded by those that do.
  const { MessageChannel, receiveMessageOnPort, Worker } = createRequire(import.meta.url)(
    'node:worker_threads',
  ) as typeof import('node:worker_threads');
  const { onEvent, ...rest } = options;
  const news = new SharedArrayBuffer(4);
  const counter = new Int32Array(news);
  const { port1, port2 } = new MessageChannel();
  const order: RealizeOrder = { home: store.home, storeDir: store.storeDir, goals, options: rest, news };
  // What it opens by calls of the C library, it closes by Node's: that is no leak.
  const settings: WorkerOptions = { workerData: { order, port: port2 }, transferList: [port2], trackUnmanagedFds: false };
  const worker = new Worker(new URL('./realize-thread.ts', import.meta.url), settings);
  worker.unref();
  try {
    // The end of a thread is an event, and events come only when this returns.
    if (Atomics.wait(counter, 0, 0, MAX_START_MS) === 'timed-out') throw new Bug('the building thread did not start');
    for (;;) {
      const seen = Atomics.load(counter, 0);
      for (let message = receiveMessageOnPort(port1); message !== undefined; message = receiveMessageOnPort(port1)) {
        const { message: told } = message as { message: RealizeNews };
        if (told.kind === 'event') onEvent?.(told.event);
        else if (told.kind === 'failed') onEvent?.({ ...told.event, fault: fromRecord(told.fault) });
        else if (told.kind === 'done') return told.result;
        else throw errorOf(told);
      }
      Atomics.wait(counter, 0, seen);
    }
  } finally {
    port1.close();
  }
}
