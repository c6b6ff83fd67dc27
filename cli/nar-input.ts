/** NARs that a command is given: from a file, or from standard input without keeping it in memory. */
import { resolve } from 'node:path';
import { sys } from '../base/index.ts';
import { type ByteSource, withFileSource } from '../store/index.ts';
import type { Context } from './context.ts';
import { readWaiting } from './standard-input.ts';
import { wordToBytes } from './words.ts';

/** @param file  `-` for standard input. @throws SystemFault */
export function withInputSource<T>(context: Context, file: string, use: (source: ByteSource) => T): T {
  if (file === '-')
    return use((buffer, offset, length) => sys('read', 'standard input', () => readWaiting(0, buffer, offset, length)));
  return withFileSource(wordToBytes(resolve(context.workingDirectory, file)), use);
}
