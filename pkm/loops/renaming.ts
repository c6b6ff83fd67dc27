/**
 * A thread of the C library that renames files while the main thread goes on, by a loop of machine code.
 *
 * The memory that it is given, words of 8 bytes:
 *
 * | at | |
 * | --- | --- |
 * | 0, 8 | how many names there are, and where the first place is |
 * | 16 | where `renameat` is |
 * | 24 | the open folder that paths are relative to, in four bytes |
 *
 * A place has 24 bytes: where the path is that it has, where the one that it shall have, 8 each; at 16, what came of it, 1 where it has it.
 * Paths are behind them.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type NativeLoop, nativeLoop } from '../../base/index.ts';
import { RENAMING } from './machine-code.ts';

const HEADER_BYTES = 32;
const PLACE_BYTES = 24;
const PLACE_WORDS: number = PLACE_BYTES / 4;
/** Of the upper half of a number of 8 bytes. */
const HIGH: number = 2 ** 32;
/** To be no more than a place to start from. @source open(2) */
const O_PATH = 0o10000000;

const renamingLoop = nativeLoop(RENAMING, ['renameat']);

/** Relative to the folder. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Renames on their way. */
export interface MovesAtWork {
  /** Waits for them; to be called in any case, once. @returns the places of those that failed, ascending */
  end(): readonly number[];
}

/**
 * Renames in this order, beside whoever calls. In one thread: the kernel lets one name at a time go from folder to folder, and who waits
 * for that takes a processor.
 *
 * @param folder  absolute; a real directory
 * @returns `undefined` where they have to be renamed in another way
 */
export function startMoves(folder: string, moves: readonly Move[]): MovesAtWork | undefined {
  const loop = renamingLoop();
  if (loop === undefined || moves.length === 0) return undefined;
  let fd: number;
  try {
    fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  const { memory, places } = table(loop, fd, moves);
  const thread = loop.native.start(loop.code, loop.addressOf(memory));
  return {
    end() {
      thread?.join();
      closeSync(fd);
      const failed: number[] = [];
      for (let index = 0; index < moves.length; index++) if (places[index * PLACE_WORDS + 4] !== 1) failed.push(index);
      return failed;
    },
  };
}

function table(
  { functions, addressOf }: NativeLoop,
  fd: number,
  moves: readonly Move[],
): { memory: Buffer; places: Uint32Array } {
  const paths: string[] = [];
  for (const { from, to } of moves) paths.push(from, to);
  paths.push('');
  const text = paths.join('\0');
  const pathsAt = HEADER_BYTES + moves.length * PLACE_BYTES;
  const memory = Buffer.allocUnsafeSlow(pathsAt + Buffer.byteLength(text)).fill(0, 0, pathsAt);
  const isAscii = memory.write(text, pathsAt, 'utf8') === text.length;
  const at = addressOf(memory);
  for (const [word, value] of [moves.length, at + HEADER_BYTES, ...functions].entries())
    memory.writeBigUInt64LE(BigInt(value), word * 8);
  memory.writeInt32LE(fd, 24);
  const places = new Uint32Array(memory.buffer, HEADER_BYTES, moves.length * PLACE_WORDS);
  const lengthOf = (path: string): number => (isAscii ? path.length : Buffer.byteLength(path)) + 1;
  let path = at + pathsAt;
  let place = 0;
  for (const { from, to } of moves) {
    places[place] = path;
    places[place + 1] = path / HIGH;
    path += lengthOf(from);
    places[place + 2] = path;
    places[place + 3] = path / HIGH;
    path += lengthOf(to);
    place += PLACE_WORDS;
  }
  return { memory, places };
}
