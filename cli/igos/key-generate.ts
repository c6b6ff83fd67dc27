import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys, writeAll } from '../../base/index.ts';
import { loadCaches } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { generateKey } = await loadCaches();
  const key = generateKey(args.operands[0]!);
  const output = args.value('output');
  if (output !== undefined) writeSecret(resolve(context.workingDirectory, output), `${key.text}\n`);
  if (context.isJson) {
    context.out.json({ name: key.name, publicKey: key.publicKey.text, ...(output === undefined ? { secretKey: key.text } : {}) });
  } else context.out.line(output === undefined ? key.text : key.publicKey.text);
}

/** Never over another key: what it signed could not be signed again. */
function writeSecret(path: string, text: string): void {
  sys('create', path, () => {
    const fd = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    try {
      writeAll(fd, Buffer.from(text));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
