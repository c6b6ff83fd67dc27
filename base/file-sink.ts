import { close, createWriteStream, fsync, open, type WriteStream, write, writev } from 'node:fs';
import { SystemFault } from './fault.ts';

/** As calls of Node take it: the error is their first argument. */
type Done = (error: Error | null, ...results: unknown[]) => void;

/**
 * A stream into a file whose failures name the file. Those of `createWriteStream` name none: it writes by a descriptor.
 *
 * @param named    the file as messages have it, where `path` stands for it until it is complete
 * @param options  as `createWriteStream` has them
 */
export function fileSink(
  path: string,
  named: string,
  options: { readonly flags: string; readonly mode?: number; readonly start?: number; readonly flush?: boolean },
): WriteStream {
  const naming = (call: (...args: never[]) => void) => {
    return (...args: unknown[]): void => {
      const done = args.pop() as Done;
      const tell: Done = (error, ...results) => done(error === null ? null : new SystemFault('write', named, error), ...results);
      call(...([...args, tell] as never[]));
    };
  };
  const calls = { open, write, writev, fsync, close };
  const fs = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, naming(call)])) as typeof calls;
  return createWriteStream(path, { ...options, fs });
}
