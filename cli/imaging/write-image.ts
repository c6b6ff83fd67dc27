/** One file of an image: written beside its place, hashed, and given its name when it is whole. */
import { basename, dirname } from 'node:path';
import { makeDirectory } from '../../base/index.ts';
import { ImageFile, sha256Of, type Watching } from '../../image/index.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { openProgress } from '../progress/open.ts';

/** A file that was written. */
export interface Written {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

type Write = (file: ImageFile, watching: Watching & { readonly signal: AbortSignal }) => unknown;

/** @param output  absolute */
export async function writeImage(context: Context, output: string, write: Write): Promise<Written> {
  makeDirectory(dirname(output));
  const progress = await openProgress(context);
  progress.start(output, `writing ${basename(output)}`);
  let outcome: 'done' | 'failed' = 'failed';
  try {
    const written = await stoppable(async (signal) => {
      using file = new ImageFile(output);
      const watching = (text: string) => ({
        signal,
        onBytes: (done: number, total: number): void => progress.detail(output, text, { done, total }),
      });
      await write(file, watching(''));
      await file.fill(watching(''));
      const sha256 = await sha256Of(file, watching('hashing'));
      signal.throwIfAborted();
      file.commit();
      return { file: output, sizeBytes: file.position, sha256 };
    });
    outcome = 'done';
    return written;
  } finally {
    progress.finish(output, outcome);
    progress.stop();
  }
}
