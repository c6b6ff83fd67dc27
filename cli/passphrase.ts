/** Secrets that people type: from a terminal without showing them, or from a file descriptor. */
import { readFileSync, readSync } from 'node:fs';
import { sys } from '../base/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { isTerminal } from './terminal.ts';

/** From `--passphrase-fd N`, else asked on a terminal; `undefined` where there is none. The first line counts. @throws UsageError, SystemFault */
export async function readPassphrase(context: Context, args: Arguments, prompt: string): Promise<string | undefined> {
  if (args.has('passphrase-fd')) {
    const fd = args.number('passphrase-fd', 0, 0);
    if (fd === 1 || fd === 2) throw new UsageError('--passphrase-fd takes a descriptor to read from');
    return sys('read', `file descriptor ${fd}`, () => readFileSync(fd, 'utf8')).split('\n')[0];
  }
  if (!isTerminal(0) || !isTerminal(2)) return undefined;
  context.out.write(2, Buffer.from(`${prompt}: `));
  return await readHidden(context);
}

const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACES = [8, 127];

async function readHidden(context: Context): Promise<string | undefined> {
  const { ReadStream } = await import('node:tty');
  const terminal = new ReadStream(0);
  terminal.setRawMode(true);
  const bytes: number[] = [];
  const one = Buffer.alloc(1);
  try {
    for (;;) {
      if (readSync(0, one, 0, 1, null) === 0 || one[0] === CTRL_D) return undefined;
      if (one[0] === CTRL_C) return undefined;
      if (one[0] === 10 || one[0] === 13) return Buffer.from(bytes).toString('utf8');
      if (BACKSPACES.includes(one[0]!)) bytes.pop();
      else bytes.push(one[0]!);
    }
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
    context.out.write(2, Buffer.from('\n'));
  }
}
