/** What could have been in the standard library: byte strings, spans, faults and their one renderer, atomic writes. */
export * from './absolute-path.ts';
export * from './atomic.ts';
export * from './bytes.ts';
export * from './clock.ts';
export * from './codes.ts';
export * from './early-flush.ts';
export * from './fault.ts';
export * from './file-calls.ts';
export { hasKoffi, loadKoffi } from './koffi.ts';
export * from './native-code.ts';
export * from './native-loop.ts';
export * from './native-zstd.ts';
export * from './process.ts';
export * from './render.ts';
export * from './sha256.ts';
export * from './source.ts';
export * from './suggest.ts';
export * from './syscalls.ts';
