import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import { loadCaches } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { parseSecretKey } = await loadCaches();
  const operand = args.operands[0]!;
  const path = resolve(context.workingDirectory, operand);
  const text = operand === '-' ? context.readInput() : sys('read', path, () => readFileSync(path, 'utf8'));
  const { name, publicKey } = parseSecretKey(text);
  if (context.isJson) context.out.json({ name, publicKey: publicKey.text });
  else context.out.line(publicKey.text);
}
