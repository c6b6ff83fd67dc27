import { type Address, fileCalls } from './file-calls.ts';
import { codeOf, type NativeCode, nativeCode } from './native-code.ts';

/** A loop of machine code, ready to be started, and what it is to be told: where functions are, and its memory. */
export interface NativeLoop {
  readonly native: NativeCode;
  readonly code: Address;
  /** As they were named. */
  readonly functions: readonly Address[];
  /** Of memory that is kept as long as the loop runs. */
  readonly addressOf: (memory: Uint8Array) => Address;
}

/**
 * Loads a loop when it is first asked for, once.
 *
 * @param listings   as `codeOf` reads them
 * @param functions  names of what the loop calls, of the C library or of Node
 * @returns gives `undefined` where there is no code for the machine, a function is missing, or no code may be run here
 */
export function nativeLoop(
  listings: Readonly<Record<string, string>>,
  functions: readonly string[],
): () => NativeLoop | undefined {
  let loop: NativeLoop | undefined | null;
  return () => {
    if (loop === undefined) loop = load(listings, functions) ?? null;
    return loop ?? undefined;
  };
}

function load(listings: Readonly<Record<string, string>>, names: readonly string[]): NativeLoop | undefined {
  const native = nativeCode();
  const calls = fileCalls();
  const code = codeOf(listings, process.arch);
  if (native === undefined || calls === undefined || code === undefined) return undefined;
  const functions = names.flatMap((name) => native.functionAt(name) ?? []);
  if (functions.length < names.length) return undefined;
  try {
    return { native, code: native.load(code), functions, addressOf: (memory) => calls.addressOf(memory) };
  } catch {
    return undefined; // no code may be run here
  }
}
