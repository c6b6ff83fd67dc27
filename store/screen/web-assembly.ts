/** Functions of WebAssembly whose code stands in a listing, and their memory. */

/** What we use of it: the types of Node have none. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WebAssemblyMemory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { readonly exports: unknown };
};

export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65536;

/** Memory that never moves. Only what is used of it is there. @throws where the system has none */
export const fixedMemory = (sizeBytes: number): WebAssemblyMemory => {
  const nPages = Math.ceil(sizeBytes / PAGE_BYTES);
  return new WebAssembly.Memory({ initial: nPages, maximum: nPages });
};

/** The bytes of a listing: lines of pairs of hexadecimal digits, and what they are. */
const bytesOf = (listing: string): Buffer =>
  Buffer.from(
    listing
      .match(/^ {2}[0-9a-f]{2}(?: [0-9a-f]{2})*(?= )/gm)!
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );

/**
 * Compiles a module when it is first asked for.
 *
 * @param listing  of a module that imports its memory, `m.m`
 * @returns gives the functions for a memory; throws where there is no WebAssembly
 */
export function instances<Functions>(listing: string): (memory: WebAssemblyMemory) => Functions {
  let module: object | undefined;
  return (memory) => {
    module ??= new WebAssembly.Module(bytesOf(listing));
    return new WebAssembly.Instance(module, { m: { m: memory } }).exports as Functions;
  };
}
