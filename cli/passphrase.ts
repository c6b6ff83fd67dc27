/** Secrets that people type: from a terminal without showing them, or from a file descriptor. */
import { sys } from '../base/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { readAllWaiting } from './standard-input.ts';
import { isTerminal } from './terminal.ts';

/** From `--passphrase-fd N`, else asked on a terminal; `undefined` where there is none. The first line counts. @throws UsageError, SystemFault */
export async function readPassphrase(context: Context, args: Arguments, prompt: string): Promise<string | undefined> {
  if (args.has('passphrase-fd')) {
    const fd = args.number('passphrase-fd', 0, 0);
    if (fd === 1 || fd === 2) throw new UsageError('--passphrase-fd takes a descriptor to read from');
    return sys('read', `file descriptor ${fd}`, () => readAllWaiting(fd).toString('utf8')).split('\n')[0];
  }
  if (!isTerminal(0) || !isTerminal(2)) return undefined;
  return await readHidden(context, prompt);
}

/** The same for a secret that is new: on a terminal it is asked for twice. @throws UsageError they differ */
export async function readNewPassphrase(context: Context, args: Arguments, prompt: string): Promise<string | undefined> {
  const first = await readPassphrase(context, args, prompt);
  if (first === undefined || args.has('passphrase-fd')) return first;
  if ((await readPassphrase(context, args, 'the same again')) === first) return first;
  throw new UsageError('the two passphrases differ', ['try again']);
}

const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACES = [8, 127];

async function readHidden(context: Context, prompt: string): Promise<string | undefined> {
  const { ReadStream } = await import('node:tty');
  const terminal = new ReadStream(0);
  // Before the prompt shows: what is typed at once is not shown either.
  terminal.setRawMode(true);
  context.out.write(2, Buffer.from(`${prompt}: `));
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      const bytes: number[] = [];
      terminal.on('error', reject);
      terminal.on('end', () => resolve(undefined));
      terminal.on('data', (chunk: Buffer) => {
        for (const byte of chunk) {
          if (byte === CTRL_C || byte === CTRL_D) return resolve(undefined);
          if (byte === 10 || byte === 13) return resolve(Buffer.from(bytes).toString('utf8'));
          if (BACKSPACES.includes(byte)) bytes.pop();
          else bytes.push(byte);
        }
      });
    });
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
    context.out.write(2, Buffer.from('\n'));
  }
}
