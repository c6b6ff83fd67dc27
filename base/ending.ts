/** Signals that end a process, and what is to be done before one does. */

export const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has signals that end a process end its work instead, for as long as this lasts. A second Ctrl-C ends it at once. Other signals may come
 * twice by themselves: the kernel tells of the death of who started this again when the last of its threads is gone.
 */
export function stoppedBy(stop: () => void): Disposable {
  const heard = (signal: NodeJS.Signals): void => {
    stop();
    // Not before all have heard of this one: they count who listens.
    if (signal === 'SIGINT') setImmediate(() => process.off(signal, heard));
  };
  for (const signal of ENDING) process.on(signal, heard);
  return {
    [Symbol.dispose]: () => {
      for (const signal of ENDING) process.off(signal, heard);
    },
  };
}

/** Signals are the process's, and so are these. */
const works = new Set<() => void>();

/**
 * Has something done where a signal ends the process, too; what came last first. For work that waits for something in between: while code
 * runs on and on, a signal that somebody listens for waits until it ends.
 *
 * @returns forgets it when it is disposed of
 */
export function atEnd(work: () => void): Disposable {
  if (works.size === 0) for (const signal of ENDING) process.on(signal, end);
  works.add(work);
  return {
    [Symbol.dispose]: () => {
      works.delete(work);
      if (works.size === 0) for (const signal of ENDING) process.off(signal, end);
    },
  };
}

function end(signal: NodeJS.Signals): void {
  // Others who listen end their work, and so what it is done in.
  if (process.listenerCount(signal) > 1) return;
  for (const work of [...works].reverse()) {
    try {
      work();
    } catch {
      // The rest is to be done all the same.
    }
  }
  process.off(signal, end);
  process.kill(process.pid, signal);
}
