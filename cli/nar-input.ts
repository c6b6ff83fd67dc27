/** NARs that a command is given: from a file, or from standard input without keeping it in memory. */
import { readSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../base/index.ts';
import { type ByteSource, withFileSource } from '../store/index.ts';
import type { Context } from './context.ts';
import { wordToBytes } from './words.ts';

/** @param file  `-` for standard input. @throws SystemFault */
export function withInputSource<T>(context: Context, file: string, use: (source: ByteSource) => T): T {
  if (file === '-')
    return use((buffer, offset, length) => sys('read', 'standard input', () => readInput(buffer, offset, length)));
  return withFileSource(wordToBytes(resolve(context.workingDirectory, file)), use);
}

function readInput(buffer: Uint8Array, offset: number, length: number): number {
  for (;;) {
    try {
      return readSync(0, buffer, offset, length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      // a non-blocking pipe that is empty: wait a moment for its writer
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
