import { Fault } from '../../base/index.ts';
import { parseStorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../session.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const named = args.operands.map((operand) => parseStorePath(operand, context.storeDir));
  const paths = args.has('closure') ? store.closure(named) : named;
  const infos = paths.map((path) => {
    const info = store.info(path);
    if (info === undefined)
      throw new Fault('E-CLI-008', `'${path}' is not in the store`, { hints: ["'igos store list' lists what is"] });
    return { ...info, real: store.toReal(path) };
  });
  if (context.isJson) {
    context.out.json({ paths: infos });
    return;
  }
  for (const info of infos) {
    context.out.line(info.path);
    context.out.line(`  narHash     sha256:${info.narHash}`);
    context.out.line(`  narSize     ${info.narSizeBytes}`);
    if (info.references.length > 0) context.out.line(`  references  ${info.references.join(' ')}`);
    if (info.deriver !== undefined) context.out.line(`  deriver     ${info.deriver}`);
    if (info.ca !== undefined) context.out.line(`  ca          ${info.ca}`);
    for (const signature of info.signatures ?? []) context.out.line(`  signature   ${signature}`);
    context.out.line(`  on disk     ${info.real}`);
  }
}
