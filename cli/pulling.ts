/** What comes out of caches, as progress. */
import type { PullEvent } from '../store/index.ts';
import type { Progress } from './progress/model.ts';

export function reportPull(progress: Progress, event: PullEvent): void {
  switch (event.kind) {
    case 'plan':
      progress.total(event.nPaths);
      return;
    case 'started':
      progress.start(event.path, `copying ${event.path}`, event.url);
      return;
    case 'bytes':
      progress.detail(event.path, 'received', { done: event.doneBytes, total: event.totalBytes });
      return;
    case 'finished':
      progress.finish(event.path, 'done');
      return;
    case 'refused':
      progress.note(event.fault.message);
  }
}
