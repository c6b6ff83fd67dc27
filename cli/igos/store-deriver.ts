import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';

/** As nix-store says it. */
const UNKNOWN = 'unknown-deriver';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const rows = (await validPaths(context, store, args.operands)).map((path) => {
    const deriver = store.info(path)!.deriver ?? null;
    return { path, deriver, isValid: deriver !== null && store.isValid(deriver) };
  });
  if (context.isJson) context.out.json({ derivers: rows });
  else for (const { deriver } of rows) context.out.line(deriver ?? UNKNOWN);
}
