/**
 * Machine code of ours, and threads of the C library that run it: they start in 50 µs, where a thread of Node takes 25 ms of processor
 * time. Bound by koffi on first use.
 */
import { closeSync, writeSync } from 'node:fs';
import type { Address } from './file-calls.ts';
import { loadKoffi } from './koffi.ts';

export interface NativeCode {
  /** Of the C library, or of Node itself. `undefined` where there is none of that name. */
  functionAt(name: string): Address | undefined;
  /** Puts code where it can run, for good. @throws where the system allows none */
  load(code: Uint8Array): Address;
  /** A thread that runs `code(argument)`, and takes no signals; `undefined` where none is to be had. It must be joined. */
  start(code: Address, argument: Address): Thread | undefined;
  sleep(microseconds: number): void;
}

export interface Thread {
  /** Waits for its end. */
  join(): void;
}

let native: NativeCode | undefined | null;

/** `undefined` where there is no binding for this platform. */
export function nativeCode(): NativeCode | undefined {
  if (native === undefined) {
    try {
      native = bind();
    } catch {
      native = null;
    }
  }
  return native ?? undefined;
}

/** @source memfd_create(2), mmap(2), sigprocmask(2): the same on every processor */
const MFD_CLOEXEC = 1;
const PROT_READ_EXEC = 5;
const MAP_PRIVATE = 2;
const SIG_SETMASK = 2;
/** What it needs is 66 KiB. */
const STACK_BYTES = 1 << 18;
/** More than C libraries take for attributes of threads, and for sets of signals. */
const OPAQUE_BYTES = 256;

const kept: Uint8Array[] = [];

function bind(): NativeCode {
  if (process.platform !== 'linux') throw new Error('not Linux');
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const call = <Call>(signature: string): Call => libc.func(signature) as Call;
  const dlsym = call<(library: number, name: string) => Address>('uintptr_t dlsym(uintptr_t library, const char *name)');
  const memfd = call<(name: string, flags: number) => number>('int memfd_create(const char *name, unsigned int flags)');
  const mmap = call<(at: number, size: number, protection: number, flags: number, fd: number, offset: number) => Address>(
    'uintptr_t mmap(uintptr_t at, unsigned long size, int protection, int flags, int fd, long offset)',
  );
  const usleep = call<(microseconds: number) => number>('int usleep(unsigned int microseconds)');
  const opaque = (byte: number): Address => {
    const memory = new Uint8Array(OPAQUE_BYTES).fill(byte);
    // An address does not keep what stands there.
    kept.push(memory);
    return Number(koffi.address(memory));
  };
  let startThread: ((code: Address, argument: Address) => Thread | undefined) | undefined;

  const prepareThreads = (): typeof startThread => {
    const create = call<(to: Address, attributes: Address, code: Address, argument: Address) => number>(
      'int pthread_create(uintptr_t to, uintptr_t attributes, uintptr_t code, uintptr_t argument)',
    );
    const join = call<(thread: bigint, result: Address) => number>('int pthread_join(uintptr_t thread, uintptr_t result)');
    const mask = call<(how: number, set: Address, before: Address) => number>(
      'int pthread_sigmask(int how, uintptr_t set, uintptr_t before)',
    );
    const attributesAt = opaque(0);
    call<(at: Address) => number>('int pthread_attr_init(uintptr_t at)')(attributesAt);
    call<(at: Address, size: number) => number>('int pthread_attr_setstacksize(uintptr_t at, unsigned long size)')(
      attributesAt,
      STACK_BYTES,
    );
    // Threads begin with the mask of the one that makes them.
    const allAt = opaque(0xff);
    const beforeAt = opaque(0);
    return (code, argument) => {
      const name = new BigUint64Array(1);
      mask(SIG_SETMASK, allAt, beforeAt);
      const failed = create(Number(koffi.address(new Uint8Array(name.buffer))), attributesAt, code, argument);
      mask(SIG_SETMASK, beforeAt, 0);
      return failed === 0 ? { join: () => void join(name[0]!, 0) } : undefined;
    };
  };

  return {
    functionAt: (name) => dlsym(0, name) || undefined,
    load(code) {
      // As programs are loaded: what the kernel maps from a file is in order for every processor.
      const fd = memfd('igos', MFD_CLOEXEC);
      if (fd === -1) throw new Error('no memory for code');
      try {
        writeSync(fd, code);
        const at = mmap(0, code.length, PROT_READ_EXEC, MAP_PRIVATE, fd, 0);
        // -1, which is no address.
        if (at === 0 || at > Number.MAX_SAFE_INTEGER) throw new Error('code may not run here');
        return at;
      } finally {
        closeSync(fd);
      }
    },
    start(code, argument) {
      startThread ??= prepareThreads();
      return startThread!(code, argument);
    },
    sleep: (microseconds) => void usleep(microseconds),
  };
}

/**
 * The bytes of a listing: lines of hexadecimal digits and, after two blanks or one, the instruction they are. For `arm64` each line is
 * a word, most significant digit first.
 *
 * @param listings  by machine, named as `process.arch` does
 * @returns `undefined` where nobody wrote it for this machine
 */
export function codeOf(listings: Readonly<Record<string, string>>, machine: string): Buffer | undefined {
  const text = listings[machine];
  if (text === undefined) return undefined;
  const digits = text.match(/^ {2}(?:[0-9a-f]{8}|[0-9a-f]{2}(?: [0-9a-f]{2})*)(?= )/gm)!.map((each) => each.replaceAll(' ', ''));
  const code = Buffer.from(digits.join(''), 'hex');
  return machine === 'arm64' ? code.swap32() : code;
}
