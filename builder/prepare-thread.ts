/** The thread of `prepareInTime`: prepares what one build made. */
import { parentPort, workerData } from 'node:worker_threads';
import { recordOf } from './error-record.ts';
import { type MadeNews, type MadeOrder, prepareMade } from './prepare-made.ts';

const tell = (news: MadeNews): void => parentPort!.postMessage(news);

try {
  const lines: string[] = [];
  const outputs = prepareMade(workerData as MadeOrder, (more) => lines.push(...more));
  tell({ kind: 'done', outputs, lines });
} catch (error) {
  tell(recordOf(error));
}
