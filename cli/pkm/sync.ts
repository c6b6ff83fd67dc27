import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sys } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openForChange } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  using root = openForChange(context, args, store, 'pkm sync');
  const operand = args.operands[0]!;
  const address = /^[a-z]+:/.test(operand) ? operand : pathToFileURL(resolve(operand)).href;
  const keys = args.all('key').map(([file]) => sys('read', file!, () => readFileSync(file!, 'utf8')));
  const { serial, nPackages } = await root.sync(address, keys.length === 0 ? {} : { keys });
  if (context.isJson) context.out.json({ address, serial, packages: nPackages });
  else context.out.line(`synced ${address}: ${nPackages} packages, serial ${serial}`);
}
