/** The thread of `realizeSync`: runs one order and tells what happens. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { Fault, Faults, SystemFault } from '../base/index.ts';
import { openStore } from '../store/index.ts';
import { realize } from './realize.ts';
import { type RealizeNews, type RealizeOrder, toRecord } from './realize-sync.ts';

const { order, port } = workerData as { order: RealizeOrder; port: MessagePort };
const counter = new Int32Array(order.news);

const wake = (): void => {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
};

const tell = (news: RealizeNews): void => {
  port.postMessage(news);
  wake();
};

const tellError = (error: unknown): void => {
  const faults = error instanceof Faults ? error.faults : error instanceof Fault ? [error] : [];
  if (faults.length > 0) tell({ kind: 'faults', faults: faults.map(toRecord) });
  else if (error instanceof SystemFault) {
    const { operation, path, errno, hints } = error;
    tell({ kind: 'system', operation, path, errno, hints });
  } else tell({ kind: 'error', error: error as Error });
};

// Who waits stands still, and would not hear that the thread is gone.
process.on('uncaughtException', (error) => {
  tellError(error);
  process.exit();
});

wake();
try {
  using store = openStore({ home: order.home, storeDir: order.storeDir });
  const result = await realize(store, order.goals, {
    ...order.options,
    onEvent: (event) => {
      if (event.kind === 'failed') {
        const { fault, ...rest } = event;
        tell({ kind: 'failed', event: rest, fault: toRecord(fault) });
      } else tell({ kind: 'event', event });
    },
  });
  tell({ kind: 'done', result });
} catch (error) {
  tellError(error);
}
