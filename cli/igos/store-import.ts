import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import { type ByteSource, decompressingSource, type StorePath } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../session.ts';
import { isTerminal } from '../terminal.ts';
import { count } from '../units.ts';

export function run(context: Context, args: Arguments): undefined {
  const file = args.operands[0] === '-' ? undefined : args.operands[0];
  if (file === undefined && isTerminal(0)) {
    throw new UsageError('an archive is not typed at a terminal', ['name a file, or write: igos store import < FILE']);
  }
  using store = openContextStore(context);
  const rows: { path: StorePath; isNew: boolean }[] = [];
  const fd = file === undefined ? 0 : sys('read', file, () => openSync(resolve(context.workingDirectory, file), 'r'));
  try {
    store.importArchive(decompressingSource(sourceOf(fd, file ?? 'standard input')), {
      isTrusted: args.has('no-check-sigs'),
      onPath: (path, isNew) => rows.push({ path, isNew }),
    });
  } finally {
    if (fd !== 0) closeSync(fd);
  }
  if (context.isJson) {
    context.out.json({ paths: rows });
    return;
  }
  for (const { path } of rows) context.out.line(path);
  const nNew = rows.filter(({ isNew }) => isNew).length;
  if (!context.isQuiet) context.out.talk(`imported ${count(nNew, 'path')}, ${rows.length - nNew} were there`);
}

/** Reads a descriptor that may be a pipe which has nothing yet. */
const sourceOf =
  (fd: number, name: string): ByteSource =>
  (buffer, offset, length) => {
    for (;;) {
      try {
        return sys('read', name, () => readSync(fd, buffer, offset, length, null));
      } catch (error) {
        if ((error as { errno?: unknown }).errno !== 'EAGAIN') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      }
    }
  };
