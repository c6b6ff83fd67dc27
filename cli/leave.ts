/** The end of the process. */
import { hasKoffi, loadKoffi } from '../base/index.ts';

let isAsked = false;

/**
 * From now on `process.exit` ends the process without taking apart what the kernel takes apart anyway: V8's heap and threads, 2 to 4 ms.
 * Whoever listens for `exit` by now is told as ever. Not where something of Node may still have to be put back or written: terminals and
 * pipes that its streams had, profiles, traces. For commands that use the C library; the others would have to load it.
 */
export function endAtOnce(): void {
  if (isAsked) return;
  isAsked = true;
  process.once('exit', (code) => {
    if (isPlain()) bindEnd()?.(Number(process.exitCode ?? code));
  });
}

function isPlain(): boolean {
  // Not in Node's types: names of the modules of its own that were loaded.
  const { moduleLoadList: loaded } = process as { moduleLoadList?: readonly string[] };
  if (loaded === undefined || loaded.includes('NativeModule net') || loaded.includes('NativeModule tty')) return false;
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  return process.env['NODE_V8_COVERAGE'] === undefined && !flags.some((flag) => /prof|trace|report|print/.test(flag));
}

/** Loading koffi for this alone would take half of what it saves. */
function bindEnd(): ((status: number) => void) | undefined {
  if (!hasKoffi()) return undefined;
  try {
    return loadKoffi().load(null).func('void _exit(int status)') as (status: number) => void;
  } catch {
    return undefined; // no binding for this platform
  }
}
