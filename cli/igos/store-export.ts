import { closeSync, fsyncSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys, temporaryName, writeAll } from '../../base/index.ts';
import { type ByteSink, compressingSink, exportPaths } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { isTerminal } from '../terminal.ts';
import { count, formatBytes } from '../units.ts';
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
  else writeWhole(resolve(context.workingDirectory, file), send);
  if (!context.isQuiet) context.out.talk(`exported ${count(paths.length, 'path')}, ${formatBytes(nBytes)}`);
}

/** The file appears when it is complete and durable. */
function writeWhole(path: string, write: (sink: ByteSink) => void): void {
  const temporary = temporaryName(path);
  const fd = sys('create', path, () => openSync(temporary, 'wx', 0o644));
  let isDone = false;
  try {
    write((chunk) => sys('write', path, () => writeAll(fd, chunk)));
    sys('write', path, () => {
      fsyncSync(fd);
      renameSync(temporary, path);
    });
    isDone = true;
  } finally {
    closeSync(fd);
    if (!isDone) unlinkSync(temporary);
  }
}
