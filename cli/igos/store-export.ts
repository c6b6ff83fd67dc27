import { resolve } from 'node:path';
import { count, formatBytes } from '../../base/index.ts';
import { type ByteSink, compressingSink, exportPaths } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { writeOutputFile } from '../output-file.ts';
import { isTerminal } from '../terminal.ts';
import { validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const file = args.value('output');
  if (file === undefined && isTerminal(1)) {
    throw new UsageError('an archive is not for a terminal', ['write it to a file: -o FILE, or > FILE']);
  }
  using store = openContextStore(context);
  const named = await validPaths(context, store, args.operands);
  const paths = args.has('recursive') ? store.closure(named) : named;
  let nBytes = 0;
  const send = (sink: ByteSink): void => {
    const counted: ByteSink = (chunk) => {
      nBytes += chunk.length;
      sink(chunk);
    };
    if (!args.has('zstd')) exportPaths(store, paths, counted);
    else {
      const compressing = compressingSink(counted);
      exportPaths(store, paths, compressing.sink);
      compressing.end();
    }
  };
  if (file === undefined) send((chunk) => context.out.write(1, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)));
  else writeOutputFile(resolve(context.workingDirectory, file), send);
  if (!context.isQuiet) context.out.talk(`exported ${count(paths.length, 'path')}, ${formatBytes(nBytes)}`);
}
