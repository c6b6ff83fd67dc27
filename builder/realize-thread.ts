/** The thread of `realizeSync`: runs one order and tells what happens. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { openStore } from '../store/index.ts';
import { recordOf, toRecord } from './error-record.ts';
import { realize } from './realize.ts';
import type { RealizeNews, RealizeOrder } from './realize-sync.ts';

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

const tellError = (error: unknown): void => tell(recordOf(error));

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
