/** What a program did to the files below a folder, call by call, with every byte that it wrote: read from `strace`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** An open file: the path that it was opened by, and how. One object for each successful `open`. */
export interface Opened {
  readonly path: string;
  readonly creates: boolean;
  readonly truncates: boolean;
  readonly appends: boolean;
  /** Each write is durable when it returns. */
  readonly isSynchronous: boolean;
  readonly mode: number;
}

export type Call =
  | { readonly kind: 'open'; readonly file: Opened }
  /** `offset` is `undefined` where it follows the last. */
  | { readonly kind: 'write'; readonly file: Opened; readonly data: Buffer; readonly offset: number | undefined }
  | { readonly kind: 'seek'; readonly file: Opened; readonly offset: number }
  | { readonly kind: 'truncate'; readonly file: Opened; readonly sizeBytes: number }
  | { readonly kind: 'mkdir'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'link' | 'rename' | 'exchange'; readonly from: string; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'chmod'; readonly on: string | Opened; readonly mode: number }
  | { readonly kind: 'utimes'; readonly on: string | Opened; readonly seconds: number }
  /** `isOfData`: names and modes need not be on the disk with it. */
  | { readonly kind: 'sync'; readonly file: Opened; readonly isOfData: boolean }
  | { readonly kind: 'sync-all' };

const TRACED = [
  'open,openat,creat,close,lseek,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile',
  'mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir',
  'chmod,fchmod,fchmodat,utimensat,fsync,fdatasync,syncfs,sync,dup,dup2,dup3',
].join(',');

/** Words to put before a program, for it to be recorded in `file`. */
export const recordingTo = (file: string): readonly string[] => [
  ...['strace', '-f', '-qq', '-xx', '-s', String(1 << 22), '-o', file, '-e', `trace=${TRACED}`],
];

/** The calls on files below `folder` that succeeded, in the order in which they did. */
export function readRecording(file: string, folder: string): Call[] {
  const calls: Call[] = [];
  const files = new Map<number, Opened>();
  for (const { name, args, result } of finishedCalls(readFileSync(file, 'latin1'))) {
    if (result < 0) continue;
    const texts = strings(args);
    const [path = '', second = ''] = texts;
    const number = Number(/^\d+/.exec(args)?.[0] ?? -1);
    const opened = files.get(number);
    const isOurs = (...paths: string[]): boolean => paths.every((each) => each.startsWith(`${folder}/`));
    switch (name) {
      case 'open':
      case 'openat': {
        const flags = /O_[A-Z_|]+/.exec(args)?.[0].split('|') ?? [];
        const mode = Number.parseInt(/, 0(\d+)$/.exec(args)?.[1] ?? '0', 8) & ~process.umask();
        const has = (flag: string): boolean => flags.includes(flag);
        if (!isOurs(path)) break;
        const it: Opened = {
          ...{ path, mode, creates: has('O_CREAT'), truncates: has('O_TRUNC') },
          ...{ appends: has('O_APPEND'), isSynchronous: has('O_DSYNC') || has('O_SYNC') },
        };
        files.set(result, it);
        if (!has('O_RDONLY')) calls.push({ kind: 'open', file: it });
        break;
      }
      case 'close':
        files.delete(number);
        break;
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev': {
        if (opened === undefined) break;
        const data = Buffer.from(texts.join(''), 'latin1').subarray(0, result);
        assert.equal(data.length, result, `${name} of ${opened.path} was not recorded whole`);
        const offset = name.startsWith('p') ? Number(/, (\d+)$/.exec(args)![1]) : undefined;
        calls.push({ kind: 'write', file: opened, data, offset });
        break;
      }
      case 'lseek':
        if (opened !== undefined) calls.push({ kind: 'seek', file: opened, offset: result });
        break;
      case 'ftruncate':
        if (opened !== undefined) calls.push({ kind: 'truncate', file: opened, sizeBytes: Number(/(\d+)$/.exec(args)![1]) });
        break;
      case 'mkdir':
        if (isOurs(path)) calls.push({ kind: 'mkdir', path, mode: octal(args) & ~process.umask() });
        break;
      case 'symlink':
        if (isOurs(second)) calls.push({ kind: 'symlink', path: second, target: path });
        break;
      case 'link':
      case 'rename':
        if (isOurs(path, second)) calls.push({ kind: name, from: path, path: second });
        break;
      case 'renameat2':
        if (isOurs(path, second))
          calls.push({ kind: args.includes('EXCHANGE') ? 'exchange' : 'rename', from: path, path: second });
        break;
      case 'unlink':
      case 'rmdir':
        if (isOurs(path)) calls.push({ kind: 'remove', path });
        break;
      case 'chmod':
        if (isOurs(path)) calls.push({ kind: 'chmod', on: path, mode: octal(args) });
        break;
      case 'fchmod':
        if (opened !== undefined) calls.push({ kind: 'chmod', on: opened, mode: octal(args) });
        break;
      case 'utimensat': {
        const seconds = Number(/tv_sec=(\d+)[^}]*\}[^}]*tv_sec=(\d+)/.exec(args)?.[2] ?? 0);
        if (opened !== undefined) calls.push({ kind: 'utimes', on: opened, seconds });
        else if (isOurs(path)) calls.push({ kind: 'utimes', on: path, seconds });
        break;
      }
      case 'fsync':
      case 'fdatasync':
        if (opened !== undefined) calls.push({ kind: 'sync', file: opened, isOfData: name === 'fdatasync' });
        break;
      case 'syncfs':
      case 'sync':
        calls.push({ kind: 'sync-all' });
        break;
      default:
        // What the model has no word for may not touch the store unnoticed.
        assert.ok(opened === undefined && !isOurs(path) && !isOurs(second), `${name} is not understood: ${args.slice(0, 200)}`);
    }
  }
  return calls;
}

const octal = (args: string): number => Number.parseInt(/, 0?(\d+)$/.exec(args)![1]!, 8);

/** All of an argument list, bytes as Latin-1. */
function strings(args: string): string[] {
  return Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex]) =>
    Buffer.from(hex!.replaceAll('\\x', ''), 'hex').toString('latin1'),
  );
}

/** Puts calls together that were interrupted by those of other threads. A call counts when it returns. */
function* finishedCalls(text: string): Generator<{ name: string; args: string; result: number }> {
  const unfinished = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined) continue;
    if (rest!.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, rest!.slice(0, -' <unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest!);
    const whole = resumed === null ? rest! : (unfinished.get(thread) ?? '') + rest!.slice(resumed[0].length);
    const end = whole.lastIndexOf(') ');
    const [, result] = /^\) += (-?\d+)/.exec(whole.slice(end)) ?? [];
    const open = whole.indexOf('(');
    if (result === undefined || open === -1) continue;
    yield { name: whole.slice(0, open), args: whole.slice(open + 1, end).replace(/ *\/\*.*?\*\//g, ''), result: Number(result) };
  }
}
