import { resolve } from 'node:path';
import { loadCaches } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { writeSecret } from '../secret-file.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { generateKey } = await loadCaches();
  const key = generateKey(args.operands[0]!);
  const output = args.value('output');
  if (output !== undefined) writeSecret(resolve(context.workingDirectory, output), `${key.text}\n`);
  if (context.isJson) {
    context.out.json({ name: key.name, publicKey: key.publicKey.text, ...(output === undefined ? { secretKey: key.text } : {}) });
  } else context.out.line(output === undefined ? key.text : key.publicKey.text);
}
